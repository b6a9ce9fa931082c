import Symbolic

extension MatrixMemoryMixer {
  /// Projects every token, writes to and reads from the memory of each sequence, and projects back.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let (operands, outputGate) = project(x, &program)
    var y = program.scan(operands, .matrixMemory(memory))
    y = program.normalize(y, norm)
    y = program.gate(y, by: outputGate, .logistic, "gate", as: .recurrence)
    return program.map(y, output)
  }

  /// What the scan takes, and the gate of its answer.
  private func project(
    _ x: Value, _ program: inout ProgramBuilder
  ) -> (operands: [Value], outputGate: Value) {
    func bounded(_ gates: Value) -> Value {
      gateCap.map { program.bound(gates, by: $0, "scan", as: .recurrence) } ?? gates
    }
    switch inputs {
    case .separate(let queries, let keys, let values, let outputGate, let inputGate, let forgetGate):
      let q = program.map(x, queries)
      let k = program.map(x, keys)
      let v = program.map(x, values)
      let o = program.map(x, outputGate)
      let i = program.map(x, inputGate)
      let f = program.map(x, forgetGate)
      return ([q, k, v, bounded(i), bounded(f)], o)
    case .fused(let streams, let gates):
      let (narrow, wide) = (memory.heads * memory.keySize, memory.heads * memory.valueSize)
      let all = program.map(x, streams)
      func taken(_ first: Formula, _ count: Formula) -> Value {
        program.slice(all, Slice(2 * narrow + 2 * wide, first: first, count: count))
      }
      let both = bounded(program.map(x, gates))
      func gate(_ first: Formula) -> Value {
        program.slice(both, Slice(2 * memory.heads, first: first, count: memory.heads))
      }
      let operands = [
        taken(0, narrow), taken(narrow, narrow), taken(2 * narrow, wide), gate(0),
        gate(memory.heads),
      ]
      return (operands, taken(2 * narrow + wide, wide))
    }
  }
}
