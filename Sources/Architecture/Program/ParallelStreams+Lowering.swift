import Symbolic

extension AlternatingUpdate {
  /// The predictions of all copies `[n·d]` from what they are.
  func predict(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let modalities = modalities(of: copy(active, of: x, &program), &program)
    let coefficients = program.map(modalities, prediction)
    let predictions = program.mixStreams(
      x, by: coefficients, StreamMixing(streams: streams, results: streams, width: width),
      "predict")
    return program.add(predictions, x, "predict")
  }

  /// The copies after the layer, from their predictions and what it answers.
  func correct(
    _ predictions: Value, _ answer: Value, _ program: inout ProgramBuilder
  ) -> Value {
    let modalities = modalities(of: answer, &program)
    let innovation = program.subtract(
      answer, copy(active, of: predictions, &program), "correct")
    let coefficients = program.shift(program.map(modalities, correction), by: .one, "correct")
    let spread = program.gate(
      program.repeat(innovation, times: streams), by: coefficients, .identity, "correct",
      as: .residual)
    return program.add(spread, predictions, "correct")
  }

  /// What reads the table: the corrected copy that the layer computes.
  func reader(_ corrected: Value, _ program: inout ProgramBuilder) -> Value {
    let first = copy(active, of: corrected, &program)
    guard scalesOutput else { return first }
    return program.scale(first, by: LearnedScale(outputScale), "correct")
  }

  /// The copies with an answer added to all but the first.
  func add(_ answer: Value, to corrected: Value, _ program: inout ProgramBuilder) -> Value {
    let others = program.slice(
      corrected, Slice(streams * width, first: width, count: (streams - 1) * width))
    let sum = program.add(
      others, program.repeat(answer, times: streams - 1), "per_layer_input")
    return program.join(copy(0, of: corrected, &program), sum)
  }

  func copy(_ index: Int, of x: Value, _ program: inout ProgramBuilder) -> Value {
    program.slice(
      x, Slice(streams * width, first: Formula(Int128(index)) * width, count: width))
  }

  private func modalities(of x: Value, _ program: inout ProgramBuilder) -> Value {
    let normed = program.scale(
      program.normalize(x, routerNorm), by: routerScale, router.name)
    return program.activate(program.map(normed, router), .tanh, router.name)
  }
}

extension LearnedResidual {
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let answer = program.normalize(program.map(program.map(x, down), up), norm)
    return program.add(x, answer, "residual")
  }
}

extension StreamCopies {
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    switch use {
    case .spread:
      let magnitude = program.magnitude(x, "copies")
      return maps.reduce(x) { streams, map in
        let copy = program.rescale(
          program.map(x, map), to: magnitude, least: least, "copies")
        return program.join(streams, copy)
      }
    case .gather:
      func stream(_ index: Int, _ program: inout ProgramBuilder) -> Value {
        program.slice(
          x, Slice(streams * width, first: Formula(Int128(index)) * width, count: width))
      }
      let first = stream(0, &program)
      let magnitude = program.magnitude(first, "copies")
      var sum = first
      for (index, map) in maps.enumerated() {
        let mapped = program.map(stream(index + 1, &program), map)
        let copy = program.rescale(mapped, to: magnitude, least: least, "copies")
        sum = program.add(sum, copy, "copies")
      }
      return program.scale(sum, by: .inverse(.size(streams)), "copies")
    }
  }
}
