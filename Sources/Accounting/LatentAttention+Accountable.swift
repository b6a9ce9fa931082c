import Architecture
import Symbolic

extension LatentAttention: Accountable {
  /// Latent attention in one of its three forms.
  ///
  /// Expanded: keys and values rise from the latent once, when they are new. Re-expanded: they rise
  /// from every cached latent in each pass. Absorbed: the queries go down into the latent space and
  /// the outputs come up from it, head by head, and nothing is expanded.
  ///
  /// - Source: DeepSeek-AI 2024 (DeepSeek-V2), §2.1.2, <https://arxiv.org/abs/2405.04434>.
  func work(over stream: Stream) -> [Work] {
    let rows = stream.rows
    let form = stream.workload.latentForm
    var work = (queries + [compress]).work(.attentionProjections, rows: rows)
    work += norms.map { $0.work(rows: rows) }
    if scalesLatents {
      let numbers = rows * ((queries.first?.output ?? 0) + keyValueRank)
      work.append(Work("latents", Elementwise(.norms, [.multiply: numbers])))
    }
    work += indexer?.work(over: stream) ?? []
    if isRotated {
      work.append(
        Work(
          "rotary",
          Elementwise(
            .rotary,
            ReferenceAlgorithms.rotation(vectors: rows * (heads + 1), size: rotarySize))))
    }
    if let positionScale {
      let numbers = rows * heads * (plainSize + rotarySize)
      work.append(
        Work(
          "scale",
          Elementwise(
            .softmax,
            rows * ReferenceAlgorithms.factor(positionScale)
              + OperationCounts([.multiply: numbers]))))
    }
    let core: AttentionCore
    switch form {
    case .expanded, .reexpanded:
      let expanded =
        form == .expanded ? rows : stream.sequences * stream.keys(reach)
      work += expand.work(.attentionProjections, rows: expanded)
      core = AttentionCore(
        heads: heads, scoreSize: plainSize + rotarySize, valueSize: valueSize, reach: reach)
    case .absorbed:
      work.append(Work("\(expand.name).keys", absorbed(rows, plainSize, keyValueRank)))
      core = AttentionCore(
        heads: heads, scoreSize: keyValueRank + rotarySize, valueSize: keyValueRank, reach: reach)
    }
    work += core.work(over: stream, AttentionCore.Scores(hasSinks: hasSinks))
    if form == .absorbed {
      work.append(Work("\(expand.name).values", absorbed(rows, keyValueRank, valueSize)))
    }
    if let gate {
      let heads = AttentionCore(
        heads: heads, scoreSize: plainSize, valueSize: valueSize, reach: reach)
      work.append(heads.gating(gate, rows: rows))
    }
    return work + output.work(.attentionProjections, rows: rows)
  }

  /// One head's half of the expansion, applied to every head's vector of every token.
  private func absorbed(_ rows: Formula, _ inner: Formula, _ columns: Formula) -> Product {
    Product(
      .attentionProjections, copies: heads, rows: rows, inner: inner, columns: columns,
      isLearned: true)
  }

  /// Latents and rotated keys, or the keys and values of every head, and the keys of an indexer.
  func cacheElements(after stream: Stream) -> Formula {
    let vector =
      stream.workload.latentForm == .expanded
      ? heads * (plainSize + rotarySize + valueSize) : keyValueRank + rotarySize
    return stream.sequences
      * (stream.cachedAfter(reach) * vector + (stream.past + stream.tokens)
        * (indexer?.headSize ?? 0))
  }
}
