package import Symbolic

/// A position-wise feed-forward layer: gated (three matrices) or plain (two).
///
/// Gated: `down(act(gate(x)) · up(x))`. Plain: `down(act(up(x)))`. A fused input map holds gate and
/// up side by side.
///
/// - Source: Shazeer 2020, <https://arxiv.org/abs/2002.05202>; Vaswani et al. 2017, §3.3.
package struct FeedForward: Hashable, Sendable {
  /// The order inside one map that gives both the gate and what it multiplies.
  package enum Fusion: Hashable, Sendable {
    case gateFirst, gateLast
    /// Gate and factor take turns, number by number.
    case alternating
  }

  /// The inner width, *f*.
  package var width: Formula
  /// Whether a gate multiplies the inner elements.
  package var isGated: Bool
  /// What the gate is multiplied by before its function, if anything.
  package var gateScale: Constant?
  /// The maps from `[T, d]` to the inner width: gate and up, one fused, or up alone.
  package var inputs: [Linear]
  /// From the inner width back to `[T, d]`.
  package var output: Linear
  /// What is added to what the first of them gives, where several layers share it.
  package var adapters: Adapters?
  /// In which order a fused input map holds the gate and what it multiplies.
  package var fusion = Fusion.gateFirst
  /// The name of the activation function in `config.json`.
  package var activation: String
  /// *α* and *c* of a bounded gate, where the configuration says them.
  package struct Bounds: Hashable, Sendable {
    /// *α* of `g·σ(α·g)`.
    package var slope: Constant
    /// *c*, above which the gate, and beyond which the factor, is cut off.
    package var limit: Constant

    package init(slope: Constant, limit: Constant) {
      self.slope = slope
      self.limit = limit
    }
  }

  /// These constants; nil takes those of the activation's name.
  package var bounds: Bounds?
  /// *c*, if the gate is at most *c* behind its function, and what it multiplies between −c and c.
  package var clip: Constant?
  /// Whether the gate is at most *c* before its function instead.
  package var clipsBeforeFunction = false
  /// How many deviations above the mean of a token's gates those lie that pass, less that bound, if
  /// not all do.
  ///
  /// - Source: Google 2025 (Gemma 3n), `activation_sparsity_pattern`.
  package var gateBound: Constant?
  /// *c* of `c·tanh(x/c)`, which bounds the gate's linear factor and what it multiplies.
  package struct FactorCaps: Hashable, Sendable {
    /// The bound of the gate's linear factor.
    package var gate: Constant
    /// The bound of what the gate multiplies.
    package var factor: Constant

    package init(gate: Constant, factor: Constant) {
      self.gate = gate
      self.factor = factor
    }
  }

  /// Such bounds, if it has them; then the function of the gate is `x·σ(x)`.
  package var factorCaps: FactorCaps?
  /// What it returns is multiplied with this, if with anything.
  package var outputFactor: Weight?
  /// How what goes into it is mixed with the token before, and what comes out has a gate.
  ///
  /// - Source: Peng et al. 2023 (RWKV), §3.1, <https://arxiv.org/abs/2305.13048>.
  package struct Reception: Hashable, Sendable {
    /// *μ* of `μ·x + (1 − μ)·x'`, for what goes into the input map.
    package var mix: Weight
    /// From another mix to the gate, before its logistic function.
    package var gate: ReceptanceMixer.Projection

    package init(mix: Weight, gate: ReceptanceMixer.Projection) {
      self.mix = mix
      self.gate = gate
    }
  }

  /// The token shift and the receptance gate of an RWKV channel mix, if it is one.
  package var reception: Reception?
  /// Biases of gate and factor that are stored beside the map that gives both.
  package struct InnerBiases: Hashable, Sendable {
    /// The bias of the gate, `[f]`.
    package var gate: Weight
    /// The bias of what the gate multiplies, `[f]`.
    package var factor: Weight

    package init(gate: Weight, factor: Weight) {
      self.gate = gate
      self.factor = factor
    }
  }

  /// Such biases, where a fused map has them under names of their own.
  package var innerBiases: InnerBiases?
  /// Norms of the inner elements, before the output map.
  package var norms: [Normalization] = []
  /// Other vectors.
  package var vectors: [Weight]

  package init(
    width: Formula, isGated: Bool, inputs: [Linear], output: Linear, activation: String,
    vectors: [Weight] = []
  ) {
    self.width = width
    self.isGated = isGated
    self.inputs = inputs
    self.output = output
    self.activation = activation
    self.vectors = vectors
  }

  /// What is applied to the gate, or to what the only map gives.
  package var function: Activation {
    let function = Activation(named: activation)
    guard let bounds, case .boundedGate = function else { return function }
    return .boundedGate(slope: bounds.slope, limit: bounds.limit)
  }

  /// The tensors, under the part the layer plays in its model.
  package func weights(_ part: Part = .denseFeedForward) -> [Weight] {
    inputs.weights(part) + (reception?.gate.map.weights(part) ?? []) + output.weights(part)
      + (adapters?.weights(part) ?? []) + norms.flatMap { $0.weights() } + vectors
      + (innerBiases.map { [$0.gate, $0.factor] } ?? []) + [outputFactor].compactMap(\.self)
      + (reception.map { [$0.mix, $0.gate.mix] } ?? [])
  }
}
