import Accounting
import Arguments
import JSON
import Symbolic
import Wording

extension Command {
  /// Lists what computes: `tally devices h100`.
  static let devices = Command(
    "devices", "List devices with their peaks, memory, bandwidth and sources.",
    discussion: """
      Peaks are those of dense matrix products, in 10^12 operations a second of one device, as
      makers state them; --sparse lists those with half of the weights zero. What is no figure of
      the sources is left out. Measured runs reach less: docs/utilization.md.
      """,
    examples: [
      ("tally devices", "all of them"), ("tally devices h100 --sparse", "those whose name has it"),
      (
        "tally flops llama3-8b --phase train --tokens 8192 --device h100 --tokens-per-second 6667",
        "the utilisation of a run"
      ),
    ],
    [word.declaration, sparse.declaration, ReportFormat.plain.declaration]
  ) { arguments in
    let words = arguments[word].map { $0.lowercased() }
    let chosen = Device.all.filter { device in
      let texts = ([device.name, device.title] + device.synonyms).map { $0.lowercased() }
      return words.allSatisfy { word in
        Device.named(word)?.name == device.name || texts.contains { $0.contains(word) }
      }
    }
    guard !chosen.isEmpty else {
      throw UsageError.invalid(
        label: "DEVICE", value: arguments[word].joined(separator: " "),
        expected: "part of a device's name; 'tally devices' lists them",
        nearest: words.first.flatMap { nearestWord(to: $0, among: Device.words) })
    }
    let isSparse = arguments[sparse]
    switch arguments[ReportFormat.plain] {
    case .json:
      return Outcome(
        JSONValue.object([
          "schema_version": .integer(1), "devices": .array(chosen.map { $0.json(isSparse) }),
        ]).text)
    case let format:
      let table = Device.table(chosen, isSparse, isExact: format == .csv)
      let notes =
        format == .csv
        ? ""
        : "\nPeaks in TFLOP/s of \(isSparse ? "sparse" : "dense") products.\n"
          + chosen.filter { !$0.note.isEmpty }.map { "\($0.name): \($0.note)\n" }.joined()
          + "\nSources:\n" + Device.sources(of: chosen)
      return Outcome(table.text(format) + notes)
    }
  }

  private static let word = Parameter<[String]>.optionalPositionals(
    "DEVICE", help: "List only devices that have it in their name.")
  private static let sparse = Parameter<Bool>.flag(
    "sparse", help: "Peaks where half of the weights are zero.")
}

extension Device {
  fileprivate static func table(_ devices: [Device], _ isSparse: Bool, isExact: Bool) -> Table {
    let numbers = Number.allCases.filter { number in
      isExact || devices.contains { $0.peak(number, isSparse: isSparse) != nil }
    }
    func text(_ value: Rational?, in unit: String, places: Int = 4) -> String {
      guard let value else { return isExact ? "" : "-" }
      guard !isExact, let scale = Rational(decimal: unit),
        let scaled = try? value.divided(by: scale)
      else { return value.digits }
      return Quantity.decimal(
        scaled.numerator, over: scaled.denominator, places: places, trimmed: true)
    }
    return Table(
      heading: ["device", "what it is"] + numbers.map(\.rawValue)
        + (isExact ? ["memory_bytes", "bandwidth", "note", "source"] : ["memory, GB", "TB/s"]),
      rows: devices.map { device in
        [device.name, device.title]
          + numbers.map { text(device.peak($0, isSparse: isSparse), in: "1e12") }
          + [text(device.memory, in: "1e9", places: 1), text(device.bandwidth, in: "1e12")]
          + (isExact ? [device.note, device.source] : [])
      }, alignments: [.left, .left])
  }

  /// A line for each source, with the devices that are from it.
  fileprivate static func sources(of devices: [Device]) -> String {
    var lines: [(source: String, names: [String])] = []
    for device in devices {
      if let place = lines.firstIndex(where: { $0.source == device.source }) {
        lines[place].names.append(device.name)
      } else {
        lines.append((device.source, [device.name]))
      }
    }
    return lines.map { "\($0.names.joined(separator: ", ")): \($0.source)\n" }.joined()
  }

  fileprivate func json(_ isSparse: Bool) -> JSONValue {
    func number(_ value: Rational?) -> JSONValue { value.map { .number($0.digits) } ?? .null }
    return .object([
      "name": .string(name), "title": .string(title),
      "also": .array(synonyms.map { .string($0) }),
      "peaks": .object(
        JSONObject(
          numbers(isSparse: isSparse).map { ($0.rawValue, number(peak($0, isSparse: isSparse))) })),
      "is_sparse": .boolean(isSparse), "memory_bytes": number(memory),
      "bandwidth": number(bandwidth), "note": .string(note), "source": .string(source),
    ])
  }
}
