import JSON

/// Keys of published files that the class of `transformers` does not have, with the value that says
/// what the class does in any case.
///
/// Such a key needs no note. With another value the file requires what the class does not do, and
/// the note that the key is not read stands. What a class does is read from its modeling file.
package enum StatedKeys {
  /// What must hold of a file so that a key in it says nothing new.
  private enum Condition {
    /// A key has this value; where it is not the key in question, it may be absent.
    case value(String, JSONValue)
    /// The key in question has the value of another key, which may be `outer.inner`, or of a product
    /// or quotient of keys.
    case same(String)
  }

  /// Whether a key of a file only says what the class does.
  static func contains(
    _ key: String, of configuration: JSONObject, in modelType: String
  ) -> Bool {
    guard let stated = configuration[key] else { return false }
    let own = conditions(of: key, in: modelType)
    let conditions = own.isEmpty ? conditions(of: key, in: NumericKeys.classOf(modelType)) : own
    return !conditions.isEmpty
      && conditions.allSatisfy { condition in
        switch condition {
        case .value(key, let value): stated == value
        case .value(let other, let value): find(other, configuration).map { $0 == value } ?? true
        case .same(let other): computed(other, configuration) == stated
        }
      }
  }

  private static func find(_ path: String, _ configuration: JSONObject) -> JSONValue? {
    path.split(separator: ".").reduce(.object(configuration)) { $0?[String($1)] }
  }

  /// The value of a key, or what a product or quotient of keys gives, taken from the left.
  private static func computed(_ text: String, _ configuration: JSONObject) -> JSONValue? {
    let keys = text.split { "*/".contains($0) }.map { find(String($0), configuration) }
    let operators = text.filter { "*/".contains($0) }
    guard !operators.isEmpty, var result = keys[0]?.integer else { return keys[0] }
    for (sign, key) in zip(operators, keys.dropFirst()) {
      guard let key = key?.integer, key > 0, sign == "*" || result.isMultiple(of: key) else {
        return nil
      }
      let next =
        sign == "*"
        ? result.multipliedReportingOverflow(by: key)
        : result.dividedReportingOverflow(by: key)
      guard !next.overflow else { return nil }
      result = next.partialValue
    }
    return .integer(result)
  }

  /// The keys that are listed, each with the families of which that is so.
  package static var pairs: [(key: String, modelType: String)] {
    var result: [(key: String, modelType: String)] = []
    for entry in entries {
      for key in entry.words.map({ parsed(String($0)).0 }) {
        for family in entry.modelTypes.map(String.init)
        where !result.contains(where: { $0 == (key, family) }) {
          result.append((key, family))
        }
      }
    }
    return result
  }

  /// Entries of `key=value …: families`.
  ///
  /// A value of `@other` is that of another key, and `key?other=value` is a key that does nothing
  /// while another has that value.
  private static let entries = FamilyList([routing, positions, written, layers]).entries

  /// What must hold of a key of a family; nothing where the key is not listed.
  private static func conditions(of key: String, in modelType: String) -> [Condition] {
    entries.filter { $0.contains(modelType) }.flatMap(\.words).filter { $0.hasPrefix(key) }
      .map { parsed(String($0)) }.filter { $0.0 == key }.map(\.1)
  }

  private static func parsed(_ stated: String) -> (String, Condition) {
    let halves = stated.split(separator: "=", maxSplits: 1).map(String.init)
    let names = halves[0].split(separator: "?").map(String.init)
    if halves[1].hasPrefix("@") { return (names[0], .same(String(halves[1].dropFirst()))) }
    let value = (try? JSONValue(parsing: halves[1])) ?? .string(halves[1])
    return (names[0], .value(names.last ?? names[0], value))
  }

  /// How the scores of experts are made and chosen from: `noaux_tc` is a choice by scores with a
  /// correction that is not learned by a loss.
  private static let routing = """
    scoring_func=sigmoid: axk1 axk2 beam deepseek_v3 deepseek_v32 dots3_note_text exaone_moe
      glm4_moe glm4_moe_lite glm_moe_dsa hy_v4 mimo_v2_flash minimax_m2 minimax_m3_vl_text
      solar_open
    topk_method=noaux_tc: axk1 axk2 beam deepseek_v3 deepseek_v32 deepseek_v4 dots1
      dots3_note_text exaone_moe glm4_moe glm4_moe_lite glm_moe_dsa hy_v4 kimi_linear
      mimo_v2_flash solar_open
    scoring_func=noaux_tc: dots1
    scoring_func=softmax: deepseek_v2
    use_routing_bias=true: minimax_m2
    shared_intermediate_size=0: minimax minimax_m2
    experts_per_token=@num_experts_per_tok: gpt_oss
    number_of_conv_states=4: inkling_text
    use_moe=true norm_expert_weight=true use_moe_router_bias=true moe_router_activation=sigmoid
      moe_every_n_layer=1 moe_layer_offset=0: step3p5
    """

  /// Positions and windows.
  private static let positions = """
    n_ctx=@n_positions: gpt2 gpt_bigcode gptj openai-gpt
    initial_context_length=@rope_scaling.original_max_position_embeddings: gpt_oss
    original_max_position_embeddings=@rope_scaling.original_max_position_embeddings: phimoe
    max_window_layers?use_sliding_window=false: qwen3_moe
    use_sliding_window=false: qwen3_next
    sliding_window=null: jamba
    use_mrope=false: qwen2 qwen2_moe
    rotary=true: gptj
    """

  /// Sizes that the class computes for itself and writes into its files.
  private static let written = """
    num_key_value_heads=@attn_config.kv_n_heads: dbrx
    kv_channels=@hidden_size/num_attention_heads num_query_groups=@num_attention_heads: zamba2
    intermediate_size=@hidden_size*expand: mamba2
    """

  /// Biases, norms and residual connections.
  private static let layers = """
    attention_bias=false mlp_bias=false lm_head_bias=false: phi3
    apply_residual_connection_post_layernorm=false: falcon
    norm_type=layer_norm mlp_type=default: starcoder2
    use_qk_norm=true qk_norm_type=per_layer: minimax_m2
    use_qk_norm=true use_head_wise_attn_gate=true zero_centered=true att_impl_type=GQA: step3p5
    postnorm=true: minimax
    """
}
