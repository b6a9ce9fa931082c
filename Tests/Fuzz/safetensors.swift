@testable import Checkpoints
import Foundation

/// Any bytes, read as model.safetensors: a sentence, or tensors inside the file, of which the last bytes are read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  _ = Scratch.write(UnsafeRawBufferPointer(start: data, count: size), to: "model.safetensors")
  guard let checkpoint = try? Checkpoint(folder: Scratch.folder) else { return 0 }
  _ = Inventory(checkpoint)
  return 0
}
