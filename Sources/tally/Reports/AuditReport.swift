import Accounting
import Architecture
import Arguments
import Checkpoints
import JSON
import Symbolic
import Wording

/// A checkpoint beside its model, and how to print the comparison.
enum AuditReport {
  case compared(Audit, model: String, type: String, analytic: Int128, notes: [String])
  /// Without a config.json.
  case counted(Inventory, name: String)

  /// - Throws: `Failure`, with the file or folder at fault.
  init(_ arguments: Arguments) throws {
    let word = arguments[Command.checkpoint]
    let (folder, file) = try CheckpointSource.place(word)
    let settings = try ModelSource(arguments)
    let checkpoint = try CheckpointSource.checkpoint(folder, file)
    let source: CheckpointSource
    if Terminal.kind(of: "\(folder)/config.json") == .file {
      source = try CheckpointSource(folder: folder, settings)
    } else if file?.hasSuffix(".gguf") == true {
      do {
        source = try CheckpointSource(gguf: word, settings)
      } catch Failure.unknownArchitecture {
        self = .counted(Inventory(checkpoint), name: word)
        return
      }
    } else {
      self = .counted(Inventory(checkpoint), name: word)
      return
    }
    let report = try ModelSource.blaming(source.model) { try ParameterReport(source.model) }
    guard let analytic = (report.stored ?? report.total).wholeConstant else {
      let free = source.model.sizes.first { !$0.value.variables.isEmpty }?.key ?? "A size"
      throw Failure.description(
        source: word, .notFree(key: free, reason: "it is the extent of a tensor"))
    }
    self = .compared(
      try source.audit(
        checkpoint,
        form: file?.hasSuffix(".gguf") == true
          ? .any : source.form.map { .stated($0) } ?? .commonest), model: word,
      type: source.model.modelType, analytic: analytic,
      notes: source.model.notes)
  }

  /// Whether every difference is explained; without a model nothing is compared.
  var agrees: Bool {
    switch self {
    case .compared(let audit, _, _, let analytic, _):
      audit.agrees && Int128(audit.logical) == analytic
    case .counted: true
    }
  }

  // MARK: - JSON

  var json: JSONValue {
    switch self {
    case .compared(let audit, let name, let type, let analytic, let notes):
      var object = JSONObject([
        ("schema_version", .integer(1)), ("name", .string(name)), ("model_type", .string(type)),
        ("files", .integer(audit.files)),
        (
          "tensors",
          .object([
            "expected": .integer(audit.expected), "found": .integer(audit.found),
            "missing": Self.list(audit.missing), "unexpected": Self.list(audit.unexpected),
            "wrong_shape": .array(audit.wrongShapes.map(\.json)),
            "wrong_type": .array(audit.wrongTypes.map(\.json)),
            "left_out": .array(
              audit.leftOut.map {
                .object(["name": .string($0.name), "reason": .string($0.reason)])
              }),
            "kept_wide": Self.list(audit.wide),
          ])
        ),
        (
          "parameters",
          .object([
            "analytic": .integer(analytic), "logical": .integer(audit.logical),
            "stored": .integer(audit.stored),
          ])
        ),
        (
          "bytes",
          .object([
            "computed": .integer(audit.computed), "on_disk": .integer(audit.onDisk),
            "left_out": .integer(audit.leftOutBytes), "headers": .integer(audit.headers),
          ])
        ),
        (
          "forms",
          .array(
            audit.forms.map { form in
              .object([
                "form": .string(form.words), "tensors": .integer(form.tensors),
                "parameters": .integer(form.weights), "bytes": .integer(form.bytes),
              ])
            })
        ),
        ("agrees", .boolean(agrees)),
      ])
      if !notes.isEmpty { object["notes"] = Self.list(notes) }
      return .object(object)
    case .counted(let inventory, let name):
      func rows(_ rows: [Inventory.Row]) -> JSONValue {
        .array(
          rows.map { row in
            .object([
              "name": .string(row.name), "tensors": .integer(row.tensors),
              "parameters": .integer(row.weights), "bytes": .integer(row.bytes),
            ])
          })
      }
      return .object([
        "schema_version": .integer(1), "name": .string(name), "model_type": .null,
        "files": .integer(inventory.files),
        "tensors": .object(["found": .integer(inventory.tensors)]),
        "parameters": .object(["analytic": .null, "logical": .integer(inventory.weights)]),
        "bytes": .object(["on_disk": .integer(inventory.bytes)]), "types": rows(inventory.types),
        "parts": rows(inventory.parts), "agrees": .null,
      ])
    }
  }

  private static func list(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }

  // MARK: - Text

  func text(_ format: ReportFormat) -> String {
    switch self {
    case .compared(let audit, let name, let type, let analytic, let notes):
      let table = audit.table(analytic).text(format)
      guard format != .csv else { return table }
      var parts = ["\(name): \(type), \(Self.count(audit.files, "file"))\n\n\(table)"]
      parts += audit.lists
      parts += notes.map { "note: \($0)\n" }
      parts.append(agrees ? "Everything is explained.\n" : audit.verdict)
      return parts.joined(separator: "\n")
    case .counted(let inventory, let name):
      func table(_ heading: String, _ rows: [Inventory.Row]) -> String {
        Table(
          heading: [heading, "tensors", "parameters", "bytes"],
          rows: rows.map { row in
            [
              row.name, "\(row.tensors)", "\(row.weights)", Quantity.bytes(Int128(row.bytes)),
            ]
          }, alignments: [.left, .right, .right, .right]
        ).text(format)
      }
      let parts = table("part, by its name", inventory.parts)
      guard format != .csv else { return parts }
      let helpers = inventory.companions.tensors > 0 ? [inventory.companions] : []
      return """
        \(name): \(Self.count(inventory.files, "file")), no config.json: nothing to compare with

        \(table("type", inventory.types + helpers))
        \(parts)
        """
    }
  }

  fileprivate static func count(_ count: Int, _ word: String) -> String {
    "\(count) \(word)\(count == 1 ? "" : "s")"
  }
}

extension Audit.Difference {
  fileprivate var json: JSONValue {
    .object([
      "name": .string(name), "found": .string(found), "expected": .string(expected),
    ])
  }
}

extension Audit {
  fileprivate func table(_ analytic: Int128) -> Table {
    var rows = [
      ["tensors", "\(expected)", "\(found)"],
      ["parameters", "\(analytic)", "\(logical)"],
      ["elements stored", "", "\(stored)"],
      ["bytes", "\(computed)", "\(onDisk - leftOutBytes)"],
    ]
    if leftOutBytes > 0 { rows.append(["bytes left out", "", "\(leftOutBytes)"]) }
    for form in forms {
      rows.append([
        "\(form.words): \(form.tensors) tensors", "", "\(form.weights) in \(form.bytes) bytes",
      ])
    }
    return Table(
      heading: ["", "model", "files"], rows: rows, alignments: [.left, .right, .right])
  }

  /// What is wrong, and what is left out, a paragraph each.
  fileprivate var lists: [String] {
    func paragraph(_ title: String, _ lines: [String]) -> String? {
      guard !lines.isEmpty else { return nil }
      let more = lines.count > 10 ? ["  … and \(lines.count - 10) more"] : []
      return ["\(title): \(lines.count)"].joined()
        + "\n" + (lines.prefix(10).map { "  \($0)" } + more).joined(separator: "\n") + "\n"
    }
    func words(_ difference: Difference) -> String {
      "\(difference.name): \(difference.found), and not \(difference.expected)"
    }
    return [
      paragraph("missing", missing), paragraph("unexpected", unexpected),
      paragraph("wrong shape", wrongShapes.map(words)),
      paragraph("wrong type", wrongTypes.map(words)),
      paragraph("left out on purpose", leftOut.map { "\($0.name) \($0.reason)" }),
      paragraph("kept in 32 bits", wide),
    ].compactMap(\.self)
  }

  fileprivate var verdict: String {
    var parts: [String] = []
    func add(_ count: Int, _ what: String) {
      if count > 0 { parts.append("\(count) \(what)") }
    }
    add(missing.count, "missing")
    add(unexpected.count, "unexpected")
    add(wrongShapes.count, "of another shape")
    add(wrongTypes.count, "of another type")
    guard !parts.isEmpty else {
      return "The files hold another number of parameters or bytes than config.json describes.\n"
    }
    return "Not explained: \(parts.joined(separator: ", ")).\n"
  }
}
