import Architecture
import Symbolic

/// The gated delta rule with a decay for each channel of the keys, in chunks.
///
/// Inside a chunk every pair of positions has a decay of its own for each channel, so that scores
/// are sums of element-wise products; a triangular system is solved by forward substitution.
///
/// - Source: Moonshot AI 2025 (Kimi Linear), §3, <https://arxiv.org/abs/2510.26692>; the chunks as
///   `chunk_kimi_delta_attention` of transformers 5.23.
extension Scan.ChannelDelta {
  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let headed = stream.rows * heads
    let wide = headed * size
    // β = σ(b); q and k over their lengths, q scaled.
    let common =
      headed * ReferenceAlgorithms.sigmoid + decays(wide)
      + OperationCounts([
        .multiply: 3 * wide, .add: 2 * (wide + headed), .sqrt: 2 * headed, .divide: 2 * wide,
      ])
    guard !stream.isStep else {
      let numbers = wide * size
      // S ← e^g·S; S·k; β·(v − S·k); S ← S + k·δ; S·q.
      let step = OperationCounts([
        .exp: wide, .multiply: 4 * numbers + wide, .add: 3 * numbers, .subtract: wide,
      ])
      return [Work("scan", Elementwise(.mixer, common + step))]
    }
    let sequences = stream.sequences * heads
    let all = sequences * stream.chunks(of: chunk)
    func product(_ m: Formula, _ k: Formula, _ n: Formula) -> Product {
      Product(part, copies: all, rows: m, inner: k, columns: n)
    }
    return [
      Work("scan", Elementwise(.mixer, common + all * oneChunk)),
      Work("scan.solved_values", product(chunk, chunk, size)),
      Work("scan.solved_keys", product(chunk, chunk, size)),
      Work("scan.values", product(chunk, chunk, size)),
    ]
      + ["scan.predictions", "scan.reads"].flatMap { name in
        stream.startingFromZero(first: sequences, of: all) {
          Work(name, Product(part, copies: $0, rows: chunk, inner: size, columns: size))
        }
      }
      + stream.endingUnused(last: sequences, of: all) {
        Work("scan.writes", Product(part, copies: $0, rows: size, inner: chunk, columns: size))
      }
  }

  /// From the projections to the logarithms of the decays; the rate e^(A_log) comes once.
  private func decays(_ numbers: Formula) -> OperationCounts {
    let biased = OperationCounts([.add: numbers, .exp: heads])
    switch decay {
    case .softplus:
      return biased + numbers * ReferenceAlgorithms.softplus
        + OperationCounts([.multiply: numbers, .subtract: heads])
    case .bounded:
      return biased + numbers * ReferenceAlgorithms.sigmoid
        + OperationCounts([.multiply: 2 * numbers])
    }
  }

  /// What one head does in one chunk beside the products.
  private var oneChunk: OperationCounts {
    let (wide, square) = (chunk * size, chunk * chunk)
    let pairs = square * size
    // Row i of the inverse takes i of the rows before it, from the second row on.
    let substituted = (chunk - 1) * chunk * (2 * chunk - 1) / 6
    let rows = chunk * (chunk - 1) / 2
    let inputs = OperationCounts([.multiply: 2 * wide])  // β·v and β·k
    let decays = OperationCounts([.add: wide, .subtract: pairs, .exp: pairs])  // their sums
    let scores = OperationCounts([.multiply: 4 * pairs, .add: 2 * pairs])  // of k and k, q and k
    // The scores of the keys are negated, the inverse found, and the identity added to it.
    let inverse = OperationCounts([
      .subtract: square, .multiply: substituted, .add: substituted + rows + square,
    ])
    // Keys and queries times the decay since the chunk began, keys times that until it ends.
    let decayed = OperationCounts([.exp: 3 * wide, .multiply: 3 * wide, .subtract: wide])
    // v − prediction; what is read from the state and from the chunk added; the decayed state
    // and what is written.
    let state = OperationCounts([
      .subtract: wide, .add: wide + size * size, .exp: size, .multiply: size * size,
    ])
    return inputs + decays + scores + inverse + decayed + state
  }
}
