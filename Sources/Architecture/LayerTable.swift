/// What every layer is given of each token beside the stream: `(norm(m·s·x) + e)·t`, in which each of
/// the layers has elements of its own.
///
/// A second table gives *e* of the token, and a map *m* adds what the token table says.
///
/// - Source: Google 2025 (Gemma 3n), `hidden_size_per_layer_input`.
package struct LayerTable: Hashable, Sendable {
  /// The name of the second table, `[rows, L·width]`.
  package var name: String
  /// The second table, `[rows, L·width]`, looked up by the token.
  package var table: Embedding
  /// From `[T, d]` to the elements of all layers.
  package var map: Linear
  /// *s*.
  package var mapScale: Constant
  /// The norm of what the map gives, layer by layer.
  package var norm: Normalization
  /// *t*.
  package var scale: Constant

  package init(
    _ name: String, _ table: Embedding, map: Linear, mapScale: Constant, norm: Normalization,
    scale: Constant
  ) {
    self.name = name
    self.table = table
    self.map = map
    self.mapScale = mapScale
    self.norm = norm
    self.scale = scale
  }

  /// The table, the map and the norm.
  package var weights: [Weight] {
    table.weights.map { $0.within(name) } + map.weights(.mixer) + norm.weights()
  }
}

/// How a layer takes in its share of such a table: `o(act(g(x)) ∘ e)`.
package struct LayerInput: Hashable, Sendable {
  /// From `[T, d]` to the width of one layer's share.
  package var gate: Linear
  /// The function of the gate, before it multiplies the layer's share of the table.
  package var activation: Activation
  /// And back.
  package var output: Linear

  package init(gate: Linear, activation: Activation, output: Linear) {
    self.gate = gate
    self.activation = activation
    self.output = output
  }

  /// The two maps.
  package var weights: [Weight] { [gate, output].weights(.mixer) }
}

/// A value that one program of a pass leaves to those after it.
package enum Legacy: Hashable, Sendable {
  /// The stream as it came into the first layer.
  case firstStream
  /// The stream as it came into a layer that left it, by the index under which it was left.
  case stream(Int)
  /// What a table says to all layers, side by side.
  case layerTable
  /// The elements of a router before its network.
  case routerState
  /// The state of the other of two stacks.
  case otherState
  /// What entered the first of the layers that a router opens together.
  case entered
  /// What entered the first of some recursions, and the scores by which tokens were assigned to them.
  case recursionInput
  case recursionScores
  /// What the keys of each token have received of attention, in the mean.
  case attentionReceived
  /// Keys and values, or the latents of them, with those of earlier passes, for later layers of a kind.
  case keysAndValues(String)
  /// The latents of the tokens of this pass, for later layers of a kind.
  case latents(String)
  /// By what rotary angles are multiplied, one factor for each pair.
  case angleFactors
  /// The scores of buckets of distances.
  case positionScores
  /// The keys that an indexer has chosen, for layers up to the next that has one.
  case chosenKeys
}

extension Legacy {
  /// Whether it is of weights alone, and has no row for a token.
  package var isOfWeights: Bool { self == .angleFactors || self == .positionScores }

  /// Whether it has a row for every token of the pass, of which a program takes its own.
  package var isOfEveryToken: Bool {
    switch self {
    case .recursionInput, .recursionScores, .attentionReceived: true
    case .firstStream, .stream, .layerTable, .routerState, .otherState, .entered, .keysAndValues,
      .latents, .angleFactors, .positionScores, .chosenKeys:
      false
    }
  }
}
