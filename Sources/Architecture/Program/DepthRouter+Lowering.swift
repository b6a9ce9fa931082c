import Symbolic

extension DepthRouter {
  /// The map from the stream to the score of a token.
  package var scoreMap: Linear { Linear("mod_router", width, 1) }

  /// The stream with the answers of the tokens that enter: `x + r·f(x)`.
  func lower(
    _ x: Value, _ program: inout ProgramBuilder,
    _ body: (Value, inout ProgramBuilder) -> Value
  ) -> Value {
    program.within("", .router, .depthRouter(self)) { program in
      let scores = program.map(x, scoreMap)
      let decision = predictor.map { width in
        { (x: Value, program: inout ProgramBuilder) -> Value in
          let inner = program.map(x, Linear("mod_predictor.fc1", self.width, width))
          let active = program.activate(inner, .silu, "mod_predictor.activation")
          return program.map(active, Linear("mod_predictor.fc2", width, 1))
        }
      }
      return program.enter(x, scores, self, predictor: decision, body)
    }
  }
}
