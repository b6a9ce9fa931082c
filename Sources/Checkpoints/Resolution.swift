/// Which numbers of a checkpoint each tensor of a model is, whatever names the file gives them.
///
/// The names may be those of the hub or of `save_pretrained`, with or without the name of the model
/// that a class for text generation wraps; experts may be stacked or each by itself.
package struct Resolution: Sendable {
  /// The numbers of each tensor, by the name that the description gives it.
  package private(set) var views: [String: TensorView] = [:]
  /// What was left out or is unusual, a sentence each.
  package private(set) var notes: [String] = []

  private let checkpoint: Checkpoint
  private let frame: Frame
  private var used: Set<String> = []
  private var missing: [String] = []

  /// What the names of a model have in common.
  package struct Frame: Sendable {
    /// The name of the list of layers, such as `model.layers`.
    package var layersPath: String
    package var layers: Int
    /// A head that shares the numbers of a table.
    package var tied: (head: String, table: String)?

    package init(layersPath: String, layers: Int, tied: (head: String, table: String)? = nil) {
      self.layersPath = layersPath
      self.layers = layers
      self.tied = tied
    }

    /// The name of the model that a class for text generation wraps: `model`, or nothing.
    fileprivate var base: String {
      layersPath.lastIndex(of: ".").map { String(layersPath[..<$0]) } ?? ""
    }
  }

  /// Finds every tensor.
  ///
  /// - Throws: `CheckpointError` for tensors that are missing, have another shape or are not read.
  package init(
    _ wanted: [WantedTensor], in checkpoint: Checkpoint, frame: Frame
  ) throws(CheckpointError) {
    self.checkpoint = checkpoint
    self.frame = frame
    let naming = Naming(wanted, checkpoint, frame)
    for tensor in wanted {
      guard let view = try view(tensor, naming) else {
        missing.append(tensor.name)
        continue
      }
      views[tensor.name] = view
    }
    guard missing.isEmpty else {
      throw .missing(folder: checkpoint.folder, names: missing, wanted: wanted.count)
    }
    noteRest(naming)
  }

  // MARK: - One tensor

  private mutating func view(
    _ wanted: WantedTensor, _ naming: Naming
  ) throws(CheckpointError) -> TensorView? {
    if let tensor = naming.tensor(wanted.name) {
      try check(tensor, [wanted.shape])
      return Self.whole(tensor, wanted.isTransposed)
    }
    if let expert = wanted.expert { return try view(expert, naming) }
    let found = wanted.pieces.compactMap { naming.tensor($0) }
    guard !found.isEmpty, found.count == wanted.pieces.count else { return nil }
    for piece in found { try check(piece, [wanted.shape]) }
    return TensorView(
      columns: found[0].count,
      found.map { TensorView.Piece(tensor: $0, rows: 1, rowStride: $0.count) })
  }

  /// A tensor as it is stored, or its transpose.
  private static func whole(_ tensor: StoredTensor, _ isTransposed: Bool) -> TensorView {
    guard isTransposed, tensor.shape.count == 2 else { return TensorView(tensor) }
    let (input, output) = (tensor.shape[0], tensor.shape[1])
    return TensorView(
      columns: input,
      [TensorView.Piece(tensor: tensor, rows: output, rowStride: 1, columnStride: output)])
  }

  /// Notes that a tensor is used.
  ///
  /// - Throws: `CheckpointError` if it has none of some shapes, or numbers that are not read.
  private mutating func check(
    _ tensor: StoredTensor, _ shapes: [[Int]]
  ) throws(CheckpointError) {
    guard tensor.form.isRead else {
      throw .unread(file: tensor.path, name: tensor.name, format: tensor.form.name)
    }
    guard shapes.contains(tensor.shape) else {
      throw .wrongShape(
        file: tensor.path, name: tensor.name, found: tensor.shape, expected: shapes)
    }
    used.insert(tensor.name)
  }

  // MARK: - Experts

  /// The part of an expert: stacked as the description says, by itself under any usual name, or
  /// stacked as `save_pretrained` writes it.
  private mutating func view(
    _ expert: WantedTensor.Expert, _ naming: Naming
  ) throws(CheckpointError) -> TensorView? {
    if let stack = expert.stack, let tensor = naming.tensor(stack.name) {
      try check(tensor, [stack.shape])
      return Self.slice(
        tensor, expert, rows: 0..<expert.output, of: expert.output, stack)
    }
    if let view = try separate(expert, naming) { return view }
    return try stacked(expert, naming)
  }

  /// An expert's rows of a stacked tensor in which each expert has `all` of them.
  private static func slice(
    _ tensor: StoredTensor, _ expert: WantedTensor.Expert, rows: Range<Int>, of all: Int,
    _ stack: WantedTensor.Stack
  ) -> TensorView {
    let columns = expert.isBias ? 1 : expert.input
    let start = expert.number * all * columns
    let (rowStride, columnStride) = stack.isTransposed ? (1, all) : (columns, 1)
    return TensorView(
      columns: columns,
      [
        TensorView.Piece(
          tensor: tensor, rows: rows.count, first: start + rows.lowerBound * rowStride,
          rowStride: rowStride, columnStride: columnStride)
      ])
  }

  /// Names of the maps of an expert that stands by itself: gate, up, down.
  private static let separateNames = [
    (gate: "gate_proj", up: "up_proj", down: "down_proj"), (gate: "w1", up: "w3", down: "w2"),
  ]

  private mutating func separate(
    _ expert: WantedTensor.Expert, _ naming: Naming
  ) throws(CheckpointError) -> TensorView? {
    let suffix = expert.isBias ? "bias" : "weight"
    func shape(_ rows: Int) -> [Int] { expert.isBias ? [rows] : [rows, expert.input] }
    let half = expert.output / 2
    for names in Self.separateNames {
      func tensor(_ name: String) -> StoredTensor? {
        naming.tensor("\(expert.path).\(name).\(suffix)")
      }
      let parts: [StoredTensor?]
      switch expert.map {
      case .gate: parts = [tensor(names.gate)]
      case .up: parts = [tensor(names.up)]
      case .down: parts = [tensor(names.down)]
      case .gateAndUp: parts = [tensor(names.gate), tensor(names.up)]
      case .inner: return nil
      }
      let found = parts.compactMap(\.self)
      guard found.count == parts.count else { continue }
      let rows = parts.count == 2 ? half : expert.output
      for part in found { try check(part, [shape(rows)]) }
      let columns = expert.isBias ? 1 : expert.input
      return TensorView(
        columns: columns,
        found.map { TensorView.Piece(tensor: $0, rows: rows, rowStride: columns) })
    }
    // Both in one, beside the map down by itself.
    guard expert.map == .gate || expert.map == .up,
      let both = naming.tensor("\(expert.path).gate_up_proj.\(suffix)")
    else { return nil }
    try check(both, [shape(2 * expert.output)])
    let columns = expert.isBias ? 1 : expert.input
    return TensorView(
      columns: columns,
      [
        TensorView.Piece(
          tensor: both, rows: expert.output,
          first: expert.map == .up ? expert.output * columns : 0, rowStride: columns)
      ])
  }

  /// The stacks of `save_pretrained`: `experts.gate_up_proj [E, 2·f, d]`, `experts.down_proj [E, d, f]`.
  private mutating func stacked(
    _ expert: WantedTensor.Expert, _ naming: Naming
  ) throws(CheckpointError) -> TensorView? {
    let map =
      switch expert.map {
      case .down: "down_proj"
      case .inner: "up_proj"
      case .gate, .up, .gateAndUp: "gate_up_proj"
      }
    let suffix = expert.isBias ? "_bias" : ""
    let list =
      expert.path.hasSuffix(".\(expert.number)")
      ? String(expert.path.dropLast("\(expert.number)".count + 1)) : "\(expert.mixture).experts"
    let name = "\(list).\(map)\(suffix)"
    guard let tensor = naming.tensor(name) else { return nil }
    let isHalf = expert.map == .gate || expert.map == .up
    let all = isHalf ? 2 * expert.output : expert.output
    let shape = expert.isBias ? [expert.count, all] : [expert.count, all, expert.input]
    try check(tensor, [shape])
    let rows = expert.map == .up ? expert.output..<all : 0..<expert.output
    return Self.slice(
      tensor, expert, rows: rows, of: all,
      WantedTensor.Stack(name: name, shape: shape, isTransposed: false))
  }

  // MARK: - The rest

  /// Names of tensors that are made from the configuration, and that older classes saved.
  private static let buffers = [
    "rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached", "attn.bias",
    "attn.masked_bias", "attention.bias", "attention.masked_bias", "position_ids",
    "embed_positions",
    "attention.rotary_emb.inv_freq", "rope_freqs", "self_attn.bias", "alibi",
  ]

  /// Says what nobody has used.
  private mutating func noteRest(_ naming: Naming) {
    var rest: (buffers: [String], future: [String], other: [String]) = ([], [], [])
    let tied = frame.tied.map { (naming.names($0.head), naming.tensor($0.table)) }
    for name in checkpoint.tensors.keys.sorted() where !used.contains(name) {
      guard let tensor = checkpoint.tensors[name] else { continue }
      if let (heads, table) = tied, heads.contains(name), let table {
        if !Self.areEqual(tensor, table) {
          notes.append(
            "'\(name)' is not '\(table.name)', which config.json says it is; '\(table.name)' is used."
          )
        }
      } else if Self.buffers.contains(where: { name == $0 || name.hasSuffix(".\($0)") }) {
        rest.buffers.append(name)
      } else if isFuture(name, naming) {
        rest.future.append(name)
      } else {
        rest.other.append(name)
      }
    }
    func note(_ names: [String], _ what: String) {
      guard !names.isEmpty else { return }
      notes.append(
        "\(names.count) \(names.count == 1 ? "tensor" : "tensors") \(what): "
          + "\(CheckpointError.list(names)).")
    }
    note(rest.buffers, "that follow from the configuration are left out")
    note(rest.future, "of layers that predict several tokens are left out")
    note(rest.other, "that the model does not have are left out")
  }

  /// Whether a tensor is of a layer behind the last, or of a module that predicts several tokens.
  private func isFuture(_ name: String, _ naming: Naming) -> Bool {
    let parts = name.split(separator: ".")
    if parts.contains(where: { $0 == "mtp" || $0 == "mtp_layers" || $0 == "nextn" }) { return true }
    let path = naming.translated("\(frame.layersPath).")
    guard name.hasPrefix(path) else { return false }
    return name.dropFirst(path.count).split(separator: ".").first.flatMap { Int($0) }
      .map { $0 >= frame.layers } ?? false
  }

  /// Whether two tensors hold the same numbers.
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

/// How the names of a description become those of a checkpoint.
private struct Naming {
  let tensors: [String: StoredTensor]
  /// The name of the wrapped model, as the description has it, with its dot.
  let base: String
  /// The same as the files have it.
  let found: String

  /// Words for the feed-forward part of a layer, any of which may stand for another.
  private static let blocks = ["mlp", "block_sparse_moe", "feed_forward"]

  init(_ wanted: [WantedTensor], _ checkpoint: Checkpoint, _ frame: Resolution.Frame) {
    tensors = checkpoint.tensors
    let base = frame.base.isEmpty ? "" : "\(frame.base)."
    self.base = base
    // A few tensors show how the files call the model: by what stands before the rest of a name.
    let inside = wanted.filter { $0.expert == nil && $0.name.hasPrefix(frame.layersPath) }
    let probes = stride(from: 0, to: inside.count, by: max(1, inside.count / 8)).map {
      String(inside[$0].name.dropFirst(base.count))
    }
    var votes: [String: Int] = [base: 1]
    for probe in probes {
      for name in tensors.keys where name == probe || name.hasSuffix(".\(probe)") {
        let start = String(name.dropLast(probe.count))
        votes[start, default: 0] += start == base ? 2 : 1
      }
    }
    found = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? base
  }

  /// A name inside the wrapped model as the files have it; another name stays.
  func translated(_ name: String) -> String {
    name.hasPrefix(base) ? found + name.dropFirst(base.count) : name
  }

  /// The names that a tensor may have in the files, the likeliest first.
  func names(_ name: String) -> [String] {
    var names = [translated(name)]
    if !name.hasPrefix(base) {
      // A head stands beside the wrapped model, inside whatever holds both.
      let outer = found.hasSuffix(base) ? String(found.dropLast(base.count)) : found
      names += [outer + name, found + name]
    } else {
      names.append(name)
    }
    for name in names {
      var parts = name.split(separator: ".").map(String.init)
      guard let place = parts.firstIndex(where: { Self.blocks.contains($0) }) else { continue }
      for other in Self.blocks where other != parts[place] {
        parts[place] = other
        names.append(parts.joined(separator: "."))
      }
    }
    return names
  }

  func tensor(_ name: String) -> StoredTensor? {
    if let tensor = tensors[translated(name)] { return tensor }
    for name in names(name) { if let tensor = tensors[name] { return tensor } }
    return nil
  }
}
