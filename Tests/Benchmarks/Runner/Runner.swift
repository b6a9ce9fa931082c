import Families
import JSON
import Kernels
import Presets
import Reference

/// Runs what the scripts of this folder measure: one command a line, one answer a line.
///
/// - `product M N K WORKERS REPEATS`: the best and the median seconds of REPEATS products
///   `[M, K] × [N, K]ᵀ`.
/// - `load MODEL WORKERS POLICY`: prepares a model, `full` presets or a configuration file.
/// - `forward TOKENS PAST REPEATS MASK`: seconds of each pass of the loaded model.
/// - `quit`.
@main enum Runner {
  static func main() throws {
    var executor: Executor?
    while let line = readLine() {
      let words = line.split(separator: " ").map(String.init)
      switch words.first {
      case "product": answer(product(words.dropFirst().compactMap { Int($0) }))
      case "load":
        executor = try load(words[1], workers: Int(words[2]) ?? 1, WeightPolicy(rawValue: words[3]))
        answer([])
      case "forward":
        guard let executor else { fatalError("no model is loaded") }
        answer(
          try forward(
            executor, tokens: Int(words[1]) ?? 1, past: Int(words[2]) ?? 0,
            repeats: Int(words[3]) ?? 1, words[4]))
      default: return
      }
    }
  }

  static func answer(_ seconds: [Double]) {
    print(seconds.map { "\($0)" }.joined(separator: " "))
    FileBytes.flush()
  }

  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let time = try ContinuousClock().measure(body)
    return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
  }

  static func product(_ sizes: [Int]) -> [Double] {
    let (m, n, k, workers, repeats) = (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4])
    func matrix(_ rows: Int, _ columns: Int, _ key: UInt64) -> Matrix {
      let start = UnsafeMutableRawPointer.allocate(
        byteCount: rows * columns * 4, alignment: 128
      ).bindMemory(to: Float.self, capacity: rows * columns)
      Vectors.fillUniform(start, count: rows * columns, key: key, first: 0, scale: 1)
      return Matrix(start, rows: rows, columns: columns)
    }
    let (x, w, y) = (matrix(m, k, 1), matrix(n, k, 2), matrix(m, n, 3))
    defer { for matrix in [x, w, y] { UnsafeMutableRawPointer(matrix.start).deallocate() } }
    let all = (0..<max(repeats, 1)).map { _ in
      seconds { _ = multiply(x, byTransposeOf: w, into: y, workers: Workers(count: workers)) }
    }.sorted()
    return [all[0], all[all.count / 2]]
  }

  static func load(_ name: String, workers: Int, _ policy: WeightPolicy?) throws -> Executor {
    let configuration: JSONObject
    if let preset = Catalog.preset(named: name) {
      configuration = preset.configuration
    } else {
      let bytes = try FileBytes.read(name)
      configuration = try JSONValue(parsing: bytes).object ?? JSONObject()
    }
    return try Executor(
      Families.Description().model(from: configuration, named: name), evidence: .kernel,
      weights: policy ?? .resident, threads: workers)
  }

  static func forward(
    _ executor: Executor, tokens: Int, past: Int, repeats: Int, _ mask: String
  ) throws -> [Double] {
    var pass = Pass()
    pass.mask = mask == "causal" ? .causal : .full
    executor.keepsLogits = false
    if past > 0 {
      // One token after another, each after all that came before.
      executor.forget()
      _ = try executor.run(executor.randomTokens(1, 0..<past), pass)
      pass.isSampling = true
      return try (0..<repeats).map { step in
        let token = try executor.randomTokens(1, past + step..<past + step + 1)
        return try seconds { _ = try executor.run(token, pass) }
      }
    }
    return try (0..<repeats).map { _ in
      executor.forget()
      let sequences = try executor.randomTokens(1, 0..<tokens)
      return try seconds { _ = try executor.run(sequences, pass) }
    }
  }
}
