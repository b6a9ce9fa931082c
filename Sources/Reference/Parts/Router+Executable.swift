import Architecture
import Kernels
import Symbolic

/// The experts of each token, with their weights.
struct Routing {
  /// For each row, the numbers of its experts; those at or above the number of real experts do
  /// nothing.
  var chosen: [[Int]]
  /// For each row, the weight of each of them; nil where all weigh the same.
  var weights: [[Float]]?
  /// For each row the weight of every expert, where all of them run.
  var all: [[Float]] = []
}

extension MixtureOfExperts {
  /// Scores every token and chooses its experts.
  func route(_ x: Matrix, _ flow: Flow, at path: String, on executor: Executor) throws -> Routing {
    let scores = try router.gates.first.map { try executor.linear(x, $0, at: path) }
    let count = try scores?.columns ?? executor.extent(experts)
    var active = try executor.extent(chosen)
    if executor.plantedError == .choosesOneLess { active -= 1 }
    var routing = Routing(chosen: [], weights: [])
    if router.rule == .hash {
      routing.chosen = flow.identifiers.map { identifier in
        // Multiplicative hashing of the token's number; the experts that follow are distinct.
        let first = (identifier &* 2_654_435_761) % count
        return (0..<active).map { (first + $0) % count }
      }
    }
    guard let scores else {
      routing.weights = nil
      return routing
    }
    let correction =
      try router.isCorrected
      ? executor.vector(correctionName, among: router.vectors, at: path, spread: 0.1) : nil
    let groups = try router.groups.map { try executor.extent($0) }
    let choice = Choice(
      router: router, active: active, groups: groups ?? 1,
      keptGroups: try executor.extent(router.keptGroups ?? router.groups ?? 1),
      groupBest: try executor.extent(router.groupBest), correction: correction)
    let hashed = router.rule == .hash
    let runsEvery = runsEveryExpert
    executor.meter.literally(path.appending("router"), rows: 0..<scores.rows) { row in
      let (chosen, weights, all) = choice.choose(
        scores.row(row), count, hashed ? routing.chosen[row] : nil)
      if !hashed { routing.chosen.append(chosen) }
      routing.weights?.append(weights)
      if runsEvery { routing.all.append(all) }
    }
    return routing
  }

  private var correctionName: String {
    router.vectors.first?.name ?? ""
  }

  /// The experts that take their best tokens, and the weights of these: expert by expert.
  func expertsChoose(
    _ x: Matrix, at path: String, on executor: Executor
  ) throws -> [(rows: [Int], weights: [Float])] {
    guard let gate = router.gates.first, let capacity else {
      preconditionFailure("experts that choose have a gate and a capacity")
    }
    let scores = try executor.linear(x, gate, at: path)
    if router.isCorrected {
      // The correction is for the choice of a token; it is there and not used.
      _ = try executor.vector(correctionName, among: router.vectors, at: path, spread: 0.1)
    }
    let places = try self.places(capacity, x.rows, on: executor)
    var chosen: [(rows: [Int], weights: [Float])] = []
    let taken = executor.plantedError == .choosesOneLess ? places - 1 : places
    // What an expert that does nothing would take has no effect, and is not looked for.
    let count = try executor.extent(experts)
    let name = path.appending("router")
    executor.meter.literally(name, rows: 0..<scores.rows) { row in
      router.score(scores.row(row), scores.columns)
    }
    for expert in 0..<count {
      let column = (0..<scores.rows).map { scores[$0, expert] }
      let rows = executor.best(taken, of: column, name)
      chosen.append((rows, rows.map { column[$0] }))
    }
    return chosen
  }
}

extension Router {
  /// Makes scores of the gate's numbers of one token, in place.
  fileprivate func score(_ row: UnsafeMutablePointer<Float>, _ count: Int) {
    switch scoring {
    case .softmax: Counted.softmax(row, count)
    case .sigmoid: for index in 0..<count { row[index] = Counted(row[index]).logistic.value }
    case .rootOfSoftplus:
      for index in 0..<count { row[index] = Counted(row[index]).softplus.squareRoot.value }
    case .raw, .softmaxOfChosen: break
    }
  }
}

/// How scores become a choice, with its extents.
private struct Choice {
  let router: Router
  let active: Int
  let groups: Int
  let keptGroups: Int
  let groupBest: Int
  let correction: UnsafeMutablePointer<Float>?

  /// The experts of one token, their weights, and the weights of all experts.
  func choose(
    _ row: UnsafeMutablePointer<Float>, _ count: Int, _ given: [Int]?
  ) -> (chosen: [Int], weights: [Float], all: [Float]) {
    router.score(row, count)
    var scores = Array(UnsafeBufferPointer(start: row, count: count))
    if let correction {
      for index in 0..<count {
        scores[index] = (Counted(row[index]) + Counted(correction[index])).value
      }
    }
    if router.groups != nil { scores = limited(scores) }
    let chosen = given ?? Counted.best(active, of: scores)
    var weights = chosen.map { row[$0] }
    if router.scoring == .softmaxOfChosen {
      weights.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        Counted.softmax(start, buffer.count)
      }
    }
    if router.normalizes {
      var sum = Counted.zero
      for weight in weights { sum = sum + Counted(weight) }
      weights = weights.map { (Counted($0) / sum).value }
    }
    if router.isScaled {
      weights = weights.map { (Counted($0) * Counted(Constants.routingScale)).value }
    }
    var all = [Float](repeating: 0, count: count)
    for (index, weight) in zip(chosen, weights) { all[index] = weight }
    return (chosen, weights, all)
  }

  /// The scores with those of all but the best groups set to −∞.
  private func limited(_ scores: [Float]) -> [Float] {
    let size = scores.count / groups
    let totals = (0..<groups).map { group -> Float in
      let members = Array(scores[group * size..<(group + 1) * size])
      let best = Counted.best(groupBest, of: members).map { members[$0] }
      guard groupBest > 1 else { return best[0] }
      var sum = Counted.zero
      for score in best { sum = sum + Counted(score) }
      return sum.value
    }
    let kept = Set(Counted.best(keptGroups, of: totals))
    return scores.enumerated().map { kept.contains($0.offset / size) ? $0.element : -.infinity }
  }
}
