package import Symbolic

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Layers that a draw leaves out, for each sequence by itself: stochastic depth.
///
/// - Source: Huang et al. 2016, §3, <https://arxiv.org/abs/1603.09382>; Elhoushi et al. 2024
///   (LayerSkip), §4.1, <https://arxiv.org/abs/2404.16710>.
package struct LayerSkipping: Hashable, Sendable {
  /// How the probability to leave out a layer goes up to that of the last of *L*, *p*.
  package enum Curve: String, CaseIterable, Hashable, Sendable {
    case constant
    /// `p·(ℓ + 1)/L`.
    case linear
    /// `p·(2^(ℓ/(L − 1)) − 1)`, rounded to six digits behind the point.
    case exponential
  }

  /// The probability to leave out the last layer, *p*.
  package var most: Rational
  /// How that probability rises over the depth.
  package var curve: Curve
  /// When layers are left out.
  package var draw: DepthRouter.Draw

  package init(most: Rational, curve: Curve, draw: DepthRouter.Draw) {
    self.most = most
    self.curve = curve
    self.draw = draw
  }

  /// The probability that a layer runs.
  package func share(at layer: Int, of count: Int) -> Formula {
    let weight: Formula
    switch curve {
    case .constant: weight = 1
    case .linear: weight = Formula(Int128(layer + 1)) / Formula(Int128(count))
    case .exponential:
      let digits: Int128 = 1_000_000
      let power = exp2(Double(layer) / Double(max(1, count - 1))) - 1
      weight = Formula(Int128((power * Double(digits)).rounded())) / Formula(digits)
    }
    return 1 - Formula(most) * weight
  }
}

extension [LayerGroup] {
  /// The layers, whose numbers are listed, of which a draw leaves out some.
  package func skipping(
    _ skipping: LayerSkipping, of count: Int, width: Formula
  ) throws(DescriptionError) -> [LayerGroup] {
    let taken = taken
    return try changingEach(of: count) { layer, index throws(DescriptionError) in
      let share = skipping.share(at: index, of: count)
      guard share != .one else { return }
      guard layer.canBeRouted else {
        throw .notChanged(
          "skip",
          because: "layer \(index) has a router already, a mixer, or tensors of its own",
          advice: "Take a model whose layers are attention and feed-forward.")
      }
      guard layer.exchanged.isDisjoint(with: taken) else { throw .exchanges("skip") }
      var router = DepthRouter(width: width, capacity: share, choice: .token, predictor: nil)
      (router.path, router.isHeldElsewhere) = ("layer_skip", true)
      (router.draw, router.weighting) = (skipping.draw, .none)
      var condition = ConditionalDepth(router, layer.blocks.indices, .drawn)
      condition.answer = .stream(begins: false, ends: false)
      layer.conditions = [condition]
    }
  }

  /// The layers, whose numbers are listed, each changed by itself; those that are alike are one kind.
  func changingEach(
    of count: Int, _ body: (inout Layer, Int) throws(DescriptionError) -> Void
  ) throws(DescriptionError) -> [LayerGroup] {
    var layers: [(index: Int, layer: Layer)] = []
    for group in self {
      guard case .listed(let numbers) = group.indices else { continue }
      layers += numbers.filter { $0 < count }.map { ($0, group.layer) }
    }
    layers.sort { $0.index < $1.index }
    var places: [Layer: Int] = [:]
    var result: [LayerGroup] = []
    for (index, original) in layers {
      var layer = original
      try body(&layer, index)
      if let place = places[layer], case .listed(let others) = result[place].indices {
        result[place].indices = .listed(others + [index])
      } else {
        places[layer] = result.count
        result.append(LayerGroup(layer, .listed([index])))
      }
    }
    return result
  }
}

extension Model {
  mutating func skip(_ skipping: LayerSkipping) throws(DescriptionError) {
    let count = try listedLayers()
    groups = try groups.skipping(skipping, of: count, width: Formula(Size.hidden.symbol))
  }
}
