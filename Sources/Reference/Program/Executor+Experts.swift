import Architecture
import Kernels
import Symbolic

/// The experts of each token with their weights, or the tokens of each expert.
struct Choices {
  /// For each row, the indices of its experts; those at or above the number of real experts do
  /// nothing.
  var chosen: [[Int]] = []
  /// For each row, the weight of each of them; nil where all weigh the same.
  var weights: [[Float]]? = []
  /// For each row the weight of every expert, where all of them run.
  var all: [[Float]] = []
  /// For each row the weights of the experts behind the others, which every token meets.
  var always: [[Float]] = []
  /// For each expert its rows and their weights, where experts choose.
  var taken: [(rows: [Int], weights: [Float])]?
}

extension Executor {
  /// Makes weights of scores `[rows, E]`, which it writes over, and chooses.
  func route(
    _ scores: Matrix?, _ routing: Routing, _ flow: Flow, at path: String, isNoted: Bool
  ) throws -> Choices {
    if plantedError == .routesTwice, let scores {
      _ = try scratch.scoped { try choose(scratch.copy(scores), routing, flow, at: path) }
    }
    let choices = try choose(scores, routing, flow, at: path)
    // A table chooses nothing.
    if isNoted, routing.router.table == nil {
      note(
        choices.taken.map { RoutingChoice(path, takers: $0, of: scores?.rows ?? 0) }
          ?? RoutingChoice(path, .experts(choices.chosen)))
    }
    return choices
  }

  private func choose(
    _ scores: Matrix?, _ routing: Routing, _ flow: Flow, at path: String
  ) throws -> Choices {
    let router = routing.router
    let count = try scores?.columns ?? extent(routing.experts)
    var active = try extent(routing.chosen)
    if plantedError == .choosesOneLess { active -= 1 }
    let correction = try routing.correction.map { try vector($0, at: path, spread: 0.1) }
    let expertScale = try routing.expertScale.map { try vector($0, at: path, center: 1) }
    if router.rule == .expertChoice, let scores {
      // Correction and factors are for the choice of a token; they are there and not used.
      return try expertsChoose(scores, routing, at: path)
    }
    var choices = Choices()
    if router.rule == .hash, let table = router.table {
      choices.chosen = try rows(of: table, active, flow, of: count, at: path)
    } else if router.rule == .hash {
      choices.chosen = flow.identifiers.map { identifier in
        // Multiplicative hashing of the token's number; the experts that follow are distinct.
        let first = (identifier &* 2_654_435_761) % count
        return (0..<active).map { (first + $0) % count }
      }
    }
    guard let scores else {
      choices.weights = nil
      return choices
    }
    let choice = TokenChoice(
      router: router, active: active, groups: try router.groups.map { try extent($0) } ?? 1,
      keptGroups: try extent(router.keptGroups ?? router.groups ?? 1),
      groupBest: try extent(router.groupBest), correction: correction,
      scale: try router.scale.map { try float($0) },
      expertScale: expertScale,
      leastSum: try router.leastSum.map { try float($0) },
      cap: try router.cap.map { try float($0) },
      number: try router.number.map { try float($0) } ?? 0,
      always: try extent(routing.always),
      factor: try routing.factor.map { try vector($0, at: path, center: 1)[0] })
    let isHashed = router.rule == .hash
    meter.literally(path.appending("router"), rows: 0..<scores.rows) { row in
      let (chosen, weights, all, always) = choice.choose(
        scores.row(row), count, isHashed ? choices.chosen[row] : nil)
      if !routing.always.isZero { choices.always.append(always) }
      if !isHashed { choices.chosen.append(chosen) }
      choices.weights?.append(weights)
      if routing.runsEvery { choices.all.append(all) }
    }
    return choices
  }

  /// The experts of each token as a stored table says; of random weights, as a hash does.
  private func rows(
    of table: Weight, _ active: Int, _ flow: Flow, of count: Int, at path: String
  ) throws -> [[Int]] {
    let name = path.appending(table.name)
    let (rows, width) = (try extent(table.shape[0]), try extent(table.shape[1]))
    weights.claim(name, rows * width, isBuffer: table.isBuffer)
    return try flow.identifiers.map { identifier in
      try scratch.scoped {
        guard weights.stored != nil else {
          return (0..<active).map { ((identifier &* 2_654_435_761) % count + $0) % count }
        }
        let found = weights.row(name, identifier, of: rows, width, scratch, spread: 1)
        return try (0..<active).map { place in
          guard found[place] >= 0, found[place] < Float(count) else {
            throw ExecutionError.notExecuted(
              modelType: model.modelType, what: "an expert \(found[place]) in '\(name)'")
          }
          return Int(found[place])
        }
      }
    }
  }

  /// The experts that take their best tokens, and the weights of these: expert by expert.
  private func expertsChoose(
    _ scores: Matrix, _ routing: Routing, at path: String
  ) throws -> Choices {
    guard let capacity = routing.capacity else {
      preconditionFailure("experts that choose have a capacity")
    }
    let places = try routing.places(capacity, scores.rows, on: self)
    let taken = plantedError == .choosesOneLess ? places - 1 : places
    // What an expert that does nothing would take has no effect, and is not looked for.
    let count = try extent(routing.experts)
    let name = path.appending("router")
    meter.literally(name, rows: 0..<scores.rows) { row in
      routing.router.score(scores.row(row), scores.columns)
    }
    var choices = Choices()
    choices.taken = (0..<count).map { expert in
      let column = (0..<scores.rows).map { scores[$0, expert] }
      let rows = best(taken, of: column, name)
      return (rows, rows.map { column[$0] })
    }
    return choices
  }

  /// The sums of all pairs of two scores, of the two tables that the elements of all rows are.
  func pairScores(_ x: Matrix, to count: Formula, _ path: String) throws -> Matrix {
    let (keys, pairs) = (x.columns / 2, try extent(count))
    guard keys * keys == pairs else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "\(pairs) experts, which are no square number")
    }
    let y = scratch.matrix(x.rows, pairs)
    func number(_ place: Int) -> Float { x[place / x.columns, place % x.columns] }
    meter.literally(path, rows: 0..<x.rows) { row in
      for first in 0..<keys {
        let one = Counted(number(row * keys + first))
        for second in 0..<keys {
          let other = Counted(number((x.rows + row) * keys + second))
          y[row, first * keys + second] = (one + other).value
        }
      }
    }
    return y
  }

  /// Every row through the maps of its chosen experts.
  func mapChosen(
    _ x: Matrix, _ choices: Choices, _ maps: ChosenMaps, at path: String, _ name: String
  ) throws -> Matrix {
    let (inner, columns) = (try extent(maps.map.input), try extent(maps.map.output))
    let (active, experts) = (try extent(maps.active), try extent(maps.experts))
    let stack = path.appending(maps.stack.name)
    weights.claim(stack, experts * columns * inner)
    let gathers = maps.use == .gather
    let y = gathers ? scratch.zeros(x.rows, columns) : scratch.zeros(x.rows, active * columns)
    var places = [[(row: Int, slot: Int)]](repeating: [], count: experts)
    for (row, chosen) in choices.chosen.enumerated() {
      for (slot, expert) in chosen.enumerated() { places[expert].append((row, slot)) }
    }
    let spread = (3 / Float(max(inner, 1))).squareRoot()
    for (expert, places) in places.enumerated() where !places.isEmpty {
      scratch.scoped {
        let gathered = scratch.matrix(places.count, inner)
        for (index, place) in places.enumerated() {
          let first = gathers ? place.slot * inner : 0
          gathered.row(index).update(from: x.row(place.row) + first, count: inner)
        }
        let w = weights.matrix(
          stack, first: expert * columns, rows: columns, columns: inner, spread: spread, scratch)
        let answer = scratch.matrix(places.count, columns)
        product(gathered, w, into: answer, name)
        guard gathers else {
          for (index, place) in places.enumerated() {
            (y.row(place.row) + place.slot * columns).update(
              from: answer.row(index), count: columns)
          }
          return
        }
        addScaled(
          answer, places.map { choices.weights?[$0.row][$0.slot] ?? 1 }, to: y,
          at: places.map(\.row), name)
      }
    }
    return y
  }

  /// The sum of what the experts answer on the rows that chose them, each times its weight.
  func run(
    _ experts: Experts, _ choices: Choices, _ x: Matrix, _ width: Formula, _ flow: Flow,
    _ state: LayerState, at path: String, _ layer: String
  ) throws -> Matrix {
    let routing = experts.routing
    // One more row takes what is discarded.
    let isPadded = routing.capacity?.isPadded ?? false
    let y = scratch.zeros(x.rows + (isPadded ? 1 : 0), try extent(width))
    let count = try extent(routing.experts)
    let hasSlopes = experts.body.steps.contains { step in
      if case .activate(_, _, let slopes, _) = step.operation { !slopes.isEmpty } else { false }
    }
    func run(_ index: Int, _ rows: [Int], _ weights: [Float]?) throws {
      guard !rows.isEmpty else {
        // Once is enough, but for slopes, which are computed in every pass.
        guard hasSlopes || claimed[path, default: []].insert(index).inserted else { return }
        return try claim(experts.body, expert: index, at: layer, runs: x.rows > 0)
      }
      try scratch.scoped {
        let gathered = scratch.matrix(rows.count, x.columns)
        for (place, row) in rows.enumerated() {
          if row < x.rows {
            gathered.row(place).update(from: x.row(row), count: x.columns)
          } else {
            gathered.row(place).update(repeating: 0, count: x.columns)
          }
        }
        let inner = Flow(
          sequences: [0], lengths: [rows.count], positions: [], identifiers: [], pass: flow.pass)
        var body = ProgramRun(
          experts.body, inner, state, at: layer, expert: index, weights: weights)
        let answer = try body.run(gathered, on: self)
        addScaled(
          answer, experts.weighsAnswer ? weights : nil, to: y, at: rows, path.appending("combine"))
      }
    }
    if let taken = choices.taken {
      meter.decided(path, filled: taken.reduce(0) { $0 + $1.rows.count }, returned: 0)
      for (index, places) in taken.enumerated() { try run(index, places.rows, places.weights) }
      return y.rows(0..<x.rows)
    }
    if routing.runsEvery {
      let weights = routing.isOfAlways ? choices.always : choices.all
      for index in 0..<count { try run(index, Array(0..<x.rows), weights.map { $0[index] }) }
      return y.rows(0..<x.rows)
    }
    let ranges = try routing.ranges(on: self)
    var pairs: [ChosenPair] = []
    var returned = 0
    for (row, chosen) in choices.chosen.enumerated() {
      for (slot, expert) in chosen.enumerated() {
        let weight = choices.weights?[row][slot]
        if ranges.computing.contains(expert) {
          pairs.append(
            ChosenPair(row: row, expert: expert - ranges.computing.lowerBound, weight: weight))
        } else if ranges.returning.contains(expert) {
          returned += 1
          addScaled(
            x.rows(row..<row + 1), weight.map { [$0] }, to: y, at: [row],
            path.appending("combine"))
        }
      }
    }
    let capacity = routing.isOfConstants ? nil : routing.capacity
    if let capacity {
      pairs = try keep(pairs, capacity, routing, of: x.rows, path.appending("router"))
    }
    meter.decided(path, filled: pairs.count, returned: returned)
    var places = [[ChosenPair]](repeating: [], count: count)
    for pair in pairs { places[pair.expert].append(pair) }
    for (index, places) in places.enumerated() {
      let weights = choices.weights == nil ? nil : places.map { $0.weight ?? 1 }
      guard let capacity, capacity.isPadded else {
        try run(index, places.map(\.row), weights)
        continue
      }
      // Places that nobody fills hold zeros, and what comes of them is discarded.
      let empty = try routing.places(capacity, x.rows, on: self) - places.count
      try run(
        index, places.map(\.row) + Array(repeating: x.rows, count: empty),
        weights.map { $0 + Array(repeating: 0, count: empty) })
    }
    return y.rows(0..<x.rows)
  }
}

extension Router {
  /// The bound of a choice one by one, or the power of a norm.
  fileprivate var number: Constant? {
    if case .oneByOne(let bound) = scoring { return bound }
    if case .norm(let power) = divisor { return power }
    return nil
  }

  /// Makes scores of the gate's elements of one token, in place.
  fileprivate func score(_ row: UnsafeMutablePointer<Float>, _ count: Int) {
    switch scoring {
    case .softmax: Counted.softmax(row, count)
    case .sigmoid: for index in 0..<count { row[index] = Counted(row[index]).logistic.value }
    case .rootOfSoftplus:
      for index in 0..<count { row[index] = Counted(row[index]).softplus.squareRoot.value }
    case .raw, .softmaxOfChosen, .sigmoidOfChosen, .oneByOne: break
    }
  }
}

/// How the scores of a token become a choice, with its extents.
private struct TokenChoice {
  let router: Router
  let active: Int
  let groups: Int
  let keptGroups: Int
  let groupBest: Int
  let correction: UnsafeMutablePointer<Float>?
  let scale: Float?
  let expertScale: UnsafeMutablePointer<Float>?
  let leastSum: Float?
  let cap: Float?
  /// The bound of a choice one by one, or the power of a norm.
  let number: Float
  /// How many of the last every token meets.
  let always: Int
  let factor: Float?

  /// The experts of one token, their weights, the weights of all experts, and those of the experts
  /// that every token meets.
  func choose(
    _ row: UnsafeMutablePointer<Float>, _ count: Int, _ given: [Int]?
  ) -> (chosen: [Int], weights: [Float], all: [Float], always: [Float]) {
    let numbers = Array(UnsafeBufferPointer(start: row, count: count))
    if let cap {
      for index in 0..<count { row[index] = Counted(row[index]).bounded(by: cap).value }
    }
    router.score(row, count)
    let candidates = count - always
    var scores = Array(UnsafeBufferPointer(start: row, count: candidates))
    if let correction {
      for index in 0..<candidates {
        scores[index] = (Counted(row[index]) + Counted(correction[index])).value
      }
    }
    if router.groups != nil { scores = limited(scores) }
    var (chosen, weights) = ([Int](), [Float]())
    if case .oneByOne = router.scoring, given == nil {
      (chosen, weights) = oneByOne(scores)
    } else {
      chosen = given ?? Counted.best(active, of: scores)
      weights = chosen.map { row[$0] }
    }
    if router.scoring == .softmaxOfChosen {
      weights.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        Counted.softmax(start, buffer.count)
      }
    }
    if router.scoring == .sigmoidOfChosen {
      weights = weights.map { Counted($0).logistic.value }
    }
    weights += (candidates..<count).map { row[$0] }
    if router.normalizes, router.divisor == .sumOfLogarithms {
      weights = inLogarithms((chosen + Array(candidates..<count)).map { numbers[$0] })
    } else if router.normalizes {
      let divisor = divisor(of: weights)
      weights = weights.map { (Counted($0) / divisor).value }
    }
    if let scale { weights = weights.map { (Counted($0) * Counted(scale)).value } }
    if let expertScale {
      weights = zip(chosen, weights).map { (Counted($1) * Counted(expertScale[$0])).value }
    }
    if let factor { weights = weights.map { (Counted($0) * Counted(factor)).value } }
    let rest = Array(weights.suffix(always))
    weights.removeLast(always)
    var all = [Float](repeating: 0, count: count)
    for (index, weight) in zip(chosen, weights) { all[index] = weight }
    return (chosen, weights, all, rest)
  }

  /// The sum of the weights, or another norm of them.
  private func divisor(of weights: [Float]) -> Counted {
    let power = Counted(number)
    var sum = Counted.zero
    for weight in weights.map({ Counted($0) }) {
      switch router.divisor {
      case .sum: sum = sum + weight
      case .sumOfLogarithms: break
      case .rootOfSquares: sum = sum + weight * weight
      case .norm: sum = sum + (power * weight.logarithm).exponential
      }
    }
    return switch router.divisor {
    case .sum, .sumOfLogarithms: least(sum)
    case .rootOfSquares: sum.squareRoot
    case .norm: (sum.logarithm / power).exponential
    }
  }

  /// The logistic function of each number over the sum of them all.
  private func inLogarithms(_ numbers: [Float]) -> [Float] {
    let logarithms = numbers.map { number in
      (Counted.zero
        - (Counted(1) + (Counted.zero - Counted(number)).exponential).logarithm).value
    }
    var sum = Counted.zero
    for logarithm in logarithms { sum = sum + Counted(logarithm).exponential }
    let total = sum.logarithm.value
    return logarithms.map { (Counted($0) - Counted(total)).exponential.value }
  }

  private func least(_ sum: Counted) -> Counted {
    guard let leastSum else { return sum }
    return Counted(leastSum) > sum ? Counted(leastSum) : sum
  }

  /// The highest score, and its share of the softmax over those close to it; then again without it.
  private func oneByOne(_ scores: [Float]) -> (chosen: [Int], weights: [Float]) {
    var (left, chosen, weights) = (scores, [Int](), [Float]())
    for _ in 0..<active {
      let best = Counted.best(1, of: left)[0]
      let greatest = Counted(left[best])
      var near = left.indices.map { index -> Float in
        let size = Counted(scores[index].magnitude)
        let larger = greatest > size ? greatest : size
        let distance = (greatest - Counted(scores[index])) / larger
        return distance > Counted(number) ? -.infinity : left[index]
      }
      near.withUnsafeMutableBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return }
        Counted.softmax(start, buffer.count)
      }
      chosen.append(best)
      weights.append(near[best])
      left[best] = -.infinity
    }
    return (chosen, weights)
  }

  /// The scores with those of all but the best groups set to −∞, or to zero.
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
    let other: Float = router.keepsOthersAtZero ? 0 : -.infinity
    return scores.enumerated().map { kept.contains($0.offset / size) ? $0.element : other }
  }
}
