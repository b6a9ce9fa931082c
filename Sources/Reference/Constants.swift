/// The constants of the reference pass that are no sizes.
///
/// They decide what numbers come out and how many operations never. A configuration's own values
/// matter for a checkpoint, which random weights are not.
package enum Constants {
  /// *ε* under the root of a norm.
  static let epsilon: Float = 1e-6
  /// The base of rotary angles: pair *i* of *r/2* turns by `base^(−2i/r)` for each position.
  static let rotaryBase: Float = 10_000
  /// *c* of `c·tanh(s/c)` for scores.
  static let scoreCap: Float = 50
  /// *c* of `c·tanh(s/c)` for the logits.
  static let logitCap: Float = 30
  /// Factors of embeddings, residual branches and logits, where a model has them.
  static let embeddingScale: Float = 1.25
  static let residualScale: Float = 0.75
  static let logitScale: Float = 0.5
  /// The factor of the weights of experts, where a router has one.
  static let routingScale: Float = 1.5
  /// The factor of compressed queries and keys, where a model has them.
  static let latentScale: Float = 1.1
}
