import Architecture
import JSON
import Symbolic

/// A file of parameters as the first publisher of a model writes it beside the weights: it names no
/// `model_type`, and most of its keys have other names.
///
/// - Source: `params.json` of Llama and Mistral, `inference/config.json` of DeepSeek-V2 to V3.2,
///   `original/config.json` of gpt-oss, and the code beside each.
struct OriginalFile {
  /// The same, in the keys of `transformers`.
  let configuration: JSONObject
  let note: String
  /// A key of `transformers` that such a file does not have and that changes a count.
  let unsaid: String?

  /// - Returns: nil for a file that is none of these.
  /// - Throws: `DescriptionError` for a size that cannot be derived.
  init?(_ file: JSONObject) throws {
    func has(_ keys: String) -> Bool {
      keys.split(separator: " ").allSatisfy { file[String($0)] != nil }
    }
    let form: Form
    if has("dim n_layers n_heads kv_lora_rank n_routed_experts moe_inter_dim") {
      form = .deepSeek(file)
    } else if has("dim n_layers n_heads hidden_dim vocab_size") {
      form = .mistral(file)
    } else if has("dim n_layers n_heads multiple_of vocab_size") {
      form = try .llama(file)
    } else if has("num_experts experts_per_token swiglu_limit initial_context_length") {
      form = .gptOss
    } else {
      return nil
    }
    var result = JSONObject([("model_type", .string(form.modelType))])
    for (key, value) in form.values.sorted(by: { $0.key < $1.key }) { result[key] = value }
    for key in file.keys where !form.idle.contains(key) {
      result[form.names[key] ?? key] = file[key]
    }
    for (key, value) in form.replacing.sorted(by: { $0.key < $1.key }) { result[key] = value }
    configuration = result
    unsaid = form.unsaid.flatMap { file[$0] == nil ? $0 : nil }
    func says(_ key: String) -> Bool { (file[key] ?? .null) != .null }
    note =
      "The file has no model_type and the keys of \(form.publisher); it is read as \(form.modelType)."
      + (says("vision_encoder") ? " Only the text model is counted." : "")
      + (says("quantization") ? " \(Keys.quantised)" : "")
  }

  /// How the files of one publisher are read.
  fileprivate struct Form {
    var publisher: String
    var modelType: String
    /// The names in `transformers` of keys that are called otherwise.
    var names: [String: String]
    /// Keys that change no count.
    var idle: Set<String> = []
    /// What an absent key means there, where it means something else in the family.
    var values: [String: JSONValue] = [:]
    /// A key that changes a count, which files of this form never have.
    var unsaid: String?
    /// What stands in place of the file's own values.
    var replacing: [String: JSONValue] = [:]
  }
}

extension OriginalFile.Form {
  private static func words(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  private static func pairs(_ text: String) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: words(text).compactMap { pair in
        let halves = pair.split(separator: "=").map(String.init)
        return halves.count == 2 ? (halves[0], halves[1]) : nil
      })
  }

  static func deepSeek(_ file: JSONObject) -> Self {
    var form = Self(
      publisher: "DeepSeek's own code",
      modelType: file["index_n_heads"] != nil
        ? "deepseek_v32"
        : file["score_func"]?.string == "sigmoid" ? "deepseek_v3" : "deepseek_v2",
      names: pairs(
        """
        dim=hidden_size inter_dim=intermediate_size moe_inter_dim=moe_intermediate_size
        n_layers=num_hidden_layers n_dense_layers=first_k_dense_replace
        n_heads=num_attention_heads n_activated_experts=num_experts_per_tok n_expert_groups=n_group
        n_limited_groups=topk_group route_scale=routed_scaling_factor
        """),
      idle: words(
        """
        score_func dtype max_batch_size max_seq_len original_seq_len rope_theta rope_factor
        beta_fast beta_slow mscale scale_fmt
        """),
      values: [
        "vocab_size": .number("102400"), "n_shared_experts": .number("2"),
        "num_experts_per_tok": .number("6"), "first_k_dense_replace": .number("1"),
        "qk_nope_head_dim": .number("128"), "qk_rope_head_dim": .number("64"),
        "v_head_dim": .number("128"), "q_lora_rank": .null, "n_group": .number("1"),
        "topk_group": .number("1"), "routed_scaling_factor": .number("1.0"),
      ])
    // Zero is no low rank there.
    if file["q_lora_rank"]?.integer == 0 { form.replacing["q_lora_rank"] = .null }
    return form
  }

  static func mistral(_ file: JSONObject) -> Self {
    var form = Self(
      publisher: "Mistral's params.json", modelType: "mistral",
      names: pairs(
        """
        dim=hidden_size n_layers=num_hidden_layers n_heads=num_attention_heads
        n_kv_heads=num_key_value_heads hidden_dim=intermediate_size norm_eps=rms_norm_eps
        tied_embeddings=tie_word_embeddings max_seq_len=max_position_embeddings
        """), idle: words("yarn causal max_batch_size vision_encoder quantization"),
      values: ["sliding_window": .null])
    if let experts = file["moe"]?.object {
      form.modelType = "mixtral"
      form.idle.insert("moe")
      for key in experts.keys {
        form.replacing[key == "num_experts" ? "num_local_experts" : key] = experts[key]
      }
    }
    // Absent, there are as many key-value heads as heads; the family has another default.
    if file["n_kv_heads"] == nil { form.replacing["num_key_value_heads"] = file["n_heads"] }
    return form
  }

  static func llama(_ file: JSONObject) throws -> Self {
    var form = Self(
      publisher: "Llama's params.json", modelType: "llama",
      names: pairs(
        """
        dim=hidden_size n_layers=num_hidden_layers n_heads=num_attention_heads
        n_kv_heads=num_key_value_heads norm_eps=rms_norm_eps
        """),
      idle: words("multiple_of ffn_dim_multiplier use_scaled_rope max_seq_len max_batch_size"))
    form.replacing["intermediate_size"] = .number("\(try innerWidth(file))")
    // The small models since 3.2 share their table with the head, and no key of these files says so.
    if let width = file["dim"]?.integer, width < 4096, file["use_scaled_rope"] == .boolean(true) {
      form.unsaid = "tie_word_embeddings"
    }
    return form
  }

  /// ⌊2·4d/3⌋, times a factor if there is one, and up to the next multiple.
  ///
  /// - Source: meta-llama/llama3, `llama/model.py`, `FeedForward`.
  private static func innerWidth(_ file: JSONObject) throws -> Int128 {
    func whole(_ key: String) throws -> Int128 {
      guard let number = file[key]?.integer, number > 0, number < 1 << 40 else {
        throw DescriptionError.notASize(key: key, found: file[key]?.line ?? "absent")
      }
      return number
    }
    var width = 8 * (try whole("dim")) / 3
    if let factor = file["ffn_dim_multiplier"], factor != .null {
      guard case .number(let text) = factor, let share = Rational(decimal: text), share > .zero,
        let product = try? share.multiplied(by: Rational(width)).floor
      else {
        throw DescriptionError.wrongType(
          key: "ffn_dim_multiplier", found: factor.kind, expected: "a number above 0")
      }
      width = product
    }
    let step = try whole("multiple_of")
    return (width + step - 1) / step * step
  }

  static let gptOss = Self(
    publisher: "gpt-oss's own code", modelType: "gpt_oss",
    names: pairs("num_experts=num_local_experts experts_per_token=num_experts_per_tok"),
    idle: words(
      "swiglu_limit initial_context_length rope_scaling_factor rope_ntk_alpha rope_ntk_beta"))
}
