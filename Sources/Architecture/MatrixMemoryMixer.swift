package import Symbolic

/// A matrix memory with exponential gates for what is written and kept, and a gate on the output.
///
/// - Source: Beck et al. 2024 (xLSTM), §2.3, <https://arxiv.org/abs/2405.04517>.
package struct MatrixMemoryMixer: RecurrentPart {
  /// The subscript of *L* for layers with this mixer.
  package static let label = "mlstm"

  /// The maps of the stream.
  package enum Inputs: Hashable, Sendable {
    case separate(
      queries: Linear, keys: Linear, values: Linear, outputGate: Linear, inputGate: Linear,
      forgetGate: Linear)
    /// Queries, keys, values and output gate side by side; input and forget gate side by side.
    case fused(streams: Linear, gates: Linear)
  }

  /// The maps of the stream to queries, keys, values and the three gates.
  package var inputs: Inputs
  /// *c*, if the gates are `c·tanh(x/c)`.
  package var gateCap: Constant?
  /// The recurrence of the matrix memory, with its extents.
  package var memory: Scan.MatrixMemory
  /// The norm of what each head reads from its memory.
  package var norm: Normalization
  /// From the gated outputs of all heads back to the stream.
  package var output: Linear

  package init(
    _ inputs: Inputs, gateCap: Constant?, memory: Scan.MatrixMemory, norm: Normalization,
    output: Linear
  ) {
    self.inputs = inputs
    self.gateCap = gateCap
    self.memory = memory
    self.norm = norm
    self.output = output
  }

  /// The width of the stream, *d*.
  package var width: Formula { output.output }

  /// The maps of the stream, in the order of the checkpoint.
  package var maps: [Linear] {
    switch inputs {
    case .separate(let q, let k, let v, let o, let i, let f): [q, k, v, o, i, f]
    case .fused(let streams, let gates): [streams, gates]
    }
  }

  /// The tensors: maps and the norm.
  package var weights: [Weight] {
    (maps + [output]).weights(.mixer) + norm.weights(.mixer)
  }

  /// Changes the norm of its output.
  package mutating func changeNorms(_ change: (inout Normalization) -> Void) { change(&norm) }
}
