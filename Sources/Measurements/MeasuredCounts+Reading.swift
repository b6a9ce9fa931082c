import JSON

extension MeasuredCounts {
  /// Reads the file of a measuring tool; its kind follows from what it holds.
  ///
  /// - Throws: `MeasurementError`.
  package init(reading bytes: [UInt8]) throws(MeasurementError) {
    let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
    guard let first = bytes.first(where: { !blanks.contains($0) }) else {
      throw MeasurementError("It is empty. Write the file again.")
    }
    guard first == UInt8(ascii: "{") else {
      throw MeasurementError(
        "It is none of the files that are read. 'tally help validate' shows how to make one.")
    }
    let document: JSONValue
    do throws(JSONSyntaxError) {
      document = try JSONValue(parsing: bytes)
    } catch {
      throw MeasurementError("It is not JSON: \(error). Write the file again.")
    }
    guard let object = document.object else {
      throw MeasurementError("It holds no object. 'tally help validate' shows how to make one.")
    }
    try self.init(flopCounter: object)
  }
}
