import Architecture
import Symbolic

extension Mixer: Accountable {
  /// The projections, the convolutions, and the recurrence in the form of its reference algorithm.
  func work(over stream: Stream) -> [Work] {
    let part = productPart
    let rows = stream.rows
    var work = linears.work(part, rows: rows)
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
    // Numerator, denominator and greatest exponent; and the last inputs.
    case .receptance(let input, let width): 3 * width + input
    }
  }

  func work(_ part: Product.Part, over stream: Stream) -> [Work] {
    switch self {
    case .receptance(let input, let width): receptance(stream, input, width)
    }
  }
}

extension Stream {
  /// Whether a recurrence goes one step, from a state that it has.
  var isStep: Bool { workload.tokens == 1 && workload.past > 0 }

  /// The chunks that the new tokens fill, the last one padded.
  func chunks(of size: Formula) -> Formula { .ceiling(tokens / size) }
}
