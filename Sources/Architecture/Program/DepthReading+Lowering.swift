import Symbolic

extension DepthReading {
  /// What the queries read of the streams that were left and of this one, side by side.
  func lower(_ stream: Value, _ program: inout ProgramBuilder) -> Value {
    let states = (0..<states).map { program.take(.stream($0), width: width) } + [stream]
    let normed = states.map { program.normalize($0, norm) }
    return program.attendDepth(normed, self)
  }

  /// The part of it that is for one of queries, keys and values.
  func slice(_ index: Int, of read: Value, _ program: inout ProgramBuilder) -> Value {
    program.slice(read, Slice(3 * width, first: Formula(Int128(index)) * width, count: width))
  }
}
