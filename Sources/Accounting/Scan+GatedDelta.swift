import Architecture
import Symbolic

/// The gated delta rule, in chunks by the UT transform.
///
/// - Source: Yang et al. 2024, §3.3, <https://arxiv.org/abs/2412.06464>.
extension Scan.GatedDelta {
  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let copies = stream.sequences * heads
    let headed = stream.rows * heads
    // β = σ(b); the decay 0 − e^(A_log)·softplus(a + bias); q and k over their lengths, q scaled.
    let common =
      headed * (ReferenceAlgorithms.sigmoid + ReferenceAlgorithms.softplus)
      + OperationCounts([
        .add: headed + 2 * headed * (keySize + 1), .exp: heads, .subtract: heads,
        .multiply: (writesTwice ? 2 : 1) * headed + headed * 5 * keySize, .sqrt: 2 * headed,
        .divide: 2 * headed,
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
      Work("scan.values", product(chunk, chunk, valueSize)),
    ]
      + ["scan.predictions", "scan.reads"].flatMap { name in
        stream.startingFromZero(first: copies, of: all) {
          Work(name, Product(part, copies: $0, rows: chunk, inner: keySize, columns: valueSize))
        }
      }
      + stream.endingUnused(last: copies, of: all) {
        Work(
          "scan.writes", Product(part, copies: $0, rows: keySize, inner: chunk, columns: valueSize))
      }
      + (stream.workload.phase == .train
        ? [
          // The gradient of a triangular matrix is that of its solution times the solution.
          Work("scan.solved_values", product(chunk, valueSize, chunk)).inBackwardAlone,
          Work("scan.solved_keys", product(chunk, keySize, chunk)).inBackwardAlone,
        ] : [])
  }
}
