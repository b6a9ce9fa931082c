package import Symbolic

/// A weighted mean of all values before a token, under a receptance.
///
/// - Source: Peng et al. 2023 (RWKV), §3.1, <https://arxiv.org/abs/2305.13048>.
package struct ReceptanceMixer: RecurrentPart {
  package static let label = "rwkv"
  package static let place = Role.Place.attention

  /// A map of a mix of each token with the one before.
  package struct Projection: Hashable, Sendable {
    /// *μ* of `μ·x + (1 − μ)·x'`.
    package var mix: Weight
    package var map: Linear

    package init(mix: Weight, map: Linear) {
      self.mix = mix
      self.map = map
    }
  }

  package var keys: Projection
  package var values: Projection
  package var receptances: Projection
  package var mean: Scan.WeightedMean
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

  package var width: Formula { output.output }

  package var weights: [Weight] {
    [keys.map, receptances.map, values.map, output].weights(.attention)
      + [mean.decay, mean.bonus, keys.mix, values.mix, receptances.mix]
  }
}
