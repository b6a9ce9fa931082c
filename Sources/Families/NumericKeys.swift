/// Keys that a family's class has or its model reads, and that change no count: by the reason, with
/// the families of which that is true.
///
/// That they change none is measured: `Tests/Oracle/keys.py` gives them other values, and runs.
package enum NumericKeys {
  /// Whether no count of a family depends on a key of its class.
  package static func contains(_ key: String, in modelType: String) -> Bool {
    let type = classOf(modelType)
    return entries.contains { $0.has(key) && $0.contains(type) }
  }

  /// The type whose class reads the configuration of a family.
  static func classOf(_ modelType: String) -> String { classes[modelType] ?? modelType }

  /// Families without a class of their own, or with one like another's, and the class whose keys
  /// they have.
  private static let classes = [
    "deepseek": "llama", "deepseek_ocr2_text": "deepseek_v2", "dots3_note": "dots3_note_text",
    "emu3_text_model": "llama",
    "ernie4_5_vl_moe_text": "ernie4_5_moe", "glm4v_moe_text": "glm4_moe", "glm4v_text": "glm4",
    "glm_ocr_text": "glm4", "gpt-sw3": "gpt2", "granite4_vision_text": "granite",
    "granite_docling_text": "granite", "hunyuan_vl_text": "hunyuan_v1_dense",
    "kimi_k2": "deepseek_v3", "mimo": "qwen2", "mistral4": "deepseek_v3",
    "mistral_large4_text": "glm_moe_dsa",
    "mllama_text_model": "llama", "mod_llama": "llama", "molmo2_text": "qwen3",
    "muse_glimmer_text": "gemma2",
    "paddleocr_vl_text": "ernie4_5", "phi4_multimodal": "phi3", "qwen2_5_omni_text": "qwen2",
    "qwen2_5_vl_text": "qwen2",
    "qwen2_vl_text": "qwen2", "qwen3_omni_moe_text": "qwen3_moe", "qwen3_vl_moe_text": "qwen3_moe",
    "qwen3_vl_text": "qwen3", "step3p5": "laguna", "unlimited_ocr_text": "deepseek_v2",
  ]

  /// The families of each key.
  package static var families: [String: Set<String>] {
    var result: [String: Set<String>] = [:]
    for entry in entries {
      for key in entry.words {
        result[String(key), default: []].formUnion(entry.modelTypes.map(String.init))
      }
    }
    return result
  }

  private static let entries = FamilyList([
    epsilons, positions, multipliers, routing, kernels, unbuilt, passes,
  ]).entries

  /// What decides a pass that is not described, and no parameter.
  private static let passes = """
    local_attention_window_len max_patch_length patch_size patching_batch_size patching_mode
      patching_threshold: blt
    axial_norm_std chunk_size_lm_head hash_seed local_attn_chunk_length
      local_num_chunks_after local_num_chunks_before lsh_attn_chunk_length
      lsh_num_chunks_after lsh_num_chunks_before num_buckets num_hashes: reformer
    """

  /// The ε of a norm, and what bounds a number.
  private static let epsilons = """
    rms_norm_eps: afmoe apertus arcee aria_text axk1 axk2 bailing_hybrid bamba beam bitnet
      cohere2_moe cwm deepseek_v2 deepseek_v3 deepseek_v32 deepseek_v4 diffllama doge dots1
      dots3_note_text ernie4_5 ernie4_5_moe exaone4 exaone_moe falcon_h1 flex_olmo flint gemma
      gemma2 gemma3_text gemma3n_text gemma4_text gemma4_unified_text glm glm4 glm4_moe
      glm4_moe_lite glm_moe_dsa gpt_oss granite granite_swa granitemoe granitemoe_swa
      granitemoehybrid granitemoeshared helium hrm_text hunyuan_v1_dense hunyuan_v1_moe hy_v3
      hy_v4 hyperclovax inkling2_text inkling_text internlm3 iquestcoder jamba jetmoe
      kimi_linear kolibri1 laguna lfm3 llama llama4_text longcat_flash mellum mimo_v2_flash
      minicpm3 minimax minimax_m2 minimax_m3_vl_text ministral ministral3 mistral mixtral
      moshi nanochat olmo2 olmo3 olmo_hybrid olmoe phi3 phimoe qwen2 qwen2_moe qwen3
      qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next qwen4_exp_text recurrent_gemma
      seed_oss smollm3 solar_open vaultgemma youtu zamba zamba2 zaya
    layer_norm_epsilon: bloom codegen ctrl falcon falcon_mamba gpt2 gpt_bigcode gpt_neo gptj
      mamba mamba2 mpt nemotron_h openai-gpt rwkv
    layer_norm_eps: biogpt cohere cohere2 cohere2_moe cohere_compass_text gpt_neox
      gpt_neox_japanese jais2 persimmon phi stablelm
    norm_eps: lfm2 lfm2_moe lfm3 modernbert-decoder nemotron xlstm
    eps: cpmant xlstm
    norm_epsilon: starcoder2
    hc_eps: deepseek_v4 hy_v4
    mixer_rms_eps: falcon_mamba
    rms_norm_eps_moe_gate: inkling_text
    moe_norm_min: ernie4_5_moe
    swiglu_limit: deepseek_v4 gpt_oss hy_v4 minimax_m3_vl_text
    qk_l2_clip_threshold rel_l2_clip_threshold: inkling2_text
    kda_lower_bound: bailing_hybrid
    altup_coef_clip: gemma3n_text
    time_step_limit: bamba falcon_h1 granitemoehybrid mamba2 nemotron_h
    time_step_floor time_step_min time_step_max: falcon_mamba mamba mamba2 nemotron_h zamba
      zamba2
    mamba_dt_limit mamba_dt_max mamba_dt_min: nemotron_h
    """

  /// The base and the scaling of rotary angles, and for how many positions a model is made; no
  /// table is learned.
  private static let positions = """
    max_position_embeddings: afmoe apertus arcee aria_text axk1 axk2 bailing_hybrid bamba beam
      bitnet blt cohere cohere2 cohere2_moe cohere_compass_text cwm dbrx deepseek_v2 deepseek_v3
      deepseek_v32 deepseek_v4 diffllama doge dots1 dots3_note_text ernie4_5 ernie4_5_moe
      exaone4 exaone_moe falcon falcon_h1 flex_olmo flint gemma gemma2 gemma3_text
      gemma3n_text gemma4_text gemma4_unified_text glm glm4 glm4_moe glm4_moe_lite glm_moe_dsa
      gpt_neox gpt_neox_japanese gpt_oss granite granite_swa granitemoe granitemoe_swa
      granitemoehybrid granitemoeshared helium hrm_text hunyuan_v1_dense hunyuan_v1_moe hy_v3
      hy_v4 hyperclovax inkling2_text inkling_text internlm3 iquestcoder jais2 jamba jetmoe
      kimi_linear kolibri1 laguna lfm2 lfm2_moe lfm3 llama llama4_text longcat_flash mellum
      mimo_v2_flash minicpm3 minimax minimax_m2 minimax_m3_vl_text ministral ministral3
      mistral mixtral modernbert-decoder moshi nanochat nemotron nemotron_h olmo olmo2 olmo3
      olmo_hybrid olmoe persimmon phi phi3 phimoe qwen2 qwen2_moe qwen3 qwen3_5_moe_text
      qwen3_5_text qwen3_moe qwen3_next qwen4_exp_text rwkv seed_oss smollm3 solar_open
      stablelm starcoder2 vaultgemma xglm youtu zamba zamba2 zaya
    rope_parameters: afmoe apertus arcee aria_text axk1 axk2 bailing_hybrid bamba beam bitnet blt
      cohere cohere2 cohere2_moe cohere_compass_text cwm dbrx deepseek_v2 deepseek_v3
      deepseek_v32 deepseek_v4 diffllama doge dots1 dots3_note_text ernie4_5 ernie4_5_moe
      exaone4 exaone_moe falcon falcon_h1 flex_olmo flint gemma gemma2 gemma3_text
      gemma3n_text gemma4_text gemma4_unified_text glm glm4 glm4_moe glm4_moe_lite glm_moe_dsa
      gpt_neox gpt_neox_japanese gpt_oss granite granite_swa granitemoe granitemoe_swa
      granitemoehybrid granitemoeshared helium hrm_text hunyuan_v1_dense hunyuan_v1_moe hy_v3
      hy_v4 hyperclovax internlm3 iquestcoder jais2 jetmoe kolibri1 laguna lfm2 lfm2_moe lfm3
      llama llama4_text longcat_flash mellum mimo_v2_flash minicpm3 minimax minimax_m2
      minimax_m3_vl_text ministral ministral3 mistral mixtral modernbert-decoder moshi nanochat
      nemotron olmo olmo2 olmo3 olmo_hybrid olmoe persimmon phi phi3 phimoe qwen2 qwen2_moe
      qwen3 qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next qwen4_exp_text recurrent_gemma
      seed_oss smollm3 solar_open stablelm starcoder2 vaultgemma youtu zamba2
    rope_theta: bailing_hybrid cohere2_moe deepseek_v4 dots3_note_text gemma3_text
      gemma3n_text olmo3 phi3
    rope_scaling: cohere2_moe dots3_note_text gemma3_text gemma3n_text gpt_neox
      gpt_neox_japanese modernbert-decoder olmo3 phi3
    rope_interleave: axk1 deepseek_v3 glm4_moe_lite youtu
    rope_local_base_freq: gemma3_text gemma3n_text
    rotary_pct rotary_emb_base: gpt_neox gpt_neox_japanese
    compress_rope_theta: deepseek_v4
    swa_rope_theta: dots3_note_text
    global_rope_theta local_rope_theta: modernbert-decoder
    original_max_position_embeddings: phi3
    n_ctx: codegen
    max_seq_len: dbrx mpt
    context_length: rwkv
    position_bias_max_distance: cpmant
    use_long_context: zamba2
    """

  /// Multipliers, soft caps and signs of numbers that are computed all the same.
  private static let multipliers = """
    attention_multiplier: granite granite_swa granitemoe granitemoe_swa granitemoehybrid
      granitemoeshared hyperclovax
    embedding_multiplier: inkling_text
    query_pre_attn_scalar: gemma2 gemma3_text vaultgemma
    attn_logit_softcapping: gemma3_text
    attn_scale floor_scale: llama4_text
    log_scaling_alpha: inkling2_text inkling_text
    swiglu_alpha: gpt_oss minimax_m3_vl_text
    hc_magnitude: hy_v4
    logits_mup_width_multiplier: inkling_text
    mlp_up_softcap mlp_gate_softcap: inkling2_text
    logit_scale: mpt
    embedding_scale: hrm_text
    """

  /// How the scores of experts or blocks become a choice of the same number.
  private static let routing = """
    routed_scaling_factor: inkling2_text
    n_group topk_group: deepseek_v2
    topk_method: deepseek_v2
    scoring_func: inkling2_text
    route_scale: inkling2_text inkling_text
    enable_moe_fp32_combine: hy_v3
    moe_apply_router_weight_on_input: laguna
    shared_expert_sink: inkling_text
    index_local_blocks: minimax_m3_vl_text
    """

  /// Which kernel of the same products runs, and in which numbers.
  private static let kernels = """
    use_associative_scan: falcon_mamba jamba mamba zamba
    use_falcon_mambapy: falcon_mamba
    return_last_states norm_reduction_force_float32 sequence_kernel step_kernel
      chunkwise_kernel autocast_kernel_dtype inference_state_dtype mode: xlstm
    moe_shared_expert_overlap: nemotron_h
    """

  /// What a causal language model does not build, or the class computes for itself or does not
  /// read.
  private static let unbuilt = """
    layer_types: axk2 bamba deepseek_v32 falcon_h1 glm_moe_dsa hy_v4 recurrent_gemma
    layerdrop: biogpt opt xglm
    tie_word_embeddings: bailing_hybrid cpmant kimi_linear nemotron_h
    num_mtp_layers: bailing_hybrid deepseek_v3 glm4_moe inkling_text mellum
    mlp_bias: deepseek_v32 dots3_note_text glm_moe_dsa
    num_key_value_heads: deepseek_v4
    attention_bias n_shared_experts: deepseek_v4 nemotron_h
    time_step_scale: falcon_mamba mamba
    attention_layers: gpt_neo
    unpadded_vocab_size: inkling2_text inkling_text
    num_attention_heads: jetmoe
    mtp_hidden_states_first mtp_local_layer_ids chain_hidden_post_norm: inkling_text
    time_step_rank: mamba2
    mtp_mlp_layer_types mtp_layer_types: mellum
    linear_dt_min linear_a_log_max linear_a_log_min linear_dt_max: olmo_hybrid
    add_out_norm: xlstm
    use_conv_bias: zamba2
    audio_encoder_config audio_vocab_size num_codebooks: moshi
    pooling sliding_window_pattern: cohere_compass_text
    prefix_lm: hrm_text
    embedding_fraction expansion_ratio learned_pos_emb no_bias norm_type: mpt
    expand mamba_expand mamba_proj_bias mtp_hybrid_override_pattern
      mtp_layers_block_type sliding_window: nemotron_h
    """
}
