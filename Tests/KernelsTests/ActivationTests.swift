import Foundation
import Kernels
import Testing

@Suite struct ActivationTests {
  typealias Loop = @Sendable ([Float], InstructionSet) -> [Float]

  struct Function: CustomTestStringConvertible, Sendable {
    var name: String
    var loop: Loop
    var exact: @Sendable (Double) -> Double
    /// How many units in the last place a result may differ by.
    var units: Double
    /// The function of −∞ and of ∞.
    var ends: (Float, Float)
    /// Errors are compared with numbers no smaller than this times |x|.
    var floor = 0.0
    var testDescription: String { name }
  }

  static func loop(
    _ body:
      @escaping @Sendable (
        UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, InstructionSet
      ) -> Void
  ) -> Loop {
    { input, instructions in
      [Float](unsafeUninitializedCapacity: input.count) { output, count in
        count = input.count
        guard let start = output.baseAddress else { return }
        input.withUnsafeBufferPointer { input in
          guard let from = input.baseAddress else { return }
          body(from, start, input.count, instructions)
        }
      }
    }
  }

  static let functions = [
    Function(
      name: "exp", loop: loop { Vectors.exponential($0, into: $1, count: $2, instructions: $3) },
      exact: { exp($0) }, units: 1.5, ends: (0, .infinity)),
    Function(
      name: "sigmoid", loop: loop { Vectors.sigmoid($0, into: $1, count: $2, instructions: $3) },
      exact: { 1 / (1 + exp(-$0)) }, units: 3, ends: (0, 1)),
    Function(
      name: "silu", loop: loop { Vectors.silu($0, into: $1, count: $2, instructions: $3) },
      exact: { $0 / (1 + exp(-$0)) }, units: 4, ends: (0, .infinity), floor: 1e-38),
    Function(
      name: "tanh", loop: loop { Vectors.tanh($0, into: $1, count: $2, instructions: $3) },
      exact: { tanh($0) }, units: 3, ends: (-1, 1)),
    Function(
      name: "gelu", loop: loop { Vectors.gelu($0, into: $1, count: $2, instructions: $3) },
      exact: { $0 / 2 * erfc(-$0 / 2.0.squareRoot()) }, units: 8, ends: (0, .infinity),
      floor: 1e-37),
    Function(
      name: "gelu by tanh",
      loop: loop { Vectors.tanhGelu($0, into: $1, count: $2, instructions: $3) },
      exact: {
        $0 / (1 + exp(-2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
      }, units: 4, ends: (0, .infinity), floor: 0.03125),
    Function(
      name: "softplus",
      loop: loop { Vectors.softplus($0, into: $1, count: $2, instructions: $3) },
      exact: { max($0, 0) + log1p(exp(-abs($0))) }, units: 4, ends: (0, .infinity)),
  ]

  static let numbers: [Float] = {
    var all: [Float] = []
    for i in -2_100...2_100 {
      all.append(Float(i) * 0.01 + 0.0013)
      all.append(Float(i) * 0.0551)
    }
    for i in 0..<60 {
      let power = Float(sign: .plus, exponent: 3 - i, significand: 1.37)
      all += [power, -power]
    }
    return all + [0, -0.0, 88.7, -103.9, -87.5, -88.6]
  }()

  @Test(
    "Activations are as near to the exact result as stated",
    arguments: functions, InstructionSet.available)
  func accuracy(function: Function, instructions: InstructionSet) {
    let results = function.loop(Self.numbers, instructions)
    var worst = (units: 0.0, x: Float(0))
    for (x, result) in zip(Self.numbers, results) {
      let exact = function.exact(Double(x))
      guard abs(exact) < Double(Float.greatestFiniteMagnitude) else {
        #expect(result == .infinity)
        continue
      }
      let unit = Float(max(abs(exact), function.floor * abs(Double(x)))).ulp
      let units = abs(Double(result) - exact) / Double(unit)
      if !(units <= worst.units) { worst = (units, x) }
    }
    #expect(worst.units <= function.units, "at \(worst.x)")
  }

  @Test(
    "Activations have limits, and NaN comes of NaN alone",
    arguments: functions, InstructionSet.available)
  func limits(function: Function, instructions: InstructionSet) {
    let most = Float.greatestFiniteMagnitude
    let results = function.loop([-.infinity, -most, -1e4, 1e4, most, .infinity], instructions)
    #expect(results[0] == function.ends.0 && results[5] == function.ends.1)
    #expect(results[1] == function.ends.0 && !results[4].isNaN)
    #expect(results.allSatisfy { !$0.isNaN })
    #expect(function.loop([.nan], instructions)[0].isNaN)
  }

  @Test(
    "A result does not depend on where its number stands",
    arguments: functions, InstructionSet.available)
  func places(function: Function, instructions: InstructionSet) {
    let numbers = Array(Self.numbers[300..<370])
    let all = function.loop(numbers, instructions).map(\.bitPattern)
    for first in 0..<20 {
      let some = Array(numbers[first..<(70 - first / 2)])
      let results = function.loop(some, instructions).map(\.bitPattern)
      #expect(results == Array(all[first..<(70 - first / 2)]))
    }
  }

  @Test("The gate is the activation times the other", arguments: InstructionSet.available)
  func gate(instructions: InstructionSet) {
    let up = Self.numbers.map { $0 * 0.7 }
    let loop = Self.loop { Vectors.silu($0, times: up, into: $1, count: $2, instructions: $3) }
    let silu = Self.loop { Vectors.silu($0, into: $1, count: $2, instructions: $3) }
    let expected = zip(silu(Self.numbers, instructions), up).map { $0 * $1 }
    #expect(loop(Self.numbers, instructions) == expected)
  }
}
