import Sweeping
import Symbolic
import Testing

@Suite struct AxisTests {
  @Test(
    "Lists and ranges",
    arguments: [
      ("1,2,4", ["1", "2", "4"]), ("2:10:4", ["2", "6", "10"]), ("2:11:4", ["2", "6", "10"]),
      ("1:3", ["1", "2", "3"]), ("8:1:-3", ["8", "5", "2"]), ("8:100:*2", ["8", "16", "32", "64"]),
      ("0.1:0.3:0.1", ["0.1", "0.2", "0.3"]), ("prefill,decode", ["prefill", "decode"]),
      ("6e18,2e19", ["6000000000000000000", "20000000000000000000"]), ("5:5:1", ["5"]),
      ("100:300:*1.5", ["100", "150", "225"]),
    ])
  func values(_ row: (text: String, values: [String])) throws {
    let values = try AxisValues(parsing: row.text)
    #expect((0..<values.count).map { values[$0].text } == row.values)
  }

  @Test(
    "What is no range, or has no end",
    arguments: [
      "", "1,,2", "1,1", "1:2:0", "2:1:1", "1:2:-1", "1:2:*1", "0:8:*2", "8:1:*2", "a:b:c",
      "1:2:3:4",
      "1:1e30:0.001", "1:inf:1",
    ])
  func mistakes(_ text: String) {
    #expect(throws: AxisSyntaxError.self) { try AxisValues(parsing: text) }
  }

  @Test("A range of a hundred million values is not listed")
  func long() throws {
    let values = try AxisValues(parsing: "1:100000000:1")
    #expect(values.count == 100_000_000)
    #expect(values[99_999_999].text == "100000000")
  }

  @Test("Shards follow each other, and are all points", arguments: 1...23)
  func shards(_ count: Int) throws {
    let grid = try Grid([
      Axis("a", try AxisValues(parsing: "1:7")), Axis("b", try AxisValues(parsing: "1:3")),
    ])
    var next: Int128 = 0
    for number in 1...count {
      let shard = grid.shard(number, of: count)
      #expect(shard.lowerBound == next)
      next = shard.upperBound
    }
    #expect(next == 21)
  }

  @Test("The last axis changes fastest")
  func order() throws {
    let grid = try Grid([
      Axis("a", try AxisValues(parsing: "1:2")), Axis("b", try AxisValues(parsing: "1:3")),
    ])
    #expect(
      (0..<grid.count).map { grid.coordinates($0) } == [
        [0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2],
      ])
  }

  @Test("More points than 128 bits can count are an error")
  func overflow() throws {
    let axis = try AxisValues(parsing: "1:1000000000000000000:1")
    #expect(throws: ArithmeticError.overflow) {
      try Grid((0..<3).map { Axis("k\($0)", axis) })
    }
  }
}
