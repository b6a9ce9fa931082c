import Symbolic

extension KeySource {
  /// The keys that each query sees.
  func lower(
    _ x: Value, compressedQueries: Value?, _ program: inout ProgramBuilder
  ) -> Value {
    switch self {
    case .own(let indexer):
      program.withoutGradients { indexer.lower(x, compressedQueries: compressedQueries, &$0) }
    case .layerBefore: program.recallIndex()
    }
  }
}

extension Indexer {
  /// Queries and keys of small heads, rotated; their scores, and the choice.
  func lower(
    _ x: Value, compressedQueries: Value?, _ program: inout ProgramBuilder
  ) -> Value {
    var q: Value
    switch (source, compressedQueries) {
    case (.stream, _): q = program.map(x, queries)
    case (.compressedQueries, let compressed?): q = program.map(compressed, queries)
    case (.compressedQueries, nil):
      preconditionFailure("an indexer of compressed queries stands where queries are compressed")
    }
    if let queryNorm { q = program.normalize(q, queryNorm) }
    var k = program.normalize(program.map(x, keys), keyNorm)
    let weights = headWeights.map { program.map(x, $0) }
    let name = "indexer.rotary"
    q = program.rotate(q, Rotation(heads: heads, width: headSize, angles: angles), name)
    k = program.rotate(k, Rotation(heads: 1, width: headSize, angles: angles), name)
    return program.index(q, program.keepIndex(k), weights: weights, IndexHeads(self))
  }
}
