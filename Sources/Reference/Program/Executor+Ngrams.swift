import Architecture
import Kernels

extension Executor {
  /// The rows that hashes of the last tokens select, side by side: `[rows, hashes · width]`.
  ///
  /// - Throws: `ExecutionError.notExecuted` where no token is said to end a text.
  func lookUp(
    _ table: NgramTable, _ flow: Flow, _ state: LayerState, at path: String
  ) throws -> Matrix {
    guard let end = table.end else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "n-grams without an eos_token_id")
    }
    let width = try extent(table.width)
    let scope = path.appending(table.path)
    let counts = try table.parts.map { try extent($0.shape[0]) }
    for (part, count) in zip(table.parts, counts) {
      weights.claim(scope.appending(part.name), count * width)
    }
    let factors = table.factors(vocabulary: try extent(table.vocabulary))
    let y = scratch.matrix(flow.rows, table.sizes.count * width)
    let before = table.length - 1
    for (index, sequence) in flow.sequences.enumerated() {
      let name = scope.appending("tokens")
      let carried =
        state.carried[LayerState.CacheKey(name: name, sequence: sequence)]
        ?? [Float](repeating: Float(end), count: before)
      let history = carried.map { Int($0) } + flow.identifiers[flow.rows(of: index)]
      state.carry(history.suffix(before).map { Float($0) }, name, sequence)
      for row in flow.rows(of: index) {
        let last = before + row - flow.rows(of: index).lowerBound
        let hashes = table.rows(of: history[(last - before)...last], factors, end: end)
        for (hash, found) in hashes.enumerated() {
          let part = found / table.partRows
          scratch.scoped {
            let numbers = weights.row(
              scope.appending(table.parts[part].name), found - part * table.partRows,
              of: counts[part], width, scratch, spread: 1)
            (y.row(row) + hash * width).update(from: numbers, count: width)
          }
        }
      }
    }
    return y
  }
}

extension NgramTable {
  /// A large odd factor for each place of an n-gram, as the seed gives it.
  ///
  /// - Source: Steele et al. 2014 (SplitMix), whose finalizer makes the numbers.
  fileprivate func factors(vocabulary: Int) -> [Int64] {
    let half = UInt64(max(1, Int64.max / Int64(max(vocabulary, 1)) / 2))
    let step: UInt64 = 0x9e37_79b9_7f4a_7c15
    let base = UInt64(bitPattern: Int64(seed)) &+ 10007 &* UInt64(place)
    return (1...length).map { index in
      var number = base &+ step &* UInt64(index) &+ step
      number = (number ^ (number >> 30)) &* 0xbf58_476d_1ce4_e5b9
      number = (number ^ (number >> 27)) &* 0x94d0_49bb_1331_11eb
      number ^= number >> 31
      return Int64(bitPattern: 2 &* (number % half) &+ 1)
    }
  }

  /// The row of each hash of the n-grams that end with the last token of a window.
  fileprivate func rows(
    of window: ArraySlice<Int>, _ factors: [Int64], end: Int
  ) -> [Int] {
    var tokens = Array(window.reversed())
    // Before the last token that ends a text nothing is seen.
    if let first = tokens.indices.dropFirst().first(where: { tokens[$0] == end }) {
      for place in first..<tokens.count { tokens[place] = end }
    }
    let heads = sizes.count / max(1, length - 1)
    var (rows, offset) = ([Int](), 0)
    var mixed = Int64(tokens[0]) &* factors[0]
    for place in 1..<length {
      mixed ^= Int64(tokens[place]) &* factors[place]
      for size in sizes[(place - 1) * heads..<place * heads] {
        let rest = Int(mixed % Int64(size))
        rows.append(offset + (rest < 0 ? rest + size : rest))
        offset += size
      }
    }
    return rows
  }
}
