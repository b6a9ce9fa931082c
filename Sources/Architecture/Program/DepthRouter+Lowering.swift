import Symbolic

extension ConditionalDepth {
  /// The stream with what the blocks make of the tokens that enter.
  func lower(
    _ x: Value, _ program: inout ProgramBuilder,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    program.within("", .router, .depthRouter(router)) { program in
      switch entry {
      case .following: program.enter(x, nil, router, predictor: nil, body)
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
  /// The scores of all tokens, and a program for those that they let in.
  fileprivate func choose(
    _ x: Value, _ program: inout ProgramBuilder,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    let linear = program.map(x, scoreMap)
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
