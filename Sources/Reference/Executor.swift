package import Architecture
import Kernels
import Symbolic

/// In which form the kernels run.
package enum Evidence: String, CaseIterable, Hashable, Sendable {
  /// Every scalar operation goes through a number that counts.
  case literal
  /// Fast kernels report the extents that they looped over.
  case kernel
}

/// Runs a described model on random or stored weights, and counts what it does while it does it.
///
/// It knows the description of a model and nothing of the formulas that count one.
package final class Executor {
  /// The model that runs.
  package let model: Model
  /// Whether each operation is counted as it happens, or each call of a kernel by its extents.
  package let evidence: Evidence
  /// What has been counted, by the path of each part.
  package let meter = Meter()
  /// An error put in on purpose.
  package var plantedError: PlantedError?
  /// Whether `run` copies the scores of the vocabulary out.
  package var keepsLogits = true

  let weights: WeightSource
  let workers: Workers
  let scratch = Scratch()
  /// The sizes, and the number of the layer that runs.
  var values: [Symbol: Rational]
  var layers: [Int: Layer] = [:]
  /// What each layer does with the stream, and what stands before and behind all of them.
  var programs: [Int: Program] = [:]
  let entrance: Program
  let exit: Program
  /// The layers of the fast of two stacks.
  let fastProgram: Program?
  /// The angles by which some layer rotates.
  var rotations: [RotaryAngles] = []
  var states: [Int: LayerState] = [:]
  /// The experts of each mixture that have requested their weights without a row.
  var claimed: [String: Set<Int>] = [:]
  var rotaryTables: [RotaryAngles: RotaryTable] = [:]
  /// What programs of the pass have left to later ones, and who owns its memory.
  var legacies: [Legacy: (Register, RowBuffer?)] = [:]
  /// The tokens that are cached.
  var past = 0
  /// Of each sequence the rows that the last router of depth has let in, and their scores.
  var entered: [(rows: [Int], scores: [Float])] = []
  /// What the last attention that is asked for it has given to each row of the pass.
  var received = ReceivedWeights()
  /// What the softmax of the last attention that is asked for it has divided by.
  var softmaxSums: SoftmaxSums?
  /// Whether the token of each sequence has left the model in this pass, and the scores with which.
  var left: [Int: RowBuffer] = [:]
  /// The rows of an exit that have just left it.
  var leaving: [Int] = []
  let earlyExit: Program?
  /// To how many recursions each row of the pass is assigned, where a router does that.
  var assigned: [Int] = []
  /// The layer that runs.
  var layer = 0
  /// What the routers of the last pass have chosen, in the order in which they ran.
  package private(set) var routing: [RoutingChoice] = []

  /// - Throws: `ExecutionError` for what the executor does not have.
  package init(
    _ model: Model, evidence: Evidence, seed: UInt64 = 0, weights policy: WeightPolicy = .streamed,
    threads: Int = 1
  ) throws {
    self.model = model
    self.evidence = evidence
    workers = Workers(count: evidence == .literal ? 1 : threads)
    weights = WeightSource(
      seed: seed, policy: policy, borrowed: model.borrowedTensors, workers: workers)
    var values: [Symbol: Rational] = [:]
    for binding in model.sizes {
      guard let value = try? binding.value.evaluated(with: [:]) else {
        throw ExecutionError.free(size: binding.key)
      }
      values[binding.size.symbol] = value
    }
    self.values = values
    guard let entrance = model.entrance else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "the missing token table")
    }
    self.entrance = entrance
    exit = model.exit
    earlyExit = model.earlyExit
    fastProgram = model.cycles?.layer.program
    try checkFunctions(entrance, exit, fastProgram)
    rotations = model.unreadAngles
    for group in model.groups {
      try checkLayer(group.layer)
      try checkFunctions(group.layer.program)
      try checkFit(group)
      let program = group.layer.program
      for angles in program.rotations where !rotations.contains(angles) { rotations.append(angles) }
      for index in try group.indices.numbers(extent) {
        (layers[index], programs[index]) = (group.layer, program)
      }
    }
  }

  /// The parameters that the parts of the passes so far have requested.
  package var allocatedParameters: Int { weights.allocated.values.reduce(0, +) }

  /// Every tensor that passes may require, from the description alone.
  ///
  /// - Throws: `ExecutionError` for a size that is no number.
  package func requestedWeights() throws -> [RequestedWeight] {
    try model.requestedWeights { try self.extent($0) }
  }

  /// How many layers there are.
  package var layerCount: Int { layers.count }

  /// The tokens of the vocabulary.
  ///
  /// - Throws: `ExecutionError` for a model without a token table.
  package var vocabularySize: Int { get throws { try model.vocabularySize(self) } }

  /// The value of a size.
  ///
  /// - Throws: `ExecutionError.tooLarge`, or an `ArithmeticError` for one that is no whole number.
  func extent(_ formula: Formula) throws -> Int {
    guard let value = Int(exactly: try formula.count(with: values)), value < 1 << 40 else {
      throw ExecutionError.tooLarge(what: "\(formula)")
    }
    return value
  }

  /// Takes the weights from where they are stored, and not from the seed.
  package func use(_ stored: any StoredWeights) { weights.stored = stored }

  /// Notes what a router has chosen.
  func note(_ choice: RoutingChoice) { routing.append(choice) }

  /// The elements of keys, values and latents that are held for later passes, of all layers.
  package var cachedElements: Int {
    states.values.reduce(0) { sum, state in
      state.caches.values.reduce(sum) { $0 + $1.count * $1.width }
    }
  }

  /// Forgets all caches and states.
  package func forget() {
    states = [:]
    past = 0
  }

  /// Random tokens of the vocabulary: `count` for each sequence of the batch.
  ///
  /// Each follows from the seed, the sequence and the position.
  package func randomTokens(_ sequences: Int, _ range: Range<Int>) throws -> [[Int]] {
    let vocabulary = try model.vocabularySize(self)
    // Of a model with a prompt of its own the first token is padding.
    let first: UInt64 = model.prompt == nil ? 0 : 1
    guard UInt64(vocabulary) > first else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "a vocabulary of padding alone")
    }
    return (0..<sequences).map { sequence in
      let key = WeightSource.key(weights.seed, "tokens.\(sequence)")
      return range.map { position in
        var hash = (key ^ UInt64(position)) &* 0x9e37_79b9_7f4a_7c15
        hash = (hash ^ (hash >> 32)) &* 0xd6e8_feb8_6659_fd93
        return Int(first + (hash ^ (hash >> 32)) % (UInt64(vocabulary) - first))
      }
    }
  }

  /// Runs new tokens after those that are cached, and returns the scores of the vocabulary:
  /// `[sequences · tokens, V]`, or `[sequences, V]` where only the last position is scored.
  ///
  /// There are as many tokens for each sequence.
  ///
  /// - Throws: `ExecutionError`; `.notStored` for a tensor that the stored weights do not have.
  package func run(_ tokens: [[Int]], _ pass: Pass = Pass()) throws -> Logits {
    let tokens = try behindPrompt(tokens)
    let count = tokens.first?.count ?? 0
    let flow = Flow(
      sequences: Array(tokens.indices), lengths: tokens.map { _ in count },
      positions: tokens.flatMap { _ in (past..<past + count) },
      identifiers: tokens.flatMap(\.self), pass: pass)
    try model.require(positions: past + count, self)
    rotaryTables = [:]
    legacies = [:]
    routing = []
    left = [:]
    let logits = try scratch.scoped {
      let scores = try model.run(flow, on: self)
      return Logits(keepsLogits ? scores : scores.rows(0..<0))
    }
    if let name = weights.unknown { throw ExecutionError.notStored(tensor: name) }
    past += count
    return logits
  }

  /// The tokens of a first pass with those that the model puts before them.
  private func behindPrompt(_ tokens: [[Int]]) throws -> [[Int]] {
    guard let prompt = model.prompt else { return tokens }
    guard tokens.allSatisfy({ !$0.contains(0) }) else {
      throw ExecutionError.notExecuted(
        modelType: model.modelType, what: "token 0, which stands for padding")
    }
    guard past == 0 else { return tokens }
    let first = try extent(prompt.firstRow)
    let own = Array(first..<first + (try extent(prompt.length)))
    return tokens.map { own + $0 }
  }
}

/// The scores of the vocabulary, `[rows, V]`.
package struct Logits: Hashable, Sendable {
  /// The positions that were scored.
  package let rows: Int
  /// The vocabulary, *V*.
  package let columns: Int
  /// The scores, row by row.
  package let numbers: [Float]

  init(_ matrix: Matrix) {
    rows = matrix.rows
    columns = matrix.columns
    // A part of the columns may be a view.
    numbers = (0..<matrix.rows).flatMap {
      UnsafeBufferPointer(start: matrix.row($0), count: matrix.columns)
    }
  }

  /// The scores of one position.
  package subscript(_ row: Int) -> ArraySlice<Float> {
    numbers[row * columns..<(row + 1) * columns]
  }
}
