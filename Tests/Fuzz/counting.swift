@testable import Accounting
@testable import Architecture
@testable import Families
@testable import JSON

/// Any bytes, read as config.json: a sentence, or a model whose parameters and operations are counted.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  guard case .object(let object)? = try? JSONValue(parsing: bytes) else { return 0 }
  guard let model = try? Description().model(from: object, named: "config.json") else { return 0 }
  _ = try? ParameterReport(model)
  var workload = Workload()
  workload.tokens = 3
  _ = try? OperationReport(model, workload)
  return 0
}
