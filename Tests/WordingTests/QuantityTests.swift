import Testing
import Wording

@Suite struct QuantityTests {
  @Test(
    "Counts are rounded half up, by integer arithmetic",
    arguments: [
      (Int128(0), "0"), (1000, "1.00K"), (13_015_864_320, "13.02B"),
      (1_005_000, "1.01M"), (1_004_999, "1.00M"), (999_999_999, "1.00B"), (999_994_999, "999.99M"),
      (999, "999"),
      (-2_500_000, "-2.50M"), (1_570_000_000_000, "1.57T"),
      (999_994_000_000_000, "999.99T"), (999_995_000_000_000, "1.00e15"),
      (9_996_000_000_000_000_000_000, "1.00e22"), (9_994_000_000_000_000_000_000, "9.99e21"),
      (314_000_000_000_000_000_000_000, "3.14e23"),
      (1_000_000_000_000_000_000_000_000_000, "1.00e27"),
      (.max, "2e38"),
      (1_234_000_000_000_000_000_000, "1.23e21"),
    ])
  func short(_ count: Int128, _ text: String) {
    #expect(Quantity.short(count) == text)
  }

  @Test(
    "Ratios keep the decimals that say something",
    arguments: [
      (Int128(27), Int128(10), "2.7"), (7, 2, "3.5"), (8, 3, "2.6667"), (4, 1, "4"),
      (1, 3, "0.3333"), (-1, 3, "-0.3333"), (99999, 100_000, "1"), (0, 5, "0"),
    ])
  func ratios(_ above: Int128, _ below: Int128, _ text: String) {
    #expect(Quantity.decimal(above, over: below, places: 4, trimmed: true) == text)
  }
}
