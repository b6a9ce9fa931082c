package import Symbolic

/// What a search among the values of a size found.
package struct Solution: Hashable, Sendable {
  /// The values that are as near to the target as any, as a range in which all are; over the scale.
  package let values: ClosedRange<Rational>
  /// The figure there.
  package let figure: Rational
  /// Other places that meet the target exactly, where the figure does not move steadily.
  package let others: [Rational]
  /// The least and the most that the figure can be.
  package let reach: ClosedRange<Rational>
  /// Whether the figure does not depend on the size, which then stays what it was.
  package var isIndependent = false
  /// The least and the greatest value that were looked at.
  package var tried: ClosedRange<Rational>?
}

extension Solution {
  /// Whether the answer is the least or the greatest value that was looked at, so that the target
  /// may lie beyond.
  package var isAtEnd: Bool {
    guard let tried else { return false }
    return values.lowerBound <= tried.lowerBound || values.upperBound >= tried.upperBound
  }

  /// The better of two answers, of which this one has the smaller values.
  func combined(with other: Solution, goal: Goal) -> Solution {
    let reach =
      min(reach.lowerBound, other.reach.lowerBound)...max(reach.upperBound, other.reach.upperBound)
    guard !goal.prefers(other.figure, to: figure) else {
      return Solution(
        values: other.values, figure: other.figure, others: other.others, reach: reach)
    }
    // Both exact: there is more than one answer.
    let others =
      figure == goal.value && other.figure == goal.value ? [other.values.lowerBound] : []
    return Solution(
      values: values, figure: figure, others: others + (others.isEmpty ? [] : other.others),
      reach: reach)
  }
}

extension Rational {
  /// The magnitude of the difference.
  func distance(to other: Rational) -> Rational {
    let difference = (try? adding(other.negated())) ?? self
    return difference < .zero ? (try? difference.negated()) ?? difference : difference
  }
}
