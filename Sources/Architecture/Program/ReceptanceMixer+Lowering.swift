extension ReceptanceMixer {
  /// Mixes each token with the one before, averages the values before it, and projects back.
  package func lower(_ x: Value, _ program: inout ProgramBuilder) -> Value {
    let before = program.previous(x)
    func mixed(_ projection: Projection) -> Value {
      program.interpolate(x, before, projection.mix, "mix", as: .recurrence)
    }
    let (forKeys, forValues, forReceptances) = (mixed(keys), mixed(values), mixed(receptances))
    let own = [program.map(forKeys, keys.map), program.map(forValues, values.map)]
    let receptances = program.map(forReceptances, self.receptances.map)
    let y = program.scan(own, .weightedMean(mean))
    return program.map(
      program.gate(y, by: receptances, .logistic, "scan", as: .recurrence), output)
  }
}
