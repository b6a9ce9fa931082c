"""Random configurations of a model type: odd sizes, keys left out, nulls, layer patterns, extremes.

A draw is decided by its seed alone. It need not be valid: what the library refuses is dropped (and a few refusals kept).
"""

import dataclasses
import random

from transformers import CONFIG_MAPPING

from families import FAMILIES

HIDDEN = ("hidden_size", "n_embd", "d_model")
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads")
KV_HEADS = ("num_key_value_heads", "num_kv_heads")
EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k", "top_k_experts")

FULL, SLIDING, LINEAR = "full_attention", "sliding_attention", "linear_attention"

# The layer kinds of the types whose count depends on them; the names of older files come first.
LAYER_KINDS = {
    "minimax": [FULL, LINEAR], "qwen3_next": [FULL, LINEAR], "olmo_hybrid": [FULL, LINEAR], "kimi_linear": [FULL, LINEAR],
    "bailing_hybrid": [FULL, LINEAR], "qwen3_5_text": [FULL, LINEAR], "qwen3_5_moe_text": [FULL, LINEAR],
    "qwen4_exp_text": [FULL, LINEAR], "granitemoehybrid": ["mamba", "attention", LINEAR, FULL], "mimo_v2_flash": [FULL, SLIDING],
    "lfm2": ["conv", FULL], "lfm2_moe": ["conv", FULL], "lfm3": ["conv", FULL], "gemma4_text": [FULL, SLIDING],
    "gemma4_unified_text": [FULL, SLIDING], "gemma3n_text": [FULL, SLIDING], "laguna": [FULL, SLIDING],
    "minimax_m3_vl_text": [FULL, "minimax_m3_sparse"], "inkling_text": [FULL, SLIDING], "inkling2_text": [FULL, SLIDING],
    "dots3_note_text": [FULL, SLIDING], "deepseek_v4": [SLIDING, "compressed_sparse_attention", "heavily_compressed_attention"],
    "nemotron_h": ["mamba", "attention", "moe", "mlp"], "zamba": ["mamba", "hybrid"], "zamba2": ["mamba", "hybrid"],
    "recurrent_gemma": ["recurrent", "attention"], "step3p5": [FULL, SLIDING],
}  # fmt: skip

# Keys that must not be null even though the class says that they may.
NEVER_NULL = {"vocab_size", *HIDDEN, *LAYERS, *CHOSEN, *EXPERTS, "attn_config", "ffn_config"}

# Keys that published files carry and that change nothing: a count that follows them is wrong.
IDLE = {
    "deepseek_v2": [("moe_layer_freq", [1, 2]), ("num_key_value_heads", [1, 2, 4]), ("head_dim", [24])],
    "deepseek_v3": [("moe_layer_freq", [1, 2]), ("num_nextn_predict_layers", [0, 1])],
    "glm4_moe": [("num_nextn_predict_layers", [0, 1])],
    "dots1": [("moe_layer_freq", [1, 2])],
    "mpt": [("expansion_ratio", [2, 4]), ("no_bias", [True, False])],
    "qwen2": [("head_dim", [16, 24])],
    "mistral": [("sliding_window", [16, None])],
    "gemma3_text": [("sliding_window_pattern", [2, 6])],
    "llama": [("pretraining_tp", [1, 2]), ("rope_scaling", [None])],
}


class Draw:
    def __init__(self, model_type, seed):
        self.type = model_type
        self.r = random.Random(f"{model_type}/{seed}")
        self.keys = FAMILIES[model_type].split()
        fields = {f.name: f for f in dataclasses.fields(CONFIG_MAPPING[model_type])}
        self.defaults = {n: f.default for n, f in fields.items() if f.default is not dataclasses.MISSING}
        self.nullable = {n for n, f in fields.items() if "None" in str(f.type)}
        self.scale = self.r.choice(["tiny", "tiny", "tiny", "small", "small", "medium", "large"])
        self.config = {"model_type": model_type}

    # -- sizes --

    def size(self):
        r = self.r
        if self.scale == "tiny":
            return r.choice([r.randint(1, 9), r.randint(2, 40), r.randint(2, 40) * 2])
        if self.scale == "small":
            return r.choice([r.randint(10, 300), 8 * r.randint(1, 40)])
        if self.scale == "medium":
            return r.choice([r.randint(100, 2000), 64 * r.randint(1, 40)])
        return r.choice([r.randint(1000, 20000), 1024 * r.randint(1, 30)])

    def even(self):
        top = {"tiny": 12, "small": 40, "medium": 80, "large": 160}[self.scale]
        return 2 * self.r.randint(1, top)

    def few(self, top=8):
        return self.r.randint(1, top)

    def first(self, names):
        return next((n for n in names if n in self.keys), None)

    def value(self, names):
        """What the library will see under the first of these names: the value drawn, or the default."""
        name = self.first(names)
        return self.config.get(name, self.defaults.get(name)) if name else None

    # -- one key --

    def draw(self, key):
        r, c = self.r, self.config
        if isinstance(self.defaults.get(key), bool) or key == "router_bias":
            return r.random() < 0.5
        if key == "vocab_size":
            return r.choice([1, r.randint(2, 99), r.randint(100, 3000), r.randint(30000, 260000)]) if r.random() < 0.5 else self.size() + 7
        if key in ("intermediate_size", "moe_intermediate_size", "shared_expert_intermediate_size", "intermediate_size_mlp", "n_inner",
                   "shared_intermediate_size", "ffn_dim", "dim_ff", "dff", "ffn_hidden_size", "expert_ffn_hidden_size",
                   "dense_intermediate_size", "moe_shared_expert_intermediate_size", "shared_experts_intermediate_size"):
            return self.size()
        if key in EXPERTS:
            return r.choice([1, 2, 3, 4, 5, 6, 7, 8, 10, 16, r.randint(2, 40)])
        if key in CHOSEN:
            return r.randint(1, min(8, self.value(EXPERTS) or 1))
        if key in ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts"):
            return r.choice([1, 1, 2, 3]) if r.random() < 0.85 else 0
        if key in ("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index"):
            return r.choice([0, 1, 2, self.layers - 1])
        if key == "moe_layer_end_index":
            return r.choice([-1, self.layers - 1, max(0, self.layers - 2)])
        if key in ("decoder_sparse_step", "moe_layer_interval", "interleave_moe_layer_step", "expert_layer_period", "attn_layer_period",
                   "full_attention_interval", "layer_group_size"):
            return r.choice([1, 2, 3, 4])
        if key in ("mlp_only_layers", "cross_attention_layers", "moe_layers", "attn_layer_indices", "full_attn_idxs"):
            return sorted(r.sample(range(self.layers), r.randint(0, self.layers)))
        if key in ("layer_types", "layers_block_type"):
            return self.kinds()
        if key == "mlp_layer_types":
            return [r.choice(["dense", "sparse"]) for _ in range(self.layers)]
        if key in ("q_lora_rank", "kv_lora_rank", "o_lora_rank", "adapter_rank", "laurel_rank", "gated_norm_rank", "lru_width", "index_head_dim",
                   "hidden_size_per_layer_input", "router_hidden_size", "moe_latent_size", "d_rel"):
            return self.even()
        if key in ("qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "head_dim", "kv_channels", "dim_head", "global_head_dim", "swa_head_dim",
                   "linear_head_dim", "qk_head_dim", "attention_head_dim"):
            return self.even()
        if key in ("linear_num_key_heads", "linear_num_heads"):
            return r.choice([1, 2, 3, 4])
        if key == "linear_num_value_heads":
            return (c.get("linear_num_key_heads") or self.defaults.get("linear_num_key_heads") or 1) * r.choice([1, 2, 3])
        if key in ("linear_key_head_dim", "linear_value_head_dim"):
            return r.choice([4, 8, 10, 12, 16, 24])
        if key in ("mamba_d_conv", "conv_kernel", "linear_conv_kernel_dim", "conv_L_cache", "conv1d_width", "short_conv_kernel_size",
                   "conv_kernel_size", "cca_time0", "cca_time1"):
            return r.randint(2, 6)
        if key in ("mamba_d_state", "state_size", "ssm_state_size"):
            return r.choice([1, 5, 8, 9, 16, 64, 128])
        if key in ("mamba_expand", "expand"):
            return r.choice([1, 2, 2, 3])
        if key in ("mamba_dt_rank", "time_step_rank"):
            return r.choice(["auto", r.randint(1, 20)])
        if key in ("mamba_n_groups", "n_groups", "mamba_ngroups"):
            return r.choice([1, 2, 4])
        if key in ("max_position_embeddings", "n_positions"):
            return r.choice([16, 33, 128, 1000, 2048])
        if key in ("block_ffn_dim_multiplier",):
            return r.choice([1.0, 1.3, 0.5])
        if key in ("block_multiple_of", "ffn_round_up_to_multiple_of"):
            return r.choice([1, 8, 64, 256])
        if key in ("qk_dim_factor", "v_dim_factor"):
            return r.choice([0.5, 1.0])
        if key == "ffn_proj_factor":
            return r.choice([2.667, 2.0, 1.5])
        if key == "block_size":
            return r.choice([4, 16, 64])
        if key == "num_kv_shared_layers":
            return r.choice([0, 0, 1, 2])
        if key in ("vocab_size_per_layer_input",):
            return r.randint(5, 500)
        if key in KV_HEADS or key in ("num_global_key_value_heads", "swa_num_key_value_heads"):
            heads = self.value(HEADS) or 1
            return r.choice([k for k in range(1, min(heads, 64) + 1) if heads % k == 0])
        if key in ("hidden_act",):
            return r.choice(["xielu", "silu"])
        if key in ("encoder_hash_byte_group_vocab",):
            return r.randint(10, 1000)
        default = self.defaults.get(key)
        if isinstance(default, int):
            return self.r.choice([1, 2, 3, 4, 5, 6, 8])
        return self.r.choice([1, 2, 3, 4]) if default is None else default

    def kinds(self):
        choices = LAYER_KINDS[self.type]
        if self.type == "granitemoehybrid":
            choices = self.r.choice([choices[:2], choices[2:]])
        kinds = [self.r.choice(choices) for _ in range(self.layers)]
        if self.type.startswith("gemma4"):
            kinds[-1] = FULL
        return kinds

    # -- a whole configuration --

    def draw_all(self):
        r, c = self.r, self.config
        hidden_key, layers_key, heads_key = self.first(HIDDEN), self.first(LAYERS), self.first(HEADS)
        self.layers = {"tiny": r.randint(1, 7), "small": r.randint(2, 9), "medium": r.randint(4, 14), "large": r.randint(10, 50)}[self.scale]
        for_experts = self.first(EXPERTS)
        omit_experts = for_experts and r.random() < 0.15
        if for_experts:
            self.layers = min(self.layers, 4 if omit_experts else 24)
        if r.random() < 0.04:
            self.layers = 1
        present = {k: r.random() < 0.85 for k in self.keys}
        if for_experts:
            present[for_experts] = not omit_experts
            for k in CHOSEN:
                present[k] = present.get(k, False) and (not omit_experts or r.random() < 0.5) or self.defaults.get(k) is None or not omit_experts

        # heads and the width together: most families want the one to divide the other
        if heads_key:
            heads = r.choice([1, 2, 3, 4, 5, 6, 8, 12, 16, 32]) if present[heads_key] else self.defaults.get(heads_key) or 1
            if self.scale in ("medium", "large") and present[heads_key]:
                heads = r.choice([8, 12, 14, 16, 24, 32, 40, 64, 71, 96])
            if present[heads_key]:
                c[heads_key] = heads
            width = heads * self.even()
            if "head_dim" in self.keys and r.random() < 0.15:
                width = self.size() + 1
        else:
            width = max(2, self.size())
        c[hidden_key] = width
        c[layers_key or "num_hidden_layers"] = self.layers
        for key in self.keys:
            if key in c or key in (hidden_key, layers_key, heads_key, "attn_config", "ffn_config"):
                continue
            if key in ("head_dim", "attention_head_dim", "qk_head_dim", "global_head_dim", "attention_hidden_size") and r.random() < 0.45:
                continue
            if not present.get(key, True) and not (key in ("q_lora_rank",) and r.random() < 0.5):
                continue
            if key in self.nullable and key not in NEVER_NULL and r.random() < (0.3 if key in ("q_lora_rank", "n_inner") else 0.08):
                c[key] = None
                continue
            c[key] = self.draw(key)
        for key, values in IDLE.get(self.type, []):
            if key not in c and r.random() < 0.25:
                c[key] = r.choice(values)
        # a padding token outside the vocabulary is refused
        padding = self.defaults.get("pad_token_id")
        vocabulary = c.get("vocab_size", self.defaults.get("vocab_size"))
        if isinstance(padding, int) and padding >= vocabulary:
            c["pad_token_id"] = r.choice([None, 0])
        fix = FIXES.get(self.type)
        if fix:
            fix(self, c)
        return self.shuffle(c)

    def shuffle(self, c):
        rest = [k for k in c if k != "model_type"]
        return {"model_type": self.type, **{k: c[k] for k in rest}}


# --- what single families ask of several keys together ---


def _gpt_neo(d, c):
    n = c["num_layers"]
    c["attention_types"] = [[["global"], n]] if n % 2 else [[["global", "local"], n // 2]]


def _dbrx(d, c):
    r = d.r
    heads = c.get("n_heads", 16)
    kv = r.choice([k for k in range(1, heads + 1) if heads % k == 0])
    c["attn_config"] = {"rope_theta": 10000.0, "kv_n_heads": kv}
    experts = d.few(9)
    c["ffn_config"] = {"hidden_size": c["d_model"], "ffn_hidden_size": d.size(), "moe_num_experts": experts, "moe_top_k": r.randint(1, experts)}
    for part, key in (("attn_config", "kv_n_heads"), ("ffn_config", "ffn_hidden_size")):
        if r.random() < 0.1:
            del c[part][key]


def _mpt(d, c):
    if d.r.random() < 0.5:
        c["attn_config"] = {"qk_ln": d.r.random() < 0.3, "alibi": d.r.random() < 0.7}


def _mamba2(d, c):
    heads = d.r.choice([2, 4, 8, 16])
    dim = d.even()
    expand = d.r.choice([1, 2, 2])
    c.update(num_heads=heads, head_dim=dim, hidden_size=heads * dim // expand, expand=expand)
    if expand == 2 and d.r.random() < 0.5:
        del c["expand"]
    c["n_groups"] = d.r.choice([g for g in (1, 2, 4, 8) if heads % g == 0])


def _ssm_heads(heads_key, dim_key):
    """Mamba-2 inside a hybrid: the heads share out expand x width."""

    def fix(d, c):
        heads = c.get("num_attention_heads", d.defaults["num_attention_heads"])
        n = d.r.choice([2, 4, 8])
        c["hidden_size"] = heads * n * d.r.choice([2, 4, 6])
        expand = c.get("mamba_expand", d.defaults.get("mamba_expand"))
        if expand is None:
            expand = c["mamba_expand"] = 2
        c[heads_key] = n
        c[dim_key] = expand * c["hidden_size"] // n
        if d.r.random() < 0.3 and d.defaults.get(dim_key) == "auto":
            c[dim_key] = "auto"
        if c.get("mamba_n_groups", 1):
            c["mamba_n_groups"] = d.r.choice([1, 2, n])
        if d.type == "granitemoehybrid" and c.get("num_local_experts") is not None and d.r.random() < 0.3:
            c["num_local_experts"] = 0
            c.pop("num_experts_per_tok", None)

    return fix


def _falcon_h1(d, c):
    n, dim = d.r.choice([2, 4, 8]), d.even()
    c["mamba_n_heads"], c["mamba_d_head"] = n, dim
    c["mamba_n_groups"] = d.r.choice([1, 2])
    if d.r.random() < 0.3:
        heads = c.get("num_attention_heads", 32)
        c["hidden_size"] = heads * n * 2
        c["mamba_expand"] = 2
        c["mamba_d_ssm"] = None
        c["mamba_d_head"] = 2 * c["hidden_size"] // n
    else:
        c["mamba_d_ssm"] = n * dim


def _nemotron_h(d, c):
    kinds = d.kinds()
    c.pop("layers_block_type", None)
    if d.r.random() < 0.5:
        letters = {"mamba": "M", "attention": "*", "moe": "E", "mlp": "-"}
        c["hybrid_override_pattern"] = "".join(letters[k] for k in kinds)
    else:
        c["layers_block_type"] = kinds
    c["num_hidden_layers"] = len(kinds)
    for key in ("mamba_d_conv", "mamba_n_groups", "mamba_conv_bias"):
        if d.r.random() < 0.8:
            c.pop(key, None)
    heads = d.r.choice([2, 4, 8])
    c["mamba_num_heads"] = heads
    c["n_groups"] = d.r.choice([1, 2])
    if c.get("mamba_n_groups"):
        c["mamba_n_groups"] = 2
    if d.r.random() < 0.5:
        c["moe_latent_size"] = None
    for key in ("attention_bias", "mamba_proj_bias", "tie_word_embeddings"):
        if d.r.random() < 0.4:
            c[key] = d.r.random() < 0.5
    if c.get("n_shared_experts", 1) == 0:
        c["n_shared_experts"] = 1


def _zamba(d, c):
    while "hybrid" not in (kinds := ["mamba"] + d.kinds()):
        pass
    c["num_hidden_layers"], c["layers_block_type"] = len(kinds), kinds
    heads = d.r.choice([1, 2, 4, 8])
    c["num_attention_heads"] = heads
    c["hidden_size"] = heads * 8 * d.few(6)
    c["n_mamba_heads"] = d.r.choice([1, 2, 4, 8])
    c["mamba_expand"] = d.r.choice([1, 2])
    for key in ("attention_head_dim", "attention_hidden_size", "hybrid_layer_ids"):
        c.pop(key, None)
    if d.type == "zamba2":
        hybrid = [i for i, k in enumerate(kinds) if k == "hybrid"]
        c["num_mem_blocks"] = d.r.choice([1, 1, 2]) if len(hybrid) > 1 else 1
        c["mamba_ngroups"] = d.r.choice([g for g in (1, 2) if c["n_mamba_heads"] % g == 0])
        if d.r.random() < 0.5:
            c["hybrid_layer_ids"] = hybrid
    if c.get("num_key_value_heads"):
        c["num_key_value_heads"] = d.r.choice([k for k in (1, 2, 4, 8) if heads % k == 0])
    else:
        c["num_key_value_heads"] = heads


def _jamba(d, c):
    for period, offset in (("expert_layer_period", "expert_layer_offset"), ("attn_layer_period", "attn_layer_offset")):
        if period in c:
            c[offset] = d.r.randrange(c[period])
        else:
            c.pop(offset, None)
    if "num_experts" in c and d.r.random() < 0.2:
        c["num_experts"] = c["num_experts_per_tok"] = 1


def _llama4(d, c):
    c.pop("moe_layers" if d.r.random() < 0.6 else "interleave_moe_layer_step", None)


def _lfm2(d, c):
    if "layer_types" in c and "full_attn_idxs" in c:
        del c["layer_types" if d.r.random() < 0.5 else "full_attn_idxs"]
    if "layer_types" not in c and "full_attn_idxs" not in c:
        c["layer_types"] = d.kinds()
    if c.get("block_ff_dim") is not None:
        c["block_ff_dim"] = d.size()
    if d.type == "lfm2_moe" and "layer_types" not in c:
        c["layer_types"] = d.kinds()


def _gemma3n(d, c):
    n = c["num_hidden_layers"] = d.r.randint(3, 8)
    c["layer_types"] = (["sliding_attention", "full_attention"] * n)[:n]
    c["num_kv_shared_layers"] = d.r.choice([0, 1]) if n > 3 else 0
    if d.r.random() < 0.5:
        c["intermediate_size"] = [d.size() for _ in range(n)]
    c["activation_sparsity_pattern"] = [0.0] * n
    c["altup_num_inputs"] = d.r.choice([2, 3, 4])


def _gemma4(d, c):
    n = c["num_hidden_layers"]
    if n < 3:
        n = c["num_hidden_layers"] = d.layers = 4
    c["layer_types"] = d.kinds()
    c["num_kv_shared_layers"] = 0
    if d.type == "gemma4_text" and d.r.random() < 0.4:
        c["layer_types"] = ([SLIDING, FULL] * n)[: n + n % 2]
        n = c["num_hidden_layers"] = len(c["layer_types"])
        if n > 3:
            c["num_kv_shared_layers"] = 2
    if d.type == "gemma4_text":
        if d.r.random() < 0.5:
            experts = d.few(8)
            c.update(enable_moe_block=True, num_experts=experts, top_k_experts=d.r.randint(1, experts), moe_intermediate_size=d.size())
        else:
            for key in ("num_experts", "top_k_experts", "moe_intermediate_size", "enable_moe_block"):
                c.pop(key, None)


def _recurrent_gemma(d, c):
    c["block_types"] = d.r.choice([["recurrent", "recurrent", "attention"], ["recurrent", "attention"], ["attention"], ["recurrent"]])
    heads = c.get("num_attention_heads", d.defaults["num_attention_heads"])
    c["hidden_size"] = heads * d.even()
    if c.get("lru_width"):
        c["lru_width"] = heads * d.even()


def _kimi(d, c):
    """The dense layers of these are given by a list or by a number, not by both."""
    if "mlp_layer_types" in c:
        c.pop("first_k_dense_replace", None)
        c.pop("moe_layer_freq", None)


def _mistral_large4(d, c):
    """Layers without latents of their own have those of the last layer of their kind that lends them."""
    _kimi(d, c)
    layers, heads = c["num_hidden_layers"], c.get("num_attention_heads", d.defaults["num_attention_heads"])
    c["num_key_value_heads"] = heads
    c["qk_rope_head_dim"] = 2 * d.few(4)
    c["index_head_dim"] = c["qk_rope_head_dim"] + 2 * d.few(6)
    rotates = [d.r.random() < 0.6 for _ in range(layers)]
    c["no_rope_layers"] = [int(r) for r in rotates]
    source = {}
    c["kv_source_layers"] = []
    for index, kind in enumerate(rotates):
        if kind not in source or d.r.random() < 0.4:
            source[kind] = index
        c["kv_source_layers"].append(source[kind])
    c["indexer_types"] = ["full"] + [d.r.choice(["full", "shared"]) for _ in range(layers - 1)]


def _cpmant(d, c):
    """It takes the third of the prompts, and its text is the third segment."""
    for key in ("prompt_types", "segment_types"):
        c[key] = max(c[key], 3) if key in c else 3
    if "position_bias_num_buckets" in c:  # of which half of one direction are of one distance each
        c["position_bias_num_buckets"] += 4


def _exclusive_interval(d, c):
    if "layer_types" in c:
        c.pop("full_attention_interval", None)


def _opt(d, c):
    if c.get("word_embed_proj_dim") and d.r.random() < 0.4:
        c["word_embed_proj_dim"] = c["hidden_size"]
    if "word_embed_proj_dim" not in c and d.r.random() < 0.7:
        c["word_embed_proj_dim"] = c["hidden_size"]


def _falcon(d, c):
    if "num_ln_in_parallel_attn" in c:
        c["num_ln_in_parallel_attn"] = d.r.choice([1, 2, None])
    if c.get("num_kv_heads") is not None:
        heads = c.get("num_attention_heads", 71)
        c["num_kv_heads"] = d.r.choice([k for k in range(1, heads + 1) if heads % k == 0])


def _hyper(d, c):
    _kimi(d, c)


def _laguna(d, c):
    if c.get("num_attention_heads_per_layer"):
        kv = c.get("num_key_value_heads", d.defaults["num_key_value_heads"])
        c["num_attention_heads_per_layer"] = [kv * d.few(4) for _ in range(c["num_hidden_layers"])]


def _ernie_vision(d, c):
    heads = c.get("num_attention_heads", d.defaults["num_attention_heads"])
    if c.get("head_dim", 0) is None:
        del c["head_dim"]
    if "head_dim" not in c:
        c["hidden_size"] = heads * 2 * d.few(20)
    third, rest = divmod((c.get("head_dim") or c["hidden_size"] // heads) // 2, 3)
    c["rope_parameters"] = {"rope_type": "default", "rope_theta": 500000.0, "mrope_section": [third, third, third + rest]}
    if c.get("moe_intermediate_size"):
        c["moe_intermediate_size"] = [d.size(), d.size()]


def _step(d, c):
    """The query heads of a sliding layer, and which layers route, in the words of the class or in those of older files."""
    kv = c.setdefault("num_key_value_heads", 1)
    sliding = kv * d.few(4)
    if d.r.random() < 0.4:
        c.pop("num_sliding_attention_heads", None)
        c["attention_other_setting"] = {"attention_type": SLIDING, "num_attention_heads": sliding}
    elif c.get("num_sliding_attention_heads") is not None:
        c["num_sliding_attention_heads"] = sliding
    if "mlp_layer_types" not in c and d.r.random() < 0.7:
        listed = sorted(d.r.sample(range(c["num_hidden_layers"]), d.r.randint(0, c["num_hidden_layers"])))
        c["moe_layers_enum"] = ",".join(map(str, listed)) if d.r.random() < 0.5 else listed
    if "layer_types" in c and c["layer_types"] and d.r.random() < 0.4:
        c["num_nextn_predict_layers"] = d.few(3)
        c["layer_types"] = c["layer_types"] + [SLIDING] * c["num_nextn_predict_layers"]
    c["sliding_window"] = 16


def _xlstm(d, c):
    heads = c.get("num_heads", 8)
    c["hidden_size"] = heads * 4 * d.few(20)
    for key in ("embedding_dim", "num_blocks"):
        c.pop(key, None)


def _deepseek_v4(d, c):
    heads = c["num_attention_heads"] = d.r.choice([2, 4, 8])
    c["o_groups"] = d.r.choice([1, 2])
    c["hidden_size"] = heads * d.even()
    if "head_dim" in c:
        c["head_dim"] = 8 * d.few(8)
    if "mlp_layer_types" in c:
        c["mlp_layer_types"] = [d.r.choice(["hash_moe", "moe"]) for _ in range(c["num_hidden_layers"])]


def _phi3(d, c):
    c["pad_token_id"] = None


def _hrm(d, c):
    c["num_hidden_layers"] = 2 * d.few(4)
    if c.get("num_layers_per_stack"):
        c["num_layers_per_stack"] = c["num_hidden_layers"] // 2


def _need_head_dim(d, c):
    c["head_dim"] = c.get("head_dim") or d.even()


def _nemotron(d, c):
    c["num_key_value_heads"] = c.get("num_key_value_heads") or c.get("num_attention_heads", 32)


def _dots1(d, c):
    c["n_group"] = c["topk_group"] = 1
    c.setdefault("n_routed_experts", 4)
    c["num_experts_per_tok"] = d.r.randint(1, c["n_routed_experts"])


def _rope_by_kind(d, c):
    kinds = ("full_attention", "sliding_attention")
    c["rope_parameters"] = {k: {"rope_type": "default", "rope_theta": 10000.0} for k in kinds}


def _qwen4(d, c):
    heads = c["num_attention_heads"] = d.r.choice([2, 4])
    c.update(num_key_value_heads=d.r.choice([1, 2]), head_dim=8 * d.few(5), indexer_n_heads=d.few(4), indexer_kv_heads=1,
             indexer_head_dim=8 * d.few(4), indexer_budget=64, indexer_compress_ratio=4, moe_intermediate_size=d.size(),
             shared_expert_intermediate_size=d.size(), hc_count=d.r.choice([2, 4]), hc_lowrank=d.even(), num_experts=8,
             linear_num_key_heads=2, linear_num_value_heads=d.r.choice([2, 4]), linear_key_head_dim=8, linear_value_head_dim=12)  # fmt: skip
    c["num_experts_per_tok"] = d.few(8)
    c["tie_word_embeddings"] = d.r.random() < 0.5
    c["hidden_size"] = heads * d.even() * 4


def _zaya(d, c):
    c["num_experts_per_tok"] = 1


def _hy_v4(d, c):
    if "indexer_types" in c:
        c["indexer_types"] = ["full"] + [d.r.choice(["full", "shared"]) for _ in range(c["num_hidden_layers"] - 1)]


def _dots3_note(d, c):
    _kimi(d, c)
    heads = c["num_key_value_heads"] = c["num_attention_heads"] = d.r.choice([2, 4])
    c["hidden_size"] = heads * d.even()
    c["layer_types"] = ["indexed_attention"] * c["num_hidden_layers"]
    c["n_shared_experts"] = c.get("n_shared_experts") or 1
    c["index_head_dim"] = 2 * d.few(6) + c.get("qk_rope_head_dim", 64)
    c["q_lora_rank"] = c.get("q_lora_rank") or 12
    if "n_routed_experts" in c:
        c["n_routed_experts"] += 1


def _olmo_hybrid(d, c):
    if c.get("layer_types", 0) is None:
        del c["layer_types"]
    c.setdefault("linear_num_key_heads", 2)
    if "layer_types" in c and FULL not in c["layer_types"]:
        c["layer_types"][-1] = FULL
    if "layer_types" in c and LINEAR not in c["layer_types"]:
        c["layer_types"] = [LINEAR] + c["layer_types"]
        c["num_hidden_layers"] += 1


def _moshi(d, c):
    if c.get("ffn_dim"):
        c["ffn_dim"] += c["ffn_dim"] % 2


def _blt(d, c):
    r = d.r
    for key in ("hidden_size", "num_hidden_layers"):
        c.pop(key, None)
    if r.random() < 0.8:
        c["encoder_hash_byte_group_size"] = r.choice([[3, 4], [2, 3, 5], list(range(3, 9)), []])
    c["encoder_hash_byte_group_nb_functions"] = r.choice([1, 2])
    widths = {}
    for part in ("encoder", "global", "decoder", "patcher"):
        heads = r.choice([1, 2, 4])
        widths[part] = heads * d.even()
        own = {"hidden_size": widths[part], "num_hidden_layers": r.randint(1, 4), "num_attention_heads": heads}
        if r.random() < 0.5:
            own["num_key_value_heads"] = r.choice([k for k in (1, 2, 4, None) if k is None or heads % k == 0])
        if r.random() < 0.7:
            own["intermediate_size"] = r.choice([None, d.size()])
        if part in ("encoder", "patcher") and r.random() < 0.5:
            own["vocab_size"] = r.randint(2, 300)
        if part in ("encoder", "decoder"):
            if r.random() < 0.6:
                own["cross_attn_all_layers"] = r.random() < 0.5
            if r.random() < 0.6:
                own["cross_attn_k"] = r.randint(1, 4)
        c[f"{part}_config"] = own
    if r.random() < 0.4:
        c["global_config"]["hidden_size"] = widths["encoder"] * (c.get("cross_attn_k") or 2)
        c["global_config"].update(num_attention_heads=1, num_key_value_heads=None)
    if r.random() < 0.7:
        c["decoder_config"]["hidden_size_global"] = c["global_config"]["hidden_size"]
    for key in ("cross_attn_k", "encoder_hash_byte_group_vocab", "patch_in_forward", "vocab_size"):
        if c.get(key, 0) is None:
            del c[key]
    if c.get("tie_word_embeddings"):
        c["tie_word_embeddings"] = False


def _reformer(d, c):
    r = d.r
    c["attn_layers"] = [r.choice(["local", "lsh"]) for _ in range(c.pop("num_hidden_layers"))]
    c["is_decoder"] = True
    first = r.randint(1, max(1, c["hidden_size"] - 1))
    c["axial_pos_embds_dim"] = [first, c["hidden_size"] - first] if c["hidden_size"] > 1 else [c["hidden_size"]]
    c["axial_pos_shape"] = [r.randint(1, 20) for _ in c["axial_pos_embds_dim"]]


FIXES = {
    "moshi": _moshi, "blt": _blt, "reformer": _reformer,
    "gpt_neo": _gpt_neo, "dbrx": _dbrx, "mpt": _mpt, "mamba2": _mamba2, "bamba": _ssm_heads("mamba_n_heads", "mamba_d_head"),
    "granitemoehybrid": _ssm_heads("mamba_n_heads", "mamba_d_head"), "falcon_h1": _falcon_h1, "nemotron_h": _nemotron_h,
    "zamba": _zamba, "zamba2": _zamba, "jamba": _jamba, "llama4_text": _llama4, "lfm2": _lfm2, "lfm2_moe": _lfm2,
    "gemma3n_text": _gemma3n, "gemma4_text": _gemma4, "gemma4_unified_text": _gemma4, "recurrent_gemma": _recurrent_gemma,
    "kimi_linear": _kimi, "bailing_hybrid": _kimi, "axk1": _kimi, "axk2": _kimi, "cohere2_moe": _kimi,
    "exaone_moe": _kimi, "deepseek_v32": _kimi, "glm_moe_dsa": _kimi, "qwen3_next": _exclusive_interval, "qwen3_5_text": _exclusive_interval,
    "qwen3_5_moe_text": _exclusive_interval, "opt": _opt, "falcon": _falcon, "laguna": _laguna, "xlstm": _xlstm,
    "deepseek_v4": _deepseek_v4, "phi3": _phi3, "hrm_text": _hrm, "hunyuan_v1_moe": _need_head_dim, "hunyuan_v1_dense": _need_head_dim,
    "ministral": _need_head_dim, "nemotron": _nemotron, "dots1": _dots1, "cohere_compass_text": _rope_by_kind,
    "mistral_large4_text": _mistral_large4, "cpmant": _cpmant, "zaya": _zaya, "hy_v4": _hy_v4, "dots3_note_text": _dots3_note,
    "qwen4_exp_text": _qwen4, "olmo_hybrid": _olmo_hybrid, "ernie4_5_vl_moe_text": _ernie_vision, "step3p5": _step,
}  # fmt: skip

# The types that hold a text model under `text_config`, and that text model's own type.
WRAPPERS = {
    "gemma3": "gemma3_text", "llama4": "llama4_text", "gemma3n": "gemma3n_text", "gemma4": "gemma4_text", "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text", "mistral3": "mistral",
}  # fmt: skip


def draw(model_type, seed):
    """A configuration of `model_type`, the same one for the same seed."""
    if model_type in WRAPPERS:
        inner = Draw(WRAPPERS[model_type], f"{model_type}/{seed}").draw_all()
        outer = {"model_type": model_type}
        tied = inner.pop("tie_word_embeddings", None)
        # Which of the two levels the library heeds differs from type to type: both say the same here, or neither says
        # anything and the defaults agree.
        if tied is not None or model_type == "mistral3":
            outer["tie_word_embeddings"] = inner["tie_word_embeddings"] = bool(tied)
        return {**outer, "text_config": inner}
    if model_type in OWN:
        return OWN[model_type](random.Random(f"{model_type}/{seed}"))
    return Draw(model_type, seed).draw_all()


# --- the types that the library does not have ---


def _llama_sizes(r, c, biases=("attention_bias",)):
    heads = r.choice([1, 2, 3, 4, 6, 8])
    c.update(hidden_size=heads * 2 * r.randint(1, 20), num_hidden_layers=r.randint(1, 9), num_attention_heads=heads)
    if r.random() < 0.8:
        c["num_key_value_heads"] = r.choice([k for k in range(1, heads + 1) if heads % k == 0] + [None])
    if r.random() < 0.9:
        c["intermediate_size"] = r.randint(1, 300)
    if r.random() < 0.9:
        c["vocab_size"] = r.randint(2, 3000)
    for key in (*biases, "tie_word_embeddings"):
        if r.random() < 0.5:
            c[key] = r.random() < 0.5


def _own_mod_llama(r):
    c = {"model_type": "mod_llama"}
    _llama_sizes(r, c, ("attention_bias", "mlp_bias"))
    if r.random() < 0.3:
        c["head_dim"] = r.choice([None, 2 * r.randint(1, 40)])
    mode = r.choice(["mod", "mod", "mod", "staged", "staged", "integrated", "integrated", "none"])
    c["mod_mode"] = mode
    if r.random() < 0.8:
        c["mod_every"] = r.randint(1, 4)
    if r.random() < 0.8 or c.get("mod_every") == 1:
        c["mod_offset"] = r.randrange(c.get("mod_every", 2))
    c["mod_capacity"] = r.choice([0.125, 0.29, 0.5, 1])
    if r.random() < 0.5:
        c["mlp_gated"] = r.random() < 0.5
    if r.random() < 0.5:
        c["mod_routing"] = r.choice(["expert_choice", "token_choice"])
    if r.random() < 0.7:
        c["mod_predictor"] = r.choice(["none", "router", "mlp", "mlp"])
        if c["mod_predictor"] == "mlp":
            c["mod_predictor_size"] = r.randint(1, 64)
    if mode in ("staged", "integrated"):
        c.update(num_experts=r.randint(1, 9), moe_intermediate_size=r.randint(1, 100))
        c["num_experts_per_tok"] = r.randint(1, min(3, c["num_experts"]))
    if mode == "integrated":
        c["num_noop_experts"] = r.randint(0, 4)
    if mode != "integrated" and r.random() < 0.5:
        c["mod_part"] = r.choice(["block", "attention", "mlp", "both"])
    if mode != "integrated" and r.random() < 0.3:
        c["mod_shared_router"] = True
    layers = range(c["num_hidden_layers"])
    if r.random() < 0.3:
        c["mod_layers"] = sorted(r.sample(layers, r.randint(1, len(layers))))
    if mode in ("mod", "staged") and r.random() < 0.3:
        c.update(mod_capacity=r.choice([1, 0.75]), mod_capacity_decay=r.choice(["linear", "cosine"]), mod_capacity_last=r.choice([0, 0.25]))
        if r.random() < 0.5:
            c.update(mod_capacity_least=0.15, mod_capacity_whole=0.85)
    return c


def _own_deepseek(r):
    c = {"model_type": "deepseek"}
    _llama_sizes(r, c)
    if r.random() < 0.85:
        c["n_routed_experts"] = r.randint(1, 20)
        c["num_experts_per_tok"] = r.randint(1, min(6, c["n_routed_experts"]))
    elif r.random() < 0.5:
        c["n_routed_experts"] = None
    if r.random() < 0.85:
        c["n_shared_experts"] = r.choice([1, 2, 4, None])
    if r.random() < 0.85:
        c["moe_intermediate_size"] = r.randint(1, 100)
    if r.random() < 0.7:
        c["first_k_dense_replace"] = r.randint(0, 3)
    if r.random() < 0.7:
        c["moe_layer_freq"] = r.choice([1, 1, 2, 3])
    return c


def _own_kimi_k2(r):
    return {**Draw("deepseek_v3", f"kimi_k2/{r.random()}").draw_all(), "model_type": "kimi_k2"}


OWN = {"mod_llama": _own_mod_llama, "deepseek": _own_deepseek, "kimi_k2": _own_kimi_k2}
TYPES = [*FAMILIES, *WRAPPERS, *OWN]
