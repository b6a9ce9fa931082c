import Architecture
import Symbolic

extension FeedForward {
  /// The maps, the activation of every inner number, and the product with the gate.
  func work(_ part: Product.Part, rows: Formula) -> [Work] {
    let numbers = rows * width
    var counts = numbers * (ReferenceAlgorithms.activation(activation) ?? .none)
    if isGated { counts = counts + OperationCounts([.multiply: numbers]) }
    let mixes = isReceptive ? [reception(rows)] : []
    return mixes + inputs.work(part, rows: rows) + norms.map { $0.work(rows: rows) }
      + [Work("activation", Elementwise(.activations, counts))]
      + output.work(part, rows: rows)
  }

  /// A mix with the token before for each input map, and the gate on the output.
  private func reception(_ rows: Formula) -> Work {
    let width = output.output
    let mixes = ReferenceAlgorithms.shiftedMixes(
      Formula(Int128(inputs.count)), rows: rows, width: width)
    let gate = ReferenceAlgorithms.sigmoid + OperationCounts([.multiply: 1])
    return Work("mix", Elementwise(.activations, mixes + rows * width * gate))
  }
}
