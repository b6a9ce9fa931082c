import JSON

/// What a configuration says of how its weights are packed.
///
/// - Source: transformers 5.23.0, `utils/quantization_config.py`; mlx-lm, `quantization`.
struct Quantisation {
  /// The word for the format, as `--weight-dtype` takes it; nil for one that is not known.
  let word: String?

  /// - Returns: nil for a configuration that says nothing of it.
  init?(_ configuration: JSONObject) {
    let objects = [configuration] + configuration.keys.compactMap { configuration[$0]?.object }
    for object in objects {
      for key in ["quantization_config", "compression_config"] {
        guard let settings = object[key]?.object else { continue }
        word = Self.word(settings)
        return
      }
    }
    guard let settings = configuration["quantization"]?.object, let bits = settings["bits"]?.integer
    else { return nil }
    // Modes other than the affine one have formats of their own.
    let mode = settings["mode"]?.string ?? "affine"
    word = mode == "affine" ? "mlx\(bits)-g\(settings["group_size"]?.integer ?? 64)" : mode
  }

  private static func word(_ settings: JSONObject) -> String? {
    func integer(_ key: String) -> Int128? { settings[key]?.integer }
    func isOn(_ key: String) -> Bool { settings[key] == .boolean(true) }
    switch settings["quant_method"]?.string {
    case "gptq": return grouped("gptq", integer("bits"), integer("group_size"))
    case "awq": return grouped("awq", integer("bits") ?? integer("w_bit"), integer("group_size"))
    case "fp8", "fbgemm_fp8":
      guard let block = settings["weight_block_size"]?.array?.first?.integer else { return "fp8" }
      return block == 128 ? "fp8-b128" : nil
    case "mxfp4": return "mxfp4"
    case "bitsandbytes":
      if isOn("load_in_8bit") || isOn("_load_in_8bit") { return "int8" }
      guard isOn("load_in_4bit") || isOn("_load_in_4bit") else { return nil }
      return isOn("bnb_4bit_use_double_quant") ? "nf4-dq" : "nf4"
    case "compressed-tensors": return compressed(settings)
    case "modelopt":
      let algorithm =
        settings["quant_algo"]?.string ?? settings["quantization"]?["quant_algo"]?.string
      return algorithm == "NVFP4" ? "nvfp4" : algorithm == "FP8" ? "fp8" : nil
    default: return nil
    }
  }

  private static func grouped(_ name: String, _ bits: Int128?, _ size: Int128?) -> String? {
    // A group of −1 is a whole row.
    guard let bits, let size, size > 0 else { return nil }
    return bits == 4 ? "\(name)-g\(size)" : "\(name)\(bits)-g\(size)"
  }

  private static func compressed(_ settings: JSONObject) -> String? {
    guard let groups = settings["config_groups"]?.object, let name = groups.keys.first,
      let weights = groups[name]?["weights"]?.object, let bits = weights["num_bits"]?.integer
    else { return nil }
    let size = weights["group_size"]?.integer
    switch (weights["type"]?.string, bits, size) {
    case ("float", 4, 16): return "nvfp4"
    case ("float", 4, 32): return "mxfp4"
    case ("float", 8, _): return "fp8"
    case ("int", 8, nil): return "int8"
    case ("int", _, let size?): return grouped("int", bits, size)
    default: return nil
    }
  }
}
