import Symbolic

extension DepthRouter {
  /// The stream with the answers of the tokens that enter: `x + r·f(x)`.
  func lower(
    _ x: Value, _ program: inout ProgramBuilder,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    program.within("", .router, .depthRouter(self)) { program in
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
      return program.enter(x, scores, self, predictor: decision) { x, program in
        let answer = body(x, &program)
        let weighed = weighting == .none ? answer : program.weigh(answer, path)
        return program.add(x, weighed, path)
      }
    }
  }
}
