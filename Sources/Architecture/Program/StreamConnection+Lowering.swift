import Symbolic

/// The weights of each token by which a block writes to streams.
struct StreamWeights {
  /// One for each stream.
  var written: Value
  /// A matrix by which the streams are mixed before, if they are.
  var mixing: Value?
}

extension StreamConnection {
  /// The stream that a block sees, and the weights by which it writes, if it does.
  func read(_ x: Value, _ program: inout ProgramBuilder) -> (Value, StreamWeights?) {
    program.within("", .stream, .stream(.connection(self))) { program in
      switch self {
      case .hyper(let connection): connection.read(x, &program)
      case .mix(let mix): mix.read(x, &program)
      }
    }
  }

  /// The streams `x` with the answer of the block.
  func write(
    _ answer: Value, to x: Value, _ weights: StreamWeights, _ name: String,
    _ program: inout ProgramBuilder
  ) -> Value {
    program.within("", .stream, .stream(.connection(self))) { program in
      let copies = program.repeat(answer, times: streams)
      let added = program.gate(copies, by: weights.written, .identity, name, as: .residual)
      let kept =
        weights.mixing.map { matrix in
          var mixing = StreamMixing(streams: streams, results: streams, width: total / streams)
          mixing.isByStream = true
          return program.mixStreams(x, by: matrix, mixing, "\(name).mix")
        } ?? x
      return program.add(kept, added, name)
    }
  }
}

extension HyperConnection {
  fileprivate func read(
    _ x: Value, _ program: inout ProgramBuilder
  ) -> (Value, StreamWeights?) {
    let n = streams
    var y: Value
    if normsOutput {
      y = program.divide(program.map(x, map), byMagnitudeOf: x, norm)
    } else {
      y = program.map(program.normalize(x, norm), map)
    }
    let name = map.name
    y = program.affine(y, scales: scales, shift: base, uses, name)
    func piece(_ index: Int) -> Value {
      program.slice(y, Slice(map.output, first: uses[..<index].sum(), count: uses[index]))
    }
    let open = program.activate(piece(0), .sigmoid, name)
    let weights = program.shift(open, by: epsilon, name)
    let read = program.sumParts(
      program.gate(x, by: weights, .identity, name, as: .residual), n, name)
    if form == .head { return (read, nil) }
    var written = program.activate(piece(1), .sigmoid, name)
    written = program.scale(written, by: magnitude, name)
    guard case .mixed(let iterations) = form else {
      return (read, StreamWeights(written: program.shift(written, by: epsilon, name)))
    }
    let balance = Balance(size: n, iterations: iterations, epsilon: epsilon)
    return (
      read, StreamWeights(written: written, mixing: program.balance(piece(2), balance, name))
    )
  }

  /// How many of the weights have each use.
  private var uses: [Formula] {
    switch form {
    case .head: [streams]
    case .residual: [streams, streams]
    case .mixed: [streams, streams, streams * streams]
    }
  }
}

extension StreamMix {
  fileprivate func read(
    _ x: Value, _ program: inout ProgramBuilder
  ) -> (Value, StreamWeights?) {
    let inverse = Constant.size(1 / streams)
    let normed = program.normalize(x, norm)
    var inner = program.scale(program.map(normed, down), by: inverse, down.name)
    inner = program.activate(inner, .silu, down.name)
    let gates = program.map(inner, up)
    let gated = program.gate(normed, by: gates, .logistic, up.name, as: .residual)
    let sum = program.sumParts(gated, streams, up.name)
    let read = program.scale(sum, by: inverse, up.name)
    guard let inject else { return (read, nil) }
    var written = program.scale(program.map(normed, inject), by: inverse, inject.name)
    written = program.activate(written, .sigmoid, inject.name)
    written = program.scale(written, by: "2", inject.name)
    return (read, StreamWeights(written: written))
  }
}
