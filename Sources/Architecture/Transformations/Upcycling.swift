import Symbolic

/// Sparse upcycling: every dense feed-forward layer becomes the experts of a mixture.
///
/// A token's experts are those of the highest scores, whose shares are made to sum to 1, as in
/// Mixtral.
///
/// - Source: Komatsuzaki et al. 2022, §3, <https://arxiv.org/abs/2212.05055>.
extension Model {
  mutating func upcycle(_ experts: Evaluated, _ active: Evaluated) throws(DescriptionError) {
    let branches = groups.flatMap(\.layer.branches)
    guard !branches.contains(where: \.hasExperts), branches.contains(where: \.isUpcyclable) else {
      throw .notChanged(
        "upcycle", because: "the model has experts already, or no feed-forward layers",
        advice: "Take a dense model.")
    }
    let all = bind(.experts, experts)
    let some = bind(.activeExperts, active)
    try require("the experts of one token", some, .atMost, "upcycle", all)
    for group in groups.indices {
      for block in groups[group].layer.blocks.indices {
        for branch in groups[group].layer.blocks[block].branches.indices {
          let module = groups[group].layer.blocks[block].branches[branch].module
          guard case .feedForward(let feedForward) = module, feedForward.reception == nil else {
            continue
          }
          var router = Router([Linear("gate", Formula(Size.hidden.symbol), all)])
          router.normalizes = true
          groups[group].layer.blocks[block].branches[branch].module = .mixtureOfExperts(
            MixtureOfExperts(router: router, experts: all, active: some, expert: feedForward))
        }
      }
    }
  }
}

extension Branch {
  fileprivate var hasExperts: Bool {
    if case .mixtureOfExperts = module { true } else { false }
  }

  fileprivate var isUpcyclable: Bool {
    if case .feedForward(let module) = module { module.reception == nil } else { false }
  }
}
