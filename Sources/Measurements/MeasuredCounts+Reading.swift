import JSON

extension MeasuredCounts {
  /// Reads the file of a measuring tool; its kind follows from what it holds.
  ///
  /// - Throws: `MeasurementError`.
  package init(reading bytes: [UInt8]) throws(MeasurementError) {
    if Gzip.isPacked(bytes) {
      let unpacked = try Gzip.unpacked(bytes)
      guard !Gzip.isPacked(unpacked) else {
        throw MeasurementError("It is packed by gzip twice. Unpack it once.")
      }
      try self.init(reading: unpacked)
      return
    }
    let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    guard let first = bytes.first(where: { !blanks.contains($0) }) else {
      throw MeasurementError("It is empty. Write the file again.")
    }
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
      let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
      if lines.contains(where: { $0.hasPrefix("|") && $0.contains("#flops") }) {
        try self.init(fvcore: lines)
      } else if lines.contains(where: { $0.contains("% MACs") }) {
        try self.init(profiledModules: lines)
      } else {
        throw MeasurementError(
          "It is none of the files that are read. 'tally help validate' shows how to make one.")
      }
      return
    }
    let document: JSONValue
    do throws(JSONSyntaxError) {
      document = try JSONValue(parsing: bytes)
    } catch {
      throw MeasurementError("It is not JSON: \(error). Write the file again.")
    }
    if let events = document["traceEvents"]?.array ?? document.array {
      try self.init(trace: events)
    } else if let object = document.object {
      try self.init(flopCounter: object)
    } else {
      throw MeasurementError("It holds no object. 'tally help validate' shows how to make one.")
    }
  }
}
