package import Accounting
package import Architecture
import Families
import JSON
package import Presets
package import Symbolic

/// How a printed figure is computed here.
package indirect enum Figure: Sendable {
  /// A figure of a preset's parameters, such as `parameters.total`.
  case parameters(String, of: String, with: [String: String] = [:])
  /// The FLOPs of a pass under a named convention; for each token, or of the whole pass.
  case flops(
    String, of: String, tokens: Int128, phase: Workload.Phase = .train, perToken: Bool = false,
    with: [String: String] = [:])
  /// A figure of a pass, such as `flops.matmul.dense_mlp` or `kv_cache.elements`.
  case pass(
    String, of: String, tokens: Int128 = 1, past: Int128 = 0, phase: Workload.Phase = .prefill,
    mask: Workload.Mask = .full, with: [String: String] = [:])
  /// A formula with letters and their values, as `"L=24 d=1024"`.
  case formula(String, String = "")
  case quotient(Figure, Figure)
  case product(Figure, Figure)
  case sum(Figure, Figure)

  package enum Problem: Error, Hashable {
    case noPreset(String)
    case noFigure(String)
    case noNumber(String)
  }

  /// The exact value.
  ///
  /// - Throws: `Figure.Problem`, `DescriptionError` or `ArithmeticError`; a test computes them all.
  package func value() throws -> Rational {
    switch self {
    case .parameters(let path, let preset, let settings):
      let report = try ParameterReport(Self.model(preset, settings))
      return try Self.number(report.figure(path), path)
    case .flops(let name, let preset, let tokens, let phase, let perToken, let settings):
      guard let convention = Convention.named(name) else { throw Problem.noFigure(name) }
      var workload = Workload()
      (workload.phase, workload.tokens) = (phase, tokens)
      let ledger = OperationLedger(try Self.model(preset, settings), workload)
      let total = try Self.number(convention.value(of: ledger), name)
      return perToken ? try total.divided(by: Rational(tokens)) : total
    case .pass(let path, let preset, let tokens, let past, let phase, let mask, let settings):
      var workload = Workload()
      (workload.phase, workload.tokens, workload.past) = (phase, tokens, past)
      workload.mask = mask
      let report = try OperationReport(Self.model(preset, settings), workload)
      return try Self.number(report.figure(path), path)
    case .formula(let text, let sizes):
      var values: [Symbol: Rational] = [:]
      for pair in sizes.split(separator: " ") {
        let halves = pair.split(separator: "=")
        guard halves.count == 2, let value = Rational(decimal: halves[1]) else {
          throw Problem.noNumber(sizes)
        }
        values[Symbol(String(halves[0]))] = value
      }
      return try Formula(parsing: text).evaluated(with: values)
    case .quotient(let above, let below): return try above.value().divided(by: below.value())
    case .product(let one, let other): return try one.value().multiplied(by: other.value())
    case .sum(let one, let other): return try one.value().adding(other.value())
    }
  }

  private static func number(_ formula: Formula?, _ path: String) throws -> Rational {
    guard let formula else { throw Problem.noFigure(path) }
    guard let value = formula.constant else { throw Problem.noNumber(path) }
    return value
  }

  private static func model(_ name: String, _ settings: [String: String]) throws -> Model {
    guard let preset = Catalog.preset(named: name) else { throw Problem.noPreset(name) }
    return try preset.model(settings)
  }
}

extension Preset {
  /// The model that the preset describes, with some keys replaced.
  ///
  /// - Throws: `DescriptionError` if the replaced keys do not fit.
  package func model(_ settings: [String: String] = [:]) throws -> Model {
    var model = try Families.Description(overrides: settings)
      .model(from: configuration, named: name)
    model.relativeExpertSize = relativeExpertSize.flatMap { try? Formula(parsing: $0) }
    return model
  }
}

extension ParameterReport {
  /// The figure of a path, or nil if there is none.
  package func figure(_ path: String) -> Formula? {
    let pieces = path.split(separator: ".", maxSplits: 1).map(String.init)
    guard pieces.count == 2 else { return nil }
    switch (pieces[0], pieces[1]) {
    case ("parameters", "total"): return total
    case ("parameters", "mlp"): return feedForward
    case ("parameters", "non_embedding"): return nonEmbedding
    case ("parameters", "embedding_and_head"):
      return count(.embedding) + count(.languageModelHead)
    case ("parameters", let name): return Part(rawValue: name).map { count($0) }
    case ("active", "mlp"):
      let parts: [Part] = [.denseFeedForward, .routedExperts, .sharedExperts, .router]
      let rows = ledger.rows.filter { parts.contains($0.weight.part) }
      return try? ledger.value(rows.map(\.activeCount).sum(), path)
    case ("active", let name):
      return ParameterLedger.Activity(rawValue: name).flatMap { active[$0] }
    case ("ratios", "d_ff/d_model"): return widthRatio
    case ("ratios", "mlp/attention"): return feedForwardToAttention.map { Formula($0) }
    default: return nil
    }
  }
}

extension OperationReport {
  /// The figure of a path, or nil if there is none.
  package func figure(_ path: String) -> Formula? {
    switch path {
    case "flops.total": return total
    case "flops.matmul.total": return matrixProducts
    case "flops.elementwise.total": return elementwise
    case "kv_cache.elements": return cacheElements
    default: break
    }
    if path.hasPrefix("flops.matmul.") {
      return Product.Part(rawValue: String(path.dropFirst(13))).flatMap { products[$0] }
    }
    if path.hasPrefix("flops.elementwise.") {
      return Elementwise.Category(rawValue: String(path.dropFirst(18))).flatMap { categories[$0] }
    }
    if path.hasPrefix("operations.") {
      return ScalarOperation(rawValue: String(path.dropFirst(11))).flatMap { operations[$0] }
    }
    return nil
  }
}
