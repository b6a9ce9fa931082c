/// A file of NumPy with floats of two extents.
///
/// - Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, version 1.0.
enum ArrayFile {
  /// What stands before the numbers of an array `[rows, columns]` of little-endian floats in rows:
  /// magic, version, length, and a description that fills up to 64 bytes.
  static func header(rows: Int, columns: Int) -> [UInt8] {
    var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    let fixed = 10
    let size = (fixed + text.utf8.count + 1 + 63) / 64 * 64
    text += String(repeating: " ", count: size - fixed - text.utf8.count - 1) + "\n"
    let length = UInt16(size - fixed)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(text.utf8)
  }

  /// Writes an array whole or not at all.
  ///
  /// - Returns: Why that was not possible; then what was there stays.
  static func write(
    _ numbers: [Float], rows: Int, columns: Int, to output: OutputFile
  ) -> FileProblem? {
    precondition(numbers.count == rows * columns, "an array has the elements of its extents")
    return output.write { file in
      let isBegun = header(rows: rows, columns: columns).withUnsafeBytes {
        Terminal.write($0, toFile: file)
      }
      guard isBegun else { return false }
      // On a machine of the other order every number is turned.
      guard 1.littleEndian == 1 else {
        let turned = numbers.map(\.bitPattern.littleEndian)
        return turned.withUnsafeBytes { Terminal.write($0, toFile: file) }
      }
      return numbers.withUnsafeBytes { Terminal.write($0, toFile: file) }
    }
  }
}
