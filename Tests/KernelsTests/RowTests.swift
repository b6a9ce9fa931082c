import Foundation
import Kernels
import Testing

@Suite struct RowTests {
  static let counts = [1, 2, 7, 16, 33, 64, 100, 129, 1_000]

  static func row(_ count: Int, seed: UInt64) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { row, filled in
      filled = count
      guard let start = row.baseAddress else { return }
      Vectors.fillUniform(start, count: count, key: seed, first: 0, scale: 3)
    }
  }

  /// Whether all are within `units` units in the last place of their own, or of some number's.
  static func agree(
    _ results: [Float], _ exact: [Double], units: Double, of number: Double? = nil
  ) -> Bool {
    zip(results, exact).allSatisfy {
      abs(Double($0) - $1) <= units * Double(Float(number ?? abs($1)).ulp)
    }
  }

  @Test("Softmax", arguments: InstructionSet.available, counts)
  func softmax(instructions: InstructionSet, count: Int) {
    for scale in [Float(1), 0.125, 8] {
      var row = Self.row(count, seed: 1)
      if count > 2 { row[count / 2] = -.infinity }
      let largest = row.map { Double($0) * Double(scale) }.max() ?? 0
      let powers = row.map { exp(Double($0) * Double(scale) - largest) }
      let sum = powers.reduce(0, +)
      Vectors.softmax(row, scale: scale, into: &row, count: count, instructions: instructions)
      // The product with the scale is rounded before the exponential.
      let units = 8 + 24 * Double(scale)
      #expect(Self.agree(row, powers.map { $0 / sum }, units: units))
      #expect(count <= 2 || row[count / 2] == 0)
    }
  }

  @Test("Softmax of nothing is zero", arguments: InstructionSet.available)
  func maskedSoftmax(instructions: InstructionSet) {
    var row = [Float](repeating: -.infinity, count: 37)
    Vectors.softmax(row, into: &row, count: 37, instructions: instructions)
    #expect(row == [Float](repeating: 0, count: 37))
    var large: [Float] = [3e38, 3e38, -3e38]
    Vectors.softmax(large, into: &large, count: 3, instructions: instructions)
    #expect(large == [0.5, 0.5, 0])
  }

  @Test("Norms", arguments: InstructionSet.available, counts)
  func norms(instructions: InstructionSet, count: Int) {
    let (x, weight, bias) = (
      Self.row(count, seed: 1), Self.row(count, seed: 2), Self.row(count, seed: 3)
    )
    let exact = x.map { Double($0) }
    let epsilon = Double(Float(1e-5))
    let squares = exact.map { $0 * $0 }.reduce(0, +) / Double(count)
    let mean = exact.reduce(0, +) / Double(count)
    let variance = exact.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(count)
    var y = [Float](repeating: 0, count: count)

    Vectors.rootMeanSquareNorm(
      x, epsilon: 1e-5, into: &y, count: count, instructions: instructions)
    let plain = exact.map { $0 / (squares + epsilon).squareRoot() }
    #expect(Self.agree(y, plain, units: 6))
    Vectors.rootMeanSquareNorm(
      x, weight: weight, epsilon: 1e-5, into: &y, count: count, instructions: instructions)
    #expect(Self.agree(y, zip(plain, weight).map { $0 * Double($1) }, units: 6))

    let centred = exact.map { ($0 - mean) / (variance + epsilon).squareRoot() }
    Vectors.layerNorm(x, epsilon: 1e-5, into: &y, count: count, instructions: instructions)
    // Numbers that almost cancel keep the error of those that they came from.
    #expect(Self.agree(y, centred, units: 8, of: 3))
    Vectors.layerNorm(
      x, weight: weight, bias: bias, epsilon: 1e-5, into: &y, count: count,
      instructions: instructions)
    let moved = zip(zip(centred, weight), bias).map { $0.0 * Double($0.1) + Double($1) }
    #expect(Self.agree(y, moved, units: 8, of: 9))
  }

  @Test("Sums, products and rotations", arguments: InstructionSet.available, counts)
  func arithmetic(instructions: InstructionSet, count: Int) {
    let (x, z) = (Self.row(count, seed: 1), Self.row(count, seed: 2))
    var y = z
    Vectors.add(x, into: &y, count: count, instructions: instructions)
    #expect(y == zip(x, z).map { $0 + $1 })
    y = z
    Vectors.multiply(x, into: &y, count: count, instructions: instructions)
    #expect(y == zip(x, z).map { $0 * $1 })
    y = z
    Vectors.scale(&y, by: 0.37, count: count, instructions: instructions)
    #expect(y == z.map { $0 * 0.37 })
    y = z
    Vectors.addScaled(x, by: 0.37, into: &y, count: count, instructions: instructions)
    let factor = Double(Float(0.37))
    let sums = zip(x, z).map { Double($1) + factor * Double($0) }
    #expect(Self.agree(y, sums, units: 2, of: 3))

    let whole = x.map { $0.rounded() }
    let dot = Vectors.dot(whole, whole, count: count, instructions: instructions)
    #expect(dot == whole.map { $0 * $0 }.reduce(0, +))

    let (c, s) = (z.map { Float(cos(Double($0))) }, z.map { Float(sin(Double($0))) })
    var (a, b) = (x, z)
    Vectors.rotate(&a, &b, cosines: c, sines: s, count: count, instructions: instructions)
    let first = (0..<count).map { Double(x[$0]) * Double(c[$0]) - Double(z[$0]) * Double(s[$0]) }
    let second = (0..<count).map { Double(z[$0]) * Double(c[$0]) + Double(x[$0]) * Double(s[$0]) }
    #expect(Self.agree(a, first, units: 2, of: 3))
    #expect(Self.agree(b, second, units: 2, of: 3))
  }
}
