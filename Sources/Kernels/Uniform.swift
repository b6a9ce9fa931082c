import CKernels

extension Vectors {
  /// Fills with numbers of [−scale, scale) that look random, the same on every machine.
  ///
  /// The number at place i = first, first + 1, … is a function of the key, i and the scale alone:
  ///
  ///     s = mix64(key + 0x9E3779B97F4A7C15 · (⌊i / 2³²⌋ + 1))
  ///     v = mix32(mix32((i mod 2³²) xor (s mod 2³²)) + ⌊s / 2³²⌋)
  ///
  /// with v, as a signed number, shifted right by 8 bits and multiplied by scale / 2²³.
  /// - mix32(v): v ^= v ≫ 16, v ·= 0x85EBCA6B, v ^= v ≫ 13, v ·= 0xC2B2AE35, v ^= v ≫ 16.
  /// - mix64(s): s ^= s ≫ 30, s ·= 0xBF58476D1CE4E5B9, s ^= s ≫ 27, s ·= 0x94D049BB133111EB,
  ///   s ^= s ≫ 31.
  package static func fillUniform(
    _ start: Output, count: Int, key: UInt64, first: UInt64, scale: Float,
    instructions: InstructionSet = .best
  ) {
    var done = 0
    while done < count {
      // As far as the upper half of the place stays the same.
      let place = first &+ UInt64(done)
      let low = UInt32(truncatingIfNeeded: place)
      let part = min(count - done, (1 << 32) - Int(low))
      let seed = mix(key &+ 0x9E37_79B9_7F4A_7C15 &* (place >> 32 &+ 1))
      instructions.loops.uniform(
        start + done, part, UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32), low,
        scale / Float(1 << 23))
      done += part
    }
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var s = value
    s = (s ^ s >> 30) &* 0xBF58_476D_1CE4_E5B9
    s = (s ^ s >> 27) &* 0x94D0_49BB_1331_11EB
    return s ^ s >> 31
  }
}
