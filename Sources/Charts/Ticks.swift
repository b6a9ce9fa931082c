/// A place on an axis, and what is written there.
struct Tick: Equatable {
  var value: Double
  var label: String
}

/// Round numbers between two others.
enum Ticks {
  /// What the ticks of a linear axis are multiples of.
  enum Step {
    case decimal, powerOfTwo
  }

  /// A range that ends at round numbers, and all the round numbers in it.
  struct Even: Equatable {
    var values: [Double]
    var step: Double
    var lower: Double { values.first ?? 0 }
    var upper: Double { values.last ?? 1 }
  }

  /// Multiples of 1, 2 or 5 times a power of ten (or of a power of two) around the range.
  static func even(
    from lower: Double, to upper: Double, intervals: Int, step kind: Step = .decimal,
    atLeast least: Double = 0
  ) -> Even {
    let rough = max((upper - lower) / Double(max(1, intervals)), least)
    guard rough > 0, rough.isFinite else { return Even(values: [lower], step: 0) }
    var multiple: (Double) -> Double
    var step: Double
    switch kind {
    case .powerOfTwo:
      step = rough.binade < rough ? rough.binade * 2 : rough.binade
      multiple = { [step] in $0 * step }
    case .decimal:
      // The tolerance keeps a rough step of 0.2000…01 from becoming 0.5.
      var exponent = Numbers.exponent(rough)
      let mantissas = [1.0, 2, 5]
      let fraction = Numbers.decimal(rough, exponent: -exponent) * (1 - 1e-9)
      let mantissa = mantissas.first { fraction <= $0 } ?? 10
      exponent += mantissa == 10 ? 1 : 0
      let digit = mantissa == 10 ? 1 : mantissa
      step = Numbers.decimal(digit, exponent: exponent)
      multiple = { [exponent] in Numbers.decimal($0 * digit, exponent: exponent) }
    }
    let first = (lower / step + 1e-9).rounded(.down)
    let last = (upper / step - 1e-9).rounded(.up)
    let count = min(200, max(0, last - first))
    return Even(values: (0...Int(count)).map { multiple(first + Double($0)) }, step: step)
  }

  /// The numbers with these leading digits in the range, in every `step`-th decade.
  static func logarithmic(
    from lower: Double, to upper: Double, digits: [Double], every stride: Int = 1
  ) -> [Double] {
    var values: [Double] = []
    for exponent in Numbers.exponent(lower)...max(Numbers.exponent(lower), Numbers.exponent(upper))
    where exponent % stride == 0 {
      for digit in digits {
        let value = Numbers.decimal(digit, exponent: exponent)
        if value >= lower * (1 - 1e-9), value <= upper * (1 + 1e-9) { values.append(value) }
      }
    }
    return values
  }

  /// The range widened to the nearest numbers whose only digit is 1, 2 or 5.
  static func widened(from lower: Double, to upper: Double) -> (lower: Double, upper: Double) {
    let digits: [Double] = [1, 2, 5, 10]
    func candidates(_ value: Double) -> [Double] {
      digits.map { Numbers.decimal($0, exponent: Numbers.exponent(value)) }
    }
    return (
      candidates(lower).last { $0 <= lower * (1 + 1e-9) } ?? lower,
      candidates(upper).first { $0 >= upper * (1 - 1e-9) } ?? upper
    )
  }

  /// The powers of two in the range, in every `step`-th octave.
  static func octaves(from lower: Double, to upper: Double, every stride: Int) -> [Double] {
    guard lower > 0, upper >= lower else { return [] }
    let (first, last) = (Int(lower.exponent), Int(upper.exponent))
    return (first...last).filter { $0 % stride == 0 }.map { Numbers.power(2, Double($0)) }
      .filter { $0 >= lower * (1 - 1e-9) && $0 <= upper * (1 + 1e-9) }
  }
}
