import Architecture
import Families
import Presets
import Reference
import Testing

/// What an executor says beforehand that it will require.
@Suite struct RequestTests {
  /// Weights that have the tensors of a list, and no others.
  struct Listed: StoredWeights {
    let counts: [String: Int]

    func count(of name: String) -> Int? { counts[name] }

    func read(_ name: String, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
      for place in 0..<range.count { target[place] = 0.01 * Float((range.lowerBound + place) % 7) }
    }

    func address(of name: String, _ range: Range<Int>) -> UnsafePointer<Float>? { nil }
  }

  @Test("No pass asks for a tensor that was not announced", arguments: Catalog.names)
  func announced(_ name: String) throws {
    let model = try ExecutorTests.model(name)
    let executor: Executor
    do {
      executor = try Executor(model, evidence: .kernel)
    } catch ExecutionError.notExecuted {
      return
    }
    let requests = try executor.requestedWeights()
    let counts = requests.map { request in
      (request.name, request.shape.reduce(max(1, request.pieces.count), *))
    }
    // A name that is announced twice would be two tensors.
    executor.use(Listed(counts: Dictionary(uniqueKeysWithValues: counts)))
    _ = try executor.run([[1, 2, 3, 4]])
    var pass = Pass()
    pass.isSampling = true
    _ = try executor.run([[5]], pass)
  }

  @Test("A tensor that is not stored, or is too small, ends the pass with its name")
  func unknown() throws {
    let model = try ExecutorTests.model("llama2-13b")
    for (name, count) in [("model.norm.weight", nil), ("model.layers.1.mlp.up_proj.weight", 3)] {
      let executor = try Executor(model, evidence: .kernel)
      var counts = Dictionary(
        uniqueKeysWithValues: try executor.requestedWeights().map {
          ($0.name, $0.shape.reduce(1, *))
        })
      counts[name] = count
      executor.use(Listed(counts: counts))
      #expect(throws: ExecutionError.notStored(tensor: name)) { try executor.run([[1, 2]]) }
    }
  }
}
