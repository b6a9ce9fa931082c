import Architecture
import JSON
import Reference
import Wording

/// What a checkpoint made of several sequences with names, each by itself, and how to print it.
struct DomainReport {
  /// One run for each sequence; there is at least one.
  let runs: [RunReport]

  /// Whether every count that was compared is equal.
  var holds: Bool { runs.allSatisfy(\.holds) }

  /// What is to be said about the files, once.
  var notes: [String] { runs[0].notes }

  /// The document of one sequence without a name, or of all with theirs.
  var json: JSONValue {
    guard runs[0].domain != nil else { return runs[0].json }
    var object = JSONObject([
      ("schema_version", .integer(1)), ("name", .string(runs[0].model.name)),
      ("model_type", .string(runs[0].model.modelType)),
      (
        "domains",
        .array(
          runs.map { run in
            var sequence = JSONObject([("domain", .string(run.domain ?? ""))])
            let own = run.sequence
            for key in own.keys where key != "notes" { sequence[key] = own[key] }
            return .object(sequence)
          })
      ),
    ])
    if !notes.isEmpty { object["notes"] = .array(notes.map { .string($0) }) }
    return .object(object)
  }

  func text(_ format: ReportFormat) -> String {
    guard runs[0].domain != nil else { return runs[0].text(format) }
    let next = Table(
      heading: ["domain", "tokens", "next token", "logit"],
      rows: runs.flatMap { run in
        run.next.map { [run.domain ?? "", "\(run.tokens.count)", "\($0.token)", "\($0.score)"] }
      }, alignments: [.left, .right, .right, .right]
    ).text(format)
    // A file of columns has one heading.
    if format == .csv { return next }
    var parts = [
      "\(runs[0].model.name): \(runs.count) \(runs.count == 1 ? "domain" : "domains")\n\n" + next
    ]
    for run in runs where run.asksForMore {
      let tokens = run.generated.map { "\($0)" }.joined(separator: " ")
      parts.append("\(run.domain ?? ""), generated: \(tokens)\n")
    }
    let loads = ExpertLoads(runs)
    if let table = loads.table { parts.append(table.text(format)) }
    for run in runs {
      if let text = run.validationText(format) { parts.append("\(run.domain ?? "")\n" + text) }
    }
    return parts.joined(separator: "\n")
  }
}
