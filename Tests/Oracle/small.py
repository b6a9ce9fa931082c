"""Small configurations with every constant away from its default, for `checkpoints.py`."""

import json
import pathlib
import re

import oracle
from transformers import CONFIG_MAPPING

TOWERS = oracle.TOWERS
DATA = pathlib.Path(__file__).parent / "Data"

# Types that stand for another, or that only hold one: their text model has a type of its own.
ALIASES = {
    "gpt-sw3": "gpt2", "gemma3": "gemma3_text", "gemma3n": "gemma3n_text", "gemma4": "gemma4_text", "llama4": "llama4_text",
    "mistral3": "mistral", "qwen3_5": "qwen3_5_text", "qwen3_5_moe": "qwen3_5_moe_text",
}  # fmt: skip

HIDDEN, HEADS, GROUPS, LAYERS, VOCABULARY = 16, 4, 2, 2, 31

# The value of a key wherever a class has it.
EVERYWHERE = {
    "vocab_size": VOCABULARY, "vocab_size_per_layer_input": 27, "hidden_size": HIDDEN, "n_embd": HIDDEN, "d_model": HIDDEN,
    "num_hidden_layers": LAYERS, "n_layer": LAYERS, "n_layers": LAYERS, "num_layers": LAYERS,
    "num_attention_heads": HEADS, "n_head": HEADS, "n_heads": HEADS, "num_heads": HEADS, "attention_heads": HEADS,
    "num_key_value_heads": GROUPS, "num_kv_heads": GROUPS, "head_dim": 8,
    "intermediate_size": 14, "ffn_dim": 14, "n_inner": 14, "dff": 14, "ffn_hidden_size": 14, "intermediate_size_mlp": 12,
    "dense_intermediate_size": 14, "moe_intermediate_size": 6, "shared_expert_intermediate_size": 10, "shared_intermediate_size": 10,
    "moe_shared_expert_intermediate_size": 10, "shared_experts_intermediate_size": 10, "expert_ffn_hidden_size": 6,
    "max_position_embeddings": 48, "n_positions": 48, "n_ctx": 48, "max_seq_len": 48,
    "num_experts": 6, "num_local_experts": 6, "n_routed_experts": 8, "moe_num_experts": 6,
    "num_experts_per_tok": 2, "num_experts_per_token": 2, "moe_topk": 2, "moe_k": 2, "top_k_experts": 2,
    "n_shared_experts": 1, "num_shared_experts": 1, "moe_num_shared_experts": 1,
    "first_k_dense_replace": 1, "num_dense_layers": 1, "moe_layer_start_index": 1, "moe_layer_end_index": 1,
    "sliding_window": 5, "attention_chunk_size": 5, "window_size": 5, "sliding_window_size": 5, "attention_window_size": 5,
    "kv_lora_rank": 8, "q_lora_rank": 12, "qk_nope_head_dim": 6, "qk_rope_head_dim": 4, "v_head_dim": 8,
    "index_topk": 4, "index_head_dim": 8, "index_n_heads": 2,
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
    "linear_head_dim": 8, "linear_num_heads": 2, "linear_conv_kernel_dim": 3,
    "mamba_d_state": 6, "mamba_d_conv": 3, "mamba_expand": 2, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_n_groups": 2,
    "mamba_dt_rank": 5, "state_size": 6, "time_step_rank": 5, "conv_kernel": 3, "ssm_state_size": 6, "n_groups": 2,
    "mamba_chunk_size": 4, "chunk_size": 4,
    "routed_scaling_factor": 1.7, "router_scaling_factor": 1.7, "moe_routed_scaling_factor": 1.7, "route_scale": 1.7,
    "embedding_multiplier": 1.7, "residual_multiplier": 0.6, "attention_multiplier": 0.55, "logits_scaling": 2.3,
    "final_logit_softcapping": 1.9, "attn_logit_softcapping": 1.3, "query_pre_attn_scalar": 3, "logit_scale": 0.4,
    "hidden_act": None, "swiglu_limit": 1.1, "swiglu_alpha": 1.3, "clip_qkv": 0.9,
}  # fmt: skip

LEFT = {"hidden_act"}


def _rope(value, place=0):
    """Every base of a rotary table is another number, and each share of a head is one that a head of 8 can hold."""
    if isinstance(value, dict):
        result = {}
        for index, (key, inner) in enumerate(value.items()):
            result[key] = _rope(inner, place + index) if isinstance(inner, dict) else inner
        if "rope_theta" in result:
            result["rope_theta"] = [500.0, 120.0, 2000.0][place % 3]
        if result.get("partial_rotary_factor") is not None:
            result["partial_rotary_factor"] = 0.75 if result["partial_rotary_factor"] == 0.5 else 0.5
        if "original_max_position_embeddings" in result:
            result.update(original_max_position_embeddings=6, factor=3.0)
        return result
    return value


def defaults(model_type):
    return CONFIG_MAPPING[model_type]().get_text_config().to_dict()


def _kinds(listed):
    """Each kind of layer once, in the order of the class."""
    kinds = list(dict.fromkeys(listed))
    return kinds


_OWN = {
    "vocab_size": VOCABULARY, "hidden_size": 16, "intermediate_size": 14, "num_attention_heads": HEADS, "num_key_value_heads": GROUPS,
    "rms_norm_eps": 0.03, "rope_theta": 500.0, "hidden_act": "silu", "max_position_embeddings": 48, "tie_word_embeddings": False,
}  # fmt: skip
OWN = {
    "deepseek": {**_OWN, "num_hidden_layers": 3, "n_routed_experts": 6, "num_experts_per_tok": 2, "n_shared_experts": 2, "moe_intermediate_size": 6,
                 "first_k_dense_replace": 1, "norm_topk_prob": False, "scoring_func": "softmax"},
    "mod_llama": {**_OWN, "num_hidden_layers": 4, "mod_mode": "mod", "mod_every": 2, "mod_offset": 1, "mod_capacity": 0.4, "head_dim": 6},
}  # fmt: skip


def base(model_type):
    if model_type in OWN:
        return {"model_type": model_type, **OWN[model_type]}
    known = defaults(model_type)
    config = {"model_type": known["model_type"]}
    for key, value in EVERYWHERE.items():
        if key in known and key not in LEFT:
            config[key] = value
    latent = "kv_lora_rank" in known
    if latent:
        config.pop("head_dim", None)
        if "num_key_value_heads" in known:
            config["num_key_value_heads"] = HEADS
    for key in ("sliding_window",):
        if known.get(key) is None:
            config.pop(key, None)
    for key, value in known.items():
        if re.search(r"(eps|epsilon)$", key) and isinstance(value, float):
            config[key] = 0.03
    if known.get("rope_parameters"):
        config["rope_parameters"] = _rope(known["rope_parameters"])
        if "partial_rotary_factor" in config["rope_parameters"] and "head_dim" not in config and "hidden_size" in config:
            config["hidden_size"] = 32
    if isinstance(known.get("layer_types"), list) and len(known["layer_types"]):
        kinds = _kinds(known["layer_types"])
        if len(kinds) == 1:
            kinds = kinds * LAYERS
        config["layer_types"] = kinds
        config["num_hidden_layers"] = len(kinds)
    if isinstance(known.get("mlp_layer_types"), list):
        kinds = _kinds(known["mlp_layer_types"])
        n = config["num_hidden_layers"]
        config["mlp_layer_types"] = (kinds + n * kinds[-1:])[:n]
        config.pop("first_k_dense_replace", None)
    if any(key in known for key in oracle._EXPERTS) and "moe_intermediate_size" not in known and "intermediate_size" in config:
        config["intermediate_size"] = 8
    if isinstance(known.get("n_group"), int):
        config.update({key: 8 for key in oracle._EXPERTS if key in config})
        config.update(n_group=4, topk_group=2, num_experts_per_tok=3)
    for key in ("pad_token_id", "bos_token_id", "eos_token_id"):
        if isinstance(known.get(key), int) and known[key] >= VOCABULARY:
            config[key] = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}[key]
    for key, value in SPECIAL.get(model_type, {}).items():
        if value is DROP:
            config.pop(key, None)
        elif isinstance(value, dict) and isinstance(config.get(key), dict):
            config[key] = {**config[key], **value}
        else:
            config[key] = value
    return config


class DROP:
    pass


ROPE = {"rope_theta": 500.0}


def rope(**keys):
    return {"rope_parameters": {**ROPE, **keys}}


SPECIAL = {
    # No layer has this window, but the cache heeds it.
    "moshi": {"sliding_window": 48},
    "mllama_text_model": {"num_hidden_layers": 3, "cross_attention_layers": [1]},
    "muse_glimmer_text": {"num_hidden_layers": 3, "layer_types": ["full_attention", "sliding_attention", "full_attention"],
                          "layer_rope_theta": [300.0, 0, 0], "qk_scale_factor": 2.3, "output_multiplier": 0.6, "post_norm_eps": 0.05},
    "stablelm": {"hidden_size": 32},
    "helium": {"head_dim": 4},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "gpt_neox_japanese": {"hidden_size": 32, "intermediate_multiple_size": 2},
    "bailing_hybrid": {"num_experts": 8, "num_expert_group": 4, "topk_group": 2, "num_experts_per_token": 3, "short_conv_kernel_size": 3,
                       "kda_lower_bound": -2.0, "head_dim": 4, "rope_theta": 500.0},
    "kimi_linear": {"num_experts": 8, "num_expert_group": 4, "topk_group": 2, "num_experts_per_token": 3},
    "bamba": {"attn_layer_indices": [1], "num_hidden_layers": 2, "mamba_d_head": 16, "mamba_n_heads": 4},
    "granitemoehybrid": {"layer_types": ["linear_attention", "full_attention"], "num_hidden_layers": 2, "position_embedding_type": "rope"},
    "cohere_compass_text": {"layer_types": ["sliding_attention", "full_attention"], "num_hidden_layers": 2,
                            "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 120.0},
                                                "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}}},
    "deepseek_v4": {"num_key_value_heads": 1, "o_groups": 2, "o_lora_rank": 6, "hc_mult": 2, "hc_sinkhorn_iters": 3, "num_hidden_layers": 3,
                    "layer_types": ["sliding_attention", "compressed_sparse_attention", "heavily_compressed_attention"],
                    "compress_rates": {"compressed_sparse_attention": 4, "heavily_compressed_attention": 6},
                    "compress_rope_theta": 120.0, "rope_theta": 500.0, "index_topk": 2, "n_routed_experts": 6,
                    "mlp_layer_types": ["hash_moe", "moe", "moe"], "@tokens": 20},
    "dots3_note_text": {"swa_num_attention_heads": 2, "swa_num_key_value_heads": 2, "swa_kv_lora_rank": 6, "swa_qk_nope_head_dim": 4,
                        "swa_head_dim": 10, "swa_v_head_dim": 6, "swa_q_lora_rank": 10,
                        # The class takes the order of its default from a set, which is another each time.
                        "rope_parameters": {
                            "indexed_attention": {"rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5},
                            "sliding_attention": {"rope_type": "default", "rope_theta": 120.0, "partial_rotary_factor": 0.5}}},
    "falcon_h1": {"mamba_d_ssm": 32, "lm_head_multiplier": 0.7, "mlp_multipliers": [1.3, 0.8], "key_multiplier": 1.4,
                  "attention_out_multiplier": 0.8, "attention_in_multiplier": 1.2, "ssm_multipliers": [1.1, 0.9, 1.3, 0.8, 1.2],
                  "ssm_in_multiplier": 0.9, "ssm_out_multiplier": 1.2},
    "gemma3n_text": {"num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention"] * 2, "num_kv_shared_layers": 2,
                     "activation_sparsity_pattern": [0.5, 0.0, 0.3, 0.0], "hidden_size_per_layer_input": 6, "laurel_rank": 5,
                     "altup_num_inputs": 3, "altup_active_idx": 1, "altup_coef_clip": 0.5},
    "gemma4_text": {"vocab_size_per_layer_input": VOCABULARY, "global_head_dim": 12, "num_global_key_value_heads": 1,
                    "hidden_size_per_layer_input": 6},
    "gemma4_unified_text": {"global_head_dim": 12, "num_global_key_value_heads": 1},
    "inkling_text": {"swa_num_attention_heads": 2, "swa_num_key_value_heads": 1, "swa_head_dim": 6, "d_rel": 5, "rel_extent": 7,
                     "log_scaling_n_floor": 5, "log_scaling_alpha": 0.6, "conv_kernel_size": 3, "logits_mup_width_multiplier": 2.0,
                     "unpadded_vocab_size": 29, "rms_norm_eps_moe_gate": 0.02, "mlp_layer_types": ["dense", "sparse"], "num_key_value_heads": 2},
    "inkling2_text": {"swa_num_attention_heads": 2, "swa_num_key_value_heads": 1, "swa_head_dim": 6, "d_rel": 5, "rel_extent": 7,
                      "log_scaling_n_floor": 5, "log_scaling_alpha": 0.6, "conv_kernel_size": 3, "unpadded_vocab_size": 29,
                      "qk_l2_clip_threshold": 1.3, "rel_l2_clip_threshold": 0.9, "n_layers_per_attn_res_block": 1, "mlp_gate_softcap": 1.1,
                      "mlp_up_softcap": 1.7},
    "deepseek_ocr2_text": {"mlp_layer_types": ["dense", "sparse"], "n_group": 4, "topk_group": 2, "num_experts_per_tok": 3},
    "granite_swa": {"layer_rope_theta": [500.0, 120.0]},
    "granitemoe_swa": {"layer_rope_theta": [500.0, 120.0]},
    "laguna": {"layer_types": ["full_attention", "sliding_attention"], "num_attention_heads_per_layer": [4, 2], "moe_router_logit_softcapping": 1.5},
    "mellum": {"layer_types": ["full_attention", "sliding_attention"], "mlp_layer_types": ["dense", "sparse"]},
    "dots1": {"layer_types": ["full_attention", "sliding_attention"]},
    "ernie4_5_vl_moe_text": {"moe_intermediate_size": [6, 5], "head_dim": 8},
    "step3p5": {"sliding_window": 5, "layer_types": ["full_attention", "sliding_attention"], "num_sliding_attention_heads": 2, "share_expert_dim": 10,
                "moe_router_scaling_factor": 1.7, "swiglu_limits": [None, 1.1], "swiglu_limits_shared": [1.3, 0.9],
                "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 500.0, "partial_rotary_factor": 0.5},
                                    "sliding_attention": {"rope_type": "default", "rope_theta": 120.0}}},
    "hy_v4": {"hc_magnitude": 1.3},
    "mimo_v2_flash": {"attention_value_scale": 0.6},
    "ministral3": {"rope_parameters": {"llama_4_scaling_beta": 0.3, "mscale": 0.7, "mscale_all_dim": 1.3}, "@tokens": 16},
    "minimax_m3_vl_text": {"layer_types": ["full_attention", "minimax_m3_sparse"], "mlp_layer_types": ["dense", "sparse"], "rotary_dim": 6,
                           "index_block_size": 3, "index_topk_blocks": 3, "index_local_blocks": 2, "rope_parameters": {"partial_rotary_factor": 0.75},
                           "@tokens": 20},
    "cohere2_moe": {"mlp_layer_types": ["dense", "sparse"]},
    "jetmoe": {"kv_channels": 8},
    "lfm2": {"intermediate_size": 20, "block_multiple_of": 8, "block_ffn_dim_multiplier": 1.9, "layer_types": ["conv", "full_attention"], "num_hidden_layers": 2, "conv_L_cache": 4},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"], "num_hidden_layers": 2, "conv_L_cache": 4, "num_dense_layers": 1},
    "lfm3": {"conv_L_cache": 4},
    "longcat_flash": {"head_dim": 4, "zero_expert_num": 3, "n_routed_experts": 5, "moe_topk": 3},
    "mamba2": {"head_dim": 8},
    "minimax": {"block_size": 4, "full_attn_alpha_factor": 1.2, "full_attn_beta_factor": 0.8, "linear_attn_alpha_factor": 0.9,
                "linear_attn_beta_factor": 1.1, "mlp_alpha_factor": 1.3, "mlp_beta_factor": 0.7},
    "mistral_large4_text": {"num_hidden_layers": 5, "layer_types": ["indexed_attention"] * 5, "index_n_heads": 8, "no_rope_layers": [1, 0, 1, 0, 1], "kv_source_layers": [0, 1, 0, 1, 4],
                            "indexer_types": ["full", "shared", "full", "shared", "shared"],
                            "mlp_layer_types": ["dense", "sparse", "sparse", "sparse", "dense"],
                            "rope_parameters": {"attention_factor": 1.3}},
    "unlimited_ocr_text": {"num_key_value_heads": HEADS, "mlp_layer_types": ["dense", "sparse"], "n_group": 4, "topk_group": 2, "num_experts_per_tok": 3,
                           "@tokens": 20, "@prefill": 9},
    "molmo2_text": {"additional_vocab_size": 5},
    "cpmant": {"dim_head": 6, "dim_ff": 14, "position_bias_num_buckets": 12, "position_bias_max_distance": 9, "prompt_types": 3,
               "prompt_length": 4, "segment_types": 3, "eps": 0.02},
    "mistral4": {"head_dim": 8, "rope_parameters": {"partial_rotary_factor": 0.5, "llama_4_scaling_beta": 0.3, "mscale": 0.7, "mscale_all_dim": 1.3},
                 "hidden_size": 16, "@tokens": 16},
    "nemotron_h": {"mamba_num_heads": 4, "mamba_head_dim": 6, "layers_block_type": ["linear_attention", "moe", "full_attention", "mlp"]},
    "qwen4_exp_text": {"indexer_n_heads": 2, "indexer_kv_heads": 1, "indexer_head_dim": 8, "indexer_budget": 8, "indexer_compress_ratio": 2,
                       "hc_count": 2, "hc_lowrank": 6, "@tokens": 20},
    "recurrent_gemma": {"num_hidden_layers": 3, "lru_width": 16, "conv1d_width": 3, "logits_soft_cap": 1.9},
    "zamba": {"num_hidden_layers": 3, "layers_block_type": ["hybrid", "linear_attention", "hybrid"], "num_key_value_heads": 4},
    "zamba2": {"num_hidden_layers": 4, "layers_block_type": ["linear_attention", "hybrid"] * 2, "num_key_value_heads": 4, "n_mamba_heads": 4,
               "mamba_ngroups": 2, "num_mem_blocks": 2, "use_shared_attention_adapter": True, "adapter_rank": 5, "intermediate_size": 16, "use_mem_rope": True},
    "zaya": {"num_experts_per_tok": 1, "layer_types": ["hybrid", "hybrid_sliding"], "sliding_window": 5, "router_hidden_size": 6,
             "cca_time0": 3, "cca_time1": 3},
    "xlstm": {"gate_soft_cap": 2.0, "output_logit_soft_cap": 1.9, "ffn_round_up_to_multiple_of": 4, "ffn_proj_factor": 1.5},
    "hrm_text": {"H_cycles": 3, "L_cycles": 2, "embedding_scale": 3.0, "L_bp_cycles": [2, 2]},
    "llama4_text": {"no_rope_layers": [1, 0, 1, 0], "num_hidden_layers": 4, "floor_scale": 3, "attn_scale": 0.6, "moe_layers": [1],
                    "layer_types": ["chunked_attention", "full_attention"] * 2},
    "smollm3": {"no_rope_layers": [1, 0], "layer_types": ["full_attention"] * 2},
    "modernbert-decoder": {"local_attention": 8},
    "doge": {"num_experts": 9},
    "flint": {"mlp_only_layers": [0]},
    "rwkv": {"attention_hidden_size": HIDDEN, "rescale_every": 1, "context_length": 48},
    "gptj": {"rotary_dim": 4, "n_embd": 24},
    "codegen": {"rotary_dim": 4, "n_embd": 24},
    "dbrx": {"rope_parameters": ROPE, "attn_config": {"rope_theta": 500.0, "kv_n_heads": GROUPS, "clip_qkv": 0.9},
             "ffn_config": {"hidden_size": HIDDEN, "ffn_hidden_size": 8, "moe_num_experts": 6, "moe_top_k": 2, "moe_normalize_expert_weights": 2.0}},
    "minicpm3": {"scale_emb": 3, "scale_depth": 0.9, "dim_model_base": 10},
    "jamba": {"num_hidden_layers": 3, "attn_layer_period": 3, "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 0},
}  # fmt: skip

# What a variant changes; keys that begin with @ are about the files or the run.
FLIPPED = (
    "attention_bias mlp_bias tie_word_embeddings norm_topk_prob use_qk_norm qk_layernorm qkv_bias use_bias use_qkv_bias bias lm_head_bias "
    "use_parallel_residual parallel_attn attention_out_bias moe_renormalize use_conv_bias mamba_conv_bias mamba_proj_bias "
    "mup_enabled use_sandwich_norm use_attention_gate shared_expert_sink moe_apply_router_weight_on_input mamba_rms_norm "
    "mamba_norm_before_gate use_post_norm scale_embedding attention_k_eq_v norm_bias decoder_bias linear_allow_neg_eigval kda_safe_gate "
    "add_out_norm is_moe gating use_expert_bias attn_temperature_tuning add_bias_linear projectors_bias block_auto_adjust_ff_dim "
    "enable_moe_block multi_query altup_correct_scale conv_bias "
    "rope_interleave scale_attn_by_inverse_layer_idx apply_residual_connection_post_layernorm enable_bias do_layer_norm_before"
).split()

# The constants of most checkpoints.
_USUAL = {"rms_norm_eps": 1e-6, "rope_parameters": {"rope_theta": 10000.0}, "hidden_size": 24, "intermediate_size": 20, "vocab_size": 37}

_OLD = {"rms_norm_eps": 1e-6, "rope_theta": 10000.0}

_ALL = {"mod_mode": "integrated", "mod_capacity": DROP, "mod_every": 1, "mod_offset": 0, "num_noop_experts": 0, "num_experts": 5,
        "num_experts_per_tok": 2, "moe_intermediate_size": 6, "num_hidden_layers": 2}  # fmt: skip
_MIXTURE = {"num_experts": 5, "num_experts_per_tok": 2, "moe_intermediate_size": 6}
VARIANTS = {
    "llama": {
        "biases": {"attention_bias": True, "mlp_bias": True, "@dtype": "BF16"},
        "tied": {"tie_word_embeddings": True},
        "tied-twice": {"tie_word_embeddings": True, "@twice": True, "@dtype": "F32"},
        "sharded": {"@shard": "12KB", "@dtype": "F32"},
        "usual": {**_USUAL, "@dtype": "F32"},
        "usual-half": {**_USUAL, "tie_word_embeddings": True, "@dtype": "F16"},
        "usual-brain": {**_USUAL, "@dtype": "BF16", "@shard": "8KB"},
        "half": {"@dtype": "F16"},
        "heads": {"num_key_value_heads": 1, "head_dim": 10},
        "gelu": {"hidden_act": "gelu"},
        "gelu-new": {"hidden_act": "gelu_new"},
        "gelu-pytorch-tanh": {"hidden_act": "gelu_pytorch_tanh"},
        "relu2": {"hidden_act": "relu2"},
        "relu": {"hidden_act": "relu"},
        "quick-gelu": {"hidden_act": "quick_gelu"},
        "linear": rope(rope_type="linear", factor=2.5),
        "dynamic": {**rope(rope_type="dynamic", factor=2.5), "max_position_embeddings": 7, "@tokens": 16},
        "yarn": {**rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=6), "max_position_embeddings": 24, "@tokens": 16},
        "yarn-betas": {**rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=9, beta_fast=3.0, beta_slow=0.4),
                       "max_position_embeddings": 36, "@tokens": 16},
        "yarn-untruncated": {**rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=9, beta_fast=1.3, beta_slow=0.6, truncate=False),
                             "max_position_embeddings": 36, "@tokens": 16},
        "yarn-factor": {**rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=9, attention_factor=1.4),
                        "max_position_embeddings": 36, "@tokens": 16},
        "yarn-scales": {**rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=9, mscale=0.7, mscale_all_dim=1.3),
                        "max_position_embeddings": 36, "@tokens": 16},
        "llama3": {**rope(rope_type="llama3", factor=8.0, original_max_position_embeddings=14, low_freq_factor=1.2, high_freq_factor=3.5),
                   "max_position_embeddings": 48, "@tokens": 20},
        "silu-bias": {"attention_bias": True, "@dtype": "F16"},
        "longrope": {"@prefill": 9, **rope(rope_type="longrope", factor=3.0, original_max_position_embeddings=7, short_factor=[1.0, 1.1, 1.4, 1.9],
                            long_factor=[1.2, 1.9, 3.1, 4.5]), "max_position_embeddings": 21, "@tokens": 14},
        "longrope-short": {**rope(rope_type="longrope", factor=3.0, original_max_position_embeddings=14, short_factor=[1.0, 1.1, 1.4, 1.9],
                                  long_factor=[1.2, 1.9, 3.1, 4.5]), "max_position_embeddings": 42, "@tokens": 12},
        "partial": rope(partial_rotary_factor=0.5),
    },
    "phi3": {
        "longrope": {**rope(rope_type="longrope", short_factor=[1.0, 1.9], long_factor=[1.2, 4.5], original_max_position_embeddings=7),
                     "original_max_position_embeddings": 7, "max_position_embeddings": 21, "@tokens": 14, "@prefill": 9},
        "longrope-short": {**rope(rope_type="longrope", short_factor=[1.0, 1.9], long_factor=[1.2, 4.5],
                                  original_max_position_embeddings=14),
                           "original_max_position_embeddings": 14, "max_position_embeddings": 42, "@tokens": 12},
        "partial": rope(partial_rotary_factor=0.75),
        "window": {"sliding_window": 5},
        "other": None,
    },
    "qwen2": {"window": {"use_sliding_window": True, "max_window_layers": 1, "sliding_window": 5, "layer_types": ["full_attention", "sliding_attention"]}, "other": None},
    "qwen3": {"window": {"use_sliding_window": True, "max_window_layers": 1, "sliding_window": 5, "layer_types": ["full_attention", "sliding_attention"]},
              "other": None},
    "mixtral": {"usual": {**_USUAL, "intermediate_size": 10, "@dtype": "BF16"}, "window": {"sliding_window": 5}, "other": None},
    "mistral": {"full": {"sliding_window": None}, "other": None},
    "starcoder2": {"window": {"sliding_window": 5}, "other": None},
    "bloom": {"other": None},
    "falcon": {
        "alibi": {"alibi": True}, "new": {"new_decoder_architecture": True, "num_kv_heads": 2},
        "new-one-norm": {"new_decoder_architecture": True, "num_ln_in_parallel_attn": 1, "bias": True},
        "heads": {"multi_query": False, "bias": True, "num_kv_heads": 4}, "sequential-alibi": {"parallel_attn": False, "alibi": True}, "other": None,
    },
    "mpt": {
        "clip": {"attn_config": {"clip_qkv": 0.8}}, "scale": {"attn_config": {"softmax_scale": 0.7}},
        "bias-max": {"attn_config": {"alibi_bias_max": 3}}, "heads": {"n_heads": 2}, "other": None,
    },
    "glm_moe_dsa": {"shared": {"indexer_types": ["full", "shared"], "mlp_layer_types": ["dense", "sparse"]}, "other": None},
    "cpmant": {"odd": {"position_bias_num_buckets": 13}, "other": None},
    "molmo2_text": {"scaled": {"rope_parameters": {"rope_type": "yarn", "rope_theta": 500.0, "factor": 3.0, "original_max_position_embeddings": 14,
                                                   "attention_factor": 1.4}, "rope_scaling_layers": [1]},
                    "olmo": {"qk_norm_type": "olmo", "norm_after": True}, "other": None},
    "mistral_large4_text": {"alone": {"kv_source_layers": None, "no_rope_layers": None},
                            "all-indexed": {"indexer_types": None, "kv_source_layers": [0, 1, 0, 3, 3], "no_rope_layers": [1, 0, 1, 1, 1]},
                            "other": None},
    "hy_v4": {"shared": {"indexer_types": ["full", "shared"], "mlp_layer_types": ["dense", "sparse"]}, "other": None},
    "axk2": {"groups": {"n_group": 4, "topk_group": 2}, "other": None},
    "opt": {"after": {"do_layer_norm_before": False}, "projected": {"word_embed_proj_dim": 16},
            "bare": {"layer_norm_elementwise_affine": False, "enable_bias": False}, "other": None},
    "gemma2": {"uncapped": {"attn_logit_softcapping": None, "final_logit_softcapping": None}, "other": None},
    "gemma3_text": {"capped": {"attn_logit_softcapping": 1.3, "final_logit_softcapping": 1.9},
                    "linear": {"rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 2.5, "rope_theta": 500.0}}}, "other": None},
    "gpt2": {
        "usual": {"layer_norm_epsilon": 1e-6, "n_embd": 24, "n_inner": 20, "vocab_size": 37, "@dtype": "F32"},
        "wide": {"n_inner": None}, "relu": {"activation_function": "relu", "scale_attn_weights": False}, "other": None,
    },
    "deepseek_v2": {
        "groups": {"topk_method": "group_limited_greedy", "n_group": 4, "topk_group": 2, "num_experts_per_tok": 3}, "whole-query": {"q_lora_rank": None},
        "yarn": {**rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=6, mscale=0.7, mscale_all_dim=1.3), "max_position_embeddings": 24,
                 "@tokens": 16},
        "other": None,
    },
    "deepseek_v3": {
        "one-group": {"n_group": 1, "topk_group": 1}, "whole-query": {"q_lora_rank": None},
        "yarn": {**rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=6, mscale=0.7, mscale_all_dim=1.3), "max_position_embeddings": 24,
                 "@tokens": 16},
        "other": None,
    },
    "minicpm3": {
        "longrope": {**rope(rope_type="longrope", short_factor=[1.0, 1.4], long_factor=[1.2, 3.5], original_max_position_embeddings=7),
                     "max_position_embeddings": 21, "@tokens": 14, "@prefill": 9},
        "other": None,
    },
    "qwen3_moe": {
        "usual": {**_USUAL, "norm_topk_prob": True, "moe_intermediate_size": 8, "@dtype": "F32"},
        "steps": {"decoder_sparse_step": 2, "num_hidden_layers": 3, "mlp_only_layers": []}, "other": None,
    },
    "qwen2_moe": {"steps": {"decoder_sparse_step": 2, "num_hidden_layers": 3, "mlp_only_layers": [0], "layer_types": ["full_attention"] * 3}, "other": None},
    "deepseek": {
        "usual": _OLD, "renormalized": {"norm_topk_prob": True}, "biased": {"attention_bias": True}, "tied": {"tie_word_embeddings": True},
        "capacity": {"expert_capacity_factor": 0.75, "norm_topk_prob": True},
        "capacity-devices": {"expert_capacity_factor": 1, "expert_capacity_devices": 3, "expert_capacity_padding": False,
                             "expert_drop_policy": "best", "num_experts_per_tok": 3},
        "every-other": {"moe_layer_freq": 2, "first_k_dense_replace": 0}, "without-shared": {"n_shared_experts": None},
        "one-shared-gelu": {"n_shared_experts": 1, "hidden_act": "gelu"},
    },
    "mod_llama": {
        "usual": _OLD,
        "usual-mlp": {**_OLD, "mod_predictor": "mlp", "mod_predictor_size": 5},
        "usual-token-choice": {**_OLD, "mod_routing": "token_choice"},
        "usual-router": {**_OLD, "mod_predictor": "router"},
        "usual-staged": {**_OLD, "mod_mode": "staged", **_MIXTURE},
        "usual-integrated": {**_OLD, "mod_mode": "integrated", "mod_capacity": DROP, **_MIXTURE, "num_noop_experts": 3},
        "none": {"mod_mode": "none", "mod_capacity": DROP},
        "attention": {"mod_part": "attention", "mod_weighting": "sigmoid"},
        "mlp-part": {"mod_part": "mlp", "mod_predictor": "router"},
        "both": {"mod_part": "both", "mod_predictor": "mlp", "mod_predictor_size": 5, "mod_weighting": "none"},
        "both-staged": {"mod_part": "both", "mod_mode": "staged", **_MIXTURE, "mod_capacity": [0.7, 0.3]},
        "shared": {"mod_layers": [0, "2-3"], "mod_shared_router": True, "mod_part": "both", "mod_capacity": [0.75, 0.5, 0.25]},
        "listed": {"mod_layers": ["1-2"], "mod_capacity": [0.6, 0.35], "mod_shared_router": True},
        "linear": {"mod_every": 1, "mod_offset": 0, "mod_capacity": 0.9, "mod_capacity_decay": "linear", "mod_capacity_last": 0.1},
        "cosine": {"mod_every": 1, "mod_offset": 0, "mod_capacity": 1, "mod_capacity_decay": "cosine", "mod_capacity_last": 0,
                   "mod_capacity_least": 0.3, "mod_capacity_whole": 0.85, "num_hidden_layers": 5, "mod_mode": "staged", **_MIXTURE},
        **{f"recursion-{sharing.replace('_', '-')}": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": steps,
                                                      "recursion_sharing": sharing, "num_hidden_layers": depth}
           for sharing, steps, depth in (("cycle", 3, 6), ("sequence", 2, 6), ("middle_cycle", 2, 6), ("middle_sequence", 2, 6))},
        "recursion-mod": {"recursion_steps": 2, "num_hidden_layers": 6, "mod_layers": ["1-4"], "mod_part": "both"},
        "recursions": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 3, "num_hidden_layers": 8,
                       "recursion_routing": "expert_choice"},
        "recursions-cycle": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 4, "num_hidden_layers": 4,
                             "recursion_sharing": "cycle", "recursion_routing": "expert_choice"},
        "recursions-shares": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 2, "num_hidden_layers": 6, "num_key_value_heads": 4,
                              "recursion_routing": "expert_choice", "recursion_capacity": [0.6, 0.25], "tie_word_embeddings": True},
        "map": {"mod_score": "attention_map", "num_hidden_layers": 5},
        "map-attention": {"mod_score": "attention_map", "mod_part": "attention", "mod_weighting": "score", "num_key_value_heads": 4},
        "map-staged": {"mod_score": "attention_map", "mod_mode": "staged", **_MIXTURE, "mod_predictor": "mlp", "mod_predictor_size": 5},
        "budget": {"mod_every": 1, "mod_offset": 0, "mod_capacity": 1, "mod_capacity_decay": "cosine", "mod_capacity_last": 0,
                   "mod_capacity_least": 0.2, "mod_budget": 0.45, "num_hidden_layers": 6},
        "exits": {"mod_mode": "none", "mod_capacity": DROP, "num_hidden_layers": 5, "exit_layers": [0, 2], "exit_shares": [0.25, 0.5],
                  "exit_threshold": 0.05, "@prefill": 4},
        "skip": {"mod_mode": "none", "mod_capacity": DROP, "layer_skip": 0.5, "layer_skip_curve": "exponential"},
        "skip-all": {"mod_mode": "none", "mod_capacity": DROP, "layer_skip": 1, "layer_skip_phase": "always"},
        "recursion-tokens": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 3, "num_hidden_layers": 8,
                             "recursion_routing": "token_choice"},
        "recursion-tokens-sigmoid": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 4, "num_hidden_layers": 4,
                                     "recursion_sharing": "cycle", "recursion_routing": "token_choice", "recursion_gate": "sigmoid"},
        "recursion-cache": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 2, "num_hidden_layers": 6,
                            "recursion_sharing": "sequence", "recursion_cache": "shared"},
        "recursions-cache": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 3, "num_hidden_layers": 8, "num_key_value_heads": 4,
                             "recursion_routing": "expert_choice", "recursion_cache": "shared"},
        "recursion-tokens-cache": {"mod_mode": "none", "mod_capacity": DROP, "recursion_steps": 2, "num_hidden_layers": 6,
                                   "recursion_routing": "token_choice", "recursion_cache": "shared"},
        "threshold": {"mod_routing": "token_choice", "mod_threshold": 0.45, "mod_weighting": "sigmoid", "mod_part": "both"},
        "router": {"mod_predictor": "router"},
        "mlp": {"mod_predictor": "mlp", "mod_predictor_size": 5},
        "token-choice": {"mod_routing": "token_choice"},
        "every-block": {"mod_every": 1, "mod_offset": 0, "mod_capacity": 0.65, "num_hidden_layers": 3},
        "third": {"mod_every": 3, "mod_offset": 2, "mod_capacity": 0.29, "num_hidden_layers": 6, "intermediate_size": 12},
        "plain-biased": {"mlp_gated": False, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, "hidden_act": "gelu"},
        "staged": {"mod_mode": "staged", **_MIXTURE},
        "staged-mlp": {"mod_mode": "staged", **_MIXTURE, "mod_predictor": "mlp", "mod_predictor_size": 5, "mlp_bias": True},
        "staged-token-choice": {"mod_mode": "staged", **_MIXTURE, "mod_routing": "token_choice", "mlp_gated": False},
        "integrated": {"mod_mode": "integrated", "mod_capacity": DROP, **_MIXTURE, "num_noop_experts": 3},
        "integrated-biased": {"mod_mode": "integrated", "mod_capacity": DROP, **_MIXTURE, "num_noop_experts": 2, "num_experts_per_tok": 3,
                              "mlp_bias": True, "mod_offset": 0},
        "capacity": {**_ALL, "expert_capacity_factor": 1.25},
        "capacity-dropped": {**_ALL, "expert_capacity_factor": 0.8, "expert_capacity_padding": False, "expert_capacity_rounding": "ceil"},
        "capacity-best": {**_ALL, "expert_capacity_factor": 0.7, "expert_drop_policy": "best"},
        "capacity-devices": {**_ALL, "num_experts": 6, "expert_capacity_factor": 0.9, "expert_capacity_padding": False,
                             "expert_capacity_devices": 2},
        "capacity-devices-best": {**_ALL, "num_experts": 6, "expert_capacity_factor": 0.8, "expert_capacity_padding": False,
                                  "expert_capacity_devices": 3, "expert_drop_policy": "best", "mlp_bias": True},
        "capacity-choice": {**_ALL, "expert_capacity_factor": 1.5, "expert_routing": "expert_choice"},
        "capacity-staged": {"mod_mode": "staged", **_MIXTURE, "mod_capacity": 0.6, "expert_capacity_factor": 0.6,
                            "expert_capacity_padding": False, "expert_capacity_rounding": "ceil"},
        "copies": {**_ALL, "num_copy_experts": 3},
        "constants": {**_ALL, "num_constant_experts": 3, "num_experts_per_tok": 3},
        "zero-compute": {**_ALL, "num_noop_experts": 1, "num_copy_experts": 1, "num_constant_experts": 2, "num_hidden_layers": 3},
        "zero-compute-residual": {**_ALL, "num_noop_experts": 1, "num_copy_experts": 1, "num_constant_experts": 2,
                                  "moe_gating_residual": True, "num_hidden_layers": 3},
        "zero-compute-capacity": {**_ALL, "num_noop_experts": 1, "num_copy_experts": 2, "num_constant_experts": 1,
                                  "expert_capacity_factor": 0.8, "expert_capacity_padding": False},
        "zero-compute-padded": {**_ALL, "num_noop_experts": 0, "num_copy_experts": 2, "num_constant_experts": 2,
                                "expert_capacity_factor": 1.1},
        "integrated-real": {"mod_mode": "integrated", "mod_capacity": DROP, **_MIXTURE, "num_noop_experts": 0},
    },
    **{model_type: {"limited": {"time_step_limit": [0.3, 0.5]}, "other": None}
       for model_type in ("bamba", "falcon_h1", "granitemoehybrid")},
    **{model_type: {"limited": {"time_step_min": 0.4}, "other": None} for model_type in ("zamba2", "nemotron_h")},
    "cohere2_moe": {"sigmoid": {"expert_selection_fn": "sigmoid"},
                    "sum": {"expert_selection_fn": "sigmoid", "norm_topk_prob": False, "shared_expert_combination_strategy": "sum"}, "other": None},
    "deepseek_v4": {"sigmoid": {"scoring_func": "sigmoid"}, "other": None},
    "gpt_oss": {"untruncated": {"rope_parameters": {"beta_fast": 0.9, "beta_slow": 0.3, "original_max_position_embeddings": 9, "rope_theta": 20.0}, "@tokens": 16},
                "other": None},
    "deepseek_ocr2_text": {"groups": {"topk_method": "group_limited_greedy"}, "other": None},
    "qwen4_exp_text": {"ngrams": {"eos_token_id": 2, "ple_layer_ids": [1], "ple_embed_dim": 8, "heads_per_ngram": 2, "ngram_vocab_size_base": 20,
                                  "make_ngram_vocab_size_divisible_by": 4, "split_ngram_parts": 1, "ple_conv_kernel_size": 3}, "other": None},
    "openai-gpt": {"silu": {"afn": "silu"}, "other": None},
    "gpt_neo": {"silu": {"activation_function": "silu"}, "other": None},
    "gemma4_text": {
        "shared": {"num_kv_shared_layers": 2, "num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention"] * 2},
        "wide": {"num_kv_shared_layers": 2, "num_hidden_layers": 4, "layer_types": ["sliding_attention", "full_attention"] * 2,
                 "use_double_wide_mlp": True},
        "moe": {"enable_moe_block": True}, "other": None,
    },
    "gemma3n_text": {"unshared": {"num_kv_shared_layers": 0}, "other": None},
    "llama4_text": {"untuned": {"attn_temperature_tuning": False, "use_qk_norm": False}, "other": None},
    "mamba": {"acts": {"hidden_act": "gelu"}, "other": None},
    "mamba2": {"acts": {"hidden_act": "gelu"}, "limited": {"time_step_limit": [0.3, 0.5]}, "other": None},
    "jamba": {"acts": {"hidden_act": "gelu"}, "other": None},
    "zamba": {"acts": {"hidden_mamba_act": "gelu"}, "other": None},
    "zamba2": {"one-block": {"num_mem_blocks": 1, "use_shared_attention_adapter": False, "use_mem_rope": False},
               "limited": {"time_step_min": 0.4}, "other": None},
    "nemotron_h": {"latent": {"moe_latent_size": 12}, "acts": {"mlp_hidden_act": "gelu", "mamba_hidden_act": "gelu"}, "limited": {"time_step_min": 0.4}, "other": None},
    "granitemoehybrid": {"unrotated": {"position_embedding_type": None}, "dense": {"num_local_experts": 0},
                         "limited": {"time_step_limit": [0.3, 0.5]}, "other": None},
    "falcon_h1": {"norm": {"mamba_rms_norm": True}, "norm-after": {"mamba_rms_norm": True, "mamba_norm_before_gate": False},
                  "limited": {"time_step_limit": [0.3, 0.5]}, "other": None},
    "smollm3": {"window": {"use_sliding_window": True, "sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"]}, "other": None},
    "glm4_moe": {"one-group": {"n_group": 1, "topk_group": 1}, "other": None},
    "apertus": {"silu": {"hidden_act": "silu"}, "other": None},
    "nemotron": {"gelu": {"hidden_act": "gelu"}, "other": None},
    "laguna": {"uncapped": {"moe_router_logit_softcapping": 0.0}, "other": None},
    "xlstm": {"fused": {"weight_mode": "fused"}, "other": None},
    "moshi": {"gelu": {"hidden_act": "gelu", "num_key_value_heads": None, "head_dim": None}, "other": None},
    "muse_glimmer_text": {"default-kinds": {"num_hidden_layers": 5, "layer_types": DROP, "layer_rope_theta": DROP}, "other": None},
    "granite": {"llama3": {**rope(rope_type="llama3", factor=8.0, original_max_position_embeddings=14, low_freq_factor=1.2, high_freq_factor=3.5),
                           "@tokens": 20}, "other": None},
}  # fmt: skip


def _other(model_type):
    """The truth values that the class can have otherwise."""
    known = defaults(model_type) if model_type in CONFIG_MAPPING else {}
    return {key: not known[key] for key in FLIPPED if isinstance(known.get(key), bool)}


def variants(model_type):
    listed = VARIANTS.get(model_type)
    if listed is None or "other" in listed and listed["other"] is None:
        listed = dict(listed or {})
        listed.pop("other", None)
        flipped = _other(model_type) if model_type in CONFIG_MAPPING else {}
        flipped.update(OTHER.get(model_type, {}))
        flipped = {key: value for key, value in flipped.items() if value is not DROP}
        if flipped:
            listed["other"] = {**flipped, "@dtype": "BF16"}
        return listed
    return listed


# What such a variant must have beside, or must leave as it is.
OTHER = {
    # Its table has rows that the head has not.
    "mllama_text_model": {"tie_word_embeddings": DROP}, "molmo2_text": {"tie_word_embeddings": DROP},
    "dbrx": {"tie_word_embeddings": DROP, "ffn_config": {"moe_normalize_expert_weights": None, "ffn_act_fn": {"name": "gelu"}}},
    "gpt_oss": {"rope_parameters": {"truncate": True}},
    "opt": {"do_layer_norm_before": DROP},
    "falcon": {"num_kv_heads": 4},
    "gpt_bigcode": {"scale_attn_weights": False},
    "laguna": {"moe_apply_router_weight_on_input": DROP},
}

ORDER = (
    "llama mistral mixtral qwen2 qwen3 qwen3_moe qwen2_moe olmo olmo2 olmoe gemma gemma2 gemma3_text granite granitemoe phi3 cohere cohere2 "
    "starcoder2 stablelm gpt_neox gpt2 phi opt bloom mpt falcon gptj codegen deepseek_v2 deepseek_v3 gpt_oss glm4 glm4_moe minicpm3 "
    "ernie4_5_moe phimoe dbrx jamba"
).split()


def types():
    every = sorted(path.stem for path in (DATA / "Operations").glob("*.jsonl"))
    every = [t for t in every if t != "Published" and t not in ALIASES]
    return ORDER + list(OWN) + [t for t in every if t not in ORDER]


def names(wanted=None):
    for model_type in types():
        listed = [model_type] + [f"{model_type}-{variant}" for variant in variants(model_type)]
        for name in listed:
            if not wanted or model_type in wanted or name in wanted:
                yield name


def config_of(name):
    """(the configuration, what is special about the files or the run) of a name `<type>[-variant]`."""
    model_type = next(t for t in sorted(types(), key=len, reverse=True) if name == t or name.startswith(t + "-"))
    config = base(model_type)
    special = {key[1:]: value for key, value in SPECIAL.get(model_type, {}).items() if key.startswith("@")}
    config = {key: value for key, value in config.items() if not key.startswith("@")}
    if name != model_type:
        special.setdefault("dtype", "F16")
    for key, value in (variants(model_type)[name[len(model_type) + 1 :]] if name != model_type else {}).items():
        if key.startswith("@"):
            special[key[1:]] = value
        elif value is DROP:
            config.pop(key, None)
        elif isinstance(value, dict) and isinstance(config.get(key), dict):
            config[key] = {**config[key], **value}
        else:
            config[key] = value
    return config, special


# --- text models that only stand inside a model of several towers ---


def _renamed(config, tensors):
    """Tensors of the text model alone under the names, and in the layout, that its wrapper's checkpoint has."""
    import torch
    from transformers.core_model_loading import revert_weight_conversion

    with torch.device("meta"):
        whole = oracle._whole(config)
    inside = {}
    for name in whole.state_dict():
        alone = next(iter(oracle._of_text([(name, None)])), (None,))[0]
        if alone in tensors:
            inside[name] = tensors[alone]
    missing = set(tensors) - {oracle._of_text([(name, None)])[0][0] for name in inside}
    if missing - {"lm_head.weight"}:
        raise ValueError(f"not in the wrapper: {sorted(missing)[:3]}")
    reverted = dict(oracle._of_text(list(revert_weight_conversion(whole, inside).items())))
    reverted = oracle.split_table(reverted, oracle.make_config(config).vocab_size)
    if "lm_head.weight" in missing:  # these wrappers have a head under another name, or tie it
        reverted["lm_head.weight"] = tensors["lm_head.weight"]
    return reverted


def write_tower(model, folder):
    from safetensors.torch import save_file

    held = {name: tensor.detach() for name, tensor in model.state_dict().items()}
    model.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    if "xdrope_section" in config["rope_parameters"] and config["model_type"] == "hunyuan_vl_text":  # it may not have both
        del config["rope_parameters"]["mrope_section"]
        (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    if model.lm_head.weight is model.model.embed_tokens.weight:
        held.pop("lm_head.weight")
    renamed = _renamed(config, held)
    save_file({name: tensor.contiguous().clone() for name, tensor in renamed.items()}, folder / "model.safetensors", metadata={"format": "pt"})


def read_tower(folder, config):
    """The text model with the tensors of the file, whose layout is found by sending each tensor's numbering through the writer."""
    import operations
    import torch
    from safetensors.torch import load_file

    model = operations.build(config).float()
    held = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    own = {name: tensor for name, tensor in model.state_dict().items()}
    if config.get("tie_word_embeddings"):
        model.lm_head.weight = model.model.embed_tokens.weight
        own.pop("lm_head.weight")
    start, numbered = 0, {}
    for name, tensor in own.items():
        numbered[name] = torch.arange(start, start + tensor.numel(), dtype=torch.float64).reshape(tensor.shape)
        start += tensor.numel()
    values = torch.zeros(start)
    renamed = _renamed(config, numbered)
    if set(renamed) != set(held):
        raise ValueError(f"what was written is not what is read: {sorted(set(renamed) ^ set(held))[:4]}")
    for name, places in renamed.items():
        values[places.long().flatten()] = held[name].flatten()
    state = {name: values[numbers.long().flatten()].reshape(numbers.shape) for name, numbers in numbered.items()}
    model.load_state_dict(state, strict="lm_head.weight" in own)
    return model.eval()
