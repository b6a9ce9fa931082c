import Architecture
import Symbolic

extension Program {
  /// The elements that recurrences carry to the next token, where `stream` are the tokens that pass
  /// what is behind a router, or behind none.
  func stateElements(
    _ stream: (DepthRouter?) -> Stream, behind router: DepthRouter? = nil
  ) -> Formula {
    let sequences = stream(router).sequences
    return steps.map { step in
      switch step.inside {
      case nil: sequences * step.operation.stateSize
      case (let program, let inner)?:
        program.stateElements(stream, behind: inner ?? router)
      }
    }.sum()
  }
}

extension Step {
  /// The program inside, and the router in front of it.
  fileprivate var inside: (program: Program, router: DepthRouter?)? {
    if case .experts(_, _, let experts) = operation { return (experts.body, nil) }
    if case .enter(_, _, let entrance) = operation { return (entrance.body, entrance.router) }
    return nil
  }
}

extension Operation {
  /// The elements that it carries from one token of a sequence to the next.
  fileprivate var stateSize: Formula {
    switch self {
    case .convolve(_, let convolution): convolution.stateSize
    case .convolveByToken(_, _, let convolution): convolution.channels * convolution.kernel
    case .convolveHeads(_, let heads): heads.stateSize
    case .previous(let x): x.width
    case .scan(_, let scan): scan.stateSize
    // The values of the token before are among those of the convolved heads; tokens are no numbers.
    case .delay, .lookUpNgrams, .lookUp, .product, .productOfHeads, .addBias, .addVector,
      .multiplyVector, .normalize, .divide, .affine, .slice, .join, .repeat, .mixStreams,
      .sumParts, .balance, .magnitude, .rescale, .exceed, .rotate, .keep, .keepLatents, .keepIndex,
      .index, .attend, .attendDepth, .attendLatents, .meanBlocks, .indexBlocks, .compress,
      .indexEntries, .attendEntries, .groupedProduct, .activate, .gate, .add, .dot, .subtract,
      .shift, .scale, .positionFactor, .elements, .exponentials, .shorten, .bound, .clip, .route,
      .experts, .mapChosen, .pairScores, .weigh, .assign, .received, .scoresAboveSinks, .confide,
      .enter, .quotient,
      .interpolate, .blend,
      .last,
      .leave, .take:
      .zero
    }
  }
}

extension CausalConvolution {
  /// The last inputs of one sequence: as many as the kernel sees, or only those before a token.
  var stateSize: Formula {
    channels * (forgetsPast || skipsPadding ? (kernel - 1) * dilation : kernel)
  }

  /// A product of each channel's last inputs with its kernel, for every position a kernel computes.
  ///
  /// The sequence is padded by `kernel − 1` on both sides, so that a prompt of *T* gives
  /// *T + kernel − 1* positions, of which *T* are kept; a prompt that is shorter than the kernel is
  /// filled up to it for the cache, unless there is none or the convolution forgets what came
  /// before. After a cache its last `kernel` inputs stand in front: one token gives 2 positions, and
  /// more of them *T + 2·kernel − 1*.
  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    let kept = stream.rows * channels
    let bias = OperationCounts([.add: hasBias ? kept : 0])
    if forgetsPast, stream.workload.tokens == 1, stream.workload.phase != .train {
      let products = kept * kernel
      let counts = bias + OperationCounts([.multiply: products, .add: products])
      return [Work(name, Elementwise(.mixer, counts))]
    }
    let positions: Formula
    switch (stream.workload.past, stream.workload.tokens) {
    case _ where skipsPadding: positions = stream.tokens
    case _ where forgetsPast || stream.workload.phase == .train:
      positions = stream.tokens + kernel - 1
    case (0, _): positions = .maximum(stream.tokens, kernel) + kernel - 1
    case (_, 1): positions = 2
    default: positions = stream.tokens + 2 * kernel - 1
    }
    let product = Product(
      part, copies: channels, rows: stream.sequences * positions, inner: kernel, columns: 1,
      isLearned: true)
    return [Work(name, product)] + (hasBias ? [Work(name, Elementwise(.mixer, bias))] : [])
  }
}

extension Scan {
  /// The elements of the state of one sequence.
  var stateSize: Formula {
    switch self {
    case .selective(let scan): scan.channels * scan.state
    case .duality(let scan): scan.heads * scan.headSize * scan.state
    case .gatedDelta(let scan): scan.stateSize
    case .channelDelta(let scan): scan.stateSize
    case .lightning(let scan): scan.stateSize
    case .matrixMemory(let scan): scan.stateSize
    case .weightedMean(let scan): scan.stateSize
    case .gatedUnit(let scan): scan.width
    }
  }

  /// Everything that the algorithm executes over a stream.
  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    switch self {
    case .selective(let scan): scan.work(part, stream)
    case .duality(let scan): scan.work(part, stream)
    case .gatedDelta(let scan): scan.work(part, stream)
    case .channelDelta(let scan): scan.work(part, stream)
    case .lightning(let scan): scan.work(part, stream)
    case .matrixMemory(let scan): scan.work(part, stream)
    case .weightedMean(let scan): scan.work(stream)
    case .gatedUnit(let scan): scan.work(stream)
    }
  }
}

extension Scan.Selective {
  /// Token by token: `h ← e^(Δ·A)·h + (Δ·x)·B`, then `y = h·C + D·x`.
  fileprivate func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let rows = stream.rows
    let (wide, all) = (rows * channels, rows * channels * state)
    // A = 0 − e^(A_log), once; Δ = softplus of its projection.
    let counts =
      wide * ReferenceAlgorithms.softplus
      + OperationCounts([
        .exp: channels * state + all, .subtract: channels * state,
        .multiply: 3 * all + 2 * wide, .add: all + wide,
      ])
    let read = Product(part, copies: rows, rows: channels, inner: state, columns: 1)
    return [Work("scan", Elementwise(.mixer, counts)), Work("scan", read)]
  }
}

extension Scan.GatedUnit {
  /// `h ← a·h + √(1 − a²)·i·x`, for each channel by itself.
  fileprivate func work(_ stream: Stream) -> [Work] {
    let numbers = stream.rows * width
    // −8·softplus(Λ), once for each channel.
    let constants = width * ReferenceAlgorithms.softplus + OperationCounts([.multiply: width])
    // σ of both gates; ln a = r·constant, a, a² = e^(2·ln a); i·x; √(1 − a²), times it; a·h + x.
    let counts =
      2 * numbers * ReferenceAlgorithms.sigmoid
      + OperationCounts([
        .multiply: 5 * numbers, .exp: 2 * numbers, .subtract: numbers, .sqrt: numbers,
        .add: numbers,
      ])
    return [Work("scan", Elementwise(.mixer, constants + counts))]
  }
}

extension Stream {
  /// Whether a recurrence goes one step, from a state that it has.
  var isStep: Bool { workload.tokens == 1 && workload.past > 0 }

  /// The chunks that the new tokens fill, the last one padded.
  func chunks(of size: Formula) -> Formula { .ceiling(tokens / size) }
}
