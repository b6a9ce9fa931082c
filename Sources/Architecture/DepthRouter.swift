package import Symbolic

/// What decides which tokens enter a block, in a Mixture-of-Depths model.
///
/// The score of a token is linear in the residual stream `[T, d]`; a block takes the tokens with
/// the highest scores, or each token decides for itself. While sampling the future is unknown, and
/// a predictor may decide instead.
///
/// - Source: Raposo et al. 2024, eq. 1 and §3.5, <https://arxiv.org/abs/2404.02258>.
package struct DepthRouter: Hashable, Sendable {
  package enum Choice: String, CaseIterable, Hashable, Sendable {
    case expert = "expert_choice"
    case token = "token_choice"
  }

  package var width: Formula
  /// The share of a sequence that enters, *κ*.
  package var capacity: Formula
  package var choice: Choice
  /// The inner width of the predictor, or nil where there is none.
  package var predictor: Formula?
  /// Whether, while sampling, a token enters whose score is above zero; otherwise one whose score is
  /// no lower than the lowest that has entered.
  package var isTrainedToDecide = false

  package init(width: Formula, capacity: Formula, choice: Choice, predictor: Formula?) {
    self.width = width
    self.capacity = capacity
    self.choice = choice
    self.predictor = predictor
  }

  package var weights: [Weight] {
    let router = Linear("mod_router", width, 1).weights(.router)
    guard let predictor else { return router }
    return router
      + Linear("mod_predictor.fc1", width, predictor).weights(.router)
      + Linear("mod_predictor.fc2", predictor, 1).weights(.router)
  }
}
