"""Writes what measuring tools say of small models of `transformers`: test data of `tally validate --measured`.

    python measured.py --out Measured
    python measured.py --out Measured --models llama mixtral

Each model is built small with random weights and run on the CPU, as the library runs it ("default": fused attention and
grouped experts) and with eager attention and eager experts ("eager"): a prompt, a token after it, and a training step; two of them also generate.
The one with latents also decodes as other engines do: with latents that queries and outputs absorb, and with expanded keys and values in the cache.

    Measured/<model>/config.json               what is built
    Measured/<model>/<settings>-<phase>.json   what `FlopCounterMode.get_flop_counts()` returns
    Measured/runs.json                         for each file its pass, and what the counter gives as its total
"""

import argparse
import json
import pathlib
import sys
import types

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM

# Sizes of which no two are equal, so that no count is that of another part by accident.
WIDTHS = {"vocab_size": 352, "hidden_size": 48, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 8}
MODELS = {
    "llama": {"model_type": "llama", **WIDTHS, **HEADS, "intermediate_size": 112},
    "llama-tied": {"model_type": "llama", **WIDTHS, **HEADS, "intermediate_size": 112, "tie_word_embeddings": True},
    "gpt2": {"model_type": "gpt2", "vocab_size": 352, "n_embd": 48, "n_layer": 2, "n_head": 6, "n_positions": 64},
    "mixtral": {"model_type": "mixtral", **WIDTHS, **HEADS, "intermediate_size": 80, "num_local_experts": 5, "num_experts_per_tok": 2,
                "sliding_window": None},
    "llama4": {"model_type": "llama4_text", **WIDTHS, **HEADS, "intermediate_size": 80, "intermediate_size_mlp": 112, "num_local_experts": 5,
               "num_experts_per_tok": 1, "interleave_moe_layer_step": 2, "no_rope_layers": [1, 1]},
    "deepseek_v3": {"model_type": "deepseek_v3", **WIDTHS, "num_attention_heads": 6, "num_key_value_heads": 6, "q_lora_rank": 24,
                    "kv_lora_rank": 20, "qk_rope_head_dim": 4, "qk_nope_head_dim": 12, "v_head_dim": 10, "intermediate_size": 112,
                    "moe_intermediate_size": 36, "n_routed_experts": 8, "num_experts_per_tok": 2, "n_shared_experts": 1, "n_group": 2,
                    "topk_group": 1, "first_k_dense_replace": 1},
    "mamba2": {"model_type": "mamba2", **WIDTHS, "expand": 2, "num_heads": 8, "head_dim": 12, "state_size": 10, "n_groups": 2, "conv_kernel": 4,
               "chunk_size": 16, "tie_word_embeddings": False},
    "qwen3_next": {"model_type": "qwen3_next", **WIDTHS, **HEADS, "num_hidden_layers": 4, "intermediate_size": 112, "moe_intermediate_size": 36,
                   "shared_expert_intermediate_size": 28, "num_experts": 6, "num_experts_per_tok": 2, "linear_num_value_heads": 4,
                   "linear_num_key_heads": 2, "linear_key_head_dim": 14, "linear_value_head_dim": 10, "linear_conv_kernel_dim": 4},
}  # fmt: skip
BATCH, TOKENS, PAST, NEW = 2, 24, 18, 4


def build(config, settings):
    torch.manual_seed(0)
    configuration = AutoConfig.for_model(**config)
    named = {}
    if settings == "eager":
        configuration._experts_implementation = "eager"
        named["attn_implementation"] = "eager"
    return AutoModelForCausalLM.from_config(configuration, **named)


def ids(tokens):
    return torch.randint(0, WIDTHS["vocab_size"], (BATCH, tokens), generator=torch.Generator().manual_seed(tokens))


def latents_otherwise(model, way):
    """Decodes with latents as other engines do: `absorbed` into queries and outputs, or cached `expanded`."""
    kind = type(model.model.layers[0].self_attn)
    rotate = sys.modules[kind.__module__].apply_rotary_pos_emb_interleave

    def forward(self, hidden_states, position_embeddings, attention_mask, past_key_values=None, **_):
        batch, length = hidden_states.shape[:-1]
        q = self.q_b_proj(self.q_a_layernorm(self.q_a_proj(hidden_states))).view(batch, length, -1, self.qk_head_dim).transpose(1, 2)
        q_pass, q_rot = q.split([self.qk_nope_head_dim, self.qk_rope_head_dim], dim=-1)
        latents, k_rot = self.kv_a_proj_with_mqa(hidden_states).split([self.kv_lora_rank, self.qk_rope_head_dim], dim=-1)
        latents = self.kv_a_layernorm(latents).view(batch, 1, length, -1)
        q_rot, k_rot = rotate(q_rot, k_rot.view(batch, 1, length, -1), *position_embeddings)
        if way == "expanded":
            keys, values = past_key_values.update(*self.expand_kv(latents, k_rot), self.layer_idx)
            scores = torch.cat((q_pass, q_rot), dim=-1) @ keys.transpose(2, 3)
            answer = scores.softmax(-1) @ values
        else:
            latents, k_rot = past_key_values.update(latents, k_rot, self.layer_idx)
            maps = self.kv_b_proj.weight.view(self.num_heads, -1, self.kv_lora_rank)
            up, down = maps.split([self.qk_nope_head_dim, self.v_head_dim], dim=1)
            scores = (q_pass @ up) @ latents.transpose(2, 3) + q_rot @ k_rot.transpose(2, 3)
            answer = (scores.softmax(-1) @ latents) @ down.transpose(1, 2)
        return self.o_proj(answer.transpose(1, 2).reshape(batch, length, -1)), None

    for layer in model.model.layers:
        layer.self_attn.forward = types.MethodType(forward, layer.self_attn)
    return model


def step(model, phase):
    """One pass, ready to run: a function without arguments."""
    if phase == "train":
        model.train()
        return lambda: model(input_ids=ids(TOKENS), labels=ids(TOKENS), use_cache=False).loss.backward()
    model.eval()
    if phase == "prefill":
        return lambda: model(input_ids=ids(TOKENS), use_cache=True)
    if phase == "generate":
        # The prompt gives the first new token; one pass for each of the others.
        return lambda: model.generate(ids(TOKENS), min_new_tokens=NEW + 1, max_new_tokens=NEW + 1, do_sample=False)
    with torch.no_grad():
        before = model(input_ids=ids(PAST), use_cache=True)
    named = {key: before[key] for key in ("past_key_values", "cache_params") if before.get(key) is not None}
    return lambda: model(input_ids=ids(1), use_cache=True, **named)


def counted(model, phase):
    """{module: {operation: count}}, as a user's file has it."""
    run = step(model, phase)
    counter = FlopCounterMode(display=False)
    with torch.set_grad_enabled(phase == "train"), counter:
        run()
    return {module: {str(op): n for op, n in counts.items()} for module, counts in counter.get_flop_counts().items()}


def variants(name, config):
    """Each file of a model: its name, its phase, and the model."""
    for settings in ("default", "eager"):
        for phase in ("prefill", "decode", "train"):
            yield f"{settings}-{phase}", phase, build(config, settings)
    if name in ("llama", "deepseek_v3"):
        yield "default-generate", "generate", build(config, "default")
    if name == "deepseek_v3":
        for way in ("absorbed", "expanded"):
            yield f"{way}-decode", "decode", latents_otherwise(build(config, "eager"), way)
    if name == "llama":
        model = build(config, "eager")
        for part in (model.model.embed_tokens, model.model.layers[0], model.model.layers[1].input_layernorm):
            for parameter in part.parameters():
                parameter.requires_grad = False
        yield "frozen-below-train", "train", model
        model = build(config, "eager")
        model.gradient_checkpointing_enable()
        yield "recomputed-train", "train", model
        model = build(config, "eager")
        for parameter in model.model.parameters():
            parameter.requires_grad = False
        yield "frozen-train", "train", model
        model = build(config, "eager")
        for layer in model.model.layers[:1]:
            for parameter in layer.parameters():
                parameter.requires_grad = False
        yield "frozen-layer-train", "train", model
        model = build(config, "eager")
        for path, parameter in model.named_parameters():
            parameter.requires_grad = "norm" in path
        yield "frozen-matrices-train", "train", model


def workload(phase):
    if phase == "generate":
        return {"phase": "prefill", "batch": BATCH, "tokens": TOKENS, "past": 0, "generate": NEW, "logits": "last"}
    return {"phase": phase, "batch": BATCH, "tokens": 1 if phase == "decode" else TOKENS, "past": PAST if phase == "decode" else 0}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--models", nargs="*", default=list(MODELS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    index = arguments.out / "runs.json"
    runs = json.loads(index.read_text()) if index.exists() else {}
    for name in arguments.models:
        folder = arguments.out / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps(MODELS[name], indent=1) + "\n")
        for stem, phase, model in variants(name, MODELS[name]):
            counts = counted(model, phase)
            (folder / f"{stem}.json").write_text(json.dumps(counts, separators=(",", ":")) + "\n")
            runs[f"{name}/{stem}.json"] = {**workload(phase), "total": sum(counts["Global"].values())}
            print(name, stem, runs[f"{name}/{stem}.json"]["total"])
    index.write_text("{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(runs[key])}" for key in sorted(runs)) + "\n}\n")


if __name__ == "__main__":
    main()
