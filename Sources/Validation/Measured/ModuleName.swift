/// The place of a module by its structure, whatever the library calls it.
///
/// `MixtralForCausalLM.model.layers.0.block_sparse_moe.experts.3.w1` and
/// `model.layers.0.mlp.experts.#.gate_proj` are the same place.
struct ModuleName: Hashable {
  /// The number of the layer, or nil outside the layers.
  var layer: Int?
  /// The names inside the layer, or all of them outside the layers, each in its usual form.
  var inside: [String]

  /// The names of a module in a file.
  init(file path: [String]) {
    let names = path.filter { !Self.wrappers.contains($0) }
    guard let place = names.firstIndex(where: { Int($0) != nil }) else {
      (layer, inside) = (nil, names.map(Self.usual))
      return
    }
    layer = Int(names[place])
    inside = names[(place + 1)...].map(Self.usual)
  }

  /// A path of a ledger.
  init(layer: Int?, path: String) {
    self.layer = layer
    inside = path.split(separator: ".").map { Self.usual(String($0)) }
  }

  /// Whether a path of a ledger is inside this module, or is the module.
  func holds(_ other: ModuleName) -> Bool {
    guard layer == other.layer else { return false }
    guard layer != nil else {
      // What stands before the name outside the layers depends on the class of the model.
      return !inside.isEmpty && inside.last == other.inside.last
    }
    if other.inside.starts(with: inside) { return true }
    guard let last = inside.last, let maps = Self.fused[last], !other.inside.isEmpty,
      other.inside.count == inside.count
    else { return false }
    return other.inside.dropLast() == inside.dropLast()
      && maps.contains(other.inside[other.inside.count - 1])
  }

  private static func usual(_ name: String) -> String {
    Int(name) != nil ? "#" : usualNames[name] ?? name
  }

  /// Modules that only wrap another.
  private static let wrappers: Set<String> = [
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "base_layer",
  ]

  /// The usual name of what has several.
  private static let usualNames: [String: String] = {
    let groups = [
      "mlp": ["block_sparse_moe", "feed_forward", "ffn", "moe"],
      "self_attn": ["attention", "attn", "self_attention"],
      "gate": ["router"],
      "gate_proj": ["w1"], "up_proj": ["w3"], "down_proj": ["w2"],
      "q_proj": ["wq", "query"], "k_proj": ["wk", "key"], "v_proj": ["wv", "value"],
      "o_proj": ["wo", "out_proj"],
      "shared_experts": ["shared_expert"],
      "lm_head": ["output", "embed_out"],
    ]
    var names: [String: String] = [:]
    for (usual, others) in groups { for other in others { names[other] = usual } }
    return names
  }()

  /// Maps that some libraries join in one matrix.
  private static let fused: [String: Set<String>] = {
    var maps: [String: Set<String>] = [:]
    for name in ["qkv_proj", "query_key_value", "c_attn", "Wqkv", "wqkv", "linear_qkv", "qkv"] {
      maps[name] = ["q_proj", "k_proj", "v_proj"]
    }
    for name in ["gate_up_proj", "linear_fc1", "w12"] { maps[name] = ["gate_proj", "up_proj"] }
    return maps
  }()
}
