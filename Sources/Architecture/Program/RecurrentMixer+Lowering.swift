import Symbolic

extension ShortConvolution {
  /// `output(C ∘ conv(B ∘ x))`.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let width = convolution.channels
    let projected = program.map(x, input)
    let pieces = (0..<3).map {
      program.slice(
        projected, Slice(axes: [3, width], axis: 0, first: Formula(Int128($0)), count: 1))
    }
    let driven = program.multiply(pieces[2], by: pieces[0], "gates", as: .recurrence)
    let convolved = program.convolve(driven, convolution)
    let y = program.multiply(convolved, by: pieces[1], "gates", as: .recurrence)
    return program.map(y, output)
  }
}

extension SelectiveStateSpace {
  /// The input map, the convolution, the selective scan, and the gate on its output.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let (channels, state) = (scan.channels, scan.state)
    let projected = program.map(x, input)
    let axes = takesTurns ? [channels, 2] : [2, channels]
    let (entering, gate) = (
      program.slice(projected, Slice(axes: axes, axis: takesTurns ? 1 : 0, first: 0, count: 1)),
      program.slice(projected, Slice(axes: axes, axis: takesTurns ? 1 : 0, first: 1, count: 1))
    )
    let inner = program.convolve(entering, convolution, activation)
    let selected = program.map(inner, selection.map)
    let rank = selection.rank
    func piece(
      _ first: Formula, _ count: Formula, _ norm: Normalization?, _ program: inout ProgramBuilder
    ) -> Value {
      let piece = program.slice(
        selected,
        Slice(axes: [scan.groups, rank + 2 * state], axis: 1, first: first, count: count))
      return norm.map { program.normalize(piece, $0) } ?? piece
    }
    let steps = piece(0, rank, selection.stepNorm, &program)
    let inputs = piece(rank, state, selection.inputNorm, &program)
    let outputs = piece(rank + state, state, selection.outputNorm, &program)
    let y = program.scan(
      [inner, program.map(steps, selection.stepMap), inputs, outputs], .selective(scan))
    return program.map(program.gated(y, by: gate), output)
  }
}

extension DualStateSpace {
  /// The input map, the convolution of x, B and C, the scan by heads, the norm and the gate.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let (inner, states) = (scan.width, scan.groups * scan.state)
    let projected = program.map(x, input)
    func piece(
      _ first: Formula, _ count: Formula, _ program: inout ProgramBuilder
    ) -> Value {
      program.slice(projected, Slice(input.output, first: first, count: count))
    }
    func scaled(
      _ first: Formula, _ count: Formula, _ scale: Constant, _ program: inout ProgramBuilder
    ) -> Value {
      program.scale(piece(first, count, &program), by: scale, input.name)
    }
    let gate: Value, entering: Value, steps: Value
    let channels = inner + 2 * states
    if let scales {
      gate = scaled(0, inner, scales.gate, &program)
      let values = scaled(inner, inner, scales.values, &program)
      let inputs = scaled(2 * inner, states, scales.inputs, &program)
      let outputs = scaled(2 * inner + states, states, scales.outputs, &program)
      steps = scaled(inner + channels, scan.heads, scales.steps, &program)
      entering = program.join(program.join(values, inputs), outputs)
    } else {
      gate = piece(0, inner, &program)
      entering = piece(inner, channels, &program)
      steps = piece(inner + channels, scan.heads, &program)
    }
    let convolved = program.convolve(entering, convolution, activation)
    let values = program.slice(convolved, Slice(channels, first: 0, count: inner))
    let inputs = program.slice(convolved, Slice(channels, first: inner, count: states))
    let outputs = program.slice(convolved, Slice(channels, first: inner + states, count: states))
    var y = program.scan([values, steps, inputs, outputs], .duality(scan))
    if !normPrecedesGate { y = program.gated(y, by: gate) }
    if let norm { y = program.normalize(y, norm) }
    if normPrecedesGate { y = program.gated(y, by: gate) }
    return program.map(y, output)
  }
}

extension GatedRecurrentUnit {
  /// The scan of the convolved input under two gates, times the activated gate.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let gates = program.map(x, gate)
    let inner = program.convolve(program.map(x, input), convolution)
    let writing = program.map(inner, inputGate)
    let keeping = program.map(inner, recurrentGate)
    let y = program.scan([inner, writing, keeping], .gatedUnit(scan))
    let function = activation.map(Activation.init(named:)) ?? .identity
    return program.map(
      program.activate(gates, function, "gate", times: y, as: .recurrence), output)
  }
}

extension ProgramBuilder {
  /// A convolution and the function behind it, which is shown with it, if there is one.
  mutating func convolve(
    _ x: Value, _ convolution: CausalConvolution, _ activation: String?
  ) -> Value {
    let y = convolve(x, convolution)
    guard let function = activation.map(Activation.init(named:)) else { return y }
    return activate(y, function, convolution.name, as: .recurrence)
  }

  /// The product with `silu` of a gate.
  mutating func gated(_ y: Value, by gate: Value) -> Value {
    activate(gate, .silu, "gate", times: y, as: .recurrence)
  }
}
