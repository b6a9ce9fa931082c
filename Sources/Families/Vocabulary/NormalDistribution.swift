#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The normal distribution of mean 0 and deviation 1.
enum NormalDistribution {
  /// How many deviations above the mean so large a share lies below: *x* with `Φ(x) = share`.
  ///
  /// - `share`: above zero and below one.
  static func deviations(below share: Double) -> Double {
    // Φ rises, so halving an interval finds it to the last bit that matters.
    var (low, high) = (-40.0, 40.0)
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
