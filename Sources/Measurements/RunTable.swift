import JSON
package import Symbolic

/// Runs that somebody has timed, one in each row of a table.
package struct RunTable: Sendable {
  /// One timed pass; what the table does not say is nil.
  package struct Run: Sendable {
    /// The number of its row, from 1.
    package let number: Int
    /// The kind of pass: prefill, decode or train.
    package let phase: String?
    /// Sequences of the pass.
    package let batch: Int128?
    /// New tokens of each sequence.
    package let tokens: Int128?
    /// Cached tokens of each sequence.
    package let past: Int128?
    /// How long the pass took.
    package let time: Time
    /// The devices that shared it.
    package let devices: Int128?
    /// Operations that stand in the table, and hold in place of the formula's.
    package let flops: Rational?
    /// What the columns of its own hold, in the order of the table.
    package let own: [String]
  }

  /// How long it took.
  package enum Time: Sendable {
    case seconds(Rational)
    case tokensPerSecond(Rational)
  }

  /// The runs, in the order of the table.
  package let runs: [Run]
  /// The names of the columns that mean nothing here.
  package let ownColumns: [String]

  /// What a column is, by its name in lower case.
  private enum Column: CaseIterable {
    case phase, batch, tokens, past, seconds, milliseconds, rate, devices, flops

    var names: [String] {
      switch self {
      case .phase: ["phase", "mode", "stage"]
      case .batch: ["batch", "batch_size", "bs", "sequences", "micro_batch_size"]
      case .tokens: ["tokens", "seq_len", "seqlen", "sequence_length", "seq_length", "prompt", "t"]
      case .past: ["past", "context", "cache", "kv_len", "past_tokens"]
      case .seconds: ["seconds", "time", "step_time", "iter_time", "latency", "s", "sec", "time_s"]
      case .milliseconds: ["milliseconds", "ms", "time_ms", "step_time_ms", "latency_ms"]
      case .rate:
        ["tokens_per_second", "tokens/s", "tok/s", "tps", "throughput", "tokens_per_sec"]
      case .devices: ["devices", "gpus", "num_gpus", "world_size", "n_gpus"]
      case .flops: ["flops"]
      }
    }
  }

  /// Whether one of these names is that of a time, so that they are the columns of such a table.
  static func isTimed(_ names: [String]) -> Bool {
    let names = Set(names.map { Self.plain($0) })
    return [Column.seconds, .milliseconds, .rate].contains { !names.isDisjoint(with: $0.names) }
  }

  /// Reads comma-separated values, whose first row names the columns.
  ///
  /// - Throws: `MeasurementError`, with the row at fault.
  init(csv lines: [Substring]) throws(MeasurementError) {
    let names = lines.first.map { Self.cells($0) } ?? []
    var rows: [[(String, String)]] = []
    for (index, line) in lines.dropFirst().enumerated() where line.contains(where: { $0 != " " }) {
      let cells = Self.cells(line)
      guard cells.count == names.count else {
        throw MeasurementError(
          "Row \(index + 1) has \(cells.count) cells under \(names.count) names. Correct the row.")
      }
      rows.append(Array(zip(names, cells)))
    }
    try self.init(rows)
  }

  /// Reads one JSON object for each run.
  ///
  /// - Throws: `MeasurementError`, with the row at fault.
  init(objects: [JSONObject]) throws(MeasurementError) {
    try self.init(
      objects.map { object in
        object.keys.compactMap { key in
          switch object[key] {
          case .null, nil: nil
          case .string(let text), .number(let text): (key, text)
          case let value?: (key, value.kind)
          }
        }
      })
  }

  private init(_ rows: [[(name: String, text: String)]]) throws(MeasurementError) {
    guard !rows.isEmpty else {
      throw MeasurementError("It is a table without runs. Write a row for each run.")
    }
    let known = Set(Column.allCases.flatMap(\.names))
    var ownColumns: [String] = []
    for (name, _) in rows.joined()
    where !known.contains(Self.plain(name)) && !ownColumns.contains(name) {
      ownColumns.append(name)
    }
    var runs: [Run] = []
    for (index, row) in rows.enumerated() {
      func text(_ column: Column) -> String? {
        let text = row.first { column.names.contains(Self.plain($0.name)) }?.text
        return text?.isEmpty == false ? text : nil
      }
      func number(_ column: Column, least: Rational) throws(MeasurementError) -> Rational? {
        guard let text = text(column) else { return nil }
        guard let number = Rational(written: text), number >= least else {
          throw MeasurementError(
            "Row \(index + 1): '\(text.prefix(60))' is no \(column.names[0]). Write a number"
              + (least == .zero ? "." : " above 0."))
        }
        return number
      }
      func whole(_ column: Column, least: Int128) throws(MeasurementError) -> Int128? {
        guard let number = try number(column, least: Rational(least)) else { return nil }
        guard let whole = number.whole, whole < 1 << 60 else {
          throw MeasurementError("Row \(index + 1): \(number) is no number of \(column.names[0]).")
        }
        return whole
      }
      let tiny = Rational(reduced: 1, over: 1_000_000_000_000_000)
      let time: Time
      if let seconds = try number(.seconds, least: tiny) {
        time = .seconds(seconds)
      } else if let milliseconds = try number(.milliseconds, least: tiny),
        let seconds = try? milliseconds.divided(by: Rational(1000))
      {
        time = .seconds(seconds)
      } else if let rate = try number(.rate, least: tiny) {
        time = .tokensPerSecond(rate)
      } else {
        throw MeasurementError(
          "Row \(index + 1) has no time. Give it seconds, ms or tokens_per_second.")
      }
      runs.append(
        Run(
          number: index + 1, phase: text(.phase), batch: try whole(.batch, least: 1),
          tokens: try whole(.tokens, least: 1), past: try whole(.past, least: 0), time: time,
          devices: try whole(.devices, least: 1), flops: try number(.flops, least: tiny),
          own: ownColumns.map { name in row.first { $0.name == name }?.text ?? "" }))
    }
    self.runs = runs
    self.ownColumns = ownColumns
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
  }

  /// The cells of a row (RFC 4180), without white space around them.
  static func cells(_ line: Substring) -> [String] {
    var cells = [""]
    var isQuoted = false
    for character in line {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted: cells.append("")
      default: cells[cells.count - 1].append(character)
      }
    }
    return cells.map { cell in
      let start = cell.drop { $0 == " " || $0 == "\t" }
      return String(start.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
  }
}
