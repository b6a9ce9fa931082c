import Architecture
import Kernels

extension Executor {
  /// Keeps of each sequence what the form of the pass caches: latents with rotated keys
  /// `[rows, r_kv + d_r]`, unless another layer has kept them, or the keys and values of every head.
  func keepLatents(
    _ latents: Matrix, lent: [KeptSequence]?, _ heads: LatentHeads, _ flow: Flow,
    _ state: LayerState, at path: String
  ) throws -> [KeptSequence] {
    let sizes = try LatentSizes(heads, self)
    claim(heads.expand, at: path, sizes.rank, sizes.heads * (sizes.plain + sizes.value))
    guard flow.pass.latentForm != .expanded else {
      return try scratch.scoped {
        let expanded = expand(latents, heads, sizes, at: path)
        return try keep(expanded.keys, expanded.values, heads.reach, flow, state, at: path)
      }
    }
    if let lent { return lent }
    return flow.sequences.enumerated().map { index, sequence in
      let cache = state.cache("\(path).latent", sequence, width: latents.columns)
      let kept = KeptSequence(keys: cache, values: cache, before: cache.total)
      cache.append(latents.rows(flow.rows(of: index)))
      return kept
    }
  }

  /// The outputs of all heads: `[rows, h · d_v]`.
  func attendLatents(
    _ queries: Matrix, _ kept: [KeptSequence], _ chosen: [KeySelection]?, _ heads: LatentHeads,
    _ flow: Flow, at path: String
  ) throws -> Matrix {
    let sizes = try LatentSizes(heads, self)
    let form = flow.pass.latentForm
    let y = scratch.matrix(queries.rows, sizes.heads * sizes.value)
    let core = try AttentionCore(
      form == .absorbed ? heads.absorbed : heads.expanded, self, at: path)
    for (index, sequence) in kept.enumerated() {
      let rows = flow.rows(of: index)
      guard !rows.isEmpty else { continue }
      scratch.scoped {
        var span = AttentionCore.Span(
          queries: queries.rows(rows), keys: sequence.keys.matrix, values: sequence.values.matrix,
          firstQuery: sequence.before, firstKey: sequence.keys.total - sequence.keys.count,
          chosen: chosen?[index])
        switch form {
        case .expanded: attend(core, span, flow.pass.mask, into: y.rows(rows), path)
        case .reexpanded:
          (span.keys, span.values) = expand(span.keys, heads, sizes, at: path)
          attend(core, span, flow.pass.mask, into: y.rows(rows), path)
        case .absorbed:
          span.values = span.keys.columns(0..<sizes.rank)
          absorb(core, span, heads, sizes, flow.pass.mask, into: y.rows(rows), at: path)
        }
      }
      if let most = try heads.reach.keptBetweenPasses(self) {
        sequence.keys.keepLast(most)
        sequence.values.keepLast(most)
      }
    }
    return y
  }

  private struct LatentSizes {
    let heads, plain, rotary, value, rank: Int

    init(_ attention: LatentHeads, _ executor: Executor) throws {
      heads = try executor.extent(attention.heads)
      plain = try executor.extent(attention.plainSize)
      rotary = try executor.extent(attention.rotarySize)
      value = try executor.extent(attention.valueSize)
      rank = try executor.extent(attention.rank)
    }
  }

  /// Keys `[S, h·(d_n + d_r)]` and values `[S, h·d_v]` from latents with rotary keys.
  private func expand(
    _ latents: Matrix, _ attention: LatentHeads, _ sizes: LatentSizes, at path: String
  ) -> (keys: Matrix, values: Matrix) {
    let (h, n, r, v) = (sizes.heads, sizes.plain, sizes.rotary, sizes.value)
    let keys = scratch.matrix(latents.rows, h * (n + r))
    let values = scratch.matrix(latents.rows, h * v)
    scratch.scoped {
      let name = path.appending(attention.expand.name)
      let both = scratch.matrix(latents.rows, h * (n + v))
      map(latents.columns(0..<sizes.rank), "\(name).weight", into: both, path: name)
      for row in 0..<latents.rows {
        let rotary = latents.row(row) + sizes.rank
        for head in 0..<h {
          let source = both.row(row) + head * (n + v)
          let key = keys.row(row) + head * (n + r)
          key.update(from: source, count: n)
          (key + n).update(from: rotary, count: r)
          (values.row(row) + head * v).update(from: source + n, count: v)
        }
      }
    }
    return (keys, values)
  }

  /// Attention in the space of the latents: queries go down into it, and outputs come up from it.
  private func absorb(
    _ core: AttentionCore, _ span: AttentionCore.Span, _ attention: LatentHeads,
    _ sizes: LatentSizes, _ mask: Pass.Mask, into y: Matrix, at path: String
  ) {
    let (h, n, r, v, rank) = (sizes.heads, sizes.plain, sizes.rotary, sizes.value, sizes.rank)
    let name = path.appending(attention.expand.name)
    // The rows of the map's weight: for each head d_n of keys, and then d_v of values.
    let spread = (3 / Float(rank)).squareRoot()
    let w = weights.matrix(
      "\(name).weight", rows: h * (n + v), columns: rank, spread: spread, scratch)
    let down = scratch.matrix(span.queries.rows, h * (rank + r))
    for head in 0..<h {
      let keys = w.rows(head * (n + v)..<head * (n + v) + n)
      let query = span.queries.columns(head * (n + r)..<(head + 1) * (n + r))
      let into = down.columns(head * (rank + r)..<(head + 1) * (rank + r))
      product(
        query.columns(0..<n), keys.transposed, into: into.columns(0..<rank), "\(name).keys")
      query.columns(n..<n + r).copy(into: into.columns(rank..<rank + r))
    }
    var absorbed = span
    absorbed.queries = down
    let outputs = scratch.matrix(span.queries.rows, h * rank)
    attend(core, absorbed, mask, into: outputs, path)
    for head in 0..<h {
      let values = w.rows(head * (n + v) + n..<(head + 1) * (n + v))
      product(
        outputs.columns(head * rank..<(head + 1) * rank), values,
        into: y.columns(head * v..<(head + 1) * v), "\(name).values")
    }
  }
}
