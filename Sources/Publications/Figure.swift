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
    recompute: Workload.Recompute = .none, with: [String: String] = [:])
  /// A figure of a pass, such as `flops.matmul.dense_mlp` or `kv_cache.elements`.
  case pass(
    String, of: String, tokens: Int128 = 1, past: Int128 = 0, phase: Workload.Phase = .prefill,
    mask: Workload.Mask = .full, with: [String: String] = [:])
  /// The bytes of a preset's weights in a format, such as `q4_k_m`.
  case stored(String, in: String, with: [String: String] = [:])
  /// The bytes of a preset's cache of some tokens in a format.
  case cached(String, tokens: Int128, in: NumberFormat = .fp16, with: [String: String] = [:])
  /// A formula with symbols and their values, as `"L=24 d=1024"`.
  case formula(String, String = "")
  case quotient(Figure, Figure)
  case product(Figure, Figure)
  case sum(Figure, Figure)

  /// Why a figure cannot be computed.
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
      return try Self.figure(path, of: Self.model(preset, settings), Workload())
    case .flops(
      let name, let preset, let tokens, let phase, let perToken, let recompute, let settings):
      guard let convention = Convention.named(name) else { throw Problem.noFigure(name) }
      var workload = Workload()
      (workload.phase, workload.tokens, workload.recompute) = (phase, tokens, recompute)
      return try Self.figure(
        perToken ? "flops.per_token" : "flops.total", of: Self.model(preset, settings), workload,
        convention)
    case .pass(let path, let preset, let tokens, let past, let phase, let mask, let settings):
      var workload = Workload()
      (workload.phase, workload.tokens, workload.past) = (phase, tokens, past)
      workload.mask = mask
      return try Self.figure(path, of: Self.model(preset, settings), workload)
    case .stored(let preset, let word, let settings):
      guard let format = WeightFormat(word) else { throw Problem.noFigure(word) }
      return try Self.figure(
        "memory.weight_bytes", of: Self.model(preset, settings), Workload(), weights: format)
    case .cached(let preset, let tokens, let format, let settings):
      var workload = Workload()
      (workload.phase, workload.tokens, workload.past) = (.decode, 1, tokens - 1)
      return try Self.figure(
        "kv_cache.bytes", of: Self.model(preset, settings), workload, cache: format)
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

  private static func figure(
    _ path: String, of model: Model, _ workload: Workload, _ convention: Convention = .exact,
    weights: WeightFormat = .bf16, cache: NumberFormat = .bf16
  ) throws -> Rational {
    var source = FigureSource(
      model, workload, convention: convention, weights: weights, cache: cache)
    guard let name = FigureName.named(path),
      let value = try source.value(name)?.evaluated(with: [:])
    else { throw Problem.noFigure(path) }
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
