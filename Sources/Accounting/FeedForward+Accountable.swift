import Architecture
import Symbolic

extension FeedForward {
  /// The maps, the activation of every inner number, and the product with the gate.
  ///
  /// The layer runs so often in a pass: less than once where it is not certain that a token meets it.
  func work(_ part: Product.Part, rows: Formula, runs: Formula = 1) -> [Work] {
    let numbers = rows * width
    var counts = numbers * (ReferenceAlgorithms.activation(activation) ?? .none)
    if activation == "xielu" {
      // Its two slopes: softplus(α_p) and β + softplus(α_n), once for all tokens.
      let slopes = 2 * ReferenceAlgorithms.softplus + OperationCounts([.add: 1])
      counts = counts + runs * slopes
    }
    if isGated { counts = counts + OperationCounts([.multiply: numbers]) }
    if factorCaps != nil {
      // c·tanh(g/c)·σ(g)·(c·tanh(u/c)): one product more than with a gate alone.
      counts =
        counts + 2 * numbers * ReferenceAlgorithms.cap + OperationCounts([.multiply: numbers])
    }
    return inputs.work(part, rows: rows) + norms.map { $0.work(rows: rows) }
      + [Work("activation", Elementwise(.activations, counts))]
      + output.work(part, rows: rows)
  }
}
