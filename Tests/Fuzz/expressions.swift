@testable import Accounting
@testable import Sweeping
@testable import Symbolic

/// Any text, read as each of the expressions of the command line: a complaint, or a value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self)
  _ = try? Query(parsing: text, axes: ["hidden_size", "mod_capacity"], sizes: ["vocab_size"])
  _ = try? AxisValues(parsing: text)
  _ = Rational(written: text)
  return 0
}
