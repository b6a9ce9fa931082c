import Symbolic

extension LayerTable {
  /// Leaves its rows for all layers to take; the stream `[T, d]` goes on unchanged.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let looked = program.within(name) { table.lower(&$0) }
    let mapped = program.scale(program.map(x, map), by: mapScale, map.name)
    let sum = program.add(program.normalize(mapped, norm), looked, norm.name)
    _ = program.leave(program.scale(sum, by: scale, norm.name), as: .layerTable)
    return x
  }
}

extension LayerInput {
  /// The answer `[T, d]` of a layer to its share of the table.
  func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let width = gate.output
    let all = program.take(.layerTable, width: Formula(Size.layers.symbol) * width)
    let share = program.slice(
      all, Slice(all.width, first: Formula(Symbol.layer) * width, count: width))
    let gates = program.map(x, gate)
    return program.map(program.activate(gates, activation, gate.name, times: share), output)
  }
}
