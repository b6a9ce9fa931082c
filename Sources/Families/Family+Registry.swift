extension Family {
  /// Every family, by `model_type`.
  package static let named: [String: Family] = Dictionary(
    all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })

  /// Every family, in the order of the documentation.
  package static let all: [Family] = [
    llamaLike, sparse, deepSeek, classic, optLike, falconLike, phiLike, gemmaLike, olmoLike,
    graniteLike, recentDense, recentExperts, recentStacked, recentLatent, recentUnusual, recurrent,
    hybrid, delta, lfm, zambas, receptance, kimis, mixed, perLayer, qwen4,
    mixtureOfDepths,
  ].flatMap { $0 }
}
