import Architecture
import Symbolic

extension Mixer: Accountable {
  /// The projections, the convolutions, and the procedure.
  func work(over stream: Stream) -> [Work] {
    linears.work(productPart, rows: stream.rows)
      + convolutions.flatMap { $0.work(productPart, over: stream) }
      + (procedure?.work(productPart, over: stream) ?? [])
  }

  /// The part whose products the mixer's are: attention where its tensors are.
  private var productPart: Product.Part { part == .attention ? .attentionProjections : .mixer }
}
