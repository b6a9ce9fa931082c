import Architecture
import Symbolic

/// A matrix memory with exponential gates: whole chunks, and token by token what is left.
///
/// - Source: Beck et al. 2024 (xLSTM), §2.3, <https://arxiv.org/abs/2405.04517>; the chunks as
///   `mlstm_chunkwise_native_autograd` of transformers 5.23.
extension Scan.MatrixMemory {
  func work(_ part: Product.Part, _ stream: Stream) -> [Work] {
    let copies = stream.sequences * heads
    let (all, single) = (copies * wholeChunks(stream), copies * singles(stream))
    func product(_ name: String, _ count: Formula, _ m: Formula, _ k: Formula, _ n: Formula) -> Work
    {
      Work(name, Product(part, copies: count, rows: m, inner: k, columns: n))
    }
    let step = [
      product("scan.writes", single, keySize, 1, valueSize),
      product("scan.reads", single, 1, keySize, valueSize),
      product("scan.normalizers", single, 1, keySize, 1),
    ]
    guard stream.workload.tokens != 1 else {
      return [Work("scan", Elementwise(.mixer, single * oneStep))] + step
    }
    return [
      Work("scan", Elementwise(.mixer, all * oneChunk + single * oneStep)),
      product("scan.chunk_writes", all, keySize, chunk, valueSize),
      product("scan.chunk_scores", all, chunk, keySize, chunk),
      product("scan.chunk_reads", all, chunk, keySize, valueSize),
      product("scan.chunk_values", all, chunk, chunk, valueSize),
      product("scan.chunk_normalizers", all, chunk, keySize, 1),
    ] + step
  }

  /// The chunks that the pieces of a prompt fill; one token is no chunk.
  private func wholeChunks(_ stream: Stream) -> Formula {
    guard stream.workload.tokens != 1 else { return 0 }
    // Training takes a sequence whole.
    let pieces = stream.workload.phase == .train ? 0 : Formula.floor(stream.tokens / longest)
    let rest = stream.tokens - pieces * longest
    return pieces * .floor(longest / chunk) + .floor(rest / chunk)
  }

  /// The tokens after the last whole chunk of each piece.
  private func singles(_ stream: Stream) -> Formula {
    stream.tokens - chunk * wholeChunks(stream)
  }

  /// `0 − ln(1 + e^(0−f))`.
  private static let logarithmOfSigmoid =
    ReferenceAlgorithms.softplus + OperationCounts([.subtract: 2])

  /// What one head does for one token beside the products.
  private var oneStep: OperationCounts {
    // t = f + m; m' = max(t, i); e^(t−m'), e^(i−m').
    let gates =
      Self.logarithmOfSigmoid
      + OperationCounts([.add: 1, .compare: 1, .subtract: 2, .exp: 2])
    // The decayed memory and k·vᵀ times their gates; the same for the sum of keys; q scaled.
    let numbers = keySize * valueSize
    let state = OperationCounts([
      .multiply: 2 * numbers + 3 * keySize, .add: numbers + keySize,
    ])
    return gates + state + denominator(readings: 1)
  }

  /// `max(|q·n|, e^(0−m)) + ε` for `count` readings, and their quotients.
  private func denominator(readings: Formula) -> OperationCounts {
    readings
      * OperationCounts([
        .subtract: 2, .compare: 2, .exp: 1, .add: 1, .divide: valueSize,
      ])
  }

  /// What one head does for one chunk beside the products.
  private var oneChunk: OperationCounts {
    let (wide, square, numbers) = (chunk * keySize, chunk * chunk, keySize * valueSize)
    // Logarithms of the forget gates and their sums.
    let gates = chunk * Self.logarithmOfSigmoid + OperationCounts([.add: chunk])
    // The exponent of each token at the end of the chunk, and the greatest; m' = max(g + m, a).
    let exponents = OperationCounts([
      .subtract: chunk, .add: chunk + 1, .compare: chunk + 1,
    ])
    // Keys times e^(a−m'); the state and the sum of keys times e^(g+m−m') and what is added.
    let state = OperationCounts([
      .subtract: chunk + 1, .add: numbers + wide + keySize, .exp: chunk + 1,
      .multiply: wide + numbers + keySize,
    ])
    // Exponents of each pair, their greatest, and that of the state; e^(d−m); scores scaled, and
    // times that.
    let pairs = OperationCounts([
      .subtract: 2 * square, .add: square + chunk, .compare: square + chunk, .exp: square,
      .multiply: 2 * square,
    ])
    // Queries times e^(b−m) and scaled; numerators and denominators of state and chunk added.
    let reads = OperationCounts([
      .subtract: chunk, .exp: chunk, .multiply: 2 * wide,
      .add: chunk * valueSize + square + chunk,
    ])
    return gates + exponents + state + pairs + reads + denominator(readings: chunk)
  }
}
