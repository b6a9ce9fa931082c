import Accounting
import Architecture
import JSON
import Reference
import Validation
import Wording

/// What a checkpoint made of some tokens, and how to print it.
struct RunReport {
  let model: Model
  /// What the sequence is called, where several run.
  let domain: String?
  let tokens: [Int]
  /// The scores of every position, or of the last one.
  let logits: Logits
  /// Whether the scores are in a file.
  let isWritten: Bool
  /// How many of the likeliest tokens are printed.
  let top: Int
  /// What the routers chose for the tokens; what they chose later is not kept.
  let routing: [RoutingChoice]
  let generated: [Int]
  let asksForMore: Bool
  let validation: ValidationReport?
  /// The counts of each pass over a token that was generated, where they were compared.
  let steps: [Step]
  let notes: [String]

  /// One pass over a token that was generated.
  struct Step {
    let counts: Int
    let mismatches: [Comparison.Row]
  }

  /// Whether every count that was compared is equal.
  var holds: Bool {
    (validation?.validation.holds ?? true) && steps.allSatisfy(\.mismatches.isEmpty)
  }

  /// The tokens with the highest scores, the highest first; of equal ones the lowest first.
  ///
  /// What is no number comes last.
  static func likeliest(_ count: Int, _ scores: ArraySlice<Float>) -> [(token: Int, score: Float)] {
    func isBefore(_ left: (token: Int, score: Float), _ right: (token: Int, score: Float)) -> Bool {
      if left.score.isNaN || right.score.isNaN {
        return left.score.isNaN == right.score.isNaN
          ? left.token < right.token : right.score.isNaN
      }
      return left.score == right.score ? left.token < right.token : left.score > right.score
    }
    let all = scores.enumerated().map { (token: $0.offset, score: $0.element) }
    if count == 1, let best = all.min(by: isBefore) { return [best] }
    return Array(all.sorted(by: isBefore).prefix(count))
  }

  /// How long the sequence is, in words.
  var size: String { "\(tokens.count) \(tokens.count == 1 ? "token" : "tokens")" }

  var next: [(token: Int, score: Float)] {
    Self.likeliest(top, logits[logits.rows - 1])
  }

  // MARK: - JSON

  var json: JSONValue {
    var object = JSONObject([
      ("schema_version", .integer(1)), ("name", .string(model.name)),
      ("model_type", .string(model.modelType)),
    ])
    let sequence = sequence
    for key in sequence.keys { object[key] = sequence[key] }
    return .object(object)
  }

  /// What the sequence made of the model, without the model's name.
  var sequence: JSONObject {
    var object = JSONObject([("tokens", .array(tokens.map { .integer($0) }))])
    if !isWritten {
      object["logits"] = .array(
        (0..<logits.rows).map { row in .array(logits[row].map(Self.number)) })
    }
    object["next"] = .array(
      next.map { .object(["token": .integer($0.token), "logit": Self.number($0.score)]) })
    object["routing"] = .array(routing.map(routingJSON))
    if asksForMore { object["generated"] = .array(generated.map { .integer($0) }) }
    if let validation { object["validation"] = validation.json }
    if validation != nil, asksForMore {
      object["generated_validation"] = .object([
        "passes": .integer(steps.count), "counts": .integer(steps.reduce(0) { $0 + $1.counts }),
        "mismatches": .integer(steps.reduce(0) { $0 + $1.mismatches.count }),
      ])
    }
    if !notes.isEmpty { object["notes"] = .array(notes.map { .string($0) }) }
    return object
  }

  /// The shortest digits that give the number back; what is no number is null.
  private static func number(_ value: Float) -> JSONValue {
    value.isFinite ? .number("\(value)") : .null
  }

  private func routingJSON(_ choice: RoutingChoice) -> JSONValue {
    let (layer, _) = place(choice.path)
    var object = JSONObject([
      ("layer", layer.map { .integer($0) } ?? .null), ("path", .string(choice.path)),
    ])
    func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .integer($0) }) }
    switch choice.choice {
    case .experts(let chosen): object["experts"] = .array(chosen.map(list))
    // There is one sequence.
    case .tokens(let entered): object["tokens"] = list(entered.first ?? [])
    }
    return .object(object)
  }

  /// The number of a part's layer, and its name inside the layer.
  func place(_ path: String) -> (layer: Int?, name: String) {
    let prefix = "\(model.layersPath)."
    guard path.hasPrefix(prefix) else { return (nil, path) }
    let rest = path.dropFirst(prefix.count)
    let number = rest.prefix { $0.isNumber }
    return (Int(number), String(rest.dropFirst(number.count).drop { $0 == "." }))
  }

  // MARK: - Text

  func text(_ format: ReportFormat) -> String {
    let scores = Table(
      heading: ["next token", "logit"], rows: next.map { ["\($0.token)", "\($0.score)"] },
      alignments: [.right, .right]
    ).text(format)
    // A file of columns has one heading.
    if format == .csv { return scores }
    var parts = ["\(model.name): \(size)\n\n" + scores]
    if asksForMore {
      parts.append("generated: \(generated.map { "\($0)" }.joined(separator: " "))\n")
    }
    if let table = routingTable { parts.append(table.text(format)) }
    if let text = validationText(format) { parts.append(text) }
    return parts.joined(separator: "\n")
  }

  /// What came of the comparison of counts, if there was one.
  func validationText(_ format: ReportFormat) -> String? {
    validation.map {
      ValidationReport.summary([$0]).text(format) + "\n" + ValidationReport.verdict([$0])
        + stepsText
    }
  }

  /// What came of the counts of the passes over tokens that were generated.
  private var stepsText: String {
    guard !steps.isEmpty else { return "" }
    let differing = steps.indices.filter { !steps[$0].mismatches.isEmpty }
    let passes = "\(steps.count) \(steps.count == 1 ? "pass" : "passes") over generated tokens, "
    guard let first = differing.first, let row = steps[first].mismatches.first else {
      return passes + "\(steps.reduce(0) { $0 + $1.counts }) counts, all equal.\n"
    }
    return passes
      + "\(differing.count) differ; first \(row.path) \(row.operation.rawValue): analytic "
      + "\(row.analytic), measured \(row.measured).\n"
  }

  /// For each token the experts of each routed layer, and whether it entered.
  private var routingTable: Table? {
    guard !routing.isEmpty else { return nil }
    var table = Table(
      heading: ["position", "token"],
      rows: tokens.enumerated().map { ["\($0.offset)", "\($0.element)"] },
      alignments: [.right, .right], labelColumns: 2)
    // The tokens that have entered the layer stand for all that its experts see.
    var entered: [Int: [Int]] = [:]
    for choice in routing {
      let (layer, name) = place(choice.path)
      let all = layer.flatMap { entered[$0] } ?? Array(tokens.indices)
      var cells = [String](repeating: "-", count: tokens.count)
      let heading = layer.map { "layer \($0)" } ?? name
      switch choice.choice {
      case .experts(let chosen):
        table.heading.append("\(heading) experts")
        for (position, experts) in zip(all, chosen) {
          cells[position] = experts.isEmpty ? "-" : experts.map { "\($0)" }.joined(separator: " ")
        }
      case .tokens(let sequences):
        let own = sequences.first ?? []
        if let layer { entered[layer] = own }
        table.heading.append("\(heading) enters")
        for position in own { cells[position] = "yes" }
      }
      for position in tokens.indices { table.rows[position].append(cells[position]) }
    }
    return table
  }
}
