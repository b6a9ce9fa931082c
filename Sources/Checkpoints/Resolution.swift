/// Which elements of a checkpoint each tensor of a model is, as a run reads them.
package struct Resolution: Sendable {
  /// The elements of each tensor, by the name that the description gives it.
  package let views: [String: TensorView]
  /// What was left out or is unusual, a sentence each.
  package private(set) var notes: [String] = []

  /// Finds every tensor.
  ///
  /// - Throws: `CheckpointError` for tensors that are missing, have another shape or are not read.
  package init(
    _ wanted: [WantedTensor], in checkpoint: Checkpoint, frame: Frame
  ) throws(CheckpointError) {
    let matching = Matching(wanted, in: checkpoint, frame: frame)
    if let problem = matching.problems.first {
      switch problem {
      case .shape(let tensor, let shapes):
        throw .wrongShape(
          file: tensor.path, name: tensor.name, found: tensor.shape, expected: shapes)
      case .form(let tensor):
        throw .unread(file: tensor.path, name: tensor.name, format: tensor.form.name)
      }
    }
    let unread = matching.held.values.filter { !$0.tensor.form.isRead }.map(\.tensor)
    if let tensor = unread.min(by: { $0.name < $1.name }) {
      throw .unread(file: tensor.path, name: tensor.name, format: tensor.form.name)
    }
    guard matching.missing.isEmpty else {
      throw .missing(folder: checkpoint.folder, names: matching.missing, wanted: wanted.count)
    }
    views = matching.views
    note(matching.rest, checkpoint)
  }

  /// Says what nobody has used.
  private mutating func note(_ rest: [Matching.Rest], _ checkpoint: Checkpoint) {
    for entry in rest {
      guard case .tied(let name) = entry.reason, let head = checkpoint.tensors[entry.name],
        let table = checkpoint.tensors[name], !Self.areEqual(head, table)
      else { continue }
      notes.append(
        "'\(head.name)' is not '\(name)', which config.json says it is; '\(name)' is used.")
    }
    func note(_ reason: Matching.Reason?, _ what: String) {
      let names = rest.filter { $0.reason == reason }.map(\.name)
      guard !names.isEmpty else { return }
      notes.append(
        "\(names.count) \(names.count == 1 ? "tensor" : "tensors") \(what): "
          + "\(CheckpointError.list(names)).")
    }
    note(.made, "that follow from the configuration are left out")
    note(.predictsMore, "of layers that predict several tokens are left out")
    note(.tower, "of parts for images or sound are left out")
    note(.unread, "that no pass reads are left out")
    note(nil, "that the model does not have are left out")
  }

  /// What the names of a model have in common.
  package struct Frame: Sendable {
    /// The name of the list of layers, such as `model.layers`.
    package var layersPath: String
    /// The number of layers.
    package var layers: Int
    /// A head that shares the elements of a table.
    package var tied: (head: String, table: String)?

    package init(layersPath: String, layers: Int, tied: (head: String, table: String)? = nil) {
      self.layersPath = layersPath
      self.layers = layers
      self.tied = tied
    }

    /// The name of the model that a class for text generation wraps: `model`, or nothing.
    var base: String {
      layersPath.lastIndex(of: ".").map { String(layersPath[..<$0]) } ?? ""
    }
  }

  /// Whether two tensors hold the same elements.
  private static func areEqual(_ left: StoredTensor, _ right: StoredTensor) -> Bool {
    guard left.shape == right.shape, left.form.isRead, right.form.isRead else { return false }
    let count = left.count
    let piece = 1 << 16
    let numbers = UnsafeMutablePointer<Float>.allocate(capacity: 2 * piece)
    defer { numbers.deallocate() }
    for first in stride(from: 0, to: count, by: piece) {
      let length = min(piece, count - first)
      left.read(first: first, stride: 1, count: length, into: numbers)
      right.read(first: first, stride: 1, count: length, into: numbers + piece)
      for index in 0..<length
      where numbers[index].bitPattern != numbers[piece + index].bitPattern { return false }
    }
    return true
  }
}
