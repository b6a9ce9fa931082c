@testable import Checkpoints
import Foundation

/// Any bytes, read as the index of shards: a sentence, or the tensors of the one shard that is there.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
  _ = Scratch.write(
    UnsafeRawBufferPointer(start: data, count: size), to: "model.safetensors.index.json")
  _ = shard
  guard let checkpoint = try? Checkpoint(folder: Scratch.folder) else { return 0 }
  precondition(checkpoint.files == ["a.safetensors"])
  return 0
}

private let shard: String = {
  let header = #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
  var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
  bytes += Array(header.utf8) + [0, 0, 0, 0]
  return bytes.withUnsafeBytes { Scratch.write($0, to: "a.safetensors") }
}()
