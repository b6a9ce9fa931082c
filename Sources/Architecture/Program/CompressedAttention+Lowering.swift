import Symbolic

extension CompressedAttention {
  /// What it does with the stream `[T, d]`.
  package var program: Program {
    ProgramBuilder.program(width: queryDown.input) { x, program in
      program.within("", .attention, .compressedAttention(self)) { lower(x, &$0) }
    }
  }

  /// Attends to the keys within the window and to entries, and projects back.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let compressed = program.normalize(program.map(x, queryDown), queryNorm)
    var q = program.normalize(program.map(compressed, queryUp), headNorm)
    q = program.rotate(q, .atEnd(heads: heads, width: headSize, angles))
    var k = program.normalize(program.map(x, keys), keyNorm)
    k = program.rotate(k, .atEnd(heads: 1, width: headSize, angles))
    let kept = program.keep(keys: k, values: k, reach)
    var core = AttentionHeads(
      heads: heads, keyValueHeads: 1, scoreSize: headSize, valueSize: headSize, reach: reach)
    core.scale = scale
    core.sinks = sinks
    var y: Value
    if let compression {
      let entries = compression.lower(x, learns: true, &program)
      let chosen = indexer?.lower(x, compressed, &program)
      let heads = EntryHeads(heads: core, rate: compression.rate, limit: indexer?.kept)
      y = program.attendEntries(q, kept, entries, chosen: chosen, heads)
    } else {
      y = program.attend(AttentionOperands(q, kept), core)
    }
    var back = Rotation.atEnd(heads: heads, width: headSize, angles)
    back.isBackwards = true
    y = program.rotate(y, back)
    return program.map(program.groupedMap(y, groupOutput, groups), output)
  }
}

extension Rotation {
  /// A rotation of the last elements of each head.
  static func atEnd(heads: Formula, width: Formula, _ angles: RotaryAngles) -> Rotation {
    var rotation = Rotation(heads: heads, width: width, angles: angles)
    rotation.offset = width - angles.size
    return rotation
  }
}

extension KeyCompression {
  /// The entries of all windows that are complete.
  ///
  /// While no window is complete nothing depends on the maps, and no gradient flows through them.
  func lower(_ x: Value, learns: Bool, _ program: inout ProgramBuilder) -> Value {
    program.with(learns ? .whereComplete(rate) : .none) { program in
      let values = program.map(x, shares)
      let weights = program.map(x, gates)
      return program.compress(values, weights: weights, self)
    }
  }
}

extension CompressedIndexer {
  /// The entries that each query sees.
  fileprivate func lower(
    _ x: Value, _ compressed: Value, _ program: inout ProgramBuilder
  ) -> Value {
    program.with(.none) { program in
      let entries = keys.lower(x, learns: false, &program)
      let q = program.rotate(
        program.map(compressed, queries),
        .atEnd(heads: heads, width: headSize, keys.angles), "indexer.rotary")
      let weights = program.map(x, headWeights)
      return program.indexEntries(q, entries, weights: weights, EntryIndexHeads(self))
    }
  }
}
