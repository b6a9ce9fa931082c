package import Symbolic

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Blocks of a layer that only some of the tokens enter, and the router that decides which.
///
/// One notion for all of it: a whole layer, its attention alone and its feed-forward layer alone are
/// ranges of blocks; where a model is conditional, and how far, is the router of each layer.
package struct ConditionalDepth: Hashable, Sendable {
  /// Which part of a layer tokens enter or skip.
  package enum Part: String, CaseIterable, Hashable, Sendable {
    /// The whole layer, under one decision.
    case block
    case attention
    case feedForward = "mlp"
    /// Attention and feed-forward layer, each under a decision of its own.
    case both
  }

  /// Who enters.
  package enum Entry: Hashable, Sendable {
    /// Whom the router chooses, among all tokens or among those that another router let in before.
    case choosing(among: DepthRouter?)
    /// Whom the router of an earlier layer let in.
    case following
    /// Everyone, once each token is assigned to a number of recursions.
    case assigning(RecursionAssignment)
    /// Everyone in the first recursion.
    case everyone
    /// Those that were assigned to as many recursions as the router says, or more.
    case assigned
    /// The sequences that a draw lets in.
    case drawn
    /// The tokens that have not left the model.
    case remaining
  }

  /// What comes back.
  package enum Answer: Hashable, Sendable {
    /// `x + r·f(x)`, where *f* is what the blocks add to the stream.
    case sum
    /// What the blocks make of the stream, which may go on to the next layer; the last of the layers
    /// that go together returns `h + r·y` of what entered the first.
    case stream(begins: Bool, ends: Bool)
    /// What the blocks make of the stream; at the end of a recursion, counted from zero, the product
    /// with the score of that recursion, and behind the last the sum with what entered the first.
    case recursion(Int, ends: Bool, isLast: Bool)
  }

  /// The router that decides which tokens enter.
  package var router: DepthRouter
  /// Which blocks of the layer, in the order in which they run.
  package var blocks: Range<Int>
  /// How tokens come to enter: by this router, or by that of an earlier layer.
  package var entry = Entry.choosing(among: nil)
  /// How the result of the blocks joins the stream.
  package var answer = Answer.sum

  package init(
    _ router: DepthRouter, _ blocks: Range<Int>, _ entry: Entry = .choosing(among: nil)
  ) {
    self.router = router
    self.blocks = blocks
    self.entry = entry
  }
}

extension ConditionalDepth {
  /// Every router at whose word tokens enter, the outer first.
  package var routers: [DepthRouter] {
    if case .choosing(let outer?) = entry { [outer, router] } else { [router] }
  }
}

extension Layer {
  /// The layer with a router before all its blocks, or before each of those of a part; nil if it has
  /// none of that part by itself.
  package func routed(by router: DepthRouter, _ part: ConditionalDepth.Part) -> Layer? {
    var copy = self
    let all = repeats + blocks
    guard part != .block else {
      copy.conditions = [ConditionalDepth(router, all.indices)]
      return copy
    }
    var counts: [ConditionalDepth.Part: Int] = [:]
    for (index, block) in all.enumerated() {
      guard let own = block.part, part == .both || part == own else { continue }
      var named = router
      named.path += ".\(own.rawValue)" + (counts[own].map { "_\($0)" } ?? "")
      counts[own, default: 0] += 1
      copy.conditions.append(ConditionalDepth(named, index..<index + 1))
    }
    return (part == .both ? [.attention, .feedForward] : [part])
      .allSatisfy { counts[$0] != nil } ? copy : nil
  }

  /// Whether only some of the tokens enter some of the blocks.
  package var isConditional: Bool { !conditions.isEmpty }

  /// Who decides which tokens enter a block, counted as it runs.
  package func router(ofBlock index: Int) -> DepthRouter? {
    conditions.last { $0.blocks.contains(index) }?.router
  }
}

extension Block {
  /// What the block is, if it is one part alone.
  fileprivate var part: ConditionalDepth.Part? {
    let parts = Set(branches.map(\.module.part))
    return parts.count == 1 ? parts.first ?? nil : nil
  }
}

extension Module {
  fileprivate var part: ConditionalDepth.Part? {
    switch self {
    case .selfAttention, .latentAttention, .compressedAttention: .attention
    case .feedForward, .mixtureOfExperts: .feedForward
    case .embedding, .normalization, .linear, .head, .depthRouter, .idle, .recurrent, .stream: nil
    }
  }
}

/// How the share of the tokens that enter changes from the first layer of a model to the last.
///
/// - Source: Zhang et al. 2024 (p-MoD), §3.3, <https://arxiv.org/abs/2412.04449>.
package struct CapacityDecay: Hashable, Sendable {
  /// The curve that the share follows over the depth of the model.
  package enum Shape: String, CaseIterable, Hashable, Sendable {
    case linear
    case cosine
  }

  /// The curve between the two shares.
  package var shape: Shape
  /// The shares at the first and at the last layer of the model.
  package var first: Formula
  /// The share at the last layer, *κ_L*.
  package var last: Formula

  package init(_ shape: Shape, from first: Formula, to last: Formula) {
    self.shape = shape
    self.first = first
    self.last = last
  }

  /// The share at layer *ℓ* of *L*: `κ_L + (κ − κ_L)·w`.
  ///
  /// *w* falls from 1 to 0, as `1 − ℓ/(L − 1)` or as `(1 + cos(π·ℓ/(L − 1)))/2`, rounded to six
  /// digits behind the point.
  package func share(at layer: Int, of layers: Int) -> Formula {
    let end = Int128(max(1, layers - 1))
    let weight: Formula
    switch shape {
    case .linear: weight = Formula(end - Int128(layer)) / Formula(end)
    case .cosine:
      let cosine = cos(Double.pi * Double(layer) / Double(end))
      let digits: Int128 = 1_000_000
      weight = Formula(Int128(((1 + cosine) / 2 * Double(digits)).rounded())) / Formula(digits)
    }
    return last + weight * (first - last)
  }
}
