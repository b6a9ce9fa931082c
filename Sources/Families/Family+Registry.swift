extension Family {
  /// Every family, by `model_type`.
  package static let named: [String: Family] = Dictionary(
    all.map { ($0.modelType, $0) }, uniquingKeysWith: { first, _ in first })

  /// Every family, in the order of the documentation.
  package static let all: [Family] = [
    llamaLike, sparse, deepSeek, classic, optLike, falconLike, phiLike, gemmaLike, olmoLike,
    graniteLike, denseLike, expertsLike, stackedLike, latentLike, hierarchical, stateSpaces,
    hybrid, delta, lfm, zambas, recurrences, kimis, mixed, perLayer, qwen4, textModels,
    ernieVision, step, hubCode, mixtureOfDepths,
  ].flatMap { $0 }
}
