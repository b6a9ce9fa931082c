import Architecture
import Symbolic

extension MixtureOfExperts {
  /// How many places of experts are taken to be filled, where the data decide.
  enum Filling {
    /// Every place of a kernel of fixed shape, which is as many as can be.
    case all
    /// As few as can be.
    case least
    /// Those expected if tokens choose evenly among the experts and those that do nothing; of a
    /// limited capacity all.
    case even
    /// As many as one pass has met.
    case met(Formula)
  }

  /// Whether the data decide how many places are filled.
  var dependsOnData: Bool {
    router.rule != .expertChoice && !runsEveryExpert && (!idle.isZero || capacity != nil)
  }
}
