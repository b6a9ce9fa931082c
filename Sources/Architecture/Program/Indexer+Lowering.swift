import Symbolic

extension KeySource {
  /// The keys that each query sees.
  func lower(
    _ x: Value, compressedQueries: Value?, _ program: inout ProgramBuilder
  ) -> Value {
    switch self {
    case .own(let indexer):
      program.with(.none) { program in
        let chosen = indexer.lower(x, compressedQueries: compressedQueries, &program)
        return program.leave(chosen, as: .chosenKeys)
      }
    case .layerBefore: program.take(.chosenKeys, width: 1, kind: .keys)
    }
  }
}

extension BlockIndexer {
  /// Queries of small heads, the mean key of each block, and the choice.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    program.with(.none) { program in
      let both = program.map(x, map)
      let width = heads * headSize
      var q = program.slice(both, Slice(map.output, first: 0, count: width))
      let keys = program.slice(
        both, Slice(map.output, first: width, count: map.output - width))
      q = program.normalize(q, queryNorm)
      q = program.rotate(
        q, Rotation(heads: heads, width: headSize, angles: angles), "indexer.rotary")
      return program.indexBlocks(q, program.meanBlocks(keys, self), self)
    }
  }
}

extension Indexer {
  /// Queries and keys of small heads, rotated; their scores, and the choice.
  func lower(
    _ x: Value, compressedQueries: Value?, _ program: inout ProgramBuilder
  ) -> Value {
    var input: Value
    switch (source, compressedQueries) {
    case (.stream, _): input = x
    case (.compressedQueries, let compressed?): input = compressed
    case (.compressedQueries, nil):
      preconditionFailure("an indexer of compressed queries stands where queries are compressed")
    }
    if let inputNorm { input = program.normalize(input, inputNorm) }
    var q = program.map(input, queries)
    if let positionScale { q = program.scale(q, by: positionScale, "indexer.scale") }
    if let queryNorm { q = program.normalize(q, queryNorm) }
    var k = program.normalize(program.map(x, keys), keyNorm)
    let weights = headWeights.map { program.map(x, $0) }
    if let angles {
      let name = "indexer.rotary"
      func rotation(_ heads: Formula) -> Rotation {
        var rotation = Rotation(heads: heads, width: headSize, angles: angles)
        if rotatesEnd { rotation.offset = headSize - angles.size }
        return rotation
      }
      q = program.rotate(q, rotation(heads), name)
      k = program.rotate(k, rotation(1), name)
    }
    return program.index(q, program.keepIndex(k), weights: weights, IndexHeads(self))
  }
}
