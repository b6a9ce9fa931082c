extension Family {
  /// Every family, by `model_type`.
  package static let named: [String: Family] = Dictionary(
    all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })

  /// Every family, in the order of the documentation.
  package static let all: [Family] = [
    llamaLike, recentDense, recentExperts, recentStacked, recentLatent, recentUnusual,
  ].flatMap { $0 }
}
