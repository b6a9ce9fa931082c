import Arguments
import JSON
import Testing

@testable import tally

/// Targets that a figure has to keep within, and units of what is made of bytes.
@Suite struct BoundTests {
  private static func run(_ words: String) -> Outcome {
    Tally.tool.run(words.split(separator: " ").map(String.init), failure: Failure.describe)
  }

  @Test(
    "A bound is kept, as near to it as can be",
    arguments: [
      // 141,107,412,992 bytes of weights, and 8193 positions of 80 · 2 · 8 · 128 numbers each.
      (relation: "<=", value: 11, figure: 170_638_917_632),
      (relation: ">=", value: 12, figure: 173_323_599_872),
    ])
  func bounds(_ row: (relation: String, value: Int128, figure: Int128)) throws {
    let outcome = Self.run(
      "solve llama3-70b --for batch --target memory.total\(row.relation)160GiB --phase decode "
        + "--past 8192 --format json")
    #expect(outcome.exitCode == 0)
    let document = try JSONValue(parsing: outcome.output)
    #expect(document["relation"]?.string == row.relation)
    #expect(document["target"]?.integer == 171_798_691_840)
    #expect(document["solution"]?["value"]?.integer == row.value)
    #expect(document["solution"]?["figure"]?.integer == row.figure)
    #expect(document["solution"]?["in_reach"] == .boolean(true))
  }

  @Test("A bound that no value keeps is said, with the nearest there is")
  func outOfReach() {
    let outcome = Self.run("solve llama3-8b --for tokens --target memory.total<=10GiB")
    #expect(outcome.exitCode == 1)
    #expect(outcome.errors.contains("memory.total cannot be <= 10737418240 by tokens alone"))
  }

  @Test("Sums of bytes, and bytes times or over a number, are printed as bytes")
  func units() {
    let outcome = Self.run(
      "sweep llama3-8b --vary batch=1,2 --columns "
        + "weight_bytes+kv_cache_bytes,kv_cache_bytes/8,2*kv_cache_bytes,kv_cache_bytes/weight_bytes"
    )
    // 8,030,261,248 · 2 bytes, and 2048 positions of 32 · 2 · 8 · 128 numbers of two bytes.
    #expect(outcome.output.contains("15.21 GiB"))
    #expect(outcome.output.contains("32.00 MiB"))
    #expect(outcome.output.contains("512.00 MiB"))
    #expect(outcome.output.contains("0.0167"))
  }
}
