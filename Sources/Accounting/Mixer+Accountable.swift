import Architecture
import Symbolic

extension Mixer: Accountable {
  /// The projections, the convolutions, and the recurrence in the form of its reference algorithm.
  func work(over stream: Stream) -> [Work] {
    let part = productPart
    let rows = stream.rows
    var work = linears.work(part, rows: rows)
    work += headwise.flatMap { $0.work(part, rows: rows) }
    work += convolutions.flatMap { $0.activatedWork(part, over: stream) }
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
    let inputs = convolutions.map { $0.stateSize }.sum()
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
  /// The convolution and `silu` behind it, where there is one.
  fileprivate func activatedWork(_ part: Product.Part, over stream: Stream) -> [Work] {
    let work = work(part, over: stream)
    guard isActivated else { return work }
    let counts = stream.rows * channels * ReferenceAlgorithms.sigmoid
    return work + [Work(name, Elementwise(.mixer, counts))]
  }
}

extension Recurrence {
  /// The numbers of the state of one sequence.
  var stateSize: Formula {
    switch self {
    case .selective(let channels, let state): channels * state
    case .gatedUnit(let width): width
    // Numerator, denominator and greatest exponent; and the last inputs.
    case .receptance(let input, let width): 3 * width + input
    }
  }

  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    switch self {
    case .selective(let channels, let state):
      selective(part, stream, channels, state)
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
