import Symbolic
import TestSupport
import Testing

/// A program of integer operations gives what the formula gives, bit for bit.
@Suite struct CompiledFormulasTests {
  /// Inputs for the symbols of random formulas: the first two stay the same for all lanes.
  static func inputs(_ values: [[Symbol: Rational]]) -> [FormulaInput] {
    RandomFormula.symbols.enumerated().map { index, symbol in
      let most = values.compactMap { $0[symbol]?.numerator.magnitude }.max() ?? 1
      return FormulaInput(
        symbol: symbol, scale: 1, bound: most, isPositive: true, isLane: index >= 2)
    }
  }

  @Test("Random formulas with roundings and choices, in every lane", arguments: 0..<200)
  func random(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    let formula = RandomFormula.make(&generator, depth: 4)
    var lanes = (0..<7).map { _ in RandomFormula.values(&generator) }
    // What is outside the lanes is the same for all of them.
    for symbol in RandomFormula.symbols.prefix(2) {
      for lane in lanes.indices { lanes[lane][symbol] = lanes[0][symbol] }
    }
    var builder = FormulaCompiler(inputs: Self.inputs(lanes))
    let place = builder.value(of: formula)
    guard formula.fault == nil, let program = builder.program else { return }
    let run = FormulaRun(program)
    for (input, symbol) in RandomFormula.symbols.enumerated() {
      let values = try lanes.map { try #require($0[symbol]).numerator }
      if input < 2 {
        run.set(input, values[0])
      } else {
        values.withUnsafeBufferPointer { buffer in
          if let base = buffer.baseAddress { run.set(input, base, count: values.count) }
        }
      }
    }
    run.runOuter()
    run.runLanes(lanes.count)
    for (lane, values) in lanes.enumerated() {
      let value = try Rational(
        run.value(place.numerator, lane: lane), over: run.value(place.denominator, lane: lane))
      #expect(try value == formula.evaluated(with: values), "seed \(seed), lane \(lane)")
    }
  }

  @Test("Most random formulas have a program")
  func coverage() {
    let compiled = (0..<200).filter { seed in
      var generator = SeededGenerator(seed: UInt64(seed))
      let formula = RandomFormula.make(&generator, depth: 4)
      var builder = FormulaCompiler(inputs: Self.inputs([RandomFormula.values(&generator)]))
      _ = builder.value(of: formula)
      return formula.fault == nil && builder.program != nil
    }
    #expect(compiled.count > 150)
  }

  struct Limit: CustomTestStringConvertible, Sendable {
    let formula: String
    let bound: UInt128
    let width: CompiledFormulas.Width?

    var testDescription: String { "\(formula) up to \(bound)" }
  }

  @Test(
    "Numbers are as wide as they must be, and what does not fit has no program",
    arguments: [
      // 2^31 squared is 2^62, which is not below the limit of the narrow form.
      Limit(formula: "d^2", bound: (1 << 31) - 1, width: .bits64),
      Limit(formula: "d^2", bound: 1 << 31, width: .bits128),
      Limit(formula: "d^2", bound: (1 << 63) - 1, width: .bits128),
      Limit(formula: "d^2", bound: 1 << 63, width: nil),
      Limit(formula: "d^64", bound: 10, width: nil),
      // A divisor that may be zero.
      Limit(formula: "f/(d)", bound: 10, width: .bits64),
      Limit(formula: "x", bound: 10, width: nil),
    ])
  func width(_ limit: Limit) throws {
    var builder = FormulaCompiler(inputs: [
      FormulaInput(
        symbol: Symbol("d"), scale: 1, bound: limit.bound, isPositive: true, isLane: true),
      FormulaInput(symbol: Symbol("f"), scale: 1, bound: 10, isPositive: true, isLane: true),
    ])
    _ = builder.value(of: try Formula(parsing: limit.formula))
    #expect(builder.program?.width == limit.width)
  }

  @Test("A share is exact: of 2048 tokens, 0.29 are 593, where the nearest binary gives 593.9…")
  func share() throws {
    let share = Symbol("κ", isWhole: false)
    var builder = FormulaCompiler(inputs: [
      FormulaInput(symbol: share, scale: 100, bound: 100, isPositive: true, isLane: true)
    ])
    let place = builder.value(of: .floor(2048 * Formula(share)))
    let run = FormulaRun(try #require(builder.program))
    var value: Int128 = 29
    run.set(0, &value, count: 1)
    run.runLanes(1)
    // 2048 · 29 / 100 = 593.92
    #expect(run.value(place.numerator, lane: 0) == 593)
  }

  @Test("Questions answer one or zero, and list their lanes")
  func questions() throws {
    let d = Symbol("d")
    var builder = FormulaCompiler(inputs: [
      FormulaInput(symbol: d, scale: 1, bound: 100, isPositive: true, isLane: true)
    ])
    let size = builder.value(of: Formula(d))
    let four = builder.constant(Rational(4))
    let isMultiple = builder.isMultiple(size, of: four)
    let isSmall = builder.isAtMost(size, builder.constant(Rational(10)))
    let both = builder.both(isMultiple, builder.not(isSmall))
    // Of numbers that are known the answer is, too.
    let known = [
      builder.isAtMost(four, four), builder.isAtMost(four, builder.constant(Rational(3))),
      builder.isAtMost(four, builder.constant(Rational(5))),
    ]
    let run = FormulaRun(try #require(builder.program))
    let values: [Int128] = [3, 4, 8, 10, 12, 13, 16]
    values.withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { run.set(0, base, count: values.count) }
    }
    run.runLanes(values.count)
    var list = [Int32](repeating: 0, count: FormulaRun.lanes + 1)
    #expect(run.lanes(where: isMultiple, are: true, count: values.count, &list) == 4)
    #expect(Array(list.prefix(4)) == [1, 2, 4, 6])
    #expect(run.lanes(where: isSmall, are: false, count: values.count, &list) == 3)
    #expect(run.lanes(where: both, are: true, count: values.count, &list) == 2)
    #expect(Array(list.prefix(2)) == [4, 6])
    #expect(known.map { run.value($0, lane: 0) } == [1, 0, 1])
  }
}
