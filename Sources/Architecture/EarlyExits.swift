package import Symbolic

/// Layers after which a token may leave the model while sampling, with the scores of the vocabulary
/// that the head gives of it there.
///
/// It leaves if the difference between the two greatest of `softmax(head(norm(x)))` is above a
/// threshold. The layers that it leaves out still keep keys and values of it, made of the stream as it
/// left. A prompt and a training step run every layer.
///
/// - Source: Schuster et al. 2022 (CALM), §3, <https://arxiv.org/abs/2207.07061>; the shared head is
///   that of Elhoushi et al. 2024 (LayerSkip), §4, <https://arxiv.org/abs/2404.16710>.
package struct EarlyExits: Hashable, Sendable {
  /// Behind which layers, in ascending order.
  package var layers: [Int]
  /// The share of all tokens that is expected to leave at each.
  package var shares: [Rational]
  /// *λ*, the confidence above which a token leaves: the largest probability at the exit, from 0 to 1.
  package var threshold: Constant

  package init(layers: [Int], shares: [Rational], threshold: Constant) {
    self.layers = layers
    self.shares = shares
    self.threshold = threshold
  }

  /// The share of the tokens that has not left at the exits before one, or at any.
  package func remaining(before exit: Int) -> Formula {
    1 - shares.prefix(exit).map { Formula($0) }.sum()
  }

  /// How many exits stand before a layer.
  package func exits(before layer: Int) -> Int { layers.count { $0 < layer } }
}

extension [LayerGroup] {
  /// The layers, whose numbers are listed: behind the first exit each is for tokens that are left.
  package func leaving(
    at exits: EarlyExits, of count: Int, width: Formula
  ) throws(DescriptionError) -> [LayerGroup] {
    try changingEach(of: count) { layer, index throws(DescriptionError) in
      let before = exits.exits(before: index)
      guard before > 0 else { return }
      guard layer.canBeRouted, layer.hasSeparateKeys else {
        throw .notChanged(
          "exit",
          because:
            "layer \(index) has a router already, or keys and values that do not stand alone",
          advice: "Take a model whose layers are plain attention and feed-forward.")
      }
      var router = DepthRouter(
        width: width, capacity: exits.remaining(before: before), choice: .token, predictor: nil)
      (router.path, router.isHeldElsewhere) = ("exit", true)
      (router.isExit, router.weighting) = (true, .none)
      var condition = ConditionalDepth(router, layer.blocks.indices, .remaining)
      condition.answer = .stream(begins: false, ends: false)
      layer.conditions = [condition]
    }
  }
}

extension Layer {
  fileprivate var hasSeparateKeys: Bool {
    let attentions = blocks.flatMap(\.branches).compactMap { branch -> SelfAttention? in
      if case .selfAttention(let attention) = branch.module { attention } else { nil }
    }
    return attentions.count == 1 && attentions.allSatisfy(\.hasSeparateKeys)
  }
}

extension Model {
  mutating func leave(at exits: EarlyExits) throws(DescriptionError) {
    let count = try listedLayers()
    try exits.require(layers: count)
    groups = try groups.leaving(at: exits, of: count, width: Formula(Size.hidden.symbol))
    self.exits = exits
  }
}

extension EarlyExits {
  /// - Throws: `DescriptionError` where an exit is behind the last layer, or beyond.
  package func require(layers count: Int) throws(DescriptionError) {
    guard let last = layers.last, last + 1 >= count else { return }
    throw .exceeds(
      key: "exit_layers", value: Int128(last), limit: "num_hidden_layers - 2",
      limitValue: Int128(count - 2))
  }
}
