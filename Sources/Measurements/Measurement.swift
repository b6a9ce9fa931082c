import JSON

/// What a file of measurements holds; its kind follows from its contents.
package enum Measurement: Sendable {
  /// Counts of the modules of one run.
  case counts(MeasuredCounts)
  /// The times of many runs.
  case runs(RunTable)

  /// Reads the file of a measuring tool, or a table of runs, packed by gzip or not.
  ///
  /// - Throws: `MeasurementError`.
  package init(reading bytes: [UInt8]) throws(MeasurementError) {
    var bytes = bytes
    if Gzip.isPacked(bytes) {
      bytes = try Gzip.unpacked(bytes)
      guard !Gzip.isPacked(bytes) else {
        throw MeasurementError("It is packed by gzip twice. Unpack it once.")
      }
    }
    let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    guard let first = bytes.first(where: { !blanks.contains($0) }) else {
      throw MeasurementError("It is empty. Write the file again.")
    }
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
      self = try Self.text(bytes)
      return
    }
    let document: JSONValue
    do throws(JSONSyntaxError) {
      document = try JSONValue(parsing: bytes)
    } catch {
      guard let objects = Self.lines(bytes) else {
        throw MeasurementError("It is not JSON: \(error). Write the file again.")
      }
      self = .runs(try RunTable(objects: objects))
      return
    }
    if let events = document["traceEvents"]?.array {
      self = .counts(try MeasuredCounts(trace: events))
    } else if let list = document.array {
      let runs = list.compactMap(\.object).filter { RunTable.isTimed($0.keys) }
      self =
        runs.isEmpty || runs.count != list.count
        ? .counts(try MeasuredCounts(trace: list)) : .runs(try RunTable(objects: runs))
    } else if let object = document.object {
      self =
        RunTable.isTimed(object.keys)
        ? .runs(try RunTable(objects: [object])) : .counts(try MeasuredCounts(flopCounter: object))
    } else {
      throw MeasurementError("It holds no object. 'tally help validate' shows how to make one.")
    }
  }

  private static func text(_ bytes: [UInt8]) throws(MeasurementError) -> Measurement {
    var lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    if lines.contains(where: { $0.hasPrefix("|") && $0.contains("#flops") }) {
      return .counts(try MeasuredCounts(fvcore: lines))
    }
    if lines.contains(where: { $0.contains("% MACs") }) {
      return .counts(try MeasuredCounts(profiledModules: lines))
    }
    if lines.first?.hasPrefix("\u{FEFF}") == true { lines[0] = lines[0].dropFirst() }
    if let first = lines.first, RunTable.isTimed(RunTable.cells(first)) {
      return .runs(try RunTable(csv: lines))
    }
    throw MeasurementError(
      "It is none of the files that are read. 'tally help validate' shows how to make one.")
  }

  /// The objects of JSON lines, if each line is one and the first says how long a run took.
  private static func lines(_ bytes: [UInt8]) -> [JSONObject]? {
    let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }
    let objects = lines.compactMap { line in (try? JSONValue(parsing: Array(line)))?.object }
    guard objects.count == lines.count, let first = objects.first, RunTable.isTimed(first.keys)
    else { return nil }
    return objects
  }
}
