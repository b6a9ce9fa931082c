package import Symbolic

/// One value of an axis: a number that is taken exactly, or a word such as `decode`.
package enum AxisValue: Hashable, Sendable {
  case number(Rational)
  case word(String)

  package init(_ text: String) {
    self = Rational(written: text).map { .number($0) } ?? .word(text)
  }

  /// The number, if it is one.
  package var number: Rational? {
    if case .number(let value) = self { value } else { nil }
  }

  /// The value as it is written on a command line: a decimal if it has an end, else a fraction.
  package var text: String {
    switch self {
    case .number(let value): value.exactText
    case .word(let word): word
    }
  }
}

/// The values of an axis, in order: a list, or a range that is never listed.
package struct AxisValues: Hashable, Sendable {
  private enum Kind: Hashable, Sendable {
    case list([AxisValue])
    case range(start: Rational, step: Rational, count: Int)
  }

  private let kind: Kind

  package init(_ values: [AxisValue]) { kind = .list(values) }

  /// The number of values.
  package var count: Int {
    switch kind {
    case .list(let values): values.count
    case .range(_, _, let count): count
    }
  }

  /// The value at a place, from 0.
  package subscript(index: Int) -> AxisValue {
    switch kind {
    case .list(let values): return values[index]
    case .range(let start, let step, _):
      // The ends are within 128 bits, so what lies between them is.
      let value = try? start.adding(step.multiplied(by: Rational(Int128(index))))
      return .number(value ?? start)
    }
  }

  /// Start, step and count, if the values are evenly spaced.
  package var progression: (start: Rational, step: Rational)? {
    if case .range(let start, let step, _) = kind { (start, step) } else { nil }
  }

  /// Whether every value is a number.
  package var isNumeric: Bool {
    switch kind {
    case .list(let values): values.allSatisfy { $0.number != nil }
    case .range: true
    }
  }
}

/// Why a text names no values.
package struct AxisSyntaxError: Error, Hashable, Sendable {
  /// What was expected.
  package let message: String
}

extension AxisValues {
  /// Reads `a,b,c`, `from:to:step` or `from:to:*factor`; a range has its last value if it meets it.
  ///
  /// - Throws: `AxisSyntaxError` for a range without end or without values.
  package init(parsing text: String) throws(AxisSyntaxError) {
    let pieces = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard pieces.count > 1 else {
      let words = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard !words.contains("") else {
        throw AxisSyntaxError(message: "values between the commas, as in 1,2,4")
      }
      let values = words.map { AxisValue($0) }
      guard Set(values).count == values.count else {
        throw AxisSyntaxError(message: "values that differ from each other")
      }
      kind = .list(values)
      return
    }
    let form = "numbers, as in 2:16:2 or 2:64:*2"
    guard pieces.count <= 3, let start = Rational(written: pieces[0]),
      let end = Rational(written: pieces[1])
    else { throw AxisSyntaxError(message: form) }
    let rule = pieces.count == 3 ? pieces[2] : "1"
    if rule.hasPrefix("*") {
      guard let factor = Rational(written: rule.dropFirst()) else {
        throw AxisSyntaxError(message: form)
      }
      kind = .list(try Self.geometric(start, end, factor).map { .number($0) })
      return
    }
    guard let step = Rational(written: rule) else { throw AxisSyntaxError(message: form) }
    guard step != .zero else {
      throw AxisSyntaxError(message: "a step that is not zero, so that the range has an end")
    }
    guard (start <= end) == (step > .zero) || start == end,
      let steps = try? end.adding(start.negated()).divided(by: step),
      let count = Int(exactly: steps.floor), count < Int.max - 1
    else {
      throw AxisSyntaxError(
        message: "a range that has values: from \(start) with a step of \(step) never meets \(end)")
    }
    kind = .range(start: start, step: step, count: count + 1)
  }

  private static func geometric(
    _ start: Rational, _ end: Rational, _ factor: Rational
  ) throws(AxisSyntaxError) -> [Rational] {
    guard factor > .one, start > .zero else {
      throw AxisSyntaxError(
        message: "a start above 0 and a factor above 1, so that the range has an end")
    }
    var values: [Rational] = []
    var next = start
    while next <= end {
      values.append(next)
      guard values.count < 10_000, let more = try? next.multiplied(by: factor) else {
        throw AxisSyntaxError(message: "fewer than 10000 values with few enough digits")
      }
      next = more
    }
    guard !values.isEmpty else {
      throw AxisSyntaxError(message: "a range that has values: \(start) is above \(end)")
    }
    return values
  }
}

extension Rational {
  /// The decimal, if it has an end, else the fraction.
  package var exactText: String {
    if isWhole { return Int64(exactly: numerator).map { "\($0)" } ?? "\(numerator)" }
    var rest = denominator
    var (twos, fives) = (0, 0)
    while rest % 2 == 0 { (rest, twos) = (rest / 2, twos + 1) }
    while rest % 5 == 0 { (rest, fives) = (rest / 5, fives + 1) }
    let places = max(twos, fives)
    guard rest == 1, places > 0, let scale = try? Int128(10).power(places),
      let scaled = try? multiplied(by: Rational(scale)), scaled.isWhole
    else { return description }
    let digits = "\(scaled.numerator.magnitude)"
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    let point = padded.index(padded.endIndex, offsetBy: -places)
    return (numerator < 0 ? "-" : "") + padded[..<point] + "." + padded[point...]
  }
}
