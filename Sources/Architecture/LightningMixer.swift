package import Symbolic

/// Linear attention with a fixed decay for each head, in blocks, with a gate on its output.
///
/// - Source: MiniMax 2025, §2.2, <https://arxiv.org/abs/2501.08313>.
package struct LightningMixer: RecurrentPart {
  /// The subscript of *L* for layers with this mixer.
  package static let label = "lightning"
  /// The place of its maps among those of the model.
  package static let place = Role.Place.attention

  /// Queries, keys and values, head by head, and each head's queries first.
  package var input: Linear
  /// The function of queries, keys and values, by its name in the configuration.
  package var activation: String?
  /// The recurrence, with the decay of each head.
  package var scan: Scan.Lightning
  /// The norm of the outputs of all heads, `[h·d_h]`.
  package var norm: Normalization
  /// What gates the output by its logistic function.
  package var gate: Linear
  /// From the gated outputs of all heads back to the stream.
  package var output: Linear

  package init(
    input: Linear, activation: String, scan: Scan.Lightning, norm: Normalization,
    gate: Linear, output: Linear
  ) {
    self.input = input
    self.activation = activation
    self.scan = scan
    self.norm = norm
    self.gate = gate
    self.output = output
  }

  /// The width of the stream, *d*.
  package var width: Formula { input.input }

  /// The tensors: maps, the norm, and the tables of decays that checkpoints hold.
  package var weights: [Weight] {
    [input, gate, output].weights(.attention) + norm.weights(.attention) + scan.tables
  }

  /// Changes the norm of its output.
  package mutating func changeNorms(_ change: (inout Normalization) -> Void) { change(&norm) }
}
