"""Writes small files of llama.cpp (GGUF) of small models of transformers.

Names come from llama.cpp's own tables (gguf-py's tensor_mapping) and keys from its writer; experts are
stacked as its converter stacks them. expected.json has what torch counts in the model, and the bytes
that gguf-py gives each tensor.

    pip install torch==2.15.0 transformers==5.23.0 gguf==0.18.0
    python llamacpp.py Tests/Oracle/GGUF
"""

import json
import re
import sys
from pathlib import Path

import gguf
import numpy
import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM

OUT = Path(sys.argv[1])
BASE = dict(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512)
EXPERTS = dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=32)
LATENT = dict(
    q_lora_rank=32, kv_lora_rank=32, qk_nope_head_dim=16, qk_rope_head_dim=8, v_head_dim=16,
    n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=32, n_shared_experts=1,
    first_k_dense_replace=1, num_key_value_heads=4, n_group=1, topk_group=1)

# The architecture, the type, what differs from BASE, and the form of matrices.
MODELS = [
    ("llama", "llama", {}, "F16"),
    ("llama", "llama", dict(tie_word_embeddings=True, head_dim=32, attention_bias=True), "Q8_0"),
    ("llama", "mixtral", dict(num_local_experts=4, num_experts_per_tok=2), "Q4_0"),
    ("qwen2", "qwen2", {}, "Q5_1"),
    ("qwen2moe", "qwen2_moe",
     dict(EXPERTS, shared_expert_intermediate_size=64, decoder_sparse_step=1), "F16"),
    ("qwen3", "qwen3", dict(head_dim=32), "BF16"),
    ("qwen3moe", "qwen3_moe", dict(EXPERTS, head_dim=32, decoder_sparse_step=1), "Q4_1"),
    ("gemma", "gemma", dict(head_dim=32), "F16"),
    ("gemma2", "gemma2", dict(head_dim=32), "Q5_0"),
    ("gemma3", "gemma3_text", dict(head_dim=32), "F16"),
    ("phi3", "phi3", dict(pad_token_id=0), "Q8_0"),
    ("deepseek2", "deepseek_v2", LATENT, "F16"),
    ("deepseek2", "deepseek_v3", LATENT, "Q8_0"),
    ("gpt-oss", "gpt_oss", dict(num_local_experts=4, num_experts_per_tok=2, head_dim=32), "F16"),
    ("olmo2", "olmo2", {}, "F16"),
    ("olmoe", "olmoe", dict(num_experts=4, num_experts_per_tok=2), "Q8_0"),
    ("granite", "granite", {}, "F16"),
    ("smollm3", "smollm3", dict(pad_token_id=0), "Q4_0"),
    ("command-r", "cohere", dict(pad_token_id=0), "F16"),
    ("glm4", "glm4", dict(head_dim=32, pad_token_id=0), "F16"),
    ("starcoder2", "starcoder2", {}, "F16"),
]


def architecture(name):
    return next(k for k, v in gguf.constants.MODEL_ARCH_NAMES.items() if v == name)


def keys(writer, name, config):
    """What the converter writes of a configuration."""
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_freq_base(float(config.rope_parameters.get("rope_theta", 1e4))
                              if isinstance(getattr(config, "rope_parameters", None), dict) else 1e4)
    if (epsilon := getattr(config, "rms_norm_eps", None)) is not None:
        writer.add_layer_norm_rms_eps(epsilon)
    if (epsilon := getattr(config, "layer_norm_eps", getattr(config, "norm_epsilon", None))):
        writer.add_layer_norm_eps(epsilon)
    experts = next((getattr(config, k) for k in
                    ("num_local_experts", "num_experts", "n_routed_experts")
                    if getattr(config, k, None)), None)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
    if width := getattr(config, "moe_intermediate_size", None):
        writer.add_expert_feed_forward_length(width)
    if name == "gpt-oss":
        writer.add_expert_feed_forward_length(config.intermediate_size)
    if width := getattr(config, "shared_expert_intermediate_size", None):
        writer.add_expert_shared_feed_forward_length(width)
    if name == "deepseek2":
        if config.q_lora_rank:
            writer.add_q_lora_rank(config.q_lora_rank)
        writer.add_kv_lora_rank(config.kv_lora_rank)
        writer.add_key_length(config.kv_lora_rank + config.qk_rope_head_dim)
        writer.add_value_length(config.kv_lora_rank)
        writer.add_key_length_mla(config.qk_nope_head_dim + config.qk_rope_head_dim)
        writer.add_value_length_mla(config.v_head_dim)
        writer.add_rope_dimension_count(config.qk_rope_head_dim)
        writer.add_leading_dense_block_count(config.first_k_dense_replace)
        writer.add_expert_shared_count(config.n_shared_experts)
        writer.add_expert_gating_func(
            gguf.ExpertGatingFuncType.SIGMOID if config.model_type == "deepseek_v3"
            else gguf.ExpertGatingFuncType.SOFTMAX)
    elif size := getattr(config, "head_dim", None):
        writer.add_key_length(size)
        writer.add_value_length(size)
    if window := getattr(config, "sliding_window", None):
        writer.add_sliding_window(window)
    writer.add_token_list([f"<{i}>" for i in range(config.vocab_size)])


def tensors(name, config, model):
    """The tensors under the names of transformers' files, experts stacked map by map."""
    state = dict(model.state_dict())
    if config.tie_word_embeddings:
        state.pop("lm_head.weight", None)
    result = {}
    for key, tensor in state.items():
        stack = re.match(r"(.*\.experts)\.(gate_up_proj|down_proj)(_bias)?$", key)
        if key.endswith("self_attn.kv_b_proj.weight"):
            shape = (config.num_attention_heads, -1, config.kv_lora_rank)
            keys, values = tensor.view(*shape).split(
                [config.qk_nope_head_dim, config.v_head_dim], dim=1)
            result[key.replace("kv_b_proj", "k_b_proj")] = keys.transpose(1, 2)
            result[key.replace("kv_b_proj", "v_b_proj")] = values
        elif stack:
            path, suffix = stack[1], ".bias" if stack[3] else ".weight"
            if name == "gpt-oss" and not stack[3]:
                tensor = tensor.transpose(1, 2)
            if stack[2] == "down_proj":
                result[f"{path}.down_proj{suffix}"] = tensor
            else:
                gate, up = tensor.chunk(2, dim=1)
                result[f"{path}.gate_proj{suffix}"] = gate
                result[f"{path}.up_proj{suffix}"] = up
        else:
            result[key] = tensor
    return result


for name, kind, more, form in MODELS:
    settings = dict(BASE)
    settings.update(more)
    config = AutoConfig.for_model(kind, **settings)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    suffix = "-tied" if more.get("tie_word_embeddings") else ""
    folder = OUT / f"{kind}{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.gguf"
    writer = gguf.GGUFWriter(path, name)
    keys(writer, name, config)
    names = gguf.get_tensor_name_map(architecture(name), config.num_hidden_layers)
    total = 0
    count = 0
    listed = tensors(name, config, model)
    if name in ("llama", "gpt-oss"):
        listed["rope_freqs.weight"] = torch.ones(8)
    for key, tensor in listed.items():
        if key == "rope_freqs.weight":
            target = key
        else:
            target = names.get_name(key, try_suffixes=(".weight", ".bias"))
            if key.endswith("sinks"):
                target = names.get_name(key) + ".weight"
            if target is None and key.endswith("e_score_correction_bias"):
                target = names.get_name(key.replace("e_score_correction_bias", "e_score_correction")) \
                    + ".bias"
        assert target, f"{kind}: no name for {key}"
        array = tensor.detach().float().numpy()
        plain = array.ndim < 2 or "ffn_gate_inp" in target or array.shape[-1] % 32
        if plain:
            writer.add_tensor(target, array.astype(numpy.float32))
            total += array.size * 4
        else:
            wanted = gguf.GGMLQuantizationType[form]
            data = gguf.quants.quantize(array, wanted)
            writer.add_tensor(target, data, raw_dtype=wanted)
            total += data.nbytes
        count += 1
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    expected = {"type": kind, "logical": sum(p.numel() for p in model.parameters()),
                "tensors": count, "bytes": total}
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    print(folder.name, expected)
