import Architecture
import JSON
import Symbolic

/// What tells the layers of one model apart when two lists do.
struct LayerKind: Hashable {
  var attention: String
  var isSparse: Bool
}

extension Keys {
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

  /// Layers from `mlp_layer_types`, or from `first_k_dense_replace` and `moe_layer_freq`.
  func deepseekLayers(
    dense: @autoclosure () throws -> Layer, sparse: @autoclosure () throws -> Layer
  ) throws -> [LayerGroup] {
    if try list("mlp_layer_types") == nil, try reading("moe_layer_freq")?.value.integer == 1 {
      return try leading(size(.leadingDense, least: 0), dense(), then: sparse())
    }
    let isSparse = try deepseekSparseLayers()
    return try layers(kind: { isSparse[$0] }) { try $0 ? sparse() : dense() }
  }

  /// Which layers are sparse, one by one, from any of the three keys that say so.
  func deepseekSparseLayers() throws -> [Bool] {
    if let sparse = try sparseLayers() { return sparse }
    let first = try integer("first_k_dense_replace") ?? 0
    let list = try reading("moe_layer_freq")?.value.array
    let step = list == nil ? try integer("moe_layer_freq", least: 1) ?? 1 : 1
    return try (0..<listedLayerCount()).map { index in
      guard index >= first else { return false }
      guard let list else { return index.isMultiple(of: step) }
      return list.indices.contains(index) && Self.isTrue(list[index])
    }
  }

  /// Whether Python takes an entry of a list as true.
  static func isTrue(_ value: JSONValue) -> Bool {
    value != .boolean(false) && value.integer != 0 && value != .null
  }

  /// Which layers `mlp_layer_types` calls sparse, or nil where it is absent.
  func sparseLayers() throws -> [Bool]? {
    guard try list("mlp_layer_types") != nil else { return nil }
    return try layerTypes("mlp_layer_types", known: ["dense", "sparse"]) { _ in "sparse" }
      .map { $0 == "sparse" }
  }

  /// Shared experts that are one layer, as wide as all of them together; nil where there are none.
  ///
  /// Zero of them are a layer of width zero in most families of `transformers`, with tensors that
  /// hold nothing; `zeroIsNone` is for the others.
  func sharedExperts(
    _ key: String = "n_shared_experts", width: Formula, names: GatedNames = .llama,
    bias: Bool = false, zeroIsNone: Bool = false
  ) throws -> FeedForward? {
    guard let count = try optional(.sharedExperts, key, least: 0) else { return nil }
    if zeroIsNone, number(count) == 0 { return nil }
    return try gated(count * width, names: names, bias: bias)
  }

  /// A mixture whose checkpoint stacks all experts of a layer.
  ///
  /// - `outputFirst`: whether the tensors are `[E, 2·f, d]` and `[E, d, f]`, as in `Linear`, and not
  ///   `[E, d, 2·f]` and `[E, f, d]`.
  func stackedExperts(
    _ counts: (all: Formula, active: Formula), _ expert: FeedForward, router: Router,
    names: (String, String) = ("experts.gate_up_proj", "experts.down_proj"),
    outputFirst: Bool = false, bias: Bool = false, shared: FeedForward? = nil,
    sharedPath: String = "shared_experts"
  ) throws -> Module {
    let d = try size(.hidden)
    let f = expert.width
    let (first, second) = outputFirst ? ([2 * f, d], [d, f]) : ([d, 2 * f], [f, d])
    let maps = [
      Weight(names.0, [counts.all] + first, .routedExperts),
      Weight(names.1, [counts.all] + second, .routedExperts),
    ]
    let biases = [
      Weight("\(names.0)_bias", [counts.all, 2 * f], .routedExperts),
      Weight("\(names.1)_bias", [counts.all, d], .routedExperts),
    ]
    return .mixtureOfExperts(
      MixtureOfExperts(
        router: router, experts: counts.all, active: counts.active, expert: expert,
        layout: .stacked(
          maps, biases: bias ? biases : [], inputFirst: outputFirst ? [] : [names.0, names.1]),
        shared: shared, sharedPath: sharedPath))
  }
}

// MARK: - Hyper-connections

extension Size {
  static let residualStreams = Size("n_r", "hc_mult", "residual streams side by side")
}

extension Keys {
  /// The weights that mix several residual streams: a map of all of them, a base, and scales.
  ///
  /// - Source: Zhu et al. 2024, <https://arxiv.org/abs/2409.19606>.
  func hyperConnection(
    _ prefix: String, _ form: HyperConnection.Form, normsOutput: Bool
  ) throws -> StreamConnection {
    // Without the key the class has a constant.
    let magnitude = try constant("hc_magnitude") ?? "2"
    guard let epsilon = try constant("hc_eps") else {
      throw DescriptionError.missing(key: "hc_eps", symbol: "ε", modelType: modelType)
    }
    return .hyper(
      HyperConnection(
        prefix, streams: try size(.residualStreams), width: try size(.hidden), form: form,
        normsOutput: normsOutput, epsilon: epsilon, magnitude: magnitude))
  }

  /// A model of several streams: copies of the first, read once more before the last norm.
  func collapsed(_ model: Model, by connection: StreamConnection) -> Model {
    var model = model
    model.head.append(Branch("", .stream(.repetition(connection.streams))))
    model.tail.insert(Branch("", .stream(.connection(connection))), at: 0)
    return model
  }
}

extension Layer {
  /// The same layer, whose blocks read and write several streams.
  func connected(_ connections: [StreamConnection]) -> Layer {
    var copy = self
    for (block, connection) in zip(copy.blocks.indices, connections) {
      copy.blocks[block].connection = connection
    }
    return copy
  }
}
