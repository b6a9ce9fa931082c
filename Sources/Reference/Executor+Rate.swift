import Architecture
import Kernels

/// How fast the kernels of one form of evidence are on this machine, by short runs of them.
package struct Rates: Sendable {
  /// Floating-point operations in a second, of products with weights.
  package let products: Double
  /// The same of scores and values, with the softmax between them.
  package let attention: Double
  /// Operations in a second, of element-wise work.
  package let elementwise: Double
  /// Operations in a second on numbers that count.
  package let literal: Double
  /// Elements of weights that are made in a second.
  package let weights: Double
}

extension Executor {
  /// Measures the rates, in some hundredths of a second.
  package var measuredRates: Rates {
    let wasRecording = meter.isRecording
    meter.isRecording = false
    defer { meter.isRecording = wasRecording }
    return scratch.scoped {
      let size = evidence == .literal ? 64 : 512
      let (x, w) = (scratch.zeros(size, size), scratch.zeros(size, size))
      let y = scratch.matrix(size, size)
      let products = Self.rate(2 * size * size * size) { product(x, w, into: y, "") }
      let literal = Self.rate(5 * 512 * 64) {
        meter.literally("", rows: 0..<512) { row in Counted.softmax(x.row(row % size), 64) }
      }
      let elementwise = Self.rate(5 * size * size) {
        activate(y, .silu, times: x, "")
      }
      let (queries, width) = (min(size, 128), attentionWidth)
      let keys = scratch.zeros(evidence == .literal ? 64 : 4096, width)
      let core = AttentionCore(
        heads: 1, keyValueHeads: 1, scoreSize: width, valueSize: width, reach: .all, scale: 1)
      let span = AttentionCore.Span(
        queries: scratch.zeros(queries, width), keys: keys, values: keys,
        firstQuery: keys.rows - queries, firstKey: 0)
      let answer = scratch.matrix(queries, width)
      let attention = Self.rate(4 * queries * keys.rows * width) {
        attend(core, span, .full, into: answer, "")
      }
      let count = 1 << 20
      let weights = Self.rate(count) {
        scratch.scoped {
          _ = self.weights.made(rows: 1, columns: count, scratch)
        }
      }
      return Rates(
        products: products, attention: attention, elementwise: elementwise, literal: literal,
        weights: weights)
    }
  }

  /// How much a body does in a second; the first run of it, which touches memory, does not count.
  private static func rate(_ operations: Int, _ body: () -> Void) -> Double {
    body()
    let elapsed = ContinuousClock().measure(body).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    return Double(operations) / max(seconds, 1e-9)
  }

  /// The width of a head of the first attention module, or a usual one.
  private var attentionWidth: Int {
    for branch in layers.values.flatMap(\.branches) {
      switch branch.module {
      case .selfAttention(let module): return (try? extent(module.headSize)) ?? 64
      case .compressedAttention(let module): return (try? extent(module.headSize)) ?? 64
      case .latentAttention(let module): return (try? extent(module.plainSize)) ?? 64
      default: continue
      }
    }
    return 64
  }
}
