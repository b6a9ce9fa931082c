import JSON

/// The weights of a folder: one safetensors file, or several with an index or without one.
///
/// The files are mapped, and nothing is read but their headers.
package struct Checkpoint: Sendable {
  /// The folder that holds the files.
  package let folder: String
  /// Every tensor of every file, by its name.
  package let tensors: [String: StoredTensor]
  /// The names of the files, in order.
  package let files: [String]
  /// The bytes of all files, headers included.
  package let size: Int
  /// How many tensors the files hold; two that are one of the model count twice.
  package let tensorCount: Int

  /// Tensors that are found already.
  init(
    folder: String, files: [String], size: Int, tensors: [String: StoredTensor], tensorCount: Int
  ) {
    self.folder = folder
    self.files = files
    self.size = size
    self.tensors = tensors
    self.tensorCount = tensorCount
  }

  static let single = "model.safetensors"
  static let index = "model.safetensors.index.json"

  /// Opens the files of a folder.
  ///
  /// - Throws: `CheckpointError`, with the file at fault.
  package init(folder: String) throws(CheckpointError) {
    let names = try MappedFile.entries(of: folder)
    let held = Set(names)
    var map: [String: String] = [:]
    let files: [String]
    if held.contains(Self.single) {
      files = [Self.single]
    } else if held.contains(Self.index) {
      map = try Self.weightMap("\(folder)/\(Self.index)")
      files = Set(map.values).sorted()
      let missing = files.filter { !held.contains($0) }
      guard missing.isEmpty else { throw .missingShards(index: Self.index, files: missing) }
    } else {
      files = names.filter { $0.hasSuffix(".safetensors") }
    }
    guard !files.isEmpty else {
      let other = names.first { name in
        [".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack"].contains { name.hasSuffix($0) }
      }
      throw .noWeights(folder: folder, other: other)
    }
    try self.init(folder: folder, files: files, map: map)
  }

  /// Opens some files of a folder; `map` says which of them holds a tensor, where an index does.
  ///
  /// - Throws: `CheckpointError`, with the file at fault.
  package init(
    folder: String, files: [String], map: [String: String] = [:]
  ) throws(CheckpointError) {
    self.folder = folder
    self.files = files
    var tensors: [String: StoredTensor] = [:]
    var size = 0
    for name in files {
      try MappedFile.requireInside(folder, name)
      let file = try MappedFile("\(folder)/\(name)")
      size += file.bytes.count
      for entry in try SafetensorsHeader(file.path, file.bytes).entries {
        let tensor = StoredTensor(
          name: entry.name, form: entry.form, shape: entry.shape, start: entry.bytes.lowerBound,
          size: entry.bytes.count, file: file)
        if let other = tensors.updateValue(tensor, forKey: entry.name) {
          throw .duplicate(name: entry.name, files: [other.path, file.path])
        }
      }
    }
    for (name, file) in map.sorted(by: { $0.key < $1.key }) {
      guard let tensor = tensors[name] else {
        throw .damaged(
          file: "\(folder)/\(file)",
          what: "it does not hold the tensor '\(name)', which \(Self.index) says it does")
      }
      guard tensor.path == "\(folder)/\(file)" else {
        throw .damaged(
          file: "\(folder)/\(Self.index)",
          what: "the tensor '\(name)' is in another file than it says")
      }
    }
    self.tensors = tensors
    self.size = size
    tensorCount = tensors.count
  }

  /// The file of each tensor, as an index says.
  private static func weightMap(_ path: String) throws(CheckpointError) -> [String: String] {
    let file = try MappedFile(path)
    let json: JSONValue
    do throws(JSONSyntaxError) {
      json = try JSONValue(parsing: Array(file.bytes))
    } catch {
      throw .damaged(file: path, what: "it is not JSON (\(error))")
    }
    guard let object = json["weight_map"]?.object, !object.keys.isEmpty else {
      throw .damaged(file: path, what: "'weight_map' is no object of tensors and files")
    }
    var map: [String: String] = [:]
    for name in object.keys {
      guard let file = object[name]?.string, file.hasSuffix(".safetensors"), !file.contains("/")
      else {
        throw .damaged(
          file: path, what: "'weight_map' names no safetensors file of the folder for '\(name)'")
      }
      map[name] = file
    }
    return map
  }
}
