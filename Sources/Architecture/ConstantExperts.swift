package import Symbolic

/// Experts that return a mean of their input and a learned vector: `α₁·x + α₂·v` with
/// `[α₁, α₂] = softmax(W_c·x)`.
///
/// - Source: Jin et al. 2024 (MoE++), eq. 5, <https://arxiv.org/abs/2410.07348>.
package struct ConstantExperts: Hashable, Sendable {
  /// How many there are.
  package var count: Formula
  /// *W_c*, `[2, d]`.
  package var gate: Linear
  /// *v*, `[d]`.
  package var vector: Weight
  /// The name of the list of them.
  package var path: String

  /// Such experts of a stream of a width.
  package init(_ path: String, count: Formula, width: Formula) {
    self.path = path
    self.count = count
    gate = Linear("wg", width, 2)
    vector = Weight("constant", [width], .routedExperts)
  }

  /// Their tensors; a token that meets as many other experts as it can meets none of them.
  package var weights: [Weight] {
    ([vector] + gate.weights(.routedExperts)).map { weight in
      var copy = weight.within("\(path).#")
      copy.copies = count
      (copy.activeShare, copy.isOfSmallExpert) = (0, true)
      return copy
    }
  }
}
