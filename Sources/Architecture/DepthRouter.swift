package import Symbolic

/// What decides which tokens enter some blocks of a layer.
///
/// The score of a token is linear in the residual stream `[T, d]`; the blocks take the tokens with
/// the highest scores, or each token decides for itself. While sampling the future is unknown, and
/// a predictor may decide instead.
///
/// - Source: Raposo et al. 2024, eq. 1 and §3.5, <https://arxiv.org/abs/2404.02258>.
package struct DepthRouter: Hashable, Sendable {
  /// Who chooses: the blocks among the tokens, or each token for itself.
  package enum Choice: String, CaseIterable, Hashable, Sendable {
    case expert = "expert_choice"
    case token = "token_choice"
  }

  /// What the answer of the blocks is multiplied by before it is added to the stream.
  package enum Weighting: String, CaseIterable, Hashable, Sendable {
    /// The score itself.
    case score
    /// The score behind a logistic function, which then decides too.
    case sigmoid
    /// Nothing: the router only chooses.
    case none
  }

  /// Where the tensors of the router stand in the layer.
  package var path = "mod_router"
  /// The width of the residual stream, *d*.
  package var width: Formula
  /// The share of a sequence that enters, *κ*.
  package var capacity: Formula
  /// Who chooses.
  package var choice: Choice
  /// The inner width of the predictor, or nil where there is none.
  package var predictor: Formula?
  /// Whether, while sampling, a token enters whose score is above the threshold; otherwise one whose
  /// score is no lower than the lowest that has entered.
  package var isTrainedToDecide = false
  /// What multiplies the answer of the blocks.
  package var weighting = Weighting.score
  /// The score above which a token enters where each decides for itself; nil for that at which the
  /// linear score is zero.
  package var threshold: Constant?
  /// Whether an earlier layer holds the map to its score.
  package var isHeldElsewhere = false
  /// How it assigns tokens to recursions, if it does that; then it has a score for each of these.
  package var assignment: RecursionAssignment?
  /// Whether every token enters, whatever the scores say.
  package var admitsAll = false
  /// Of tokens that were assigned to recursions before, those enter that take part in at least this many.
  package var leastRecursions: Int?

  /// When a draw decides for each sequence, and no score; then the share is its probability.
  package enum Draw: String, CaseIterable, Hashable, Sendable {
    case inTraining = "train"
    case always
  }

  /// When a draw decides in place of the scores, if ever.
  package var draw: Draw?
  /// Whether it lets in those that have not left the model: all but while sampling, when keys and
  /// values of the others are kept too.
  package var isExit = false
  /// Whether its scores are what the attention of the layer before has given to each token, so that
  /// it has no map.
  package var readsAttention = false

  package init(width: Formula, capacity: Formula, choice: Choice, predictor: Formula?) {
    self.width = width
    self.capacity = capacity
    self.choice = choice
    self.predictor = predictor
  }

  /// The score above which a token enters.
  package var bound: Constant { threshold ?? (weighting == .sigmoid ? "0.5" : "0") }

  /// The map from the stream to the score of a token, or to its scores of some recursions.
  package var scoreMap: Linear { Linear(path, width, assignment?.recursions ?? 1) }

  /// The two maps of the predictor.
  package var predictorMaps: [Linear] {
    guard let predictor else { return [] }
    let name = path.replacing("router", with: "predictor")
    return [Linear("\(name).fc1", width, predictor), Linear("\(name).fc2", predictor, 1)]
  }

  /// The score map, unless an earlier layer holds it, and the maps of the predictor.
  package var weights: [Weight] {
    let maps = isHeldElsewhere || readsAttention ? predictorMaps : [scoreMap] + predictorMaps
    return maps.flatMap { $0.weights(.router) }
  }
}
