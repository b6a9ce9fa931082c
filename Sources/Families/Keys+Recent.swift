import Architecture
import Symbolic

/// What tells the layers of one model apart when two lists do.
struct LayerKind: Hashable {
  var attention: String
  var isSparse: Bool
}

extension Keys {
  /// Biases on some projections if a flag says so.
  func biases(_ biases: Biases, if key: String = "attention_bias") throws -> Biases {
    try flag(key) ? biases : []
  }

  /// Layers that `mlp_layer_types` calls dense or sparse; without it, the first few are dense.
  func denseOrSparse(
    leading: Formula = 1, dense: @autoclosure () throws -> Layer,
    sparse: @autoclosure () throws -> Layer
  ) throws -> [LayerGroup] {
    guard let isSparse = try sparseLayers() else {
      return try self.leading(leading, dense(), then: sparse())
    }
    return try layers(kind: { isSparse[$0] }) { try $0 ? sparse() : dense() }
  }

  /// Which layers `mlp_layer_types` calls sparse, or nil where it is absent.
  func sparseLayers() throws -> [Bool]? {
    guard try list("mlp_layer_types") != nil else { return nil }
    return try layerTypes("mlp_layer_types", known: ["dense", "sparse"]) { _ in "sparse" }
      .map { $0 == "sparse" }
  }

  /// Shared experts that are one layer, as wide as all of them together; nil where there are none.
  func sharedExperts(
    _ key: String = "n_shared_experts", width: Formula, bias: Bool = false
  ) throws -> FeedForward? {
    guard let count = try optional(.sharedExperts, key, least: 0), number(count) != 0 else {
      return nil
    }
    return try gated(count * width, bias: bias)
  }

  /// A mixture whose checkpoint stacks all experts: `[E, d, 2·f]` and `[E, f, d]`, or with the last
  /// two axes exchanged as in `Linear`.
  func stackedExperts(
    _ counts: (all: Formula, active: Formula), _ expert: FeedForward, router: Router,
    names: (String, String) = ("experts.gate_up_proj", "experts.down_proj"),
    outputFirst: Bool = false, shared: FeedForward? = nil, sharedPath: String = "shared_experts"
  ) throws -> Module {
    let d = try size(.hidden)
    let f = expert.width
    let (first, second) = outputFirst ? ([2 * f, d], [d, f]) : ([d, 2 * f], [f, d])
    return .mixtureOfExperts(
      MixtureOfExperts(
        router: router, experts: counts.all, active: counts.active, expert: expert,
        layout: .stacked([
          Weight(names.0, [counts.all] + first, .routedExperts),
          Weight(names.1, [counts.all] + second, .routedExperts),
        ]), shared: shared, sharedPath: sharedPath))
  }
}
