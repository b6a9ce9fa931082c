import Architecture
import Symbolic

extension LatentHeads {
  /// What keeping the latents of a stream executes: their expansion, where that is cached.
  func kept(over stream: Stream) -> [Work] {
    stream.workload.latentForm == .expanded
      ? expand.work(.attentionProjections, rows: stream.rows) : []
  }

  /// What attention over latents executes, in the form of the pass.
  func work(over stream: Stream) -> [Work] {
    switch stream.workload.latentForm {
    case .expanded: return expanded.work(over: stream)
    case .reexpanded:
      return expand.work(.attentionProjections, rows: stream.sequences * stream.keys(reach))
        + expanded.work(over: stream)
    case .absorbed:
      // One head's half of the expansion, applied to every head's vector of every token.
      func half(_ inner: Formula, _ columns: Formula) -> Product {
        Product(
          .attentionProjections, copies: heads, rows: stream.rows, inner: inner, columns: columns,
          isLearned: true)
      }
      return [Work("\(expand.name).keys", half(plainSize, rank))] + absorbed.work(over: stream)
        + [Work("\(expand.name).values", half(rank, valueSize))]
    }
  }
}

extension LatentAttention {
  /// Latents and rotated keys, or the keys and values of every head, and the keys of an indexer.
  ///
  /// Latents of another layer are cached there.
  func cacheElements(after stream: Stream) -> Formula {
    let vector =
      stream.workload.latentForm == .expanded
      ? heads * (plainSize + rotarySize + valueSize)
      : source.isBorrowed ? 0 : keyValueRank + rotarySize
    return stream.sequences
      * (stream.cachedAfter(reach) * vector + (stream.past + stream.tokens)
        * (indexer?.headSize ?? 0))
  }
}
