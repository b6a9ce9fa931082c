import Architecture
import JSON

/// What a configuration says of how its weights are packed.
///
/// - Source: transformers 5.23.0, `utils/quantization_config.py`; mlx-lm, `quantization`.
struct Quantisation {
  /// The format and what stays wide beside it; nil for a format that is not known.
  let format: StoredFormat?

  /// - Returns: nil for a configuration that says nothing of it.
  init?(_ configuration: JSONObject) {
    let objects = [configuration] + configuration.keys.compactMap { configuration[$0]?.object }
    for object in objects {
      for key in ["quantization_config", "compression_config"] {
        guard let settings = object[key]?.object else { continue }
        format = Self.word(settings).map {
          StoredFormat($0, wideModules: Self.wideModules(settings))
        }
        return
      }
    }
    guard let settings = configuration["quantization"]?.object, let bits = settings["bits"]?.integer
    else { return nil }
    // Modes other than the affine one have formats of their own.
    let mode = settings["mode"]?.string ?? "affine"
    format = StoredFormat(
      mode == "affine" ? "mlx\(bits)-g\(settings["group_size"]?.integer ?? 64)" : mode,
      // A module that is not packed has `false` in place of its settings.
      wideModules: settings.keys.filter { settings[$0] == .boolean(false) && $0.contains(".") })
  }

  /// The modules that stay wide, under each of the keys that name them.
  private static func wideModules(_ settings: JSONObject) -> [String] {
    let keys = [
      "modules_to_not_convert", "llm_int8_skip_modules", "ignore", "ignored_layers",
      "exclude_modules",
    ]
    let lists = keys.map { settings[$0] } + [settings["quantization"]?["exclude_modules"]]
    return lists.compactMap { $0?.array }.joined().compactMap { name in
      guard var name = name.string else { return nil }
      // Regular expressions are read as far as names with gaps go.
      if name.hasPrefix("re:") {
        name = String(name.dropFirst(3)).replacing(".*", with: "*").replacing("\\.", with: ".")
        if name.hasPrefix("^") { name.removeFirst() }
        if name.hasSuffix("$") { name.removeLast() }
      }
      return name
    }
  }

  private static func word(_ settings: JSONObject) -> String? {
    func integer(_ key: String) -> Int128? { settings[key]?.integer }
    func isOn(_ key: String) -> Bool { settings[key] == .boolean(true) }
    switch settings["quant_method"]?.string {
    case "gptq": return grouped("gptq", integer("bits"), integer("group_size"))
    case "awq": return grouped("awq", integer("bits") ?? integer("w_bit"), integer("group_size"))
    case "fbgemm_fp8": return "fp8-row"
    case "fp8":
      guard let block = settings["weight_block_size"]?.array else { return "fp8-tensor" }
      guard block.count == 2, block[0] == block[1], let size = block[0].integer else { return nil }
      return "fp8-b\(size)"
    case "mxfp4": return "mxfp4"
    case "bitsandbytes":
      if isOn("load_in_8bit") || isOn("_load_in_8bit") { return "llm-int8" }
      guard isOn("load_in_4bit") || isOn("_load_in_4bit") else { return nil }
      return isOn("bnb_4bit_use_double_quant") ? "nf4-dq" : "nf4"
    case "compressed-tensors": return compressed(settings)
    case "modelopt":
      let algorithm =
        settings["quant_algo"]?.string ?? settings["quantization"]?["quant_algo"]?.string
      return algorithm == "NVFP4" ? "nvfp4" : algorithm == "FP8" ? "fp8-tensor" : nil
    default: return nil
    }
  }

  private static func grouped(_ name: String, _ bits: Int128?, _ size: Int128?) -> String? {
    guard let bits, let size, size > 0 || size == -1 else { return nil }
    // A group of −1 is all inputs of an output.
    return name + (bits == 4 ? "" : "\(bits)") + (size == -1 ? "-channel" : "-g\(size)")
  }

  private static func compressed(_ settings: JSONObject) -> String? {
    guard let groups = settings["config_groups"]?.object, let name = groups.keys.first,
      let weights = groups[name]?["weights"]?.object, let bits = weights["num_bits"]?.integer
    else { return nil }
    let size = weights["group_size"]?.integer
    switch (weights["type"]?.string, bits, size) {
    case ("float", 4, 16): return "nvfp4"
    case ("float", 4, 32): return "mxfp4"
    case ("float", 8, nil):
      return weights["strategy"]?.string == "channel" ? "fp8-channel" : "fp8-tensor"
    case ("int", _, let size): return grouped("int", bits, size ?? -1)
    default: return nil
    }
  }
}
