import Architecture
import Kernels
import Symbolic

/// A token and an expert that it has chosen.
struct ChosenPair {
  let row: Int
  /// The expert's number among those that compute.
  let expert: Int
  let weight: Float?
}

extension Executor {
  /// The pairs for which the experts have slots; the rest is dropped.
  ///
  /// Pairs come and go in the order of the batch, and of one token best first.
  func keep(
    _ pairs: [ChosenPair], _ capacity: ExpertSlots, _ routing: Routing, of rows: Int,
    _ path: String
  ) throws -> [ChosenPair] {
    let most = try routing.places(capacity, rows, on: self)
    let own = max(1, try extent(capacity.sharing(of: routing.experts)))
    let groups = try extent(capacity.groups(of: routing.experts))
    var members = [[Int]](repeating: [], count: groups)
    for (index, pair) in pairs.enumerated() { members[pair.expert / own].append(index) }
    switch capacity.keeping {
    case .first: members = members.map { Array($0.prefix(most)) }
    case .best:
      members = members.map { list in
        // As a kernel does it: the best of all scores, those of others being minus infinity.
        var scores = [Float](repeating: -.infinity, count: rows * own)
        for index in list {
          let pair = pairs[index]
          scores[pair.row * own + pair.expert % own] = pair.weight ?? 0
        }
        let kept = Set(best(most, of: scores, path))
        return list.filter { kept.contains(pairs[$0].row * own + pairs[$0].expert % own) }
      }
    }
    return members.flatMap(\.self).sorted().map { pairs[$0] }
  }

  /// A mean of every row and a vector, by a softmax of two numbers of the row.
  func blend(
    _ y: Matrix, _ gates: Matrix, _ vector: UnsafeMutablePointer<Float>, _ path: String
  ) {
    meter.literally(path, rows: 0..<y.rows) { row in
      var shares: [Float] = [gates[row, 0], gates[row, 1]]
      shares.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        Counted.softmax(start, buffer.count)
      }
      let (own, other) = (Counted(shares[0]), Counted(shares[1]))
      for column in 0..<y.columns {
        y[row, column] = (own * Counted(y[row, column]) + other * Counted(vector[column])).value
      }
    }
  }
}

extension Routing {
  /// The numbers of the experts that compute, and of those that return their input.
  ///
  /// The order is: experts, those that return nothing, those that return their input, and those that
  /// return a mean of it and a vector.
  func ranges(
    on executor: Executor
  ) throws -> (computing: Range<Int>, returning: Range<Int>) {
    let (all, own) = (try executor.extent(scored), try executor.extent(experts))
    let means = try executor.extent(constants)
    let returned = try executor.extent(returning)
    let computing = isOfConstants ? all - means..<all : 0..<own
    return (computing, isOfConstants ? 0..<0 : all - means - returned..<all - means)
  }

  /// The places of one expert, or of one device, where `tokens` tokens reach the layer.
  func places(
    _ capacity: ExpertSlots, _ tokens: Int, on executor: Executor
  ) throws -> Int {
    guard tokens > 0 else { return 0 }
    return try executor.extent(
      capacity.count(
        tokens: Formula(Int128(tokens)), choices: router.rule == .expertChoice ? 1 : chosen,
        scored: scored, experts: experts))
  }
}
