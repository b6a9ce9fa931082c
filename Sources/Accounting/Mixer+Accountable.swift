import Architecture
import Symbolic

extension Mixer: Accountable {
  /// The projections, the convolutions, and the recurrence in the form of its reference algorithm.
  func work(over stream: Stream) -> [Work] {
    let part = productPart
    let rows = stream.rows
    var work = linears.work(part, rows: rows)
    work += headwise.flatMap { $0.work(part, rows: rows) }
    work += convolutions.flatMap { $0.work(part, over: stream) }
    if let recurrence { work += recurrence.work(part, over: stream) }
    work += norms.map { $0.work(rows: rows, .mixer) }
    work += procedure?.work(part, over: stream) ?? []
    if !gatedWidth.isZero {
      let numbers = rows * gatedWidth
      work.append(
        Work("gate", Elementwise(.mixer, numbers * gating)))
    }
    return work
  }

  /// The function of one number of the gate, and its product with the output.
  private var gating: OperationCounts {
    let function = ReferenceAlgorithms.activation(gateActivation) ?? .none
    return function + OperationCounts([.multiply: 1])
  }

  /// The part whose products the mixer's are: attention where its tensors are.
  private var productPart: Product.Part { part == .attention ? .attentionProjections : .mixer }

  /// The numbers carried to the next token, for all sequences.
  func stateElements(after stream: Stream) -> Formula {
    let inputs = convolutions.map { $0.channels * $0.kernel }.sum()
    return stream.sequences * (inputs + (recurrence?.stateSize ?? 0) + (procedure?.stateSize ?? 0))
  }
}

extension HeadwiseLinear {
  fileprivate func work(_ part: Product.Part, rows: Formula) -> [Work] {
    let product = Product(
      part, copies: heads, rows: rows, inner: input, columns: output, isLearned: true)
    let bias = Elementwise(.bias, [.add: rows * heads * output])
    return [Work(name, product)] + (hasBias ? [Work(name, bias)] : [])
  }
}

extension CausalConvolution {
  /// A product of each channel's last inputs with its kernel, for every position a kernel computes.
  ///
  /// The sequence is padded by `kernel − 1` on both sides, so that a prompt of *T* gives
  /// *T + kernel − 1* positions, of which *T* are kept; a shorter prompt than the kernel is filled
  /// up to it, unless the convolution forgets what came before. After a cache its last `kernel` inputs stand
  /// in front: one token gives 2 positions, and more of them *T + 2·kernel − 1*.
  fileprivate func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    let kept = stream.rows * channels
    var counts = OperationCounts([.add: hasBias ? kept : 0])
    if isActivated { counts = counts + kept * ReferenceAlgorithms.sigmoid }
    if forgetsPast, stream.workload.tokens == 1, stream.workload.phase != .train {
      let products = kept * kernel
      counts = counts + OperationCounts([.multiply: products, .add: products])
      return [Work(name, Elementwise(.mixer, counts))]
    }
    let positions: Formula
    switch (stream.workload.past, stream.workload.tokens) {
    case _ where forgetsPast: positions = stream.tokens + kernel - 1
    case (0, _): positions = .maximum(stream.tokens, kernel) + kernel - 1
    case (_, 1): positions = 2
    default: positions = stream.tokens + 2 * kernel - 1
    }
    let product = Product(
      part, copies: channels, rows: stream.sequences * positions, inner: kernel, columns: 1,
      isLearned: true)
    return [Work(name, product), Work(name, Elementwise(.mixer, counts))]
  }
}

extension Recurrence {
  /// The numbers of the state of one sequence.
  var stateSize: Formula {
    switch self {
    case .selective(let channels, let state): channels * state
    case .duality(let heads, let size, let state, _): heads * size * state
    case .delta(let heads, let keySize, let valueSize, _): heads * keySize * valueSize
    case .gatedConvolution: 0
    case .lightning(let heads, let size, _): heads * size * size
    case .channelDelta(let heads, let size, _, _): heads * size * size
    case .matrixMemory(let heads, let keySize, let valueSize, _, _):
      heads * (keySize * valueSize + keySize + 1)
    case .gatedUnit(let width): width
    // Numerator, denominator and greatest exponent; and the last inputs.
    case .receptance(let input, let width): 3 * width + input
    }
  }

  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    switch self {
    case .selective(let channels, let state):
      selective(part, stream, channels, state)
    case .duality(let heads, let size, let state, let chunk):
      Duality(heads: heads, size: size, state: state, chunk: chunk).work(part, stream)
    case .delta(let heads, let keySize, let valueSize, let chunk):
      DeltaRule(heads: heads, keySize: keySize, valueSize: valueSize, chunk: chunk)
        .work(part, stream)
    case .gatedConvolution(let width):
      // B·x before the convolution, and C times what comes out.
      [Work("gates", Elementwise(.mixer, [.multiply: 2 * stream.rows * width]))]
    case .lightning(let heads, let size, let block):
      Lightning(heads: heads, size: size, block: block).work(part, stream)
    case .channelDelta(let heads, let size, let chunk, let decay):
      ChannelDelta(heads: heads, size: size, chunk: chunk, decay: decay).work(part, stream)
    case .matrixMemory(let heads, let keySize, let valueSize, let chunk, let longest):
      MatrixMemory(
        heads: heads, keySize: keySize, valueSize: valueSize, chunk: chunk, longest: longest
      ).work(part, stream)
    case .gatedUnit(let width): gatedUnit(stream, width)
    case .receptance(let input, let width): receptance(stream, input, width)
    }
  }

  /// Token by token: `h ← e^(Δ·A)·h + (Δ·x)·B`, then `y = h·C + D·x`.
  ///
  /// - Source: Gu and Dao 2023, algorithm 2, <https://arxiv.org/abs/2312.00752>.
  private func selective(
    _ part: Product.Part, _ stream: Stream, _ channels: Formula, _ state: Formula
  ) -> [Work] {
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

extension Stream {
  /// Whether a recurrence goes one step, from a state that it has.
  var isStep: Bool { workload.tokens == 1 && workload.past > 0 }

  /// The chunks that the new tokens fill, the last one padded.
  func chunks(of size: Formula) -> Formula { .ceiling(tokens / size) }
}

/// A state space with a decay for each head, as structured masked attention in chunks.
///
/// - Source: Dao and Gu 2024, listing 1, <https://arxiv.org/abs/2405.21060>.
private struct Duality {
  let heads: Formula
  let size: Formula
  let state: Formula
  let chunk: Formula

  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let copies = stream.sequences * heads
    let (rows, headed) = (stream.rows, stream.rows * heads)
    // Δ = softplus(Δ + bias); A = 0 − e^(A_log) once; Δ·A; Δ·x; D·x, and its sum with y.
    let common =
      headed * ReferenceAlgorithms.softplus
      + OperationCounts([
        .add: headed + headed * size, .exp: heads, .subtract: heads,
        .multiply: headed + 2 * rows * heads * size,
      ])
    guard !stream.isStep else {
      let numbers = headed * size * state
      let step = OperationCounts([.exp: headed, .multiply: 2 * numbers, .add: numbers])
      return [
        Work("scan", Elementwise(.mixer, common + step)),
        Work("scan", Product(part, copies: copies, rows: size, inner: state, columns: 1)),
      ]
    }
    let count = stream.chunks(of: chunk)
    let all = copies * count
    let around = copies * (count + 1) * (count + 1)
    // Sums of decays within and between chunks, their exponentials, and what they multiply.
    let decays = OperationCounts([
      .add: all * (chunk + chunk * chunk) + around + all * chunk * size,
      .subtract: all * chunk, .exp: all * (chunk * chunk + 2 * chunk) + around,
      .multiply: all * (chunk * chunk + chunk * state + chunk * size),
    ])
    func product(_ m: Formula, _ k: Formula, _ n: Formula) -> Product {
      Product(part, copies: all, rows: m, inner: k, columns: n)
    }
    return [
      Work("scan", Elementwise(.mixer, common + decays)),
      Work("scan.scores", product(chunk, state, chunk)),
      Work("scan.values", product(chunk, chunk, size)),
      Work("scan.states", product(size, chunk, state)),
      Work(
        "scan.passing",
        Product(
          part, copies: copies, rows: count + 1, inner: count + 1, columns: size * state)),
      Work("scan.outputs", product(chunk, state, size)),
    ]
  }
}

/// The gated delta rule, in chunks by the UT transform.
///
/// - Source: Yang et al. 2024, §3.3, <https://arxiv.org/abs/2412.06464>.
private struct DeltaRule {
  let heads: Formula
  let keySize: Formula
  let valueSize: Formula
  let chunk: Formula

  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let copies = stream.sequences * heads
    let headed = stream.rows * heads
    // β = σ(b); the decay 0 − e^(A_log)·softplus(a + bias); q and k over their lengths, q scaled.
    let common =
      headed * (ReferenceAlgorithms.sigmoid + ReferenceAlgorithms.softplus)
      + OperationCounts([
        .add: headed + 2 * headed * (keySize + 1), .exp: heads, .subtract: heads,
        .multiply: headed + headed * 5 * keySize, .sqrt: 2 * headed, .divide: 2 * headed,
      ])
    guard !stream.isStep else {
      let numbers = headed * keySize * valueSize
      // S ← e^g·S; S·k; β·(v − S·k); S ← S + k·δ; S·q.
      let step = OperationCounts([
        .exp: headed, .multiply: 4 * numbers + headed * valueSize, .add: 3 * numbers,
        .subtract: headed * valueSize,
      ])
      return [Work("scan", Elementwise(.mixer, common + step))]
    }
    let all = copies * stream.chunks(of: chunk)
    let square = chunk * chunk
    let solved = chunk * (chunk - 1) / 2 * (keySize + valueSize)
    // β·v, β·k; sums of decays, their differences and exponentials; two decayed squares; decayed
    // keys and queries; two triangular systems; the correction, the sum, the decayed state.
    let counts = OperationCounts([
      .add: all * (chunk + chunk * valueSize + keySize * valueSize),
      .subtract: all * (square + solved + chunk * valueSize + chunk),
      .exp: all * (square + 2 * chunk + 1),
      .multiply: all
        * (2 * square + chunk * valueSize + 4 * chunk * keySize + solved + keySize * valueSize),
    ])
    func product(_ m: Formula, _ k: Formula, _ n: Formula) -> Product {
      Product(part, copies: all, rows: m, inner: k, columns: n)
    }
    return [
      Work("scan", Elementwise(.mixer, common + counts)),
      Work("scan.keys", product(chunk, keySize, chunk)),
      Work("scan.scores", product(chunk, keySize, chunk)),
      Work("scan.predictions", product(chunk, keySize, valueSize)),
      Work("scan.reads", product(chunk, keySize, valueSize)),
      Work("scan.values", product(chunk, chunk, valueSize)),
      Work("scan.writes", product(keySize, chunk, valueSize)),
    ]
  }
}

/// Linear attention with a fixed decay for each head, in blocks.
///
/// - Source: MiniMax 2025, §2.2, <https://arxiv.org/abs/2501.08313>.
private struct Lightning {
  let heads: Formula
  let size: Formula
  let block: Formula

  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let copies = stream.sequences * heads
    let (rows, square) = (stream.rows * heads, size * size)
    // silu of queries, keys and values.
    let activated = 3 * rows * size * ReferenceAlgorithms.sigmoid
    guard stream.workload.past == 0 else {
      let counts = OperationCounts([
        .exp: heads, .subtract: heads, .multiply: rows * square, .add: rows * square,
      ])
      return [
        Work("scan", Elementwise(.mixer, activated + counts)),
        Work("scan.writes", Product(part, copies: rows, rows: size, inner: 1, columns: size)),
        Work("scan.reads", Product(part, copies: rows, rows: 1, inner: size, columns: size)),
      ]
    }
    // Whole blocks, and one of what is left.
    let whole = Formula.floor(stream.tokens / block)
    let rest = stream.tokens - whole * block
    let squares = whole * block * block + rest * rest
    let blocks = stream.chunks(of: block)
    let counts = OperationCounts([
      .multiply: copies * squares + 2 * rows * size + copies * blocks * square,
      .add: rows * size + copies * blocks * square,
      .exp: heads * blocks, .subtract: heads * blocks,
    ])
    return [
      Work("scan", Elementwise(.mixer, activated + counts)),
      Work("scan.scores", Product(part, copies: copies, rows: squares, inner: size, columns: 1)),
      Work("scan.values", Product(part, copies: copies, rows: squares, inner: 1, columns: size)),
      Work("scan.reads", Product(part, copies: rows, rows: 1, inner: size, columns: size)),
      Work("scan.writes", Product(part, copies: rows, rows: size, inner: 1, columns: size)),
    ]
  }
}
