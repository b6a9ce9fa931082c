extension SkipConvolution {
  /// `x` convolved, plus `x`; a kernel of the token is made of what `x` is made of.
  func lower(_ x: Value, of source: Value, _ program: inout ProgramBuilder) -> Value {
    let (y, name): (Value, String) =
      switch kernel {
      case .fixed(let convolution): (program.convolve(x, convolution), convolution.name)
      case .dynamic(let convolution):
        (
          program.convolve(x, by: program.map(source, convolution.map), convolution),
          convolution.name
        )
      }
    let sum = program.add(y, x, name)
    return divisor.map { program.quotient(sum, by: Division(by: $0), name) } ?? sum
  }
}
