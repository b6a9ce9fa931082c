package import Symbolic

/// A weighted mean of all values before a token, under a receptance.
///
/// - Source: Peng et al. 2023 (RWKV), §3.1, <https://arxiv.org/abs/2305.13048>.
package struct ReceptanceMixer: RecurrentPart {
  /// The subscript of *L* for layers with this mixer.
  package static let label = "rwkv"
  /// The place of its maps among those of the model.
  package static let place = Role.Place.attention

  /// A map of a mix of each token with the one before.
  package struct Projection: Hashable, Sendable {
    /// *μ* of `μ·x + (1 − μ)·x'`.
    package var mix: Weight
    /// The map, from the mix `[T, d]`.
    package var map: Linear

    package init(mix: Weight, map: Linear) {
      self.mix = mix
      self.map = map
    }
  }

  /// To the keys, the exponents of the weights.
  package var keys: Projection
  /// To the values that are averaged.
  package var values: Projection
  /// To the receptances, whose logistic function gates the mean.
  package var receptances: Projection
  /// The running weighted mean, with its decay and its bonus.
  package var mean: Scan.WeightedMean
  /// From the gated mean back to the stream.
  package var output: Linear

  package init(
    keys: Projection, values: Projection, receptances: Projection, mean: Scan.WeightedMean,
    output: Linear
  ) {
    self.keys = keys
    self.values = values
    self.receptances = receptances
    self.mean = mean
    self.output = output
  }

  /// The width of the stream, *d*.
  package var width: Formula { output.output }

  /// The tensors: four maps, decay and bonus, and the three mixes.
  package var weights: [Weight] {
    [keys.map, receptances.map, values.map, output].weights(.attention)
      + [mean.decay, mean.bonus, keys.mix, values.mix, receptances.mix]
  }
}
