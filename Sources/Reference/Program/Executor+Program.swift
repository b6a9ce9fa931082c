import Architecture
import Kernels
import Symbolic

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a value of a program is while it runs.
enum Register {
  case numbers(Matrix)
  case choice(Choices)
  case kept([KeptSequence])
  case chosen([KeySelection])
}

/// A program at work on the tokens of a flow.
///
/// One `switch` over the operations, each of them a whole kernel: what a step costs is what its
/// kernel costs. A value that nobody reads again lends its memory to the result.
struct ProgramRun {
  let program: Program
  let flow: Flow
  let state: LayerState
  /// The path of the layer; the tensors of a step are named behind it.
  let path: String
  /// Which expert runs, if one does.
  let expert: Int?
  /// The weight of each row, where it has one.
  let weights: [Float]?
  private var registers: [Register?]
  /// Whether the memory of a value belongs to another program.
  private var isBorrowed: [Bool]
  /// The value of which another is a slice, in whose memory it may stand.
  private var wholes: [Int?]

  init(
    _ program: Program, _ flow: Flow, _ state: LayerState, at path: String,
    expert: Int? = nil, weights: [Float]? = nil
  ) {
    self.program = program
    self.flow = flow
    self.state = state
    self.path = path
    self.expert = expert
    self.weights = weights
    registers = Array(repeating: nil, count: program.lastReads.count)
    isBorrowed = Array(repeating: false, count: program.lastReads.count)
    wholes = Array(repeating: nil, count: program.lastReads.count)
  }

  /// Runs every step, and returns the result: perhaps in the memory of what came in.
  mutating func run(_ input: Matrix?, on executor: Executor) throws -> Matrix {
    if let value = program.input, let input { registers[value.id] = .numbers(input) }
    for (index, step) in program.steps.enumerated() {
      registers[step.result.id] = try perform(step, index, on: executor)
    }
    return numbers(program.result)
  }

  private func numbers(_ value: Value) -> Matrix {
    guard case .numbers(let matrix) = registers[value.id] else {
      preconditionFailure("a program reads what it has computed")
    }
    return matrix
  }

  private func choices(_ value: Value) -> Choices {
    guard case .choice(let choices) = registers[value.id] else {
      preconditionFailure("a program reads what it has chosen")
    }
    return choices
  }

  private func kept(_ value: Value) -> [KeptSequence] {
    guard case .kept(let sequences) = registers[value.id] else {
      preconditionFailure("attention reads what is kept")
    }
    return sequences
  }

  private func chosen(_ value: Value?) -> [KeySelection]? {
    guard let value else { return nil }
    guard case .chosen(let selections) = registers[value.id] else {
      preconditionFailure("attention reads what is chosen")
    }
    return selections
  }

  /// The elements of a value to write over: its own memory if this step is its last reader, and
  /// nobody reads on what it is a slice of; slices taken before are of other elements.
  private func writable(_ value: Value, _ index: Int, _ executor: Executor) -> Matrix {
    let matrix = numbers(value)
    var isOwn = program.lastReads[value.id] == index && !isBorrowed[value.id]
    var whole = wholes[value.id]
    while let id = whole, isOwn { (isOwn, whole) = (program.lastReads[id] <= index, wholes[id]) }
    return isOwn ? matrix : executor.scratch.copy(matrix)
  }

  /// The path of a part, with the number of the expert that runs.
  private func scope(_ step: Step) -> String {
    guard let expert else { return path.appending(step.scope) }
    return path.appending(step.scope.replacing("#", with: "\(expert)"))
  }

  private mutating func perform(
    _ step: Step, _ index: Int, on executor: Executor
  ) throws -> Register {
    let scope = scope(step)
    let name = scope.appending(step.name)
    switch step.operation {
    case .lookUp(let table): return .numbers(try executor.lookUp(table, flow, at: scope))
    case .product(let x, let map, let isTied):
      return .numbers(try executor.product(numbers(x), map, isTied: isTied, at: scope))
    case .productOfHeads(let x, let map):
      return .numbers(try executor.product(numbers(x), map, at: scope))
    case .addBias(let x, let map):
      let y = writable(x, index, executor)
      try executor.addBias(of: map, to: y, at: scope)
      return .numbers(y)
    case .addVector(let x, let vector):
      let y = writable(x, index, executor)
      executor.addVector(
        try executor.vector(vector, at: scope), of: try executor.extent(vector.count), to: y, name)
      return .numbers(y)
    case .normalize(let x, let norm):
      let y = writable(x, index, executor)
      guard norm.subject == nil || executor.plantedError != .skipsQueryKeyNorms else {
        return .numbers(y)
      }
      try executor.normalize(y, norm, at: scope)
      return .numbers(y)
    case .multiplyVector(let x, let vector):
      let y = writable(x, index, executor)
      executor.multiplyVector(
        try executor.vector(vector, at: scope, center: 1), of: try executor.extent(vector.count),
        to: y, name)
      return .numbers(y)
    case .slice(let x, let slice):
      isBorrowed[step.result.id] = isBorrowed[x.id]
      wholes[step.result.id] = x.id
      return .numbers(try executor.slice(numbers(x), slice))
    case .divide(let x, let other, let norm):
      let y = writable(x, index, executor)
      try executor.divide(y, byMagnitudeOf: numbers(other), norm, name)
      return .numbers(y)
    case .compress(let x, let weights, let compression):
      return .kept(
        try executor.compress(
          numbers(x), numbers(weights), compression, flow, state, at: scope))
    case .meanBlocks(let keys, let indexer):
      return .kept(try executor.meanBlocks(numbers(keys), indexer, flow, state, at: scope))
    case .indexBlocks(let q, let kept, let indexer):
      return .chosen(
        try executor.indexBlocks(numbers(q), self.kept(kept), indexer, flow, at: scope))
    case .indexEntries(let q, let kept, let weights, let heads):
      return .chosen(
        try executor.indexEntries(
          numbers(q), self.kept(kept), writable(weights, index, executor), heads, flow, at: scope))
    case .attendEntries(let q, let kept, let entries, let chosen, let heads):
      return .numbers(
        try executor.attendEntries(
          numbers(q), self.kept(kept), self.kept(entries), self.chosen(chosen), heads, flow,
          at: scope))
    case .groupedProduct(let x, let map, let groups):
      return .numbers(
        try executor.groupedProduct(numbers(x), map, try executor.extent(groups), at: scope))
    case .affine(let x, let scales, let shift, let pieces):
      let y = writable(x, index, executor)
      try executor.affine(
        y, try executor.vector(scales, at: scope), try executor.vector(shift, at: scope), pieces,
        name)
      return .numbers(y)
    case .sumParts(let x, let count):
      return .numbers(executor.sumParts(numbers(x), try executor.extent(count), name))
    case .balance(let x, let balance):
      let y = writable(x, index, executor)
      try executor.balance(y, balance, name)
      return .numbers(y)
    case .join(let x, let y): return .numbers(executor.join(numbers(x), numbers(y)))
    case .rotate(let x, let rotation):
      let y = writable(x, index, executor)
      try executor.rotate(y, rotation, flow.positions, name)
      return .numbers(y)
    case .keep(let keys, let values, let reach):
      return .kept(
        try executor.keep(numbers(keys), numbers(values), reach, flow, state, at: scope))
    case .attend(let operands, let heads):
      let scores = BesideScores(
        distances: operands.distances.map(numbers), factors: operands.distanceFactors.map(numbers),
        sinks: operands.sinks.map(numbers), buckets: operands.bucketScores.map(numbers))
      return .numbers(
        try executor.attend(
          numbers(operands.queries), kept(operands.kept), chosen(operands.chosen), scores, heads,
          flow, at: scope))
    case .attendDepth(let streams, let reading):
      return .numbers(try executor.attendDepth(streams.map(numbers), reading, at: scope))
    case .shorten(let x, let bound):
      let y = writable(x, index, executor)
      try executor.shorten(y, bound, name)
      return .numbers(y)
    case .convolveByToken(let x, let kernels, let convolution):
      return .numbers(
        try executor.convolve(
          numbers(x), by: numbers(kernels), convolution, flow, state, at: scope))
    case .lookUpNgrams(let table):
      return .numbers(try executor.lookUp(table, flow, state, at: scope))
    case .dot(let x, let y, let parts):
      return .numbers(executor.dot(numbers(x), numbers(y), parts: try executor.extent(parts), name))
    case .keepLatents(let latents, let lent, let heads):
      return .kept(
        try executor.keepLatents(
          numbers(latents), lent: lent.map(kept), heads, flow, state, at: scope))
    case .attendLatents(let q, let kept, let chosen, let heads):
      return .numbers(
        try executor.attendLatents(
          numbers(q), self.kept(kept), self.chosen(chosen), heads, flow, at: scope))
    case .keepIndex(let keys):
      return .kept(executor.keepIndex(numbers(keys), flow, state, at: scope))
    case .index(let q, let kept, let weights, let heads):
      let selections = try executor.index(
        numbers(q), self.kept(kept), weights.map { writable($0, index, executor) }, heads, flow,
        at: scope)
      return .chosen(selections)
    case .activate(let x, let function, let slopes, let factor):
      let y = writable(x, index, executor)
      let kernel = try executor.kernel(of: function, slopes, at: scope, name)
      executor.activate(y, kernel, times: factor.map(numbers), name)
      return .numbers(y)
    case .gate(let x, let gates, let function):
      let y = writable(x, index, executor)
      executor.gate(y, by: numbers(gates), function, name)
      return .numbers(y)
    case .add(let x, let y):
      // The sum may stand in the memory of either.
      let isFirst = program.lastReads[x.id] == index || program.lastReads[y.id] != index
      let (into, other) = isFirst ? (x, y) : (y, x)
      let sum = writable(into, index, executor)
      executor.add(numbers(other), to: sum, name)
      return .numbers(sum)
    case .subtract(let x, let y, nil):
      let result = writable(x, index, executor)
      executor.subtract(numbers(y), from: result, name)
      return .numbers(result)
    case .shift(let x, let constant):
      let y = writable(x, index, executor)
      executor.shift(y, by: try executor.float(constant), name)
      return .numbers(y)
    case .repeat(let x, let times):
      return .numbers(executor.repeated(numbers(x), times: try executor.extent(times)))
    case .mixStreams(let x, let coefficients, let mixing):
      return .numbers(
        try executor.mixStreams(numbers(x), by: numbers(coefficients), mixing, name))
    case .convolveHeads(let x, let heads):
      return .numbers(try executor.convolveHeads(numbers(x), heads, flow, state, at: scope))
    case .delay(let x, let map):
      return .numbers(try executor.delay(numbers(x), map, flow, state, at: scope))
    case .pairScores(let x):
      return .numbers(try executor.pairScores(numbers(x), to: step.result.width, name))
    case .mapChosen(let x, let choice, let maps):
      return .numbers(
        try executor.mapChosen(numbers(x), choices(choice), maps, at: scope, name))
    case .magnitude(let x): return .numbers(executor.magnitudes(numbers(x), name))
    case .rescale(let x, let magnitude, let least):
      let y = writable(x, index, executor)
      executor.rescale(y, to: numbers(magnitude), least: try executor.float(least), name)
      return .numbers(y)
    case .exceed(let x, let deviations):
      let y = writable(x, index, executor)
      executor.exceed(y, deviations: try executor.float(deviations), name)
      return .numbers(y)
    case .subtract(let x, let y, let difference?):
      let result = writable(x, index, executor)
      let weight = try executor.weight(of: difference, at: scope, name)
      executor.subtract(numbers(y), times: weight, from: result, name)
      return .numbers(result)
    case .scale(let x, let factor):
      let y = writable(x, index, executor)
      executor.scale(y, by: try executor.float(factor), name)
      return .numbers(y)
    case .blend(let x, let gates, let vector):
      let y = writable(x, index, executor)
      try executor.blend(
        y, numbers(gates), executor.vector(vector, at: scope, spread: 1), name)
      return .numbers(y)
    case .positionFactor(let scale):
      return .numbers(try executor.factors(of: scale, flow.positions, at: scope, name))
    case .elements(let weight): return .numbers(try executor.elements(of: weight, at: scope))
    case .exponentials(let weight):
      return .numbers(try executor.exponentials(of: weight, at: scope, name))
    case .bound(let x, let limit):
      let y = writable(x, index, executor)
      executor.bound(y, by: try executor.float(limit), name)
      return .numbers(y)
    case .clip(let x, let limit, let isAboveOnly):
      let y = writable(x, index, executor)
      executor.clip(y, to: try executor.float(limit), isAboveOnly: isAboveOnly, name)
      return .numbers(y)
    case .route(let scores, let routing):
      return .choice(
        try executor.route(
          scores.map { writable($0, index, executor) }, routing, flow, at: scope,
          isNoted: step.role.place != .attention))
    case .experts(let x, let choice, let experts):
      return .numbers(
        try executor.run(
          experts, choices(choice), numbers(x), step.result.width, flow, state, at: scope,
          path))
    case .weigh(let x):
      let y = writable(x, index, executor)
      if let weights {
        executor.multiplyRows(y, by: weights, path.appending(step.path))
      }
      return .numbers(y)
    case .confide(let x, let threshold):
      try executor.confide(numbers(x), threshold, name)
      isBorrowed[step.result.id] = isBorrowed[x.id]
      wholes[step.result.id] = x.id
      return .numbers(numbers(x))
    case .scoresAboveSinks(_, _, let sinks):
      return .numbers(try executor.scoresAboveSinks(sinks, at: scope, name))
    case .received(_, let heads):
      return .numbers(try executor.meanReceived(heads, flow, name))
    case .assign(let x, let assignment):
      let y = writable(x, index, executor)
      executor.assign(y, assignment, name)
      return .numbers(y)
    case .enter(let x, let scores, let entrance):
      let stream = writable(x, index, executor)
      try executor.enter(
        stream, scores.map(numbers), entrance, flow, state, at: path, name)
      return .numbers(stream)
    case .convolve(let x, let convolution):
      return .numbers(
        try executor.convolve(numbers(x), convolution, flow, state, at: scope))
    case .previous(let x):
      return .numbers(executor.previous(numbers(x), flow, state, name))
    case .quotient(let x, let division):
      let y = writable(x, index, executor)
      executor.divide(y, by: try executor.float(division.divisor), name)
      return .numbers(y)
    case .interpolate(let x, let other, let weight):
      let y = writable(x, index, executor)
      try executor.interpolate(y, numbers(other), weight, at: scope, name)
      return .numbers(y)
    case .scan(let values, let scan):
      return .numbers(
        try executor.scan(values.map(numbers), scan, flow, state, at: scope, name))
    case .last(let x, let always, let prompt):
      if always || flow.pass.scoresLastOnly {
        return .numbers(executor.lastRows(numbers(x), flow))
      }
      guard let prompt, executor.past == 0 else { return .numbers(numbers(x)) }
      return .numbers(executor.rows(of: numbers(x), behind: try executor.extent(prompt), flow))
    case .leave(let x, let legacy):
      guard let left = registers[x.id] else {
        preconditionFailure("a program leaves what it has computed")
      }
      isBorrowed[step.result.id] = true
      executor.leave(left, as: legacy)
      return left
    case .take(let legacy):
      isBorrowed[step.result.id] = true
      let taken = try executor.taken(legacy)
      return legacy.isOfEveryToken ? executor.rows(of: taken, flow) : taken
    }
  }
}

extension Executor {
  /// Runs a program on the rows of a matrix, in whose memory the result may stand.
  func run(
    _ program: Program, _ x: Matrix?, _ flow: Flow, _ state: LayerState, at path: String
  ) throws -> Matrix {
    var run = ProgramRun(program, flow, state, at: path)
    return try run.run(x, on: self)
  }

  /// Enters the tensors of a program into the record of weights, where no row runs it.
  ///
  /// The slopes of an activation are made of weights alone, for all experts of a layer at once, if
  /// the layer runs at all.
  func claim(_ program: Program, expert: Int, at path: String, runs: Bool) throws {
    for step in program.steps {
      let scope = path.appending(step.scope.replacing("#", with: "\(expert)"))
      switch step.operation {
      case .product(_, let map, let isTied):
        if !isTied {
          weights.claim(
            "\(scope.appending(map.name)).weight",
            try extent(map.input) * extent(map.output))
        }
      case .productOfHeads(_, let map):
        weights.claim(scope.appending(map.weight.name), try extent(map.weight.count))
      case .addBias(_, let map):
        weights.claim(scope.appending(map.biasName), try extent(map.output))
      case .activate(_, let function, let slopes, _):
        let name = scope.appending(step.name)
        if runs {
          _ = try scratch.scoped { try kernel(of: function, slopes, at: scope, name) }
        } else {
          for slope in slopes {
            weights.claim(
              scope.appending(slope.name), try extent(slope.count), isBuffer: slope.isBuffer)
          }
        }
      case .addVector(_, let vector), .multiplyVector(_, let vector), .blend(_, _, let vector):
        weights.claim(
          scope.appending(vector.name), try extent(vector.count), isBuffer: vector.isBuffer)
      case .lookUp, .normalize, .divide, .affine, .shift, .sumParts, .balance, .slice, .join,
        .rotate, .keep, .keepLatents, .keepIndex, .compress, .indexEntries, .attendEntries,
        .groupedProduct, .meanBlocks, .indexBlocks, .index, .attend, .attendLatents, .gate, .add,
        .subtract, .scale, .positionFactor, .elements, .exponentials, .bound, .clip, .route,
        .experts, .weigh, .enter, .last, .convolve, .scan, .leave, .take, .repeat, .mixStreams,
        .magnitude, .rescale, .pairScores, .convolveHeads, .delay, .mapChosen, .exceed, .previous,
        .quotient,
        .interpolate, .shorten, .attendDepth, .convolveByToken, .lookUpNgrams, .dot, .assign,
        .received, .scoresAboveSinks, .confide:
        break
      }
    }
  }

  // MARK: - Operations without a file of their own

  /// Keeps a value for later programs of the pass; elements get memory of their own.
  fileprivate func leave(_ register: Register, as legacy: Legacy) {
    guard case .numbers(let matrix) = register else {
      legacies[legacy] = (register, nil)
      return
    }
    let owner = RowBuffer(width: matrix.columns)
    owner.append(matrix)
    legacies[legacy] = (.numbers(owner.matrix), owner)
  }

  fileprivate func taken(_ legacy: Legacy) throws -> Register {
    guard let (register, _) = legacies[legacy] else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "what no layer before leaves: \(legacy.words)")
    }
    return register
  }

  /// The numbers that a program before has left.
  func numbers(leftAs legacy: Legacy) throws -> Matrix {
    guard case .numbers(let matrix) = try taken(legacy) else {
      preconditionFailure("\(legacy.words) are numbers")
    }
    return matrix
  }

  /// The rows of a table that tokens or positions select: `[rows, width]`.
  fileprivate func lookUp(_ table: Embedding, _ flow: Flow, at path: String) throws -> Matrix {
    let (count, width) = (try extent(table.rows), try extent(table.width))
    let added = try table.addition.map { (path.appending($0.name), try extent($0.rows)) }
    let (name, first) = (path.appending(table.name), count - (added?.1 ?? 0))
    if table.waves == nil { weights.claim(name, first * width) }
    if let added { weights.claim(added.0, added.1 * width) }
    let y = scratch.matrix(flow.rows, width)
    if let waves = table.waves {
      try fill(y, waves, flow.positions.map { $0 + table.offset })
      return y
    }
    let indices =
      switch table.index {
      case .token: flow.identifiers
      case .position: flow.positions
      case .segment(let prompt): try segments(flow.positions, behind: extent(prompt))
      }
    // Only the rows that are looked up are made.
    for (place, index) in indices.enumerated() {
      let own = index + table.offset
      guard let row = own < count ? own : table.rowBeyond else {
        throw ExecutionError.notExecuted(
          modelType: model.modelType, what: "a token beyond the table '\(path)'")
      }
      scratch.scoped {
        let found: UnsafeMutablePointer<Float>
        if row >= first, let added {
          found = weights.row(added.0, row - first, of: added.1, width, scratch, spread: 1)
        } else {
          found = weights.row(name, row, of: first, width, scratch, spread: 1)
        }
        y.row(place).update(from: found, count: width)
      }
    }
    return y
  }

  private func segments(_ positions: [Int], behind prompt: Int) -> [Int] {
    positions.map { $0 < prompt ? 0 : PositionBuckets.text }
  }

  /// Sines and cosines of positions, which nothing in a pass computes: they are a table.
  private func fill(_ y: Matrix, _ waves: Waves, _ positions: [Int]) throws {
    let (half, steps) = (y.columns / 2, try number(waves.steps))
    let frequencies = (0..<half).map { Float(pow(10000, -Double($0) / steps)) }
    for (row, position) in positions.enumerated() {
      y.row(row).update(repeating: 0, count: y.columns)
      guard position != waves.emptyRow else { continue }
      for (index, frequency) in frequencies.enumerated() {
        let angle = Float(position) * frequency
        (y[row, index], y[row, half + index]) = (sinf(angle), cosf(angle))
      }
    }
  }

  /// The elements along one axis that a slice takes; a view where they stand side by side.
  fileprivate func slice(_ x: Matrix, _ slice: Slice) throws -> Matrix {
    let axes = try slice.axes.map { try extent($0) }
    let (first, count) = (try extent(slice.first), try extent(slice.count))
    let inner = axes[(slice.axis + 1)...].reduce(1, *)
    let outer = axes[..<slice.axis].reduce(1, *)
    guard outer * axes[slice.axis] * inner == x.columns else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "a fused map whose parts do not fill it")
    }
    let (whole, part) = (axes[slice.axis] * inner, count * inner)
    if outer == 1 { return x.columns(first * inner..<first * inner + part) }
    let y = scratch.matrix(x.rows, outer * part)
    for row in 0..<x.rows {
      for index in 0..<outer {
        (y.row(row) + index * part).update(
          from: x.row(row) + index * whole + first * inner, count: part)
      }
    }
    return y
  }

  /// The elements of two matrices side by side.
  fileprivate func join(_ x: Matrix, _ y: Matrix) -> Matrix {
    let both = scratch.matrix(x.rows, x.columns + y.columns)
    x.copy(into: both.columns(0..<x.columns))
    y.copy(into: both.columns(x.columns..<both.columns))
    return both
  }

  /// The rows of each sequence but the first ones.
  fileprivate func rows(of x: Matrix, behind first: Int, _ flow: Flow) -> Matrix {
    let y = scratch.matrix(x.rows - first * flow.sequences.count, x.columns)
    var next = 0
    for index in flow.sequences.indices {
      let rows = flow.rows(of: index).dropFirst(first)
      x.rows(rows).copy(into: y.rows(next..<next + rows.count))
      next += rows.count
    }
    return y
  }

  /// The last row of each sequence.
  fileprivate func lastRows(_ x: Matrix, _ flow: Flow) -> Matrix {
    let y = scratch.matrix(flow.sequences.count, x.columns)
    for index in flow.sequences.indices {
      y.row(index).update(
        from: x.row(flow.rows(of: index).upperBound - 1), count: x.columns)
    }
    return y
  }

  /// A function with the slopes that it has learned.
  func kernel(
    of function: Activation, _ slopes: [Weight], at path: String, _ name: String
  ) throws -> ActivationKernel {
    guard function == .expandedIntegral else { return ActivationKernel(function) }
    // Buffers are what the class makes of them where nothing is stored.
    let centers: [Float] = [0, 0, 0.5, -1e-6]
    let found = try zip(slopes, centers).map { slope, center in
      try vector(slope, at: path, spread: slope.isBuffer ? 0 : 0.5, center: center)[0]
    }
    var kernel = ActivationKernel(function)
    meter.literally(name) {
      // xIELU: β + softplus(α_n) and softplus(α_p).
      (kernel.linear, kernel.bound) = (found[2], found[3])
      kernel.negative = (Counted(kernel.linear) + Counted(found[0]).softplus).value
      kernel.positive = Counted(found[1]).softplus.value
    }
    return kernel
  }

  /// *λ*: of weights alone, once for all tokens.
  fileprivate func weight(
    of difference: HeadDifference, at path: String, _ name: String
  ) throws -> Float {
    let products = try [difference.raising, difference.lowering].map { pair in
      try pair.map { try vector($0, at: path, spread: 0.1) }
    }
    let size = try extent(difference.raising[0].count)
    let start = try float(difference.start)
    var weight = start
    meter.literally(name) {
      let powers = products.map { pair in
        var sum = Counted.zero
        for index in 0..<size { sum = sum + Counted(pair[0][index]) * Counted(pair[1][index]) }
        return sum.exponential
      }
      weight = (powers[0] - powers[1] + Counted(start)).value
    }
    return weight
  }

  /// The float of a constant.
  func float(_ constant: Constant) throws -> Float { Float(try double(constant)) }

  func double(_ constant: Constant) throws -> Double {
    switch constant {
    case .decimal(let text):
      guard let value = Double(text) else { throw ExecutionError.tooLarge(what: text) }
      return value
    case .size(let size): return try number(size)
    case .root(let size): return try number(size).squareRoot()
    case .inverseRoot(let size): return 1 / (try number(size).squareRoot())
    case .inverse(let other): return 1 / (try double(other))
    case .exponential(let other): return exp(try double(other))
    case .sum(let left, let right): return try double(left) + double(right)
    case .layerIndex: return Double(layer)
    case .layerNumber: return Double(layer + 1)
    case .product(let left, let right): return try double(left) * double(right)
    case .brain(let other):
      // To the nearest, and to the even one of two.
      let bits = Float(try double(other)).bitPattern
      return Double(Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16) & 1) & 0xffff_0000))
    case .power(let base, let exponent): return pow(try double(base), try number(exponent))
    case .computed(_, let value): return value
    }
  }

  private func number(_ formula: Formula) throws -> Double {
    let value = try formula.evaluated(with: values)
    return Double(value.numerator) / Double(value.denominator)
  }
}
