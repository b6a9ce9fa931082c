package import Symbolic

/// Layers of one kind, and which they are.
package struct LayerGroup: Hashable, Sendable {
  /// The indices of the layers, counted from zero.
  package enum Indices: Hashable, Sendable {
    /// From a first layer up to, and without, a last; either may be a formula.
    case range(Formula, Formula)
    /// In ascending order.
    case listed([Int])

    /// How many there are.
    package var count: Formula {
      switch self {
      case .range(let first, let end): end - first
      case .listed(let indices): Formula(Int128(indices.count))
      }
    }
  }

  /// What each of the layers is.
  package var layer: Layer
  /// Which layers they are.
  package var indices: Indices

  package init(_ layer: Layer, _ indices: Indices) {
    self.layer = layer
    self.indices = indices
  }
}

/// What happens to the scores of the vocabulary around the projection.
package struct LogitTreatment: Hashable, Sendable {
  /// What the stream is multiplied by before the projection, if anything.
  package var inputScale: Constant?
  /// What they are multiplied by, if anything.
  package var scale: Constant?
  /// *c*, if they are bounded by `c·tanh(s/c)`.
  package var cap: Constant?
  /// What the stream is divided by before the projection, if anything.
  package var divisor: Constant?
  /// How many of the scores are returned, if not all are.
  package var kept: Formula?
  /// Whether the projection is computed for the last position only, whatever is requested.
  package var isLastOnly = false

  package init() {}
}

/// A transformer language model, described by its parts and their symbolic sizes.
package struct Model: Sendable {
  /// The name of the preset or the file.
  package var name: String
  /// The `model_type` of the configuration.
  package var modelType: String
  /// Every size with its value, in the order in which the description met them.
  package var sizes: [SizeBinding]
  /// What comes before the layers: embeddings, their norm, input projections.
  package var head: [Branch]
  /// The name of the list of layers.
  package var layersPath: String
  /// The layers by kind, with the indices of each kind.
  package var groups: [LayerGroup]
  /// The tokens that it puts before every sequence, if it does.
  package var prompt: LearnedPrompt?
  /// How its layers run in turn with those of another stack, if there is one.
  package var cycles: StackCycles?
  /// Behind which layers a token may leave it, if it may.
  package var exits: EarlyExits?
  /// What comes after the layers: the final norm and the projection onto the vocabulary.
  package var tail: [Branch]
  /// Whether the output projection is the token table.
  package var tiesEmbeddings: Bool
  /// What happens to the scores of the vocabulary after the projection.
  package var logits = LogitTreatment()
  /// Rotary tables that a class makes in every pass although no layer reads them.
  package var unreadAngles: [RotaryAngles] = []
  /// The positions the configuration states where no table of the model has as many rows.
  package var statedContext: Int128?
  /// The width of a feed-forward layer or an expert over the standard 8d/3, where a paper says it.
  package var relativeExpertSize: Formula?
  /// The layers for multi-token prediction that are published beside it, if their form is known.
  package var prediction: MultiTokenPrediction?
  /// Whether it is one of these.
  var isPredictor = false
  /// What must hold of the sizes that were left free.
  package var requirements: [Requirement] = []
  /// What a reader of the figures should know about how the configuration was read.
  package var notes: [String] = []
  /// How the configuration says that weights are stored.
  package var storedFormat: StoredFormat?
  /// What a pass does that the description leaves out, so that it gives no FLOPs.
  package var operationGap: String?
  /// What a reader of FLOPs should know beside that.
  package var operationNotes: [String] = []

  package init(
    name: String, modelType: String, sizes: [SizeBinding], head: [Branch], layersPath: String,
    groups: [LayerGroup], tail: [Branch], tiesEmbeddings: Bool
  ) {
    self.name = name
    self.modelType = modelType
    self.sizes = sizes
    self.head = head
    self.layersPath = layersPath
    self.groups = groups
    self.tail = tail
    self.tiesEmbeddings = tiesEmbeddings
  }

  /// The number of layers.
  package var layerCount: Formula { groups.map(\.indices.count).sum() }

  /// The positions that the model was made for, if its configuration says so.
  package var contextLength: Evaluated? {
    sizes.first { $0.size == .positions }?.value ?? statedContext.map { Evaluated($0) }
  }

  /// The sizes' values by symbol.
  package var values: [Symbol: Evaluated] {
    Dictionary(sizes.map { ($0.size.symbol, $0.value) }) { first, _ in first }
  }
}
