extension StreamModule {
  /// Whose work its steps are.
  var place: Role.Place {
    switch self {
    case .scale, .start, .angleFactors, .positionTable, .repetition, .connection: .stream
    case .layerTable, .layerInput, .alternatingUpdate, .learnedResidual, .copies, .convolution,
      .depth,
      .ngrams, .mapped:
      .mixer
    }
  }

  /// What it makes of a stream.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    switch self {
    case .scale(let scale): program.scale(x, by: scale, "")
    case .layerTable(let table): table.lower(x, &program)
    case .layerInput(let input): input.lower(x, &program)
    case .learnedResidual(let residual): residual.lower(x, &program)
    case .copies(let copies): copies.lower(x, &program)
    case .repetition(let times): program.repeat(x, times: times)
    case .connection(let connection): connection.read(x, &program).0
    case .start: x
    case .angleFactors(let logarithms): leaveFactors(logarithms, beside: x, &program)
    case .positionTable(let buckets): leaveScores(buckets, beside: x, &program)
    case .convolution(let convolution): convolution.lower(x, of: x, &program)
    case .mapped(let mapped):
      program.activate(program.map(x, mapped.map), mapped.function)
    case .ngrams(let injection): injection.lower(x, &program)
    case .depth(let reader): reader.last.lower(x, &program)
    case .alternatingUpdate: preconditionFailure("updates stand around the blocks of their layer")
    }
  }

  private func leaveScores(
    _ buckets: PositionBuckets, beside x: Value, _ program: inout ProgramBuilder
  ) -> Value {
    _ = program.leave(program.elements(buckets.table), as: .positionScores)
    return x
  }

  private func leaveFactors(
    _ logarithms: Weight, beside x: Value, _ program: inout ProgramBuilder
  ) -> Value {
    _ = program.leave(program.exponentials(logarithms, "factors"), as: .angleFactors)
    return x
  }
}
