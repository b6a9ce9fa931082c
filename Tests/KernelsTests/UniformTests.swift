import Kernels
import Testing

@Suite struct UniformTests {
  /// The number at a place, step by step as documented.
  static func number(key: UInt64, place: UInt64, scale: Float) -> Float {
    var s = key &+ 0x9E37_79B9_7F4A_7C15 &* ((place >> 32) &+ 1)
    s ^= s >> 30
    s = s &* 0xBF58_476D_1CE4_E5B9
    s ^= s >> 27
    s = s &* 0x94D0_49BB_1331_11EB
    s ^= s >> 31
    func mix(_ value: UInt32) -> UInt32 {
      var v = value
      v ^= v >> 16
      v = v &* 0x85EB_CA6B
      v ^= v >> 13
      v = v &* 0xC2B2_AE35
      v ^= v >> 16
      return v
    }
    let low = UInt32(truncatingIfNeeded: place) ^ UInt32(truncatingIfNeeded: s)
    let v = mix(mix(low) &+ UInt32(s >> 32))
    return Float(Int32(bitPattern: v) >> 8) * (scale / 8_388_608)
  }

  static func fill(
    _ count: Int, key: UInt64, first: UInt64, scale: Float, _ instructions: InstructionSet
  ) -> [Float] {
    var numbers = [Float](repeating: .nan, count: count)
    Vectors.fillUniform(
      &numbers, count: count, key: key, first: first, scale: scale, instructions: instructions)
    return numbers
  }

  @Test("Every set of instructions fills with the same bytes", arguments: InstructionSet.available)
  func reference(instructions: InstructionSet) {
    for (key, first): (UInt64, UInt64) in [
      (0, 0), (1, 0), (0xDEAD_BEEF_0123_4567, 12_345), (7, (1 << 32) - 50), (7, UInt64.max - 20),
    ] {
      let numbers = Self.fill(133, key: key, first: first, scale: 0.7, instructions)
      let expected = (0..<133).map {
        Self.number(key: key, place: first &+ UInt64($0), scale: 0.7).bitPattern
      }
      #expect(numbers.map(\.bitPattern) == expected)
    }
  }

  @Test("Places and keys that differ in one bit give unrelated numbers")
  func avalanche() {
    let count = 1 << 14
    let numbers = Self.fill(count, key: 5, first: 0, scale: 1, .best)
    #expect(numbers.allSatisfy { -1 <= $0 && $0 < 1 })
    func correlation(_ other: [Float]) -> Float {
      zip(numbers, other).map { $0 * $1 }.reduce(0, +) / Float(count) * 3
    }
    #expect(abs(numbers.reduce(0, +)) / Float(count) < 0.03)
    #expect(abs(correlation(numbers) - 1) < 0.03)
    for bit in stride(from: 0, to: 64, by: 7) {
      let key: UInt64 = 5 ^ 1 << bit
      #expect(abs(correlation(Self.fill(count, key: key, first: 0, scale: 1, .best))) < 0.04)
    }
    for step in [1, 2, 3, 16, 256] {
      let moved = Self.fill(count, key: 5, first: UInt64(step), scale: 1, .best)
      #expect(abs(correlation(moved)) < 0.04)
    }
  }
}
