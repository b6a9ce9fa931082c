package import Symbolic

extension SelfAttention {
  /// Projects every token, attends within each sequence, and projects back.
  ///
  /// - `sources`: what keys and values are made of, where it is not `x`.
  func lower(
    _ x: Value, sources: KeyValueSources? = nil, _ program: inout ProgramBuilder
  ) -> Value {
    let sources = sources ?? KeyValueSources(keys: x, values: x)
    var pieces = convolution.map { convolve(x, $0, &program) } ?? project(x, sources, &program)
    for (piece, source) in [(InputPiece.keys, sources.keys), (.values, sources.values)] {
      guard let convolution = skipConvolutions[piece] else { continue }
      pieces.change(piece) { convolution.lower($0, of: source, &program) }
    }
    for piece in [InputPiece.gate, .queries, .keys, .values] {
      guard let bias = pieceBiases[piece] else { continue }
      pieces.change(piece) { program.addVector($0, bias, bias.name) }
    }
    if layout.keysAreValues { pieces[.values] = pieces[.keys] }
    let choice = routedQueries.map { $0.choose(x, &program) }
    if let routedQueries, let choice {
      pieces[.queries] = program.mapChosen(x, choice, routedQueries.spread)
    }
    if let keyScale { pieces.change(.keys) { program.scale($0, by: keyScale, "keys") } }
    if !normsFollowRotation { normalize(&pieces, &program) }
    if let queryScale { pieces.change(.queries) { program.scale($0, by: queryScale, "queries") } }
    for piece in [InputPiece.queries, .keys] {
      guard let bound = lengthBounds[piece] else { continue }
      pieces.change(piece) { program.shorten($0, bound) }
    }
    if let clip {
      for piece in [InputPiece.queries, .keys, .values] {
        pieces.change(piece) { program.clip($0, to: clip, "clip") }
      }
    }
    if case .rotary(let angles) = position {
      for (piece, count) in [(InputPiece.queries, heads), (.keys, keyValueHeads)] {
        pieces.change(piece) {
          program.rotate($0, Rotation(heads: count, width: headSize, angles: angles))
        }
      }
    }
    if normsFollowRotation { normalize(&pieces, &program) }
    let factors = positionScale.map { program.positionFactor($0, "scale") }
    if let factors {
      pieces.change(.queries) { program.scale($0, byRow: factors, "scale") }
    }
    if let valueScale {
      pieces.change(.values) { program.scale($0, by: valueScale, "scale") }
    }
    let kept = kept(pieces, &program)
    var core = AttentionHeads(
      heads: heads, keyValueHeads: keyValueHeads, scoreSize: headSize,
      valueSize: valueSize ?? headSize, reach: reach)
    core.ahead = ahead
    core.scale = scale
    core.cap = scoreCap
    core.hasLinearBias = position == .linearBias
    core.scalesLinearBias = scalesLinearBias
    core.sinks = sinksGateOutputs ? nil : sinks
    core.leavesSums = sinksGateOutputs
    core.seesHalves = difference != nil
    core.seesEveryToken = seesEveryToken
    core.leavesReceived = leavesReceived
    core.valueBias = valueBias
    // Each expert has a head for every head of keys.
    core.order = routedQueries == nil ? .grouped : .inTurn
    let blocks = blockIndexer.map { $0.lower(x, &program) }
    let chosen =
      blocks ?? indexer.map { KeySource.own($0).lower(x, compressedQueries: nil, &program) }
    var operands = AttentionOperands(pieces[.queries], kept, chosen: chosen)
    if let buckets = position.distanceBuckets {
      core.buckets = buckets
      operands.bucketScores = program.take(.positionScores, width: heads)
    }
    if layout.gives(.sinks) { operands.sinks = pieces[.sinks] }
    if let scores = position.relativeScores {
      var vectors = pieces[.distances]
      if let bound = scores.bound { vectors = program.shorten(vectors, bound) }
      switch (scores.scaled, factors) {
      case (.vectors, let factors?): vectors = program.scale(vectors, byRow: factors, "scale")
      case (.scores, let factors): operands.distanceFactors = factors
      case (.vectors, nil): break
      }
      operands.distances = program.map(vectors, scores.table)
    }
    var y = program.attend(operands, core)
    if leavesReceived { _ = program.leave(program.received(y, core), as: .attentionReceived) }
    if let sinks, sinksGateOutputs {
      let above = program.scoresAboveSinks(y, core, sinks)
      y = program.gate(y, by: above, .logistic, sinks.name, as: .scores)
    }
    if let difference { y = program.subtractHalf(of: y, difference, "difference") }
    if let gateBias {
      pieces.change(.gate) { program.addVector($0, gateBias, gateBias.name) }
    }
    if gate != nil { y = program.gate(y, by: pieces[.gate], gateFunction, "gate") }
    for norm in norms where norm.subject == .output { y = program.normalize(y, norm) }
    if let difference {
      y = program.scale(y, by: difference.rest, "difference", as: .activation)
    }
    if let routedQueries, let choice {
      y = program.mapChosen(y, choice, routedQueries.gather(output))
      return program.addVector(y, routedQueries.bias, routedQueries.bias.name)
    }
    y = program.map(y, output)
    return outputBias.map { program.addVector(y, $0, $0.name) } ?? y
  }

  /// Keeps keys and values alone, of tokens that attend to nothing.
  func lowerKeys(_ x: Value, _ program: inout ProgramBuilder) {
    let own = keysAndValues
    var pieces = own.project(x, KeyValueSources(keys: x, values: x), &program)
    if let keyScale { pieces.change(.keys) { program.scale($0, by: keyScale, "keys") } }
    if !normsFollowRotation { own.normalize(&pieces, &program) }
    if let clip {
      for piece in [InputPiece.keys, .values] {
        pieces.change(piece) { program.clip($0, to: clip, "clip") }
      }
    }
    if case .rotary(let angles) = position {
      pieces.change(.keys) {
        program.rotate($0, Rotation(heads: keyValueHeads, width: headSize, angles: angles))
      }
    }
    if normsFollowRotation { own.normalize(&pieces, &program) }
    if let valueScale {
      pieces.change(.values) { program.scale($0, by: valueScale, "scale") }
    }
    _ = kept(pieces, &program)
  }

  /// Keys and values with those of earlier passes: its own, or those of a layer before it.
  private func kept(_ pieces: Pieces, _ program: inout ProgramBuilder) -> Value {
    switch source {
    case .own: return program.keep(keys: pieces[.keys], values: pieces[.values], reach)
    case .lent(let kind):
      let kept = program.keep(keys: pieces[.keys], values: pieces[.values], reach)
      return program.leave(kept, as: .keysAndValues(kind))
    case .borrowed(let kind):
      return program.take(
        .keysAndValues(kind), width: width(.keys) + width(.values), kind: .kept)
    }
  }

  /// Convolved queries and keys, and values of which half are of the token before.
  private func convolve(
    _ x: Value, _ convolution: ConvolvedHeads, _ program: inout ProgramBuilder
  ) -> Pieces {
    let (q, k) = (program.map(x, convolution.queries), program.map(x, convolution.keys))
    let convolved = program.convolveHeads(program.join(q, k), convolution)
    var found = Pieces()
    found[.queries] = program.slice(
      convolved, Slice(convolved.width, first: 0, count: q.width))
    let keys = program.slice(
      convolved, Slice(convolved.width, first: q.width, count: k.width))
    found[.keys] = program.scale(
      keys, by: LearnedScale(convolution.keyScale), "qk_norm", as: .norm)
    let delayed = program.delay(program.map(x, convolution.delayed), convolution.delayed)
    found[.values] = program.join(program.map(x, convolution.current), delayed)
    return found
  }

  /// Queries, keys, values and gates from their maps; a fused map takes `x`.
  private func project(
    _ x: Value, _ sources: KeyValueSources, _ program: inout ProgramBuilder
  ) -> Pieces {
    var found = Pieces()
    for (map, held) in zip(inputs, layout.pieces) {
      let source =
        switch held {
        case [.keys]: sources.keys
        case [.values]: sources.values
        case _: x
        }
      let y = program.map(source, map)
      guard held.count > 1 else {
        if let piece = held.first {
          found[piece] = adapters[piece]?.lower(x, adding: y, &program) ?? y
        }
        continue
      }
      for (piece, slice) in zip(held, slices(of: held)) { found[piece] = program.slice(y, slice) }
    }
    return found
  }

  /// Where the pieces of a fused map stand in its row.
  private func slices(of held: [InputPiece]) -> [Slice] {
    var first: Formula = 0
    switch layout.order {
    case .sideBySide:
      let total = held.map(width).sum()
      return held.map { piece in
        defer { first += width(piece) }
        return Slice(total, first: first, count: width(piece))
      }
    case .headByHead:
      // As many heads of each.
      let count = Formula(Int128(held.count))
      return held.indices.map {
        Slice(
          axes: [heads, count, headSize], axis: 1, first: Formula(Int128($0)), count: 1)
      }
    case .sharded(let shards):
      let count = Formula(Int128(held.count))
      return held.enumerated().map { index, piece in
        Slice(
          axes: [Formula(Int128(shards)), count, width(piece) / Formula(Int128(shards))], axis: 1,
          first: Formula(Int128(index)), count: 1)
      }
    case .groupByGroup:
      // For each key-value head the queries that share it, its key and its value.
      let shared = heads / keyValueHeads
      let counts = held.map { $0 == .queries ? shared : 1 }
      return counts.map { count in
        defer { first += count }
        return Slice(
          axes: [keyValueHeads, counts.sum(), headSize], axis: 1, first: first, count: count)
      }
    }
  }

  /// The elements of a piece in each row.
  package func width(_ piece: InputPiece) -> Formula {
    switch (piece, gate) {
    case (.queries, _): heads * headSize
    case (.keys, _): keyValueHeads * headSize
    case (.values, _): keyValueHeads * (valueSize ?? headSize)
    case (.distances, _): heads * (position.relativeScores?.table.input ?? 0)
    case (.sinks, _), (.gate, .heads): heads
    case (.gate, _): heads * (valueSize ?? headSize)
    }
  }

  /// The norms of queries, keys and values.
  private func normalize(_ pieces: inout Pieces, _ program: inout ProgramBuilder) {
    for norm in norms {
      let subjects: [InputPiece] =
        switch norm.subject {
        case .queries: [.queries]
        case .keys: [.keys]
        case .values: [.values]
        case .queriesAndKeys: [.queries, .keys]
        case .output, nil: []
        }
      for piece in subjects { pieces.change(piece) { program.normalize($0, norm) } }
    }
  }

  /// The values that the input maps give, by what they are for.
  private struct Pieces {
    private var values: [InputPiece: Value] = [:]

    subscript(_ piece: InputPiece) -> Value {
      get {
        guard let value = values[piece] else {
          preconditionFailure("attention whose maps give no \(piece) is one operation")
        }
        return value
      }
      set { values[piece] = newValue }
    }

    /// Changes a piece that the maps give; keys and values of another layer are as they are.
    mutating func change(_ piece: InputPiece, _ body: (Value) -> Value) {
      if let value = values[piece] { values[piece] = body(value) }
    }
  }
}

extension RoutedQueries {
  fileprivate func choose(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    var router = Router([router])
    router.scoring = .softmaxOfChosen
    return program.route(
      program.map(x, self.router),
      Routing(
        router: router, experts: experts, scored: experts, chosen: active, capacity: nil,
        runsEvery: false))
  }

  /// A row's queries of each chosen expert, side by side.
  fileprivate var spread: ChosenMaps {
    ChosenMaps(.spread, map: map, stack: maps, experts: experts, active: active)
  }

  /// The sum of the outputs of each chosen expert.
  fileprivate func gather(_ output: Linear) -> ChosenMaps {
    ChosenMaps(.gather, map: output, stack: outputs, experts: experts, active: active)
  }
}

/// What keys and values are made of.
struct KeyValueSources {
  var keys: Value
  var values: Value
}
