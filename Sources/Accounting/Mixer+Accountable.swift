import Architecture
import Symbolic

extension Mixer: Accountable {
  func work(over stream: Stream) -> [Work] {
    let part: Product.Part = self.part == .attention ? .attentionProjections : .mixer
    return linears.work(part, rows: stream.rows)
  }
}
