import Architecture
import Kernels

extension LatentAttention {
  /// Latent attention in the form that the pass asks for: `[rows, d]`.
  func run(
    _ x: Matrix, _ flow: Flow, _ state: LayerState, at path: String, on executor: Executor
  ) throws -> Matrix {
    let sizes = try Sizes(self, executor)
    let (h, n, r) = (sizes.heads, sizes.plain, sizes.rotary)
    let queries = try self.queries(x, at: path, on: executor)
    let latent = try executor.linear(x, compress, at: path)
    let compressed = latent.columns(0..<sizes.rank)
    let rotaryKeys = latent.columns(sizes.rank..<sizes.rank + r)
    if let norm = norms.last { try executor.normalize(compressed, norm, at: path) }
    if scalesLatents {
      executor.scale(compressed, by: Constants.latentScale, "\(path).latents")
    }
    if isRotated {
      guard let table = executor.rotaryTables[angles] else {
        preconditionFailure("the tables of a pass are made before its layers run")
      }
      executor.rotate(
        queries, heads: h, width: n + r, offset: n, size: r, table, flow.positions,
        "\(path).rotary", angles.pairing)
      executor.rotate(
        rotaryKeys, heads: 1, width: r, size: r, table, flow.positions, "\(path).rotary",
        angles.pairing)
    }
    if let positionScale {
      try executor.scale(queries, by: positionScale, flow.positions, "\(path).scale")
    }
    let y = executor.scratch.matrix(x.rows, h * sizes.value)
    let reach = try AttentionCore.Reach(reach, executor)
    var core = AttentionCore(
      heads: h, keyValueHeads: h, scoreSize: n + r, valueSize: sizes.value, reach: reach,
      scale: 1 / Float(n + r).squareRoot(),
      sinks: hasSinks ? try executor.vector("sinks", among: vectors, at: path) : nil)
    try claimExpansion(sizes, at: path, on: executor)
    for (index, sequence) in flow.sequences.enumerated() {
      let rows = flow.rows(of: index)
      guard !rows.isEmpty else { continue }
      executor.scratch.scoped {
        var span: AttentionCore.Span
        switch flow.pass.latentForm {
        case .reexpanded, .absorbed:
          let cache = state.cache("\(path).latent", sequence, width: sizes.rank + r)
          let before = cache.total
          cache.append(latent.rows(rows))
          span = AttentionCore.Span(
            queries: queries.rows(rows), keys: cache.matrix,
            values: cache.matrix.columns(0..<sizes.rank), firstQuery: before,
            firstKey: cache.total - cache.count)
        case .expanded:
          let expanded = self.expanded(latent.rows(rows), sizes, at: path, on: executor)
          let keys = state.cache("\(path).keys", sequence, width: h * (n + r))
          let values = state.cache("\(path).values", sequence, width: h * sizes.value)
          let before = keys.total
          keys.append(expanded.keys)
          values.append(expanded.values)
          span = AttentionCore.Span(
            queries: queries.rows(rows), keys: keys.matrix, values: values.matrix,
            firstQuery: before, firstKey: keys.total - keys.count)
        }
        switch flow.pass.latentForm {
        case .reexpanded:
          let expanded = self.expanded(span.keys, sizes, at: path, on: executor)
          span.keys = expanded.keys
          span.values = expanded.values
          executor.attend(core, span, flow.pass.mask, into: y.rows(rows), path)
        case .expanded: executor.attend(core, span, flow.pass.mask, into: y.rows(rows), path)
        case .absorbed:
          core.keyValueHeads = 1
          core.scoreSize = sizes.rank + r
          core.valueSize = sizes.rank
          absorb(core, span, sizes, flow.pass.mask, into: y.rows(rows), at: path, on: executor)
        }
      }
    }
    return try executor.linear(y, output, at: path)
  }

  struct Sizes {
    let heads, plain, rotary, value, rank: Int

    init(_ attention: LatentAttention, _ executor: Executor) throws {
      heads = try executor.extent(attention.heads)
      plain = try executor.extent(attention.plainSize)
      rotary = try executor.extent(attention.rotarySize)
      value = try executor.extent(attention.valueSize)
      rank = try executor.extent(attention.keyValueRank)
    }
  }

  /// The queries `[rows, h·(d_n + d_r)]`: by one map, or two with a norm between them.
  private func queries(_ x: Matrix, at path: String, on executor: Executor) throws -> Matrix {
    var y = x
    for (index, map) in queries.enumerated() {
      y = try executor.linear(y, map, at: path)
      guard index + 1 < queries.count else { break }
      if norms.count > 1 { try executor.normalize(y, norms[0], at: path) }
      if scalesLatents { executor.scale(y, by: Constants.latentScale, "\(path).latents") }
    }
    return y
  }

  private func claimExpansion(_ sizes: Sizes, at path: String, on executor: Executor) throws {
    executor.claim(expand, at: path, sizes.rank, sizes.heads * (sizes.plain + sizes.value))
  }

  /// Keys `[S, h·(d_n + d_r)]` and values `[S, h·d_v]` from latents and rotary keys.
  private func expanded(
    _ latents: Matrix, _ sizes: Sizes, at path: String, on executor: Executor
  ) -> (keys: Matrix, values: Matrix) {
    let (h, n, r, v) = (sizes.heads, sizes.plain, sizes.rotary, sizes.value)
    let keys = executor.scratch.matrix(latents.rows, h * (n + r))
    let values = executor.scratch.matrix(latents.rows, h * v)
    executor.scratch.scoped {
      let name = path.appending(expand.name)
      let both = executor.scratch.matrix(latents.rows, h * (n + v))
      executor.map(latents.columns(0..<sizes.rank), "\(name).weight", into: both, path: name)
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
    _ core: AttentionCore, _ span: AttentionCore.Span, _ sizes: Sizes, _ mask: Pass.Mask,
    into y: Matrix, at path: String, on executor: Executor
  ) {
    let (h, n, r, v, rank) = (sizes.heads, sizes.plain, sizes.rotary, sizes.value, sizes.rank)
    let name = path.appending(expand.name)
    let scratch = executor.scratch
    scratch.scoped {
      // The rows of the map's weight: for each head d_n of keys, and then d_v of values.
      let spread = (3 / Float(rank)).squareRoot()
      let w = executor.weights.matrix(
        "\(name).weight", rows: h * (n + v), columns: rank, spread: spread, scratch)
      let down = scratch.matrix(span.queries.rows, h * (rank + r))
      for head in 0..<h {
        let keys = w.rows(head * (n + v)..<head * (n + v) + n)
        let query = span.queries.columns(head * (n + r)..<(head + 1) * (n + r))
        let into = down.columns(head * (rank + r)..<(head + 1) * (rank + r))
        executor.product(
          query.columns(0..<n), keys.transposed, into: into.columns(0..<rank), "\(name).keys")
        query.columns(n..<n + r).copy(into: into.columns(rank..<rank + r))
      }
      var absorbed = span
      absorbed.queries = down
      let outputs = scratch.matrix(span.queries.rows, h * rank)
      executor.attend(core, absorbed, mask, into: outputs, path)
      for head in 0..<h {
        let values = w.rows(head * (n + v) + n..<(head + 1) * (n + v))
        executor.product(
          outputs.columns(head * rank..<(head + 1) * rank), values,
          into: y.columns(head * v..<(head + 1) * v), "\(name).values")
      }
    }
  }
}
