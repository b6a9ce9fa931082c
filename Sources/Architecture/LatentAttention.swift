package import Symbolic

/// Multi-head latent attention (MLA): keys and values rise from one compressed vector per token.
///
/// A token's `[d]` is compressed to `[r_kv]`, which is cached with a rotary key of `[d_r]`;
/// from it each head's keys `[d_n]` and values `[d_v]` are expanded. Queries may be compressed too.
///
/// - Source: DeepSeek-AI 2024 (DeepSeek-V2), §2.1, <https://arxiv.org/abs/2405.04434>.
package struct LatentAttention: Hashable, Sendable {
  /// What is multiplied with queries and latents, where a family has such constants.
  package enum Scaling: Hashable, Sendable {
    /// Compressed queries `[r_q]`, behind their norm.
    case compressedQueries
    /// The queries of every head.
    case queries
  }

  /// Query heads, *h*; after expansion as many heads of keys and values.
  package var heads: Formula
  /// The part of a query or key head without position, *d_n*.
  package var plainSize: Formula
  /// The rotated part of a query head, and the width of the shared rotary key, *d_r*: zero where nothing is
  /// rotated.
  package var rotarySize: Formula
  /// The width of one head's values, *d_v*.
  package var valueSize: Formula
  /// The width of the latent that is cached, *r_kv*.
  package var keyValueRank: Formula
  /// From the residual stream to compressed queries, and their norm, where queries are compressed.
  package var queryDown: Linear?
  /// The norm of compressed queries `[T, r_q]`.
  package var queryNorm: Normalization?
  /// From compressed queries, or from the residual stream, to the queries of every head.
  package var queryUp: Linear
  /// Whether the map of queries sees compressed queries behind and before their norm, and gives the
  /// gates of each head behind its query.
  package var queryUpGates = false
  /// From the residual stream to the gates of the output, where they have a map of their own.
  package var gateMap: Linear?
  /// From the residual stream to a latent and a rotary key, where latents are its own.
  package var compress: Linear
  /// The norm of latents, before they are expanded, where they are its own.
  package var latentNorm: Normalization
  /// The norm of rotary keys, before they are rotated.
  package var rotaryNorm: Normalization?
  /// From a latent to the keys and values of every head, head by head.
  package var expand: Linear
  /// From the outputs of all heads, `[T, h·d_v]`, back to the residual stream.
  package var output: Linear
  /// What chooses the keys, if attention is sparse.
  package var chooses: KeySource?
  /// One more, learned, score for each head that no value answers to.
  package var sinks: Weight?
  /// Whose latents it attends to.
  package var source = CacheSource.own
  /// How far back a query sees.
  package var reach = Reach.all
  /// Whether the rotary parts of queries and keys are rotated, and by which angles.
  package var isRotated = true
  /// The angles of that rotation.
  package var angles: RotaryAngles
  /// What scores are multiplied by: mostly `1/√(d_n + d_r)`.
  package var scale: Constant
  /// What rotated queries are multiplied by at each position, if anything.
  package var positionScale: PositionScale?
  /// What is multiplied with the output before its projection, if anything.
  package var gate: OutputGate?
  /// Whether queries and latents are multiplied by `√(d/r)` of their rank, and where queries are.
  package var scaling: Scaling?

  package init(
    heads: Formula, plainSize: Formula, rotarySize: Formula, valueSize: Formula,
    keyValueRank: Formula, queryDown: Linear? = nil, queryNorm: Normalization? = nil,
    queryUp: Linear, compress: Linear, latentNorm: Normalization, expand: Linear, output: Linear
  ) {
    self.heads = heads
    self.plainSize = plainSize
    self.rotarySize = rotarySize
    angles = RotaryAngles(rotarySize)
    scale = .inverseRoot(plainSize + rotarySize)
    self.valueSize = valueSize
    self.keyValueRank = keyValueRank
    self.queryDown = queryDown
    self.queryNorm = queryNorm
    self.queryUp = queryUp
    self.compress = compress
    self.latentNorm = latentNorm
    self.expand = expand
    self.output = output
  }

  /// The tensors: maps, norms, an indexer of its own, and the sinks.
  package var weights: [Weight] {
    let compresses = !source.isBorrowed
    let maps = [queryDown, queryUp, gateMap, compresses ? compress : nil, expand, output]
    let norms = [queryNorm, compresses ? latentNorm : nil, rotaryNorm]
    return maps.compactMap(\.self).weights(.attention)
      + norms.compactMap(\.self).flatMap { $0.weights(.attention) }
      + (indexer?.weights ?? []) + [sinks].compactMap(\.self) + (positionScale?.weights ?? [])
  }

  /// The indexer of the layer itself.
  package var indexer: Indexer? {
    if case .own(let indexer) = chooses { indexer } else { nil }
  }

  /// Changes each of its norms.
  mutating func changeNorms(_ change: (inout Normalization) -> Void) {
    change(&latentNorm)
    if var norm = queryNorm {
      change(&norm)
      queryNorm = norm
    }
    if case .own(var indexer) = chooses {
      indexer.changeNorms(change)
      chooses = .own(indexer)
    }
    if var norm = rotaryNorm {
      change(&norm)
      rotaryNorm = norm
    }
  }
}
