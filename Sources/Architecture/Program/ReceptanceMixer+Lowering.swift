extension ReceptanceMixer {
  /// Mixes each token with the one before, averages the values before it, and projects back.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let before = program.previous(x)
    func project(_ projection: Projection) -> Value {
      program.map(
        program.interpolate(x, before, projection.mix, "mix", as: .recurrence), projection.map)
    }
    let (keys, values) = (project(self.keys), project(self.values))
    let receptances = project(self.receptances)
    let y = program.scan([keys, values], .weightedMean(mean))
    return program.map(program.gate(y, by: receptances, .logistic, "scan", as: .recurrence), output)
  }
}
