import Accounting
import Architecture
import Symbolic

/// Looks for the value of a size at which a figure is nearest to a target.
struct Search {
  let domain: HoldDomain
  let goal: Goal
  /// How the figure moves with the size, or nil if every value has to be tried.
  let direction: Direction?
  /// The figure at a value over the scale; nil where the model has none.
  let figure: (Int128) throws(SweepError) -> Rational?
  /// Whether the value makes a model.
  let isModel: (Int128) throws(SweepError) -> Bool
  /// Whether the value is not above one beyond which nothing is a model.
  var isPossible: (Int128) -> Bool = { _ in true }

  /// Further from the crossing than this no model is looked for.
  var reachOfModels: Int128 = 1 << 12
  /// Whether the least and the most that the figure can be are wanted.
  var wantsReach = false
  /// More values than this are not tried one by one.
  static let mostTried: Int128 = 1 << 20

  private var target: Rational { goal.value }

  /// The nearest value, or nil if no value makes a model.
  func solution() throws(SweepError) -> Solution? {
    guard domain.count > 0 else { return nil }
    guard let direction else { return try tried() }
    if direction == .constant { return try unmoved() }
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
      if let known = best, !goal.prefers(figure, to: known.figure) { continue }
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
    while index != end, index >= 0, index < domain.count, tries < reachOfModels,
      step > 0 ? index < end : index > end
    {
      if try isModel(domain[index]) { return index }
      index += step
      tries += 1
    }
    return nil
  }

  /// How many values are not above the one beyond which nothing is a model.
  private func possibleCount() -> Int128 {
    var (low, high): (Int128, Int128) = (0, domain.count)
    while low < high {
      let middle = low + (high - low) / 2
      if isPossible(domain[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func reach() throws(SweepError) -> ClosedRange<Rational> {
    guard wantsReach, let first = try nearestModel(from: 0, upTo: domain.count, step: 1),
      let last = try nearestModel(from: possibleCount() - 1, upTo: -1, step: -1),
      let one = try figure(domain[first]), let other = try figure(domain[last])
    else { return target...target }
    return min(one, other)...max(one, other)
  }

  // MARK: - Where it does not

  /// Where the figure is the same everywhere: the first value that makes a model.
  private func unmoved() throws(SweepError) -> Solution? {
    guard let index = try nearestModel(from: 0, upTo: domain.count, step: 1),
      let figure = try figure(domain[index])
    else { return nil }
    let place = try value(index)
    return Solution(
      values: place...place, figure: figure, others: [], reach: figure...figure,
      isIndependent: true)
  }

  private func tried() throws(SweepError) -> Solution? {
    var exact: [Rational] = []
    var best: (place: Rational, figure: Rational)?
    var (least, most): (Rational?, Rational?)
    for index in 0..<min(domain.count, Self.mostTried) {
      guard try isModel(domain[index]), let figure = try figure(domain[index]) else { continue }
      least = least.map { min($0, figure) } ?? figure
      most = most.map { max($0, figure) } ?? figure
      if figure == target { exact.append(try value(index)) }
      if let known = best, !goal.prefers(figure, to: known.figure) { continue }
      best = (try value(index), figure)
    }
    guard let best, let least, let most else { return nil }
    return Solution(
      values: best.place...best.place, figure: best.figure, others: Array(exact.dropFirst()),
      reach: least...most)
  }
}
