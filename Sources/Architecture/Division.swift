package import Symbolic

/// The quotient of a stream by a constant.
package struct Division: Hashable, Sendable {
  /// The divisor.
  package var divisor: Constant
  /// In which share of the layers that are described alike: all, unless their number is free.
  package var share: Formula
  /// Whether it is done in training as well, and not only where nothing is trained.
  package var holdsInTraining: Bool

  package init(by divisor: Constant, share: Formula = 1, holdsInTraining: Bool = true) {
    self.divisor = divisor
    self.share = share
    self.holdsInTraining = holdsInTraining
  }
}
