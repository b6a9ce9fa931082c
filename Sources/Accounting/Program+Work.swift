import Architecture
import Symbolic

/// What the operations of a program execute for the tokens of a stream.
///
/// This is one reader of programs among others: it knows extents, and no part of a model.
struct ProgramWork {
  /// The tokens that the program runs on.
  var stream: Stream
  /// Those of the whole pass.
  private let whole: Stream
  /// The same sequence by sequence, where each may have another number of them.
  var sequences: [Stream]?
  /// The rows of its values, where they are not the tokens: the slots of experts.
  var slots: Formula?
  /// How often it runs in a pass: less than once where it is not certain that a token meets it.
  var runs: Formula
  /// What is taken of that which only the data decide.
  let assumption: DepthRouter.Assumption
  /// How many slots of the experts are filled, by the path of the mixture.
  let filling: (String) -> MixtureOfExperts.Filling
  /// What the data have decided in this layer, if it is known.
  let decided: DecidedLayer?
  /// Work of each step, with the module that does it; steps of one piece under one path are one.
  private(set) var done: [(work: Work, module: Module?, piece: Role.Piece)] = []

  init(
    _ stream: Stream, assuming assumption: DepthRouter.Assumption = .expected,
    decided: DecidedLayer? = nil,
    filling: @escaping (String) -> MixtureOfExperts.Filling = { _ in .all }
  ) {
    self.stream = stream
    whole = stream
    runs = stream.runs
    self.assumption = assumption
    self.decided = decided
    self.filling = filling
  }

  private var rows: Formula { slots ?? stream.rows }

  /// Everything that a program executes, with the modules that do it.
  func work(of program: Program) -> [(Work, Module?)] {
    var copy = self
    copy.count(program)
    return copy.done.map { ($0.work, $0.module) }
  }

  private mutating func count(_ program: Program) {
    for step in program.steps { count(step) }
  }

  private mutating func add(_ step: Step, _ kind: Work.Kind) {
    add(Work(step.path, kind), step)
  }

  private mutating func add(_ work: Work, _ step: Step) {
    switch step.gradients {
    case .flow: append(work, step)
    case .none: append(work.withoutGradients, step)
    case .whereComplete(let size):
      guard stream.workload.phase == .train, case .product = work.kind else {
        return append(work, step)
      }
      let share = Formula.minimum(1, stream.newBlocks(size))
      append(work.times(share), step)
      append(work.times(1 - share).withoutGradients, step)
    }
  }

  private mutating func append(_ work: Work, _ step: Step) {
    let piece = step.role.piece
    if let last = done.last, last.piece == piece, let sum = last.work.joined(with: work) {
      done[done.count - 1].work = sum
    } else {
      done.append((work, step.module, piece))
    }
  }

  private mutating func add(_ step: Step, _ counts: OperationCounts) {
    add(step, .elementwise(Elementwise(step.role.category, counts)))
  }

  private mutating func count(_ step: Step) {
    let numbers = rows * step.result.width
    switch step.operation {
    case .lookUp, .lookUpNgrams, .elements, .slice, .join, .repeat, .keep, .previous, .leave, .take,
      .keepIndex:
      break
    case .divide(let x, let y, _):
      add(step, ReferenceAlgorithms.divide(rows: rows, x.width, byMagnitudeOf: y.width))
    case .compress(_, _, let compression): count(step) { compression.work(over: $0) }
    case .meanBlocks(_, let indexer): count(step) { indexer.kept(over: $0) }
    case .indexBlocks(_, _, let indexer): count(step) { indexer.work(over: $0) }
    case .indexEntries(_, _, _, let heads): count(step) { heads.work(over: $0) }
    case .attendEntries(_, _, _, _, let heads): count(step) { heads.work(over: $0) }
    case .groupedProduct(_, let map, _):
      add(
        step,
        .product(
          Product(
            step.role.part, rows: rows, inner: map.input, columns: map.output, isLearned: true)))
    case .affine: add(step, OperationCounts([.multiply: numbers, .add: numbers]))
    case .sumParts(let x, _): add(step, OperationCounts([.add: rows * x.width]))
    case .balance(_, let balance): add(step, balance.counts(rows: rows))
    case .product(_, let map, _):
      add(
        step,
        .product(
          Product(
            step.role.part, rows: rows, inner: map.input, columns: map.output, isLearned: true)))
    case .productOfHeads(_, let map):
      let (copies, vectors) = map.isShared ? (1, rows * map.heads) : (map.heads, rows)
      add(
        step,
        .product(
          Product(
            step.role.part, copies: copies, rows: vectors, inner: map.input, columns: map.output,
            isLearned: true)))
    case .mixStreams(_, _, let mixing):
      add(
        step,
        .product(
          Product(
            step.role.part, copies: rows, rows: mixing.width, inner: mixing.streams,
            columns: mixing.results)))
    case .magnitude(let x): add(step, ReferenceAlgorithms.magnitude(vectors: rows, width: x.width))
    case .rescale(let x, _, _):
      add(
        step,
        ReferenceAlgorithms.magnitude(vectors: rows, width: x.width)
          + OperationCounts([.compare: rows, .multiply: numbers, .divide: numbers]))
    case .exceed(let x, _):
      add(step, ReferenceAlgorithms.excess(vectors: rows, width: x.width))
    case .convolveHeads(_, let heads):
      for work in heads.work(over: stream) { add(work.within(step.scope), step) }
    case .delay(_, let map):
      guard stream.workload.past == 0 else { break }
      // Its input is zero and needs no gradient.
      for work in map.work(step.role.part, rows: stream.sequences) {
        add(work.withGradients(1).within(step.scope), step)
      }
    case .pairScores: add(step, OperationCounts([.add: numbers]))
    case .mapChosen(_, _, let maps):
      let chosen = rows * maps.active
      let product = Product(
        step.role.part, rows: chosen, inner: maps.map.input, columns: maps.map.output,
        isLearned: true)
      add(step, .product(product))
      if maps.use == .gather {
        add(
          step,
          OperationCounts([.multiply: chosen * maps.map.output, .add: chosen * maps.map.output]))
      }
    case .shift: add(step, OperationCounts([.add: numbers]))
    case .addBias, .addVector, .add: add(step, OperationCounts([.add: numbers]))
    case .normalize(_, let norm):
      let width = norm.shape.last ?? 1
      let vectors =
        norm.subject == .queriesAndKeys ? numbers / width : rows * norm.vectors * norm.groups
      add(step, ReferenceAlgorithms.norm(norm, vectors: vectors, width: width / norm.groups))
    case .rotate(_, let rotation):
      add(
        step,
        ReferenceAlgorithms.rotation(vectors: rows * rotation.heads, size: rotation.angles.size))
    case .attend(let operands, let heads):
      let (everyone, assumption) = (whole, assumption)
      count(step) { stream in
        heads.work(
          over: heads.seesEveryToken ? stream.seeing(everyone, assuming: assumption) : stream,
          operands)
      }
    case .attendDepth(let streams, let reading):
      for work in reading.work(step.role.part, over: stream, streams: streams.count) {
        add(work.within(step.scope), step)
      }
    case .dot(let x, _, _):
      add(step, OperationCounts([.multiply: rows * x.width, .add: rows * x.width]))
    case .shorten(_, let bound):
      add(step, ReferenceAlgorithms.shorten(vectors: rows * bound.vectors, width: bound.width))
    case .convolveByToken(_, _, let convolution):
      // The sum of both kernels, and the sum over the last inputs.
      let products = numbers * convolution.kernel
      add(step, OperationCounts([.multiply: products, .add: 2 * products]))
    case .keepLatents(_, _, let heads): count(step) { heads.kept(over: $0) }
    case .attendLatents(_, _, _, let heads): count(step) { heads.work(over: $0) }
    case .index(_, _, let weights, let heads):
      count(step) { heads.work(over: $0, isWeighted: weights != nil) }
    case .activate(_, let function, _, let factor):
      add(step, activation(function, numbers, isGated: factor != nil))
    case .gate(_, let gates, let function):
      add(
        step,
        rows * gates.width * ReferenceAlgorithms.gate(function)
          + OperationCounts([.multiply: numbers]))
    case .positionFactor(let scale): add(step, rows * ReferenceAlgorithms.factor(scale))
    case .exponentials(let weight): add(step, OperationCounts([.exp: runs * weight.count]))
    case .subtract(_, _, nil): add(step, OperationCounts([.subtract: numbers]))
    case .subtract(_, _, let difference?):
      // *λ* comes once for all tokens, from products of as many elements as its vectors have.
      let size = difference.raising[0].count
      add(
        step,
        OperationCounts([.multiply: numbers, .subtract: numbers])
          + runs
          * OperationCounts([.multiply: 2 * size, .add: 2 * size + 1, .exp: 2, .subtract: 1]))
    case .scale, .multiplyVector, .weigh: add(step, OperationCounts([.multiply: numbers]))
    case .bound: add(step, numbers * ReferenceAlgorithms.cap)
    case .clip(_, _, let isAboveOnly):
      add(step, OperationCounts([.compare: (isAboveOnly ? 1 : 2) * numbers]))
    case .route(_, let routing): add(step, routing.counts(stream))
    case .experts(_, _, let experts): count(experts, step)
    case .received(_, let heads): add(step, heads.received(over: stream))
    case .scoresAboveSinks:
      // The sums are those of the softmax; the greatest score was subtracted, and is added again.
      add(step, OperationCounts([.log: numbers, .add: numbers, .subtract: numbers]))
    case .confide(let scores, _):
      // The softmax, one look at each number for each of the two greatest, their difference.
      add(
        step,
        ReferenceAlgorithms.softmax(rows * scores.width)
          + OperationCounts([
            .compare: rows * (2 * scores.width + 1), .subtract: rows,
          ]))
    case .assign(_, let assignment): add(step, assignment.counts(rows: rows))
    case .enter(_, let scores, let entrance): count(entrance, isChosen: scores != nil, step)
    case .quotient(_, let division):
      guard division.holdsInTraining || stream.workload.phase != .train else { break }
      add(step, OperationCounts([.divide: numbers * division.share]))
    case .interpolate(_, _, let weight):
      // 1 − μ is made once for all tokens.
      add(
        step,
        OperationCounts([
          .multiply: 2 * numbers, .add: numbers, .subtract: runs * weight.count,
        ]))
    case .blend:
      add(
        step,
        rows * ReferenceAlgorithms.softmax(2)
          + OperationCounts([.multiply: 2 * numbers, .add: numbers]))
    case .convolve(_, let convolution):
      count(step) { convolution.work(step.role.part, over: $0) }
    case .scan(_, let scan): count(step) { scan.work(step.role.part, over: $0) }
    case .last(_, let always, let prompt):
      if always || stream.workload.logits == .last {
        stream.tokens = 1
      } else if let prompt, stream.workload.past == 0 {
        stream.tokens = stream.tokens - prompt
      }
    }
  }

  /// What depends on the length of each sequence.
  private mutating func count(_ step: Step, _ work: (Stream) -> [Work]) {
    for stream in sequences ?? [stream] {
      for work in work(stream) { add(work.within(step.scope), step) }
    }
  }

  private func activation(
    _ function: Activation, _ numbers: Formula, isGated: Bool
  ) -> OperationCounts {
    var counts = numbers * ReferenceAlgorithms.activation(function)
    if function == .expandedIntegral {
      // Its two slopes: softplus(α_p) and β + softplus(α_n), once for all tokens.
      counts = counts + runs * (2 * ReferenceAlgorithms.softplus + OperationCounts([.add: 1]))
    }
    return isGated ? counts + OperationCounts([.multiply: numbers]) : counts
  }

  /// What the experts execute on their slots, and the sum of their answers.
  private mutating func count(_ experts: Experts, _ step: Step) {
    let routing = experts.routing
    let slots = routing.slots(stream, filling(step.scope), active: experts.active)
    var inner = self
    inner.slots = slots
    inner.runs = stream.runs * routing.experts
    inner.done = []
    inner.count(experts.body)
    // The weights inside the experts are shown with the sum.
    done += inner.done.filter { $0.piece != .weighting }
    // An input that is returned has its weight in the sum as an answer has.
    let weighed =
      routing.allReturn && routing.capacity == nil && !routing.isOfConstants
      ? stream.rows * routing.chosen : slots + routing.returned(stream, filling(step.scope))
    var counts = OperationCounts([.add: weighed * step.result.width])
    if !routing.weighsAlike {
      for (work, _, piece) in inner.done where piece == .weighting {
        if case .elementwise(let inside) = work.kind { counts = counts + inside.counts }
      }
      if experts.weighsAnswer {
        counts = counts + OperationCounts([.multiply: weighed * step.result.width])
      }
    }
    add(step, counts)
  }

  /// The choice among all tokens, and the program of those inside.
  private mutating func count(_ entrance: Entrance, isChosen: Bool, _ step: Step) {
    let router = entrance.router
    if isChosen { add(step, OperationCounts([.compare: router.looks(stream, of: whole)])) }
    if let predictor = entrance.predictor, stream.workload.phase != .prefill { count(predictor) }
    var inner = self
    inner.done = []
    if let entered = decided?.entered[router.path] {
      inner.enter(entered)
    } else {
      inner.stream = router.inner(whole, assumption)
    }
    inner.runs = inner.stream.runs
    inner.count(entrance.body)
    done += inner.done
    if let otherwise = entrance.otherwise, router.dependsOnData(stream.workload) {
      count(otherwise, ofOthersThan: router)
    }
  }

  /// What is done with the tokens that a router does not let in, while sampling one for each sequence.
  private mutating func count(_ otherwise: Program, ofOthersThan router: DepthRouter) {
    var outer = self
    outer.done = []
    outer.stream = router.outer(whole, assumption)
    if let entered = decided?.entered[router.path] {
      outer.stream.sequences = Formula(Int128(entered.count { $0.tokens == 0 }))
    }
    outer.runs = outer.stream.runs
    outer.count(otherwise)
    done += outer.done
  }

  /// The tokens that the data have let in.
  private mutating func enter(_ entered: [DecidedLayer.Entered]) {
    let streams = entered.map { sequence in
      var stream = stream
      stream.sequences = 1
      stream.tokens = Formula(sequence.tokens)
      stream.past = Formula(sequence.past)
      stream.places = sequence.positions
      stream.entering = .decidedByData
      return stream
    }
    stream.sequences = 1
    stream.tokens = streams.map(\.tokens).sum()
    stream.entering = .decidedByData
    sequences = streams.filter { !$0.tokens.isZero }
  }
}

extension Role {
  /// The part of the model that a product of this role belongs to.
  fileprivate var part: Product.Part {
    switch place {
    case .attention: .attentionProjections
    case .denseFeedForward: .denseFeedForward
    case .routedExpert: .routedExperts
    case .sharedExpert: .sharedExperts
    case .router: .router
    case .stream, .mixer: .mixer
    case .head: .head
    }
  }

  /// The kind of element-wise work.
  fileprivate var category: Elementwise.Category {
    switch piece {
    case .norm: place == .mixer ? .mixer : .norms
    case .bias: .bias
    case .rotation: .rotary
    case .scores: .softmax
    case .activation, .gate, .cap: .activations
    case .residual, .multiplier: .residual
    case .choice, .weighting, .sum: .routing
    case .table, .map, .cut, .cache, .recurrence: .mixer
    }
  }
}

extension Work {
  init(_ name: String, _ kind: Kind) {
    switch kind {
    case .product(let product): self.init(name, product)
    case .elementwise(let work): self.init(name, work)
    }
  }

  /// The sum with other work of the same name and category, if both are element-wise.
  fileprivate func joined(with other: Work) -> Work? {
    guard name == other.name, case .elementwise(let own) = kind,
      case .elementwise(let more) = other.kind, own.category == more.category
    else { return nil }
    return Work(name, Elementwise(own.category, own.counts + more.counts))
  }
}

extension AttentionHeads {
  /// Scores, softmax and values of a stream.
  func work(over stream: Stream, _ operands: AttentionOperands? = nil) -> [Work] {
    let core = AttentionCore(
      heads: heads, scoreSize: scoreSize, valueSize: valueSize, reach: reach, ahead: ahead)
    let work = core.work(
      over: stream,
      AttentionCore.Scores(
        isScaled: scale != nil, isCapped: cap != nil,
        hasSinks: sinks != nil || operands?.sinks != nil, hasLinearBias: hasLinearBias,
        hasRelativeBias: operands?.distances != nil || operands?.bucketScores != nil,
        scalesRelativeBias: operands?.distanceFactors != nil, hasValueBias: valueBias != nil))
    return (valueBias?.work(over: stream, reach) ?? [])
      + (seesHalves ? work.map { $0.times(2) } : work)
  }
}
