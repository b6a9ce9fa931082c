import Architecture
import Kernels
import Symbolic

extension MixtureOfExperts {
  /// The answers of each token's experts, and of the shared one: `[rows, d]`.
  func run(_ x: Matrix, _ flow: Flow, at path: String, on executor: Executor) throws -> Matrix {
    let y = executor.scratch.zeros(x.rows, try executor.extent(expert.output.output))
    if executor.plantedError == .routesTwice {
      _ = try executor.scratch.scoped { try route(x, flow, at: path, on: executor) }
    }
    if router.rule == .expertChoice {
      let chosen = try executor.scratch.scoped { try expertsChoose(x, at: path, on: executor) }
      executor.note(RoutingChoice(path, takers: chosen, of: x.rows))
      for (index, places) in chosen.enumerated() {
        try runExpert(index, x, places.rows, places.weights, into: y, at: path, on: executor)
      }
    } else {
      let routing = try executor.scratch.scoped { try route(x, flow, at: path, on: executor) }
      executor.note(RoutingChoice(path, .experts(routing.chosen)))
      try dispatch(routing, x, into: y, at: path, on: executor)
    }
    if addsBias {
      let bias = try executor.vector("bias", among: router.vectors, at: path)
      executor.addVector(bias, to: y, path.appending("bias"))
    }
    if let shared {
      let name = path.appending(sharedPath)
      try executor.scratch.scoped {
        let answer = try shared.run(x, at: name, on: executor)
        if router.gates.count > 1 {
          let gates = try executor.linear(x, router.gates[1], at: path)
          executor.gate(answer, by: gates, name)
        }
        executor.add(answer, to: y, name)
      }
    }
    return y
  }

  /// Runs each expert for the tokens that chose it, up to its capacity.
  private func dispatch(
    _ routing: Routing, _ x: Matrix, into y: Matrix, at path: String, on executor: Executor
  ) throws {
    let count = try executor.extent(experts)
    if runsEveryExpert {
      for index in 0..<count {
        try runExpert(
          index, x, Array(0..<x.rows), routing.all.map { $0[index] }, into: y, at: path,
          on: executor)
      }
      return
    }
    var places = [[(row: Int, weight: Float?)]](repeating: [], count: count)
    for (row, chosen) in routing.chosen.enumerated() {
      for (slot, expert) in chosen.enumerated() where expert < count {
        places[expert].append((row, routing.weights?[row][slot]))
      }
    }
    if let capacity {
      // Tokens fill the places of an expert in the order of the batch; the rest is dropped.
      let most = try self.places(capacity * chosen, x.rows, on: executor)
      places = places.map { Array($0.prefix(most)) }
    }
    executor.meter.decided(
      path, filled: places.reduce(0) { $0 + $1.count })
    for (index, places) in places.enumerated() {
      let weights = places.compactMap(\.weight)
      try runExpert(
        index, x, places.map(\.row), weights.count == places.count ? weights : nil, into: y,
        at: path, on: executor)
    }
  }

  /// The places of one expert for so many tokens, of which it may take so large a share.
  ///
  /// An expert that does nothing has a share too.
  func places(_ share: Formula, _ tokens: Int, on executor: Executor) throws -> Int {
    guard tokens > 0 else { return 0 }
    let even = try executor.extent(.floor(share * Formula(Int128(tokens)) / scored))
    return max(1, min(tokens, even))
  }

  /// Gathers the tokens of one expert, runs it, and adds its weighted answers.
  private func runExpert(
    _ index: Int, _ x: Matrix, _ rows: [Int], _ weights: [Float]?, into y: Matrix,
    at path: String, on executor: Executor
  ) throws {
    let name = path.appending(self.path.replacing("#", with: "\(index)"))
    guard !rows.isEmpty else {
      // The slopes of an activation are made of weights alone, for all experts of a layer at once.
      if x.rows > 0, expert.activation == "xielu" {
        _ = try executor.scratch.scoped { try expert.slopes(at: name, on: executor) }
      }
      return try expert.claim(at: name, on: executor)
    }
    let combine = path.appending("combine")
    try executor.scratch.scoped {
      let gathered = executor.scratch.matrix(rows.count, x.columns)
      for (place, row) in rows.enumerated() {
        gathered.row(place).update(from: x.row(row), count: x.columns)
      }
      let answer = try expert.run(
        gathered, at: name, on: executor, weighedBy: weighsInside ? weights : nil, combine)
      executor.addScaled(answer, weighsInside ? nil : weights, to: y, at: rows, combine)
    }
  }
}
