import Architecture
import Symbolic

extension MixtureOfExperts {
  /// How many slots of experts are taken to be filled, where the data decide.
  enum Filling {
    /// Every slot of a kernel of fixed shape, which is as many as can be.
    case all
    /// As few as can be.
    case least
    /// Those expected if tokens choose evenly among all experts, no-op experts included; of a
    /// limited capacity all.
    case even
    /// As many as one pass has met.
    case met(Formula)
  }

  /// Whether the data decide how many slots are filled.
  var dependsOnData: Bool {
    router.rule != .expertChoice && !runsEveryExpert && (!idle.isZero || capacity != nil)
  }
}
