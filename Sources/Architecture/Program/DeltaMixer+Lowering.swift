import Symbolic

extension DeltaMixer {
  /// Projects every token, convolves and scans each sequence, and projects back.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let pieces = project(x, &program)
    let mixed = program.join(
      program.join(pieces[.queries], pieces[.keys]), pieces[.values])
    let convolved = convolve(mixed, &program)
    let (keys, values) = (width(of: .keys), width(of: .values))
    func taken(_ first: Formula, _ count: Formula) -> Value {
      program.slice(convolved, Slice(2 * keys + values, first: first, count: count))
    }
    var y = program.scan(
      [
        taken(0, keys), taken(keys, keys), taken(2 * keys, values), pieces[.strengths],
        pieces[.decays],
      ], rule.scan)
    y = program.normalize(y, norm, as: .recurrence)
    y = program.activate(pieces[.gate], gateFunction, "gate", times: y, as: .recurrence)
    return program.map(y, output)
  }

  /// What the maps give, by what it is for.
  private func project(_ x: Value, _ program: inout ProgramBuilder) -> Pieces {
    var found = Pieces()
    for projection in projections {
      let y = program.map(projection.down.map { program.map(x, $0) } ?? x, projection.map)
      guard projection.pieces.count > 1 else {
        if let piece = projection.pieces.first { found[piece] = y }
        continue
      }
      for (piece, slice) in zip(projection.pieces, slices(of: projection.pieces)) {
        found[piece] = program.slice(y, slice)
      }
    }
    return found
  }

  /// Where the pieces of a fused map stand in its row.
  private func slices(of held: [Piece]) -> [Slice] {
    var first: Formula = 0
    switch order {
    case .sideBySide:
      let total = held.map { width(of: $0) }.sum()
      return held.map { piece in
        defer { first += width(of: piece) }
        return Slice(total, first: first, count: width(of: piece))
      }
    case .keyHeadByKeyHead:
      let counts = held.map { width(of: $0) / rule.keyHeads }
      return counts.map { count in
        defer { first += count }
        return Slice(axes: [rule.keyHeads, counts.sum()], axis: 1, first: first, count: count)
      }
    }
  }

  /// Queries, keys and values side by side, each channel convolved by the weights that are its.
  private func convolve(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    guard convolutions.count > 1 else { return program.convolve(x, convolutions[0], activation) }
    let total = convolutions.map(\.channels).sum()
    var (first, joined): (Formula, Value?) = (0, nil)
    for convolution in convolutions {
      let own = program.slice(x, Slice(total, first: first, count: convolution.channels))
      let y = program.convolve(own, convolution, activation)
      joined = joined.map { program.join($0, y) } ?? y
      first += convolution.channels
    }
    return joined ?? x
  }

  private struct Pieces {
    private var values: [Piece: Value] = [:]

    subscript(_ piece: Piece) -> Value {
      get {
        guard let value = values[piece] else {
          preconditionFailure("a delta mixer has a map for every piece")
        }
        return value
      }
      set { values[piece] = newValue }
    }
  }
}
