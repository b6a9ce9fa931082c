/// What is wrong with the files of a checkpoint, as facts.
package enum CheckpointError: Error, Hashable, Sendable {
  /// A file or folder that the system does not give.
  case unreadable(file: String, reason: String)
  /// A folder without safetensors files, and a file of another form that it holds.
  case noWeights(folder: String, other: String?)
  /// A file that its format does not allow.
  case damaged(file: String, what: String)
  /// A pointer that Git LFS puts where a file has not been fetched.
  case notFetched(file: String)
  /// A symbolic link that leaves the folder of the checkpoint.
  case outside(file: String, target: String)
  /// Files that the index names and the folder does not hold.
  case missingShards(index: String, files: [String])
  /// A tensor that two files hold.
  case duplicate(name: String, files: [String])
  /// Tensors that the pass needs and no file holds, and how many it needs.
  case missing(folder: String, names: [String], wanted: Int)
  /// A tensor with another shape than the configuration gives it.
  case wrongShape(file: String, name: String, found: [Int], expected: [[Int]])
  /// A tensor in a form of numbers that is not read.
  case unread(file: String, name: String, format: String)
}

extension CheckpointError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file) cannot be read: \(reason). Name a folder with config.json and safetensors files."
    case .noWeights(let folder, let other?):
      """
      \(folder) holds \(other) and no safetensors file. Save the model as safetensors \
      ('save_pretrained' of transformers does) and name that folder.
      """
    case .noWeights(let folder, nil):
      """
      \(folder) holds no safetensors file. Put model.safetensors, or the shards with their index, \
      beside config.json.
      """
    case .damaged(let file, let what): "\(file) is damaged: \(what). Fetch or save the file again."
    case .notFetched(let file):
      "\(file) is a pointer of Git LFS and holds no weights. Fetch it with 'git lfs pull'."
    case .outside(let file, let target):
      "\(file) is a link to \(target), outside its folder. Put the file itself there, or name its folder."
    case .missingShards(let index, let files):
      """
      \(index) names \(Self.list(files)), which the folder does not hold. Fetch \
      \(files.count == 1 ? "it" : "them") into the folder.
      """
    case .duplicate(let name, let files):
      "The tensor '\(name)' is in \(files.joined(separator: " and ")). Remove one of the files."
    case .missing(let folder, let names, let wanted):
      """
      \(folder) does not hold the tensor \(names.first.map { "'\($0)'" } ?? ""); \(names.count) of \
      \(wanted) are missing. Name the folder of the checkpoint that config.json describes.
      """
    case .wrongShape(let file, let name, let found, let expected):
      """
      \(file): the tensor '\(name)' has the shape \(found), and config.json gives it \
      \(expected.map { "\($0)" }.joined(separator: " or ")). Correct config.json, or take the one \
      that was saved with the weights.
      """
    case .unread(let file, let name, let format):
      """
      \(file): the tensor '\(name)' holds \(format), which is not read. Save the weights as F32, \
      F16 or BF16.
      """
    }
  }

  /// The first of some names, and how many more there are.
  static func list(_ names: [String], most: Int = 3) -> String {
    let more = names.count - most
    return names.prefix(most).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }
}
