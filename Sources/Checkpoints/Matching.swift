/// Which tensors of a checkpoint each tensor of a model is, whatever names the files give them, and
/// what does not fit.
///
/// The names may be those of the hub or of `save_pretrained`, with or without the name of the model
/// that a class for text generation wraps; experts may be stacked or each by itself.
struct Matching {
  /// Something that a checkpoint holds in another form than the model has it.
  enum Problem: Sendable {
    /// A tensor with another shape, and the shapes that it may have.
    case shape(StoredTensor, expected: [[Int]])
    /// Elements that are neither read nor known as a packing.
    case form(StoredTensor)
  }

  /// A tensor that the model does not use.
  struct Rest: Hashable, Sendable {
    var name: String
    /// Why it is left out; nil where nothing says so.
    var reason: Reason?
  }

  /// Why a tensor is left out on purpose.
  enum Reason: Hashable, Sendable {
    /// It follows from the configuration.
    case made
    /// The head, whose elements a table has; by the name of that table.
    case tied(to: String)
    /// It is of a layer that predicts several tokens.
    case predictsMore
    /// It is of a part that no token of text meets: images or sound.
    case tower
    /// No pass reads it.
    case unread
  }

  /// The elements of each tensor, by the name that the description gives it.
  private(set) var views: [String: TensorView] = [:]
  /// Each stored tensor that holds weights of the model, by its name, and how many it stands for.
  private(set) var held: [String: Holding] = [:]
  private(set) var missing: [String] = []
  private(set) var problems: [Problem] = []
  /// What nobody has used, by name.
  private(set) var rest: [Rest] = []

  private let checkpoint: Checkpoint
  private let frame: Frame
  private var used: Set<String> = []
  /// The tensor that is looked for.
  private var subject: WantedTensor?
  /// Whether it was found, and does not fit.
  private var isFaulty = false
  /// Stored tensors that do not fit.
  private var faulty: Set<String> = []
  /// Tensors that no pass reads.
  private var unread: Set<String> = []

  typealias Frame = Resolution.Frame

  /// Looks for every tensor.
  init(_ wanted: [WantedTensor], in checkpoint: Checkpoint, frame: Frame) {
    self.checkpoint = checkpoint
    self.frame = frame
    let naming = Naming(wanted, checkpoint, frame)
    for tensor in wanted {
      guard !tensor.isOptional else {
        if let found = naming.tensor(tensor.name) { unread.insert(found.name) }
        continue
      }
      (subject, isFaulty) = (tensor, false)
      if let view = view(tensor, naming) {
        views[tensor.name] = view
      } else if !isFaulty {
        missing.append(tensor.name)
      }
    }
    collectRest(naming)
  }

  // MARK: - One tensor

  private mutating func view(
    _ wanted: WantedTensor, _ naming: Naming
  ) -> TensorView? {
    if let tensor = naming.tensor(wanted.name) {
      guard fit([tensor], [wanted.shape]) else { return nil }
      return Self.whole(tensor, wanted.isTransposed)
    }
    if let expert = wanted.expert { return view(expert, naming) }
    let found = wanted.pieces.compactMap { naming.tensor($0) }
    guard !found.isEmpty, found.count == wanted.pieces.count else { return nil }
    guard fit(found, [wanted.shape]) else { return nil }
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

  /// Notes that tensors are used, and what does not fit: their shape, or the form of their numbers.
  ///
  /// - Returns: Whether all have one of the shapes; only then a view of them is a view of something.
  private mutating func fit(_ tensors: [StoredTensor], _ shapes: [[Int]]) -> Bool {
    for tensor in tensors where used.insert(tensor.name).inserted { check(tensor, shapes) }
    if tensors.contains(where: { faulty.contains($0.name) }) { isFaulty = true }
    return !isFaulty
  }

  private mutating func check(_ tensor: StoredTensor, _ shapes: [[Int]]) {
    let packing = Packing(tensor, in: checkpoint.tensors)
    if let packing { used.formUnion(packing.companions.map(\.name)) }
    let shape =
      packing.map { packing in shapes.first(where: packing.holds) }
      ?? shapes.first { $0 == tensor.shape }
    guard let shape else {
      problems.append(.shape(tensor, expected: shapes))
      faulty.insert(tensor.name)
      return
    }
    // What is no weight may be whole numbers.
    if packing == nil, !tensor.form.isRead, subject?.isBuffer != true {
      problems.append(.form(tensor))
    }
    held[tensor.name] = Holding(
      wanted: subject, tensor: tensor, shape: shape, packing: packing)
  }

  // MARK: - Experts

  /// The part of an expert: stacked as the description says, by itself under any usual name, or
  /// stacked as `save_pretrained` writes it.
  private mutating func view(
    _ expert: WantedTensor.Expert, _ naming: Naming
  ) -> TensorView? {
    if let stack = expert.stack, let tensor = naming.tensor(stack.name) {
      guard fit([tensor], [stack.shape]) else { return nil }
      return Self.slice(
        tensor, expert, rows: 0..<expert.output, of: expert.output, stack)
    }
    if let view = separate(expert, naming) { return view }
    return stacked(expert, naming) ?? stackedByMap(expert, naming)
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
  ) -> TensorView? {
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
      guard fit(found, [shape(rows)]) else { return nil }
      let columns = expert.isBias ? 1 : expert.input
      return TensorView(
        columns: columns,
        found.map { TensorView.Piece(tensor: $0, rows: rows, rowStride: columns) })
    }
    // Both in one, beside the map down by itself.
    guard expert.map == .gate || expert.map == .up,
      let both = naming.tensor("\(expert.path).gate_up_proj.\(suffix)")
    else { return nil }
    guard fit([both], [shape(2 * expert.output)]) else { return nil }
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
  ) -> TensorView? {
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
    guard fit([tensor], [shape]) else { return nil }
    let rows = expert.map == .up ? expert.output..<all : 0..<expert.output
    return Self.slice(
      tensor, expert, rows: rows, of: all,
      WantedTensor.Stack(name: name, shape: shape, isTransposed: false))
  }

  /// A stack for each map: `experts.gate_proj.weight [E, f, d]`, as llama.cpp and MLX write them.
  private mutating func stackedByMap(
    _ expert: WantedTensor.Expert, _ naming: Naming
  ) -> TensorView? {
    let (maps, rows): ([String], Int) =
      switch expert.map {
      case .down: (["down_proj"], expert.output)
      case .gate: (["gate_proj"], expert.output)
      case .up, .inner: (["up_proj"], expert.output)
      case .gateAndUp: (["gate_proj", "up_proj"], expert.output / 2)
      }
    let suffix = expert.isBias ? "bias" : "weight"
    let columns = expert.isBias ? 1 : expert.input
    for list in ["experts", "switch_mlp"] {
      let found = maps.compactMap { naming.tensor("\(expert.mixture).\(list).\($0).\(suffix)") }
      guard found.count == maps.count else { continue }
      let shape = [expert.count, rows] + (expert.isBias ? [] : [expert.input])
      guard fit(found, [shape]) else { return nil }
      return TensorView(
        columns: columns,
        found.map {
          TensorView.Piece(
            tensor: $0, rows: rows, first: expert.number * rows * columns, rowStride: columns)
        })
    }
    return nil
  }

  // MARK: - The rest

  /// Names of tensors that are made from the configuration, and that older classes saved.
  private static let buffers = [
    "rotary_emb.inv_freq", "rotary_emb.cos_cached", "rotary_emb.sin_cached", "attn.bias",
    "attn.masked_bias", "attention.bias", "attention.masked_bias", "position_ids",
    "embed_positions",
    "attention.rotary_emb.inv_freq", "rope_freqs", "self_attn.bias", "alibi",
    "rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight",
  ]

  /// Words in the paths of parts that no token of text meets.
  private static let towers: Set<String> = [
    "audio_tower", "embed_audio", "embed_vision", "image_newline", "mm_projector",
    "multi_modal_projector", "patch_merger", "pre_mm_projector_norm", "vision_backbone",
    "vision_embed_tokens", "vision_encoder", "vision_language_adapter", "vision_model",
    "vision_tower", "visual",
  ]

  /// Collects what nobody has used, and why.
  private mutating func collectRest(_ naming: Naming) {
    let tied = frame.tied.map { (naming.names($0.head), naming.tensor($0.table)) }
    for name in checkpoint.tensors.keys.sorted() where !used.contains(name) {
      let reason: Reason? =
        if let (heads, table) = tied, heads.contains(name), let table {
          .tied(to: table.name)
        } else if Self.buffers.contains(where: { name == $0 || name.hasSuffix(".\($0)") }) {
          .made
        } else if unread.contains(name) {
          .unread
        } else if isFuture(name, naming) {
          .predictsMore
        } else if name.split(separator: ".").contains(where: { Self.towers.contains(String($0)) }) {
          .tower
        } else {
          nil
        }
      rest.append(Rest(name: name, reason: reason))
    }
  }

  /// Whether a tensor is of a layer behind the last, or of a module that predicts several tokens.
  private func isFuture(_ name: String, _ naming: Naming) -> Bool {
    let parts = name.split(separator: ".")
    let words: Set<Substring> = ["mtp", "mtp_dspark", "mtp_layers", "nextn"]
    if parts.contains(where: words.contains) { return true }
    let path = naming.translated("\(frame.layersPath).")
    guard name.hasPrefix(path) else { return false }
    return name.dropFirst(path.count).split(separator: ".").first.flatMap { Int($0) }
      .map { $0 >= frame.layers } ?? false
  }
}

/// A stored tensor that holds weights of a model.
struct Holding: Sendable {
  /// The first tensor of the model whose elements it has.
  var wanted: WantedTensor?
  var tensor: StoredTensor
  /// The extents of the weights that it stands for.
  var shape: [Int]
  /// How they are packed; nil where they are stored as they are.
  var packing: Packing?

  /// How many weights it stands for.
  var count: Int { shape.checkedProduct ?? .max }
}
