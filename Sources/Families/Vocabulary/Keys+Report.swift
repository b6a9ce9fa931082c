import Architecture
import JSON
import Symbolic
import Wording

/// What was read of a configuration, what was not, and what a report says of both.
extension Keys {
  /// Sizes that change what a pass executes, and no parameter.
  static let operationKeys: Set<String> = [
    "sliding_window", "window_size", "rotary_dim", "chunk_size", "mamba_chunk_size",
    "attention_chunk_size", "index_topk", "sliding_window_size", "H_cycles",
    "L_cycles", "max_inference_chunksize",
    "index_block_size", "index_topk_blocks", "keep_window_size", "use_bidirectional_attention",
  ]

  /// Whether a key is known to change no count of the family.
  func isQuiet(_ key: String) -> Bool {
    // Files of before 2026 have these in place of `rope_parameters`.
    if key == "rope_theta" || key == "rope_scaling", !has(key) {
      let own = "rope_parameters"
      return isQuiet(own) || known.contains { $0.hasPrefix(own) }
    }
    return SharedKeys.contains(key) || NumericKeys.contains(key, in: modelType)
  }

  /// Sizes of which a derived one whose key no configuration may have is marked so.
  func marked(_ sizes: [SizeBinding]) -> [SizeBinding] {
    let known = known
    return sizes.map { binding in
      guard case .derived = binding.origin, !known.contains(binding.key) else { return binding }
      var copy = binding
      copy.isKey = false
      return copy
    }
  }

  /// What a reader of FLOPs should know beside what a reader of parameters should.
  func operationReport() -> [String] {
    let taken = operationDefaults.keys.map {
      "\($0) = \((operationDefaults[$0] ?? .null).line)"
    }
    let defaults =
      taken.isEmpty
      ? [] : ["Absent, so the default of \(modelType): \(taken.joined(separator: ", "))."]
    return passNotes + defaults
  }

  /// The file's keys that nothing is known of.
  private var unknown: [String] {
    let known = known
    return configuration.keys.filter {
      !known.contains($0) && !isQuiet($0)
        && !StatedKeys.contains($0, of: configuration, in: modelType)
    }
  }

  /// Those of them that say something: no null, no zero, nothing that is switched off or empty.
  var unread: [String] {
    unknown.filter { key in
      switch configuration[key] {
      case nil, .null, .boolean(false): false
      case .string(let text): !text.isEmpty
      case .array(let values): !values.isEmpty
      case .object(let object): !object.keys.isEmpty
      case .number(let text): Rational(decimal: text) != .zero
      case .boolean(true): true
      }
    }
  }

  /// The key that a misspelt one stands for: one that was read and is not in the file.
  private func meant(by key: String) -> String? {
    guard configuration[key] != .null else { return nil }
    return nearestWord(to: key, among: met.filter { configuration[$0] == nil })
  }

  static let quantised =
    "The checkpoint is quantised; the counts are of the unquantised tensors."

  /// Sentences about defaults that were taken and keys that were not understood.
  func report() -> [String] {
    var sentences: [String] = []
    let idle = overrides.keys.filter { key in
      key != "model_type" && (!met.contains(key) || passed.contains(key))
    }.sorted()
    if !idle.isEmpty {
      sentences.append("Set, but without effect on any count: \(idle.joined(separator: ", ")).")
    }
    let taken = defaulted.keys.map { "\($0) = \((defaulted[$0] ?? .null).line)" }
    if !taken.isEmpty {
      sentences.append("Absent, so the default of \(modelType): \(taken.joined(separator: ", ")).")
    }
    let unknown = unknown
    if !unknown.isEmpty {
      sentences.append("Not read by \(modelType): \(unknown.joined(separator: ", ")).")
    }
    for key in unknown {
      guard let meant = meant(by: key) else { continue }
      sentences.append("\(key) is not read. Did you mean \(meant), which is absent?")
    }
    let key = predictors?.key ?? "num_nextn_predict_layers"
    if let extra = configuration[key]?.integer, extra > 0 {
      sentences.append("Layers for multi-token prediction are not counted, as in transformers.")
    }
    if configuration["quantization_config"] != nil {
      sentences.append(Self.quantised)
    }
    return sentences
  }
}
