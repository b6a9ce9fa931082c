package import Architecture
import Symbolic

extension MixtureOfExperts {
  /// How many slots of experts are taken to be filled, where the data decide.
  enum Filling {
    /// As many as can be.
    case all
    /// As few as can be.
    case least
    /// Those expected if tokens choose evenly among all experts, no-op experts included.
    case even
    /// As many as one pass has met, and as many pairs of a token and an expert that returns it.
    case met(Formula, returned: Formula)
  }

  /// Whether the data decide how many slots are filled.
  var dependsOnData: Bool {
    guard router.rule != .expertChoice, !runsEveryExpert else { return false }
    guard let capacity else { return !idle.isZero }
    return !capacity.isPadded || !returning.isZero || constants != nil
  }
}

extension Model {
  /// Whether experts leave out tokens above their slots, and compute no slot that nobody fills.
  package var dropsTokens: Bool {
    groups.contains { group in
      group.layer.runBranches.contains { branch, _ in
        guard case .mixtureOfExperts(let mixture) = branch.module else { return false }
        return mixture.router.rule != .expertChoice && mixture.capacity?.isPadded == false
      }
    }
  }
}
