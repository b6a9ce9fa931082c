import Symbolic

extension ConditionalDepth {
  /// The stream with what the blocks make of the tokens that enter.
  func lower(
    _ x: Value, _ program: inout ProgramBuilder,
    otherwise: (Value, inout ProgramBuilder) -> Value,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    program.within("", .router, .depthRouter(router)) { program in
      switch entry {
      case .remaining:
        program.enter(x, router, otherwise: otherwise, body)
      case .following, .assigned, .drawn: program.enter(x, nil, router, predictor: nil, body)
      case .everyone: body(x, &program)
      case .assigning(let assignment): router.assign(x, assignment, &program, body)
      case .choosing(nil): router.choose(x, &program, body)
      case .choosing(let outer?):
        program.enter(x, nil, outer, predictor: nil) { x, program in
          program.within("", .router, .depthRouter(router)) { router.choose(x, &$0, body) }
        }
      }
    }
  }
}

extension DepthRouter {
  /// The scores of all tokens for each recursion, which later layers take up, and the first recursion.
  fileprivate func assign(
    _ x: Value, _ assignment: RecursionAssignment, _ program: inout ProgramBuilder,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    let scores = program.assign(program.map(x, scoreMap), assignment, path)
    _ = program.leave(scores, as: .recursionScores)
    _ = program.leave(x, as: .recursionInput)
    return body(x, &program)
  }

  /// `g_r·y` with the score of each row for recursion *r*.
  func weigh(_ y: Value, recursion: Int, _ program: inout ProgramBuilder) -> Value {
    guard let count = assignment?.recursions else { return y }
    let scores = program.take(.recursionScores, width: count)
    let own = program.slice(
      scores, Slice(count, first: Formula(Int128(recursion)), count: 1))
    return program.gate(y, by: own, .identity, path, as: .weighting)
  }

  /// The sum of all rows with what entered the first recursion.
  func addInput(to y: Value, _ program: inout ProgramBuilder) -> Value {
    program.within("", .router, .depthRouter(self)) { program in
      program.add(y, program.take(.recursionInput, width: y.width), path)
    }
  }
  /// The scores of all tokens, and a program for those that they let in.
  fileprivate func choose(
    _ x: Value, _ program: inout ProgramBuilder,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    let linear =
      readsAttention ? program.take(.attentionReceived, width: 1) : program.map(x, scoreMap)
    let scores = weighting == .sigmoid ? program.activate(linear, .sigmoid, path) : linear
    let decision =
      predictorMaps.isEmpty
      ? nil
      : { (x: Value, program: inout ProgramBuilder) in
        let inner = program.map(x, predictorMaps[0])
        let name = predictorMaps[0].name.replacing("fc1", with: "activation")
        return program.map(program.activate(inner, .silu, name), predictorMaps[1])
      }
    return program.enter(x, scores, self, predictor: decision, body)
  }

  /// `x + r·y`, with the score of each row.
  func add(_ y: Value, to x: Value, _ program: inout ProgramBuilder) -> Value {
    program.add(x, weighting == .none ? y : program.weigh(y, path), path)
  }
}
