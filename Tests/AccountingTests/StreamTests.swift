import Accounting
import Architecture
import Symbolic
import TestSupport
import Testing

/// The closed forms of kept positions, against loops over every pair of query and key.
@Suite struct StreamTests {
  struct Case: CustomTestStringConvertible {
    let tokens: Int128
    let past: Int128
    let size: Int128

    var testDescription: String { "T=\(tokens), P=\(past), size \(size)" }
  }

  static let cases: [Case] = {
    var generator = SeededGenerator(seed: 7)
    let random = (0..<60).map { _ in
      Case(
        tokens: Int128.random(in: 1...40, using: &generator),
        past: Int128.random(in: 0...40, using: &generator),
        size: Int128.random(in: 1...30, using: &generator))
    }
    return random + [
      Case(tokens: 1, past: 0, size: 1), Case(tokens: 8, past: 0, size: 8),
      Case(tokens: 8, past: 8, size: 8), Case(tokens: 1, past: 100, size: 4),
      Case(tokens: 40, past: 3, size: 1),
    ]
  }()

  private func value(_ formula: Formula, _ row: Case) throws -> Int128 {
    try formula.count(with: [
      Workload.batch: Rational(1), Workload.tokens: Rational(row.tokens),
      Workload.past: Rational(row.past),
    ])
  }

  private func stream(_ mask: Workload.Mask) -> Stream {
    var workload = Workload()
    workload.mask = mask
    return Stream(workload)
  }

  /// Pairs of a query and a key that a rule keeps, one by one.
  private func kept(_ row: Case, _ rule: (_ query: Int128, _ key: Int128) -> Bool) -> Int128 {
    var count: Int128 = 0
    for query in row.past..<(row.past + row.tokens) {
      for key in 0...query where rule(query, key) { count += 1 }
    }
    return count
  }

  @Test("A causal mask keeps what stands before", arguments: cases)
  func causal(_ row: Case) throws {
    #expect(try value(stream(.causal).pairs(.all), row) == kept(row) { _, _ in true })
  }

  @Test("A window keeps key j of query i if i − W < j ≤ i", arguments: cases)
  func window(_ row: Case) throws {
    let pairs = stream(.causal).pairs(.window(Formula(row.size)))
    #expect(try value(pairs, row) == kept(row) { query, key in query - row.size < key })
  }

  @Test("A chunk keeps the keys of the query's own chunk", arguments: cases)
  func chunk(_ row: Case) throws {
    let pairs = stream(.causal).pairs(.chunk(Formula(row.size)))
    #expect(
      try value(pairs, row) == kept(row) { query, key in query / row.size == key / row.size })
  }

  @Test("Blocks keep the query's own up to itself, and others whole", arguments: cases)
  func blocks(_ row: Case) throws {
    let (size, count): (Int128, Int128) = (row.size, 3)
    let pairs = stream(.causal).pairs(.bestBlocks(size: Formula(size), count: Formula(count)))
    // Which other blocks are chosen changes nothing: take the latest.
    #expect(
      try value(pairs, row)
        == kept(row) { query, key in query / size - key / size < count })
  }

  @Test("A dense kernel sees the cropped cache and all new keys", arguments: cases)
  func dense(_ row: Case) throws {
    let full = stream(.full)
    #expect(try value(full.pairs(.all), row) == row.tokens * (row.past + row.tokens))
    let cropped = min(row.past, row.size - 1) + row.tokens
    #expect(
      try value(full.pairs(.window(Formula(row.size))), row) == row.tokens * cropped)
    #expect(
      try value(full.pairs(.window(Formula(row.size), keepsCache: true)), row)
        == row.tokens * (row.past + row.tokens))
  }

  @Test("A window as long as the sequence hides nothing", arguments: cases)
  func wide(_ row: Case) throws {
    let size = Formula(row.past + row.tokens)
    #expect(
      try value(stream(.causal).pairs(.window(size)), row)
        == value(stream(.causal).pairs(.all), row))
  }
}
