/// Where the values of an axis lie, and which of them are labelled.
struct Scale {
  var lower = 0.0
  var upper = 1.0
  var isLogarithmic = false
  var ticks: [Tick] = []
  /// Values between the labelled ones that get a short stroke.
  var minor: [Double] = []

  init() {}

  /// The place of a value between the ends of the axis, from 0 to 1.
  func fraction(_ value: Double) -> Double {
    guard upper > lower else { return 0.5 }
    guard isLogarithmic else { return (value - lower) / (upper - lower) }
    let low = Numbers.logarithm(lower)
    return (Numbers.logarithm(value) - low) / (Numbers.logarithm(upper) - low)
  }

  /// How much place an axis has for its labels.
  struct Room {
    var length: Double
    var isHorizontal: Bool
    /// The size of the letters.
    var size = 11.0
    /// How far apart labelled values are at best, along a vertical axis.
    var spacing = 48.0

    /// The number of intervals an axis of this length looks best with.
    var intervals: Int {
      max(1, Int(length / (isHorizontal ? 75 : spacing)))
    }

    /// Whether no label touches the next one.
    func fits(_ ticks: [Tick], on scale: Scale) -> Bool {
      zip(ticks, ticks.dropFirst()).allSatisfy { one, next in
        let distance = (scale.fraction(next.value) - scale.fraction(one.value)).magnitude * length
        guard isHorizontal else { return distance >= size * 1.5 }
        let widths = TextBox.width(one.label, size: size) + TextBox.width(next.label, size: size)
        return distance >= widths / 2 + size
      }
    }
  }

  /// Whether an axis is logarithmic: never one with words or values from zero down.
  static func isLogarithmic(_ axis: Chart.Axis, values: [Double]) -> Bool {
    guard axis.categories.isEmpty, let least = values.min(), let most = values.max(), least > 0
    else { return false }
    return axis.isLogarithmic ?? (most / least > 30)
  }

  /// The scale of an axis; a tight one ends at the extreme values, whatever they are.
  init(_ axis: Chart.Axis, values: [Double], room: Room, isTight: Bool = false) {
    guard axis.categories.isEmpty else {
      lower = min(-0.5, (values.min() ?? 0) - 0.5)
      upper = max(Double(axis.categories.count) - 0.5, (values.max() ?? 0) + 0.5)
      ticks = axis.categories.enumerated().map {
        Tick(value: Double($0), label: Markup.clean($1))
      }
      return
    }
    guard let least = values.min(), let most = values.max() else { return }
    isLogarithmic = Self.isLogarithmic(axis, values: values)
    if isTight && least == most {
      (lower, upper) = (least, most)
      ticks = [Tick(value: least, label: NumberLabel.short(least, unit: axis.unit))]
    } else {
      // Within less than a decade even steps read better, whichever way they are spaced.
      let isNarrow = most / least < 2.5 && !values.allSatisfy(Numbers.isPowerOfTwo)
      if !isLogarithmic || isNarrow {
        setLinear(axis, values: values, least: least, most: most, room: room, isTight: isTight)
      }
      if isLogarithmic && (!isNarrow || lower <= 0) {
        setLogarithmic(axis, values: values, least: least, most: most, room: room, isTight: isTight)
      }
    }
    guard isTight, ticks.count < 2, least < most else { return }
    ticks = [least, most].map { Tick(value: $0, label: NumberLabel.short($0, unit: axis.unit)) }
  }

  private mutating func setLinear(
    _ axis: Chart.Axis, values: [Double], least: Double, most: Double, room: Room, isTight: Bool
  ) {
    var (low, high) = (least, most)
    let size = max(low.magnitude, high.magnitude)
    if axis.startsAtZero, low > 0, !isTight {
      low = 0
    } else if high - low <= size * 1e-12 {
      (low, high) = size == 0 ? (0, 1) : (low - size * 0.1, high + size * 0.1)
    } else if !isTight {
      if low > 0, low < 0.4 * high { low = 0 }
      if high < 0, high > 0.4 * low { high = 0 }
    }
    let distinct = Set(values)
    let isBinary =
      axis.unit == "bytes" || (distinct.count > 2 && distinct.allSatisfy(Numbers.isPowerOfTwo))
    let isWhole = most - least >= 2 && distinct.allSatisfy { $0 == $0.rounded() }
    for intervals in stride(from: room.intervals, through: 1, by: -1) {
      let even = Ticks.even(
        from: low, to: high, intervals: intervals, step: isBinary ? .powerOfTwo : .decimal,
        atLeast: isWhole ? 1 : 0)
      (lower, upper) = isTight ? (least, most) : (even.lower, even.upper)
      let labels = NumberLabel.evenly(even.values, step: even.step, unit: axis.unit)
      ticks = zip(even.values, labels).map { Tick(value: $0, label: $1) }
        .filter { $0.value >= lower - even.step * 1e-6 && $0.value <= upper + even.step * 1e-6 }
      if room.fits(ticks, on: self) { return }
    }
  }

  private mutating func setLogarithmic(
    _ axis: Chart.Axis, values: [Double], least: Double, most: Double, room: Room, isTight: Bool
  ) {
    let powers = Set(values).sorted()
    let areTicks =
      (2...12).contains(powers.count) && powers.allSatisfy(Numbers.isPowerOfTwo) && !isTight
    if isTight {
      (lower, upper) = (least, most)
    } else if areTicks || axis.unit == "bytes" {
      let margin = max(Numbers.power(most / least, 0.04), 1.12)
      (lower, upper) = (least / margin, most * margin)
    } else if least == most {
      (lower, upper) = Ticks.widened(from: least / 3, to: most * 3)
    } else {
      (lower, upper) = Ticks.widened(from: least, to: most)
    }
    let candidates =
      areTicks
      ? (1...4).map { stride in powers.indices.filter { $0 % stride == 0 }.map { powers[$0] } }
      : axis.unit == "bytes"
        ? [1, 2, 3, 5, 10, 20, 40].map { Ticks.octaves(from: lower, to: upper, every: $0) }
        : [1, 2, 3, 5, 10, 20, 50, 100, 200].reduce(into: [
          Ticks.logarithmic(from: lower, to: upper, digits: [1, 2, 5])
        ]) { $0.append(Ticks.logarithmic(from: lower, to: upper, digits: [1], every: $1)) }
    let isBinary = areTicks || axis.unit == "bytes"
    // Beyond the names of powers of 1000 all labels are written alike.
    let isScientific = !isBinary && upper >= 1e21
    // Decades look best when there are at least three; octaves may stand as close as they fit.
    let most = isBinary ? 12 : max(3, Int(room.length / (room.isHorizontal ? 60 : 30)))
    for values in candidates where !values.isEmpty {
      ticks = values.map { value in
        Tick(
          value: value,
          label: isBinary
            ? NumberLabel.powerOfTwo(value, unit: axis.unit)
            : isScientific
              ? NumberLabel.scientific(value, digits: 3)
              : NumberLabel.short(value, unit: axis.unit, wholeBelow: 1000))
      }
      if ticks.count <= most, room.fits(ticks, on: self) { break }
    }
    guard !isBinary, upper / lower < 1e12 else { return }
    let digits: [Double] = upper / lower < 1e5 ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1]
    minor = Ticks.logarithmic(from: lower, to: upper, digits: digits)
  }
}
