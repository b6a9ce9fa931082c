import Accounting
import Architecture
package import Symbolic

/// The values among which a size is looked for: `first`, `first + step`, … up to `last`, each over
/// `scale`.
struct HoldDomain: Sendable {
  let scale: Int128
  let first: Int128
  let last: Int128
  let step: Int128

  /// A size may be anything up to this unless limits are given.
  private static let greatest: Int128 = 1 << 24
  /// Where each value needs a description of its own, fewer are tried.
  private static let mostStructures: Int128 = 512

  init(_ sweep: Sweep, isShare: Bool, isStructural: Bool = false) {
    let hold = sweep.hold
    if isShare {
      // Between two multiples of 1/T (and 1/P) the tokens that enter are the same.
      let tokens = max(sweep.subject.request.tokens ?? 2048, 1)
      let past = max(sweep.subject.request.past, 1)
      let divisor = Int128(Int128.commonDivisor(tokens, past))
      let common = tokens / divisor * past
      scale = common <= 1 << 40 ? common : 1 << 20
      (first, last, step) = (1, scale, 1)
      return
    }
    scale = 1
    let multiple = max(hold?.step ?? 1, 1)
    let limits = hold?.limits ?? 1...(isStructural ? Self.mostStructures : Self.greatest)
    // The first multiple within the limits; zero and one are for whoever asks for them.
    first = max((limits.lowerBound + multiple - 1) / multiple * multiple, isStructural ? 0 : 2)
    step = multiple
    last = limits.upperBound
  }

  /// The greatest magnitude of a value times the scale.
  var bound: UInt128 { last.magnitude }

  /// How many values there are.
  var count: Int128 { last < first ? 0 : (last - first) / step + 1 }

  /// The value of a number from 0 on.
  subscript(index: Int128) -> Int128 { first + index * step }
}

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
}

extension Solution {
  /// The better of two answers, of which this one has the smaller values.
  func combined(with other: Solution, target: Rational) -> Solution {
    let reach =
      min(reach.lowerBound, other.reach.lowerBound)...max(reach.upperBound, other.reach.upperBound)
    let (one, two) = (figure.distance(to: target), other.figure.distance(to: target))
    guard one <= two else {
      return Solution(
        values: other.values, figure: other.figure, others: other.others, reach: reach)
    }
    // Both exact: there is more than one answer.
    let others = figure == target && other.figure == target ? [other.values.lowerBound] : []
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

/// Looks for the value of a size at which a figure is nearest to a target.
struct Search {
  let domain: HoldDomain
  let target: Rational
  /// How the figure moves with the size, or nil if every value has to be tried.
  let direction: Direction?
  /// The figure at a value over the scale; nil where the model has none.
  let figure: (Int128) throws(SweepError) -> Rational?
  /// Whether the value makes a model.
  let isModel: (Int128) throws(SweepError) -> Bool

  /// Further from the crossing than this no model is looked for.
  private static let reachOfModels: Int128 = 1 << 16
  /// More values than this are not tried one by one.
  static let mostTried: Int128 = 1 << 20

  /// The nearest value, or nil if no value makes a model.
  func solution() throws(SweepError) -> Solution? {
    guard domain.count > 0 else { return nil }
    guard let direction, direction != .constant else { return try tried() }
    return try bisected(isRising: direction == .rising)
  }

  private func value(_ index: Int128) throws(SweepError) -> Rational {
    do throws(ArithmeticError) {
      return try Rational(domain[index], over: domain.scale)
    } catch {
      throw .description(.arithmetic(error, what: "A size"))
    }
  }

  // MARK: - Where the figure moves steadily

  private func bisected(isRising: Bool) throws(SweepError) -> Solution? {
    func isBefore(_ index: Int128, orAt: Bool) throws(SweepError) -> Bool {
      guard let figure = try figure(domain[index]) else { return false }
      if figure == target { return orAt }
      return isRising ? figure < target : figure > target
    }
    // The number of values before the target, and of those before it or at it.
    func boundary(orAt: Bool) throws(SweepError) -> Int128 {
      var (low, high): (Int128, Int128) = (0, domain.count)
      while low < high {
        let middle = low + (high - low) / 2
        if try isBefore(middle, orAt: orAt) { low = middle + 1 } else { high = middle }
      }
      return low
    }
    let start = try boundary(orAt: false)
    let end = try boundary(orAt: true)
    var exact = try nearestModel(from: start, upTo: end, step: 1)
    if let first = exact, let last = try nearestModel(from: end - 1, upTo: start - 1, step: -1) {
      exact = nil
      return Solution(
        values: try value(first)...value(last), figure: target, others: [], reach: try reach())
    }
    let below = try nearestModel(from: start - 1, upTo: -1, step: -1)
    let above = try nearestModel(from: end, upTo: domain.count, step: 1)
    var best: (index: Int128, figure: Rational)?
    for index in [below, above].compactMap({ $0 }) {
      guard let figure = try figure(domain[index]) else { continue }
      if let known = best, known.figure.distance(to: target) <= figure.distance(to: target) {
        continue
      }
      best = (index, figure)
    }
    guard let best else { return nil }
    let place = try value(best.index)
    return Solution(values: place...place, figure: best.figure, others: [], reach: try reach())
  }

  /// The first index in a direction that makes a model.
  private func nearestModel(
    from start: Int128, upTo end: Int128, step: Int128
  ) throws(SweepError) -> Int128? {
    var index = start
    var tries: Int128 = 0
    while index != end, index >= 0, index < domain.count, tries < Self.reachOfModels,
      step > 0 ? index < end : index > end
    {
      if try isModel(domain[index]) { return index }
      index += step
      tries += 1
    }
    return nil
  }

  private func reach() throws(SweepError) -> ClosedRange<Rational> {
    guard let first = try nearestModel(from: 0, upTo: domain.count, step: 1),
      let last = try nearestModel(from: domain.count - 1, upTo: -1, step: -1),
      let one = try figure(domain[first]), let other = try figure(domain[last])
    else { return target...target }
    return min(one, other)...max(one, other)
  }

  // MARK: - Where it does not

  private func tried() throws(SweepError) -> Solution? {
    var exact: [Rational] = []
    var best: (place: Rational, figure: Rational)?
    var (least, most): (Rational?, Rational?)
    for index in 0..<min(domain.count, Self.mostTried) {
      guard try isModel(domain[index]), let figure = try figure(domain[index]) else { continue }
      least = least.map { min($0, figure) } ?? figure
      most = most.map { max($0, figure) } ?? figure
      if figure == target { exact.append(try value(index)) }
      if let known = best, known.figure.distance(to: target) <= figure.distance(to: target) {
        continue
      }
      best = (try value(index), figure)
    }
    guard let best, let least, let most else { return nil }
    return Solution(
      values: best.place...best.place, figure: best.figure, others: Array(exact.dropFirst()),
      reach: least...most)
  }
}
