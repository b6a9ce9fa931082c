@testable import Checkpoints
import Foundation

/// Any bytes, read as a file of llama.cpp: a sentence, or tensors inside the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  let path = Scratch.write(UnsafeRawBufferPointer(start: data, count: size), to: "model.gguf")
  guard let file = try? GGUFFile(path) else { return 0 }
  if let checkpoint = try? Checkpoint(gguf: file) { _ = Inventory(checkpoint) }
  return 0
}
