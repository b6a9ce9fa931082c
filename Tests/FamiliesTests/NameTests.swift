import Accounting
import Architecture
import Families
import Foundation
import JSON
import Symbolic
import Testing

/// Files that name no family of their own: each is counted as what it is, against a published total.
@Suite struct NameTests {
  struct Row: CustomTestStringConvertible {
    let name: String
    let family: String
    /// What the publisher or `transformers` says.
    let total: Int128
    let configuration: String

    init(_ name: String, _ family: String, _ total: Int128, _ configuration: String) {
      self.name = name
      self.family = family
      self.total = total
      self.configuration = configuration
    }

    var testDescription: String { name }
  }

  static let small = """
    "vocab_size": 512, "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 6, \
    "num_attention_heads": 4, "num_key_value_heads": 2
    """

  // Totals of small files are those of the class in transformers 5.23.0.
  static let wrapped = [
    Row(
      "Qwen2.5-VL, flat", "qwen2_5_vl_text", 1_019_008,
      #"{"model_type": "qwen2_5_vl", "architectures": ["Qwen2_5_VLForConditionalGeneration"], "#
        + #""vision_config": {}, \#(small)}"#),
    Row(
      "Mistral Large 4, as its class is", "mistral_large4_text", 1_050_118_202_880,
      #"{"model_type": "mistral_large4", "text_config": {"model_type": "mistral_large4_text", "#
        + #""hidden_size": 6144, "num_hidden_layers": 72}}"#),
    Row(
      "Qwen3-VL, nested", "qwen3_vl_text", 1_017_856,
      #"{"model_type": "qwen3_vl", "vision_config": {}, "text_config": "#
        + #"{"model_type": "qwen3_vl_text", "head_dim": 32, \#(small)}}"#),
    Row(
      "Gemma 3, flat", "gemma3_text", 953_856,
      #"{"model_type": "gemma3", "architectures": ["Gemma3ForCausalLM"], "head_dim": 32, "#
        + #"\#(small)}"#),
    Row(
      "Qwen2.5-Omni", "qwen2_5_omni_text", 1_019_008,
      #"{"model_type": "qwen2_5_omni", "architectures": ["Qwen2_5OmniModel"], "#
        + #""thinker_config": {"text_config": {"model_type": "qwen2_5_omni_text", \#(small)}}}"#),
    Row(
      "InternVL's own code", "qwen2", 1_019_008,
      #"{"model_type": "internvl_chat", "architectures": ["InternVLChatModel"], "llm_config": "#
        + #"{"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"], \#(small)}}"#),
    Row(
      "LLaVA's own code", "llama", 1_017_472,
      #"{"model_type": "llava", "architectures": ["LlavaLlamaForCausalLM"], "mm_hidden_size": 1024, "#
        + #""mm_projector_type": "mlp2x_gelu", \#(small)}"#),
    Row(
      "MiniCPM-V 2.6", "qwen2", 1_019_008,
      #"{"model_type": "minicpmv", "architectures": ["MiniCPMV"], "version": 2.6, "query_num": 64, "#
        + #""slice_config": {"max_slice_nums": 9}, \#(small)}"#),
    Row(
      "Hunyuan by its class", "hunyuan_v1_moe", 38_815_744,
      #"{"model_type": "hunyuan", "architectures": ["HunYuanMoEV1ForCausalLM"], "num_experts": 64, "#
        + #""moe_topk": 8, "num_shared_expert": 1, \#(small)}"#),
    Row(
      "A type of nobody, with a class of transformers", "qwen2", 1_019_008,
      #"{"model_type": "brand_new", "architectures": ["Qwen2ForCausalLM"], \#(small)}"#),
    Row(
      "No type, with a class of transformers", "qwen2", 1_019_008,
      #"{"architectures": ["Qwen2ForCausalLM"], \#(small)}"#),
  ]

  // Totals are those that the hub shows for the weights, without what the text model has not.
  static let published = [
    Row(
      "Qwen-7B", "qwen", 7_721_324_544,
      """
      {"model_type": "qwen", "architectures": ["QWenLMHeadModel"], "hidden_size": 4096,
       "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32,
       "kv_channels": 128, "vocab_size": 151936, "no_bias": true, "tie_word_embeddings": false}
      """),
    Row(
      "Qwen-1.8B", "qwen", 1_836_828_672,
      """
      {"model_type": "qwen", "hidden_size": 2048, "intermediate_size": 11008,
       "num_hidden_layers": 24, "num_attention_heads": 16, "kv_channels": 128,
       "vocab_size": 151936, "no_bias": true}
      """),
    Row(
      "MiMo-7B, without the 210,790,400 of its layer for multi-token prediction", "mimo",
      7_833_409_536 - 210_790_400,
      """
      {"model_type": "mimo", "architectures": ["MiMoForCausalLM"], "hidden_size": 4096,
       "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 32,
       "num_key_value_heads": 8, "vocab_size": 151680, "head_dim": 128, "attention_bias": true,
       "num_nextn_predict_layers": 1, "tie_word_embeddings": false}
      """),
    Row(
      "ChatGLM3-6B", "chatglm", 6_243_584_000,
      """
      {"model_type": "chatglm", "architectures": ["ChatGLMModel"], "add_bias_linear": false,
       "add_qkv_bias": true, "ffn_hidden_size": 13696, "hidden_size": 4096, "kv_channels": 128,
       "multi_query_attention": true, "multi_query_group_num": 2, "num_attention_heads": 32,
       "num_layers": 28, "padded_vocab_size": 65024, "post_layer_norm": true, "rmsnorm": true}
      """),
    Row(
      "GLM-4-9B as first published", "chatglm", 9_399_951_360,
      """
      {"model_type": "chatglm", "architectures": ["ChatGLMForConditionalGeneration"],
       "add_bias_linear": false, "add_qkv_bias": true, "ffn_hidden_size": 13696,
       "hidden_size": 4096, "kv_channels": 128, "multi_query_attention": true,
       "multi_query_group_num": 2, "num_attention_heads": 32, "num_layers": 40,
       "padded_vocab_size": 151552, "vocab_size": 151552, "post_layer_norm": true, "rmsnorm": true}
      """),
    Row(
      "Ling-lite", "bailing_moe", 16_801_974_272,
      """
      {"model_type": "bailing_moe", "architectures": ["BailingMoeForCausalLM"],
       "vocab_size": 126464, "hidden_size": 2048, "intermediate_size": 5632,
       "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 4,
       "head_dim": 128, "num_experts": 64, "num_shared_experts": 2, "num_experts_per_tok": 6,
       "moe_intermediate_size": 1408, "first_k_dense_replace": 0, "norm_head": true}
      """),
    Row(
      "Ling-mini-2.0, without 4,864 numbers of corrections", "bailing_moe_v2",
      16_255_643_392 - 4_864,
      """
      {"model_type": "bailing_moe", "architectures": ["BailingMoeV2ForCausalLM"],
       "vocab_size": 157184, "hidden_size": 2048, "intermediate_size": 5120,
       "num_hidden_layers": 20, "num_attention_heads": 16, "num_key_value_heads": 4,
       "head_dim": 128, "num_experts": 256, "num_shared_experts": 1, "num_experts_per_tok": 8,
       "moe_intermediate_size": 512, "moe_shared_expert_intermediate_size": 512,
       "first_k_dense_replace": 1, "use_qk_norm": true, "moe_router_enable_expert_bias": true,
       "n_group": 8, "topk_group": 4, "partial_rotary_factor": 0.5}
      """),
    Row(
      "Molmo-7B-D, without the 404,950,016 of its towers", "molmo", 8_021_025_280 - 404_950_016,
      """
      {"model_type": "molmo", "architectures": ["MolmoForCausalLM"], "hidden_size": 3584,
       "intermediate_size": 37888, "num_hidden_layers": 28, "num_attention_heads": 28,
       "num_key_value_heads": 4, "vocab_size": 152064, "embedding_size": 152064,
       "qkv_bias": true, "layer_norm_type": "rms", "weight_tying": false, "norm_after": false,
       "attention_layer_norm": false}
      """),
    Row(
      "Phi-4", "phi3", 14_659_507_200,
      """
      {"model_type": "phi4", "hidden_size": 5120, "intermediate_size": 17920,
       "num_hidden_layers": 40, "num_attention_heads": 40, "num_key_value_heads": 10,
       "vocab_size": 100352, "tie_word_embeddings": false}
      """),
  ]

  static let originals = [
    Row(
      "gpt-oss-20b", "gpt_oss", 20_914_757_184,
      """
      {"num_hidden_layers": 24, "num_experts": 32, "experts_per_token": 4, "vocab_size": 201088,
       "hidden_size": 2880, "intermediate_size": 2880, "swiglu_limit": 7.0, "head_dim": 64,
       "num_attention_heads": 64, "num_key_value_heads": 8, "sliding_window": 128,
       "initial_context_length": 4096, "rope_theta": 150000, "rope_scaling_factor": 32.0}
      """),
    Row(
      "DeepSeek-V3", "deepseek_v3", 671_026_404_352,
      """
      {"vocab_size": 129280, "dim": 7168, "inter_dim": 18432, "moe_inter_dim": 2048,
       "n_layers": 61, "n_dense_layers": 3, "n_heads": 128, "n_routed_experts": 256,
       "n_shared_experts": 1, "n_activated_experts": 8, "n_expert_groups": 8,
       "n_limited_groups": 4, "route_scale": 2.5, "score_func": "sigmoid", "q_lora_rank": 1536,
       "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
       "dtype": "fp8"}
      """),
    Row(
      "DeepSeek-V2-Lite", "deepseek_v2", 15_706_484_224,
      """
      {"vocab_size": 102400, "dim": 2048, "inter_dim": 10944, "moe_inter_dim": 1408,
       "n_layers": 27, "n_dense_layers": 1, "n_heads": 16, "n_routed_experts": 64,
       "n_shared_experts": 2, "n_activated_experts": 6, "route_scale": 1.0, "q_lora_rank": 0,
       "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
       "mscale": 0.707}
      """),
    Row(
      "Mistral 7B", "mistral", 7_241_732_096,
      """
      {"dim": 4096, "n_layers": 32, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32,
       "n_kv_heads": 8, "norm_eps": 1e-05, "vocab_size": 32000, "sliding_window": 4096}
      """),
    // Without the key there are as many as heads: 2·32 layers of 24 more heads of 4096 × 128.
    Row(
      "Mistral of equal heads", "mistral", 7_241_732_096 + 2 * 32 * 24 * 4096 * 128,
      """
      {"dim": 4096, "n_layers": 32, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32,
       "norm_eps": 1e-05, "vocab_size": 32000, "sliding_window": 4096}
      """),
    Row(
      "Mixtral 8x7B", "mixtral", 46_702_792_704,
      """
      {"dim": 4096, "n_layers": 32, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32,
       "n_kv_heads": 8, "norm_eps": 1e-05, "vocab_size": 32000, "rope_theta": 1000000.0,
       "moe": {"num_experts_per_tok": 2, "num_experts": 8}}
      """),
    Row(
      "Llama 3 8B", "llama", 8_030_261_248,
      """
      {"dim": 4096, "n_layers": 32, "n_heads": 32, "n_kv_heads": 8, "vocab_size": 128256,
       "multiple_of": 1024, "ffn_dim_multiplier": 1.3, "norm_eps": 1e-05, "rope_theta": 500000.0}
      """),
  ]

  @Test(
    "A file without a family's name is read as what it is",
    arguments: wrapped + published + originals)
  func totals(_ row: Row) throws {
    let configuration = try #require(JSONValue(parsing: row.configuration).object)
    let model = try Families.Description().model(from: configuration, named: "row")
    #expect(model.modelType == row.family)
    #expect(try ParameterReport(model).total.wholeConstant == row.total)
  }

  @Test("Of Mistral-Large-4-1T-A52B the 52 billion of its name are active")
  func activeOfName() throws {
    let configuration = JSONObject([
      ("model_type", .string("mistral_large4_text")), ("hidden_size", .integer(6144)),
      ("num_hidden_layers", .integer(72)),
    ])
    let model = try Families.Description().model(from: configuration, named: "row")
    let active = try #require(
      ParameterReport(model).active[.withoutInputEmbedding]?.wholeConstant)
    #expect((active + 500_000_000) / 1_000_000_000 == 52)
  }

  struct Refusal: CustomTestStringConvertible {
    let configuration: String
    let message: String

    init(_ configuration: String, _ message: String) {
      self.configuration = configuration
      self.message = message
    }

    var testDescription: String { configuration }
  }

  /// Classes of `transformers` 5.23.0 and of code beside weights, and names that nobody has.
  static let stated: [(name: String, type: String, note: String?)] = [
    ("LlamaForCausalLM", "llama", nil), ("LLaMAForCausalLM", "llama", nil),
    ("LlamaModel", "llama", nil), ("LlamaForSequenceClassification", "llama", nil),
    ("MiMoForCausalLM", "mimo", nil), ("QWenLMHeadModel", "qwen", nil),
    ("Step3p5ForCausalLM", "step3p5", nil),
    (
      "FooForBar", "llama",
      "architectures names FooForBar, which is no class known here; the file is counted as llama, "
        + "as its model_type says."
    ),
    (
      "FooForCausalLM", "qwen2",
      "architectures names FooForCausalLM, which is no class known here; the file is counted as "
        + "qwen2, as its model_type says."
    ),
    (
      "LlamaForMaskedLM", "llama",
      "architectures names LlamaForMaskedLM, whose head is not known here; that of a causal "
        + "language model is counted."
    ),
    (
      "MistralForCausalLM", "llama",
      "architectures names MistralForCausalLM, a class of mistral; the file is counted as llama, as "
        + "its model_type says."
    ),
  ]

  @Test("A class that does not go with the type is said", arguments: stated)
  func statedClass(_ row: (name: String, type: String, note: String?)) throws {
    let text =
      #"{"model_type": "\#(row.type)", "architectures": ["\#(row.name)"], \#(Self.small)}"#
    let configuration = try #require(JSONValue(parsing: text).object)
    let model = try Families.Description().model(from: configuration, named: "row")
    #expect(model.notes.first { $0.hasPrefix("architectures names") } == row.note)
  }

  @Test(
    "What is not counted says truthfully what is missing",
    arguments: [
      Refusal(
        #"{"model_type": "muse_spark", "text_config": {\#(small)}}"#,
        """
        'muse_spark' is known and not counted, because what it has is not all described here: \
        experts of another width than the model's, and gates of the residual stream.
        """),
      Refusal(
        #"{"model_type": "ernie4_5_moe_vl", "moe_num_experts": [64, 64], \#(small)}"#,
        """
        'ernie4_5_moe_vl' is known and not counted, because what it has is not all described here: \
        experts of text and of images in lists; transformers saves it as ernie4_5_vl_moe, which is \
        counted.
        """),
      Refusal(
        #"{"model_type": "gemma3", "vision_config": {}}"#,
        """
        'gemma3' nests a text model under text_config, and the file has neither that nor the \
        sizes of one under a class that is known. Add text_config.
        """),
      Refusal(
        #"{"model_type": "brand_new", "architectures": ["BrandNewForCausalLM"], \#(small)}"#,
        """
        model_type 'brand_new' is not known. It is built by code of its own, BrandNewForCausalLM, \
        which is not described; whether that has biases or norms besides, no key says. \
        'tally presets --families' lists what is described.
        """),
      Refusal(
        #"{"model_type": "brand_new", "num_experts": 8, "moe_topk": 2, \#(small)}"#,
        """
        model_type 'brand_new' is not known. The nearest family, llama, does not read num_experts \
        and moe_topk, so no family counts it.
        """),
      Refusal(
        #"{"model_type": "brand_new", "architectures": ["LlamaForCausalLM"], "num_experts": 8, "#
          + #"\#(small)}"#,
        """
        model_type 'brand_new' is not known; its class LlamaForCausalLM is that of llama. But llama \
        does not read num_experts, so the model is another one, and is not counted.
        """),
      Refusal(
        #"{"model_type": "my_vl", "text_config": {"model_type": "qwen2", \#(small)}}"#,
        """
        model_type 'my_vl' is not known. Its text model is a 'qwen2': --assume qwen2 counts that \
        alone.
        """),
      Refusal(
        #"{"model_type": "minicpmv", "version": 9, \#(small)}"#,
        """
        version is 9, which changes the count in a way that is not described here. Supported: 2.5, \
        2.6 and 4.5, whose text models are those of llama, qwen2 and qwen3.
        """),
      Refusal(
        """
        {"dim": 4096, "n_layers": 32, "n_heads": 32, "vocab_size": -1, "multiple_of": 256}
        """,
        "vocab_size is -1, but it must be a whole number of at least 1. Correct vocab_size."),
      Refusal(
        """
        {"dim": 4096, "n_layers": 32, "n_heads": 32, "vocab_size": 32000, "multiple_of": 256,
         "moe_args": {"num_experts": 16}}
        """,
        """
        The file has no model_type and the keys of Llama's params.json; it is read as llama. But \
        llama does not read moe_args, so the model is another one, and is not counted.
        """),
    ])
  func refusals(_ row: Refusal) throws {
    let configuration = try #require(JSONValue(parsing: row.configuration).object)
    let error = #expect(throws: DescriptionError.self) {
      try Families.Description().model(from: configuration, named: "row")
    }
    #expect(error?.description == row.message)
  }
}
