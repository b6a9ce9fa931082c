import Symbolic

extension LightningMixer {
  /// Projects every token, attends within each sequence, and projects back.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let (heads, size) = (scan.heads, scan.size)
    var projected = program.map(x, input)
    if let function = activation.flatMap(Activation.init) {
      projected = program.activate(projected, function, "scan", as: .recurrence)
    }
    let pieces = (0..<3).map { piece in
      program.slice(
        projected,
        Slice(axes: [heads, 3, size], axis: 1, first: Formula(Int128(piece)), count: 1))
    }
    var y = program.scan(pieces, .lightning(scan))
    y = program.normalize(y, norm, as: .recurrence)
    y = program.gate(y, by: program.map(x, gate), .logistic, "gate", as: .recurrence)
    return program.map(y, output)
  }
}
