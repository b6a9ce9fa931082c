/// Constants that decide numbers and no count, where a configuration leaves them out.
///
/// - Source: the configuration classes of `transformers` 5.23.0, each built without arguments.
extension Family {
  /// For each type `key=value` pairs, with values as JSON; a point leads into an object.
  static let constants: [String: String] = [
    "afmoe": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    route_scale=1.0
    """,
    "apertus": """
    rms_norm_eps=1e-05 rope_parameters.rope_type="llama3" rope_parameters.rope_theta=12000000.0
    rope_parameters.factor=8.0 rope_parameters.original_max_position_embeddings=8192
    rope_parameters.low_freq_factor=1.0 rope_parameters.high_freq_factor=4.0
    """,
    "arcee": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "aria_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "axk1": """
    rms_norm_eps=1e-06 rope_interleave=true rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "axk2": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "bailing_hybrid": """
    kda_lower_bound=-5.0 rms_norm_eps=1e-06 rope_parameters.rope_type="default" rope_parameters.rope_theta=6000000.0
    """,
    "bamba": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    time_step_limit=[0.0,1e999]
    """,
    "beam": """
    rms_norm_eps=1e-06 rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    """,
    "biogpt": """
    layer_norm_eps=1e-12
    """,
    "bitnet": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "bloom": """
    layer_norm_epsilon=1e-05
    """,
    "blt": """
    rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "codegen": """
    layer_norm_epsilon=1e-05
    """,
    "cohere": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "cohere2": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "cohere2_moe": """
    layer_norm_eps=1e-05 rope_parameters.rope_type="default" rope_parameters.rope_theta=10000.0
    """,
    "cohere_compass_text": """
    layer_norm_eps=1e-05
    """,
    "cpmant": """
    eps=1e-06 position_bias_max_distance=2048
    """,
    "ctrl": """
    layer_norm_epsilon=1e-06
    """,
    "cwm": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.factor=16.0
    rope_parameters.high_freq_factor=4.0 rope_parameters.low_freq_factor=1.0
    rope_parameters.original_max_position_embeddings=8192 rope_parameters.rope_type="llama3"
    """,
    "deepseek_ocr2_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "deepseek_v2": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "deepseek_v3": """
    rms_norm_eps=1e-06 rope_interleave=true rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "deepseek_v32": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "deepseek_v4": """
    hc_eps=1e-06 rms_norm_eps=1e-06 rope_parameters.main.rope_type="default"
    rope_parameters.main.rope_theta=10000.0 rope_parameters.main.partial_rotary_factor=0.125
    rope_parameters.compress.rope_theta=160000.0 rope_parameters.compress.rope_type="default"
    rope_parameters.compress.partial_rotary_factor=0.125 swiglu_limit=10.0
    """,
    "diffllama": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "doge": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "dots1": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "dots3_note_text": """
    rms_norm_eps=1e-05 rope_parameters.indexed_attention.rope_type="default"
    rope_parameters.indexed_attention.rope_theta=80000000.0
    rope_parameters.indexed_attention.partial_rotary_factor=0.25
    rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=50000.0
    rope_parameters.sliding_attention.partial_rotary_factor=0.25
    """,
    "emu3_text_model": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "ernie4_5": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "ernie4_5_moe": """
    moe_norm_min=1e-12 rms_norm_eps=1e-05 rope_parameters.rope_theta=500000.0
    rope_parameters.rope_type="default"
    """,
    "ernie4_5_vl_moe_text": """
    moe_norm_min=1e-12 rms_norm_eps=1e-05 rope_parameters.rope_theta=500000.0
    rope_parameters.rope_type="default"
    """,
    "exaone4": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "exaone_moe": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "falcon": """
    layer_norm_epsilon=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "falcon_h1": """
    attention_in_multiplier=1.0 attention_out_multiplier=1.0 embedding_multiplier=1.0
    key_multiplier=1.0 lm_head_multiplier=1.0 mlp_multipliers=[1.0,1.0] rms_norm_eps=1e-05
    rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default" ssm_in_multiplier=1.0
    ssm_multipliers=[1.0,1.0,1.0,1.0,1.0] ssm_out_multiplier=1.0 time_step_limit=[0.0,1e999]
    """,
    "falcon_mamba": """
    layer_norm_epsilon=1e-05 mixer_rms_eps=1e-06
    """,
    "flex_olmo": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "flint": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "gemma": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "gemma2": """
    query_pre_attn_scalar=256 rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "gemma3_text": """
    query_pre_attn_scalar=256 rms_norm_eps=1e-06
    rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=1000000.0
    """,
    "gemma3n_text": """
    rms_norm_eps=1e-06 rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=1000000.0
    """,
    "gemma4_text": """
    rms_norm_eps=1e-06 rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.full_attention.rope_type="proportional"
    rope_parameters.full_attention.partial_rotary_factor=0.25
    rope_parameters.full_attention.rope_theta=1000000.0
    """,
    "gemma4_unified_text": """
    rms_norm_eps=1e-06 rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.full_attention.rope_type="proportional"
    rope_parameters.full_attention.partial_rotary_factor=0.25
    rope_parameters.full_attention.rope_theta=1000000.0
    """,
    "glm": """
    rms_norm_eps=1.5625e-07 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    """,
    "glm4": """
    rms_norm_eps=1.5625e-07 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    """,
    "glm4_moe": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    """,
    "glm4_moe_lite": """
    rms_norm_eps=1e-05 rope_interleave=true rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "glm4v_moe_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    """,
    "glm4v_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "glm_moe_dsa": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "glm_ocr_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "gpt-sw3": """
    layer_norm_epsilon=1e-05
    """,
    "gpt2": """
    layer_norm_epsilon=1e-05
    """,
    "gpt_bigcode": """
    layer_norm_epsilon=1e-05
    """,
    "gpt_neo": """
    layer_norm_epsilon=1e-05
    """,
    "gpt_neox": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.25 rope_parameters.rope_type="default"
    """,
    "gpt_neox_japanese": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=1.0 rope_parameters.rope_type="default"
    """,
    "gpt_oss": """
    rms_norm_eps=1e-05 rope_parameters.rope_type="yarn" rope_parameters.factor=32.0
    rope_parameters.beta_fast=32.0 rope_parameters.beta_slow=1.0 rope_parameters.truncate=false
    rope_parameters.original_max_position_embeddings=4096 rope_parameters.rope_theta=150000.0
    swiglu_alpha=1.702 swiglu_limit=7.0
    """,
    "gptj": """
    layer_norm_epsilon=1e-05
    """,
    "granite": """
    attention_multiplier=1.0 embedding_multiplier=1.0 logits_scaling=1.0 residual_multiplier=1.0
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "granite4_vision_text": """
    attention_multiplier=1.0 embedding_multiplier=1.0 logits_scaling=1.0 residual_multiplier=1.0
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "granite_docling_text": """
    attention_multiplier=0.015625 embedding_multiplier=12.0 logits_scaling=4.0
    residual_multiplier=0.263 rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "granite_swa": """
    attention_multiplier=1.0 embedding_multiplier=1.0 logits_scaling=1.0 residual_multiplier=1.0
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "granitemoe": """
    attention_multiplier=1.0 embedding_multiplier=1.0 logits_scaling=1.0 residual_multiplier=1.0
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "granitemoe_swa": """
    attention_multiplier=1.0 embedding_multiplier=1.0 logits_scaling=1.0 residual_multiplier=1.0
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "granitemoehybrid": """
    attention_multiplier=1.0 embedding_multiplier=1.0 logits_scaling=1.0 residual_multiplier=1.0
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    time_step_limit=[0.0,1e999]
    """,
    "granitemoeshared": """
    attention_multiplier=1.0 embedding_multiplier=1.0 logits_scaling=1.0 residual_multiplier=1.0
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "helium": """
    rms_norm_eps=1e-08 rope_parameters.rope_theta=100000.0 rope_parameters.rope_type="default"
    """,
    "hrm_text": """
    embedding_scale=50.0 rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "hunyuan_v1_dense": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "hunyuan_v1_moe": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "hunyuan_vl_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "hy_v3": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=11158840.0 rope_parameters.rope_type="default"
    router_scaling_factor=2.826
    """,
    "hy_v4": """
    hc_eps=1e-06 hc_magnitude=2.0 rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    swiglu_limit=10.0
    """,
    "hyperclovax": """
    attention_multiplier=0.08838834764831845 embedding_multiplier=1.0 logits_scaling=1.0
    residual_multiplier=1.0 rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "inkling2_text": """
    log_scaling_alpha=0.1 mlp_gate_softcap=4.0 mlp_up_softcap=25.0
    qk_l2_clip_threshold=22.627416997969522 rel_l2_clip_threshold=8.0 rms_norm_eps=1e-06
    route_scale=8.0
    """,
    "inkling_text": """
    log_scaling_alpha=0.1 logits_mup_width_multiplier=24.0 rms_norm_eps=1e-06 route_scale=8.0
    """,
    "internlm3": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "iquestcoder": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "jais2": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "jamba": """
    rms_norm_eps=1e-06
    """,
    "jetmoe": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "kimi_linear": """
    rms_norm_eps=1e-05
    """,
    "kolibri1": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "laguna": """
    moe_routed_scaling_factor=1.0 rms_norm_eps=1e-06
    rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=500000.0
    rope_parameters.full_attention.partial_rotary_factor=0.5
    rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.sliding_attention.partial_rotary_factor=1.0
    """,
    "lfm2": """
    norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "lfm2_moe": """
    norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "lfm3": """
    norm_eps=1e-05 rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.full_attention.rope_type="proportional"
    rope_parameters.full_attention.rope_theta=1000000.0
    rope_parameters.full_attention.partial_rotary_factor=0.5
    """,
    "llama": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "llama4_text": """
    attn_scale=0.1 attn_temperature_tuning=true floor_scale=8192 rms_norm_eps=1e-05
    rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "longcat_flash": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000000.0 rope_parameters.rope_type="default"
    """,
    "mamba": """
    layer_norm_epsilon=1e-05
    """,
    "mamba2": """
    layer_norm_epsilon=1e-05 time_step_limit=[0.0,1e999]
    """,
    "mellum": """
    rms_norm_eps=1e-06 rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=500000.0
    rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    """,
    "mimo_v2_flash": """
    attention_value_scale=0.707 rms_norm_eps=1e-05
    rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=5000000.0
    rope_parameters.full_attention.partial_rotary_factor=0.334
    rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.sliding_attention.partial_rotary_factor=0.334
    """,
    "minicpm3": """
    dim_model_base=256 rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default" scale_depth=1.4 scale_emb=12
    """,
    "minimax": """
    full_attn_alpha_factor=1 full_attn_beta_factor=1 linear_attn_alpha_factor=1
    linear_attn_beta_factor=1 mlp_alpha_factor=1 mlp_beta_factor=1 rms_norm_eps=1e-05
    rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "minimax_m2": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=5000000.0 rope_parameters.rope_type="default"
    """,
    "minimax_m3_vl_text": """
    index_local_blocks=1 rms_norm_eps=1e-06 rope_parameters.rope_theta=5000000.0 rope_parameters.rope_type="default"
    swiglu_alpha=1.702 swiglu_limit=7.0
    """,
    "ministral": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "ministral3": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.factor=16.0
    rope_parameters.original_max_position_embeddings=16384
    rope_parameters.max_position_embeddings=262144 rope_parameters.beta_fast=32.0
    rope_parameters.beta_slow=1.0 rope_parameters.mscale_all_dim=1.0 rope_parameters.mscale=1.0
    rope_parameters.llama_4_scaling_beta=0.1 rope_parameters.rope_type="yarn"
    """,
    "mistral": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "mistral4": """
    rms_norm_eps=1e-06 rope_interleave=true rope_parameters.rope_theta=10000.0
    rope_parameters.factor=128.0 rope_parameters.original_max_position_embeddings=8192
    rope_parameters.max_position_embeddings=1048576 rope_parameters.beta_fast=32.0
    rope_parameters.beta_slow=1.0 rope_parameters.mscale_all_dim=1.0 rope_parameters.mscale=1.0
    rope_parameters.llama_4_scaling_beta=0.1 rope_parameters.partial_rotary_factor=0.5
    rope_parameters.rope_type="yarn"
    """,
    "mistral_large4_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_type="yarn" rope_parameters.rope_theta=10000.0
    rope_parameters.factor=2048.0 rope_parameters.original_max_position_embeddings=512
    rope_parameters.beta_fast=32.0 rope_parameters.beta_slow=1.0
    rope_parameters.attention_factor=1.0
    """,
    "mixtral": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "modernbert-decoder": """
    norm_eps=1e-05 rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=10000.0
    rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=160000.0
    """,
    "molmo2_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "moshi": """
    rms_norm_eps=1e-08 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "mpt": """
    layer_norm_epsilon=1e-05
    """,
    "muse_glimmer_text": """
    output_multiplier=0.19611613513818404 post_norm_eps=1e-08 qk_scale_factor=3.87
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "nanochat": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "nemotron": """
    norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.partial_rotary_factor=0.5
    rope_parameters.rope_type="default"
    """,
    "nemotron_h": """
    layer_norm_epsilon=1e-05 time_step_limit=[0.0,1e999]
    """,
    "olmo": """
    rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "olmo2": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "olmo3": """
    rms_norm_eps=1e-05 rope_parameters.sliding_attention.rope_type="default"
    rope_parameters.sliding_attention.rope_theta=500000.0
    rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=500000.0
    """,
    "olmo_hybrid": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "olmoe": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "openai-gpt": """
    layer_norm_epsilon=1e-05
    """,
    "paddleocr_vl_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "persimmon": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    """,
    "phi": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    """,
    "phi3": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=1.0 rope_parameters.rope_type="default"
    """,
    "phimoe": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "qwen2": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "qwen2_5_omni_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "qwen2_5_vl_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "qwen2_moe": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "qwen2_vl_text": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "qwen3": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "qwen3_5_moe_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.25 rope_parameters.rope_type="default"
    """,
    "qwen3_5_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.25 rope_parameters.rope_type="default"
    """,
    "qwen3_moe": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "qwen3_next": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.25 rope_parameters.rope_type="default"
    """,
    "qwen3_omni_moe_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "qwen3_vl_moe_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "qwen3_vl_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=500000.0 rope_parameters.rope_type="default"
    """,
    "qwen4_exp_text": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "recurrent_gemma": """
    logits_soft_cap=30.0 rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.5 rope_parameters.rope_type="default"
    """,
    "reformer": """
    layer_norm_eps=1e-12
    """,
    "rwkv": """
    layer_norm_epsilon=1e-05
    """,
    "seed_oss": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "smollm3": """
    rms_norm_eps=1e-06 rope_parameters.rope_theta=2000000.0 rope_parameters.rope_type="default"
    """,
    "solar_open": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=1000000.0 rope_parameters.rope_type="default"
    """,
    "stablelm": """
    layer_norm_eps=1e-05 rope_parameters.rope_theta=10000.0
    rope_parameters.partial_rotary_factor=0.25 rope_parameters.rope_type="default"
    """,
    "starcoder2": """
    norm_epsilon=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "step3p5": """
    moe_router_scaling_factor=1.0 query_pre_attn_scalar=128 rms_norm_eps=1e-05
    rope_parameters.full_attention.rope_type="default"
    rope_parameters.full_attention.rope_theta=10000.0
    """,
    "vaultgemma": """
    query_pre_attn_scalar=256 rms_norm_eps=1e-06 rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "xlstm": """
    eps=1e-06 norm_eps=1e-06
    """,
    "youtu": """
    rms_norm_eps=1e-06 rope_interleave=true rope_parameters.rope_theta=10000.0
    rope_parameters.rope_type="default"
    """,
    "zamba": """
    rms_norm_eps=1e-05
    """,
    "zamba2": """
    rms_norm_eps=1e-05 rope_parameters.rope_theta=10000.0 rope_parameters.rope_type="default"
    """,
    "zaya": """
    rms_norm_eps=1e-05 rope_parameters.hybrid.rope_type="default"
    rope_parameters.hybrid.rope_theta=5000000.0 rope_parameters.hybrid.partial_rotary_factor=0.5
    rope_parameters.hybrid_sliding.rope_type="default"
    rope_parameters.hybrid_sliding.rope_theta=10000.0
    rope_parameters.hybrid_sliding.partial_rotary_factor=0.5
    """,
  ]
}
