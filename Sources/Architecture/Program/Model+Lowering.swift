import Symbolic

extension Model {
  /// From tokens to the stream `[T, d]` that the first layer sees; nil for layers without anything
  /// before them.
  package var entrance: Program? {
    if head.isEmpty { return nil }
    if isPredictor { return predictorEntrance }
    return ProgramBuilder.program { program in
      var stream: Value?
      // What is of a layer, another stack runs.
      for branch in head where !branch.isOfLayer {
        switch (branch.module, stream) {
        case (.embedding(let table), nil):
          stream = program.within(branch.path, .stream) { table.lower(&$0) }
        case (.embedding(let table), let x?) where table.index != .token:
          stream = program.within(branch.path, .stream) { program in
            program.add(x, table.lower(&program), "")
          }
        case (_, let x?): stream = branch.lower(x, &program)
        case (_, nil): preconditionFailure("\(name) begins with no table")
        }
      }
      guard let stream else { preconditionFailure("\(name) has nothing before its layers") }
      if readsFirstStream { _ = program.leave(stream, as: .firstStream) }
      return stream
    }
  }

  /// Whether a layer reads again what came into the first.
  private var readsFirstStream: Bool {
    groups.contains { group in
      (group.layer.repeats + group.layer.blocks).contains(where: \.readsFirstStream)
    }
  }

  /// From the stream after the last layer to the scores of the vocabulary.
  package var exit: Program { exit { scores, _ in scores } }

  /// The same behind an earlier layer, and which tokens leave there.
  package var earlyExit: Program? {
    guard let exits else { return nil }
    return exit { $1.confide($0, exits.threshold) }
  }

  private func exit(_ end: (Value, inout ProgramBuilder) -> Value) -> Program {
    let streams = groups.last?.layer.streams ?? 1
    return ProgramBuilder.program(width: streams * Formula(Size.hidden.symbol)) { x, program in
      let scores = tail.reduce(x) { x, branch in
        guard case .head(let map, let isTied) = branch.module else {
          return branch.lower(x, &program)
        }
        return program.within(branch.path, .head, branch.module) { program in
          let x = logits.inputScale.map { program.scale(x, by: $0, map.name) } ?? x
          let divided = logits.divisor.map { program.quotient(x, by: Division(by: $0), map.name) }
          let scored = program.last(
            divided ?? x, always: logits.isLastOnly, behind: prompt?.length)
          var y = program.map(scored, map, isTied: isTied)
          if let scale = logits.scale { y = program.scale(y, by: scale, map.name) }
          if let cap = logits.cap { y = program.bound(y, by: cap, map.name) }
          guard let kept = logits.kept else { return y }
          return program.slice(y, Slice(y.width, first: 0, count: kept))
        }
      }
      return end(scores, &program)
    }
  }
}

extension Embedding {
  func lower(_ program: inout ProgramBuilder) -> Value {
    let y = program.lookUp(self)
    return scale.map { program.scale(y, by: $0, "") } ?? y
  }
}
