extension NgramInjection {
  /// The streams with what they take of the table.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let said = program.lookUp(table)
    let key = program.normalize(program.map(said, keys), keyNorm)
    let query = program.normalize(x, queryNorm)
    let product = program.quotient(
      program.dot(key, query, parts: streams, "gates"), by: Division(by: .root(width)), "gates")
    let gates = program.activate(product, .signedRoot(least: least), "gates")
    let copies = program.repeat(program.map(said, values), times: streams)
    let taken = program.gate(copies, by: gates, .logistic, "gates")
    let convolved = program.convolve(program.normalize(taken, convolutionNorm), convolution)
    let more = program.activate(convolved, .silu, convolution.name)
    return program.add(x, program.add(taken, more, "sum"), "sum")
  }
}
