/// The tensors of a checkpoint whose model nobody describes, by type and by what their names tell.
package struct Inventory: Sendable {
  /// Tensors of one kind.
  package struct Row: Hashable, Sendable {
    /// The kind: a form of numbers, or a part of a model.
    package var name: String
    /// The number of tensors.
    package var tensors = 0
    /// The weights that they stand for.
    package var weights = 0
    /// The bytes that they take.
    package var bytes = 0
  }

  /// The number of files.
  package let files: Int
  /// By the form of their numbers.
  package let types: [Row]
  /// By the part of a model that their names tell.
  package let parts: [Row]
  /// Scales, zero points and tables that belong to packed weights.
  package let companions: Row

  package init(_ checkpoint: Checkpoint) {
    files = checkpoint.files.count
    var companions = Row(name: "scales and zero points")
    var helpers: Set<String> = []
    var packings: [String: Packing] = [:]
    for (name, tensor) in checkpoint.tensors {
      guard let packing = Packing(tensor, in: checkpoint.tensors) else { continue }
      packings[name] = packing
      helpers.formUnion(packing.companions.map(\.name))
    }
    var types: [String: Row] = [:]
    var parts: [String: Row] = [:]
    for (name, tensor) in checkpoint.tensors {
      guard !helpers.contains(name) else {
        companions.add(tensor, weights: 0)
        continue
      }
      let weights = packings[name]?.likelyCount ?? tensor.count
      let type = packings[name].map(\.type) ?? tensor.form.name
      types[type, default: Row(name: type)].add(tensor, weights: weights)
      let part = Self.part(of: name)
      parts[part, default: Row(name: part)].add(tensor, weights: weights)
    }
    self.companions = companions
    func sorted(_ rows: [String: Row]) -> [Row] {
      rows.values.sorted { ($0.weights, $1.name) > ($1.weights, $0.name) }
    }
    self.types = sorted(types)
    self.parts = sorted(parts)
  }

  /// The weights of all tensors.
  package var weights: Int { types.reduce(0) { $0 + $1.weights } }
  /// The number of all tensors, scales and zero points included.
  package var tensors: Int { types.reduce(companions.tensors) { $0 + $1.tensors } }
  /// The bytes of all tensors, scales and zero points included.
  package var bytes: Int { types.reduce(companions.bytes) { $0 + $1.bytes } }

  /// The part that the words of a name tell; the first that is found.
  private static func part(of name: String) -> String {
    let name = name.lowercased()
    let words = name.split(separator: ".")
    let whole = Array(name.utf8)
    func has(_ found: String...) -> Bool { found.contains { whole.contains(text: $0) } }
    if words.last == "weight" || words.last == "bias", words.count > 1 {
      let last = Array(words[words.count - 2].utf8)
      if last.contains(text: "norm") || last.contains(text: "ln_") { return "norms" }
    }
    if has("lm_head", "embed_out", "output_layer") || words.first == "output" { return "lm_head" }
    if has("shared_expert", "_shexp") { return "shared_experts" }
    if has("router", "ffn_gate_inp") || words.contains("gate") { return "router" }
    if has("expert", "_exps") { return "routed_experts" }
    if has("attn", "attention") { return "attention" }
    if has("mlp", "feed_forward", "ffn", "fc1", "fc2") { return "dense_mlp" }
    if has("mixer", "mamba", "ssm", "conv") { return "mixer" }
    if has("embed", "wte", "wpe") { return "embedding" }
    if has("norm") { return "norms" }
    return "other"
  }
}

extension [UInt8] {
  /// Whether the bytes of a text stand in these; a search of `String` builds tables for each.
  fileprivate func contains(text: String) -> Bool {
    let text = text.utf8
    guard count >= text.count else { return false }
    return (0...count - text.count).contains { self[$0...].starts(with: text) }
  }
}

extension Inventory.Row {
  fileprivate mutating func add(_ tensor: StoredTensor, weights: Int) {
    tensors += 1
    self.weights += weights
    bytes += tensor.size
  }
}

extension Packing {
  /// The scheme, and the form of the codes.
  fileprivate var type: String {
    scheme == .blocks ? codes.form.name : "\(scheme.rawValue) in \(codes.form)"
  }

  /// How many weights the codes stand for, as far as their own shapes tell.
  var likelyCount: Int {
    switch scheme {
    case .float8, .integer8, .bitsAndBytes8, .blocks: codes.count
    case .bitsAndBytes4, .microscaling4, .nvidia4: 2 * codes.count
    case .gptq, .awq, .compressedTensors, .mlx: codes.count * (codes.form.bits ?? 0) / likelyBits
    }
  }

  /// The bits of one weight: those of zero points, or four, which nearly all have.
  private var likelyBits: Int {
    guard let zeros = companions.first(where: { $0.name.hasSuffix("qzeros") }),
      let scales = companions.first(where: { $0.name.hasSuffix("scales") }), scales.count > 0
    else { return 4 }
    return max(1, zeros.count * (zeros.form.bits ?? 32) / scales.count)
  }
}
