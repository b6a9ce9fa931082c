import Symbolic
import TestSupport
import Testing

/// Sizes and free variables under one name never meet.
@Suite struct EvaluatedTests {
  /// A law that the plain evaluation, which knows no free variables, is the witness of.
  @Test(
    "Putting variables in and then their numbers is putting the numbers in at once, whatever the variables",
    arguments: Array<UInt64>(0..<200))
  func twoSteps(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let formula = RandomFormula.make(&generator, depth: 4)
    let numbers = RandomFormula.values(&generator)
    // Each size gets a number, or a multiple of a variable, which is often the variable of a size.
    var values: [Symbol: Evaluated] = [:]
    var variables: [Symbol: Rational] = [:]
    var sizes: [Symbol: Rational] = [:]
    for (symbol, number) in numbers.sorted(by: { $0.key < $1.key }) {
      let name = RandomFormula.symbols.randomElement(using: &generator)?.name ?? "x"
      guard Bool.random(using: &generator) else {
        values[symbol] = Evaluated(number)
        sizes[symbol] = number
        continue
      }
      let variable = Symbol(variable: name)
      let value = variables[variable] ?? Rational(Int128.random(in: 1...40, using: &generator))
      variables[variable] = value
      values[symbol] = 3 * Evaluated(variable: variable)
      sizes[symbol] = try value.multiplied(by: Rational(3))
    }
    let result = formula.evaluated(in: values)
    #expect(result.variables.isSubset(of: variables.keys))
    #expect(try result.evaluated(with: variables) == formula.evaluated(with: sizes))
  }

  @Test("A variable under the name of a size keeps out of it")
  func capture() throws {
    let product = Formula(Symbol("d")) * Formula(Symbol("f"))
    let values: [Symbol: Evaluated] = [
      Symbol("d"): try Evaluated(parsing: "f"), Symbol("f"): 13824,
    ]
    let value = product.evaluated(in: values)
    #expect(value.text(.plain) == "13824*f")
    #expect(value.variables == [Symbol(variable: "f")])
    #expect(try value.evaluated(with: [Symbol(variable: "f"): Rational(2)]) == Rational(27648))
  }

  @Test("A size without a value is a fault, and no variable")
  func unbound() {
    let value = Formula(Symbol("d")).evaluated(in: [:])
    #expect(value.fault == .unbound(Symbol("d")))
    #expect(Evaluated(variable: Symbol("d")).fault == .unbound(Symbol("d")))
  }
}
