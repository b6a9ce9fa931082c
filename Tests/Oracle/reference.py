"""Models that `transformers` does not have, in plain torch, written from their descriptions.

Only the modules and their parameters matter here: none of them has a forward pass.

- `mod_llama`: Mixture-of-Depths and MoDE over Llama; the keys are those of this project.
- `deepseek`: the DeepSeekMoE of the hub (its own code, not the library's deepseek_v2).
- `kimi_k2`: deepseek_v3 under another name.
"""

import math
from fractions import Fraction
from types import SimpleNamespace

from torch import empty, nn


def _linear(inputs, outputs, bias=False):
    return nn.Linear(inputs, outputs, bias=bias)


class Norm(nn.Module):
    """RMSNorm: a gain and nothing else."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(empty(size))


class Mlp(nn.Module):
    def __init__(self, size, inner, gated=True, bias=False):
        super().__init__()
        if gated:
            self.gate_proj = _linear(size, inner, bias)
        self.up_proj = _linear(size, inner, bias)
        self.down_proj = _linear(inner, size, bias)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.q_proj = _linear(c.hidden_size, c.num_attention_heads * c.head_dim, c.attention_bias)
        self.k_proj = _linear(c.hidden_size, c.num_key_value_heads * c.head_dim, c.attention_bias)
        self.v_proj = _linear(c.hidden_size, c.num_key_value_heads * c.head_dim, c.attention_bias)
        self.o_proj = _linear(c.num_attention_heads * c.head_dim, c.hidden_size, c.attention_bias)


class ConstantExpert(nn.Module):
    """A learned vector, and the map to the two shares of a token and of it."""

    def __init__(self, size):
        super().__init__()
        self.constant = nn.Parameter(empty(size))
        self.wg = _linear(size, 2)


class Experts(nn.Module):
    """A linear router, the routed experts, and, where there are any, the shared ones as one wider MLP; constant experts, and the map
    of the scores of the router before."""

    def __init__(self, size, routes, experts, inner, gated=True, shared=None, bias=False, constants=0, residual=False):
        super().__init__()
        if routes:
            self.gate = _linear(size, routes)
        if residual:
            self.gate_map = _linear(routes, routes)
        self.experts = nn.ModuleList(Mlp(size, inner, gated, bias) for _ in range(experts))
        if constants:
            self.constant_experts = nn.ModuleList(ConstantExpert(size) for _ in range(constants))
        if shared is not None:
            self.shared_experts = Mlp(size, inner * shared, gated, bias)


class Block(nn.Module):
    def __init__(self, c, mlp):
        super().__init__()
        self.self_attn = Attention(c)
        self.mlp = mlp
        self.input_layernorm = Norm(c.hidden_size)
        self.post_attention_layernorm = Norm(c.hidden_size)


class Predictor(nn.Module):
    def __init__(self, size, inner):
        super().__init__()
        self.fc1 = _linear(size, inner)
        self.fc2 = _linear(inner, 1)


class Router(nn.Module):
    def __init__(self, size, scores=1):
        super().__init__()
        self.weight = nn.Parameter(empty(scores, size))


class Stack(nn.Module):
    def __init__(self, c, blocks):
        super().__init__()
        self.embed_tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.layers = nn.ModuleList(blocks)
        self.norm = Norm(c.hidden_size)


class CausalLM(nn.Module):
    def __init__(self, c, blocks):
        super().__init__()
        self.config = c
        self.model = Stack(c, blocks)
        self.lm_head = _linear(c.hidden_size, c.vocab_size)
        if c.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def get_input_embeddings(self):
        return self.model.embed_tokens

    def get_output_embeddings(self):
        return self.lm_head


def _read(config, defaults):
    c = SimpleNamespace(**{**defaults, **config})
    if c.num_key_value_heads is None:
        c.num_key_value_heads = c.num_attention_heads
    if getattr(c, "head_dim", None) is None:
        if c.hidden_size % c.num_attention_heads:
            raise ValueError("hidden_size is not a multiple of num_attention_heads")
        c.head_dim = c.hidden_size // c.num_attention_heads
    if c.num_attention_heads % c.num_key_value_heads:
        raise ValueError("num_attention_heads is not a multiple of num_key_value_heads")
    return c


CAPACITY = {
    "expert_capacity_factor": None, "expert_routing": "token_choice", "expert_capacity_padding": True,
    "expert_capacity_rounding": "floor", "expert_drop_policy": "first", "expert_capacity_devices": None,
}  # fmt: skip

LLAMA = {
    "vocab_size": 32000, "intermediate_size": 11008, "num_attention_heads": 32, "num_key_value_heads": None,
    "head_dim": None, "attention_bias": False, "mlp_bias": False, "tie_word_embeddings": False,
}  # fmt: skip

MOD = {
    "mod_mode": "mod", "mod_every": 2, "mod_offset": 1, "mod_capacity": 0.125, "mod_routing": "expert_choice",
    "mod_predictor": "none", "mod_predictor_size": None, "mlp_gated": True, "num_experts": None,
    "num_noop_experts": 0, "num_experts_per_tok": None, "moe_intermediate_size": None,
    "num_copy_experts": 0, "num_constant_experts": 0, "moe_gating_residual": False,
    "mod_part": "block", "mod_layers": None, "mod_weighting": None, "mod_score": "linear", "mod_threshold": None, "mod_shared_router": False,
    "mod_capacity_decay": "none", "mod_capacity_last": None, "mod_capacity_least": None, "mod_capacity_whole": None, "mod_budget": None,
    "exit_layers": None, "exit_shares": None, "exit_threshold": None,
    "recursion_steps": None, "recursion_sharing": "middle_cycle", "recursion_routing": "none", "recursion_capacity": None,
    "recursion_cache": "recursion", "recursion_gate": None,
    "layer_skip": None, "layer_skip_curve": "constant", "layer_skip_phase": "train",
}  # fmt: skip


def mod_shares(c):
    """The share of the tokens that enter each routed block, or None where every token enters, by block."""
    if c.mod_mode == "none":
        return {}
    if c.mod_layers is not None:
        named = []
        for entry in c.mod_layers:
            first, _, last = str(entry).partition("-")
            named += range(int(first), int(last or first) + 1)
    else:
        named = [i for i in range(c.num_hidden_layers) if i % c.mod_every == c.mod_offset]
    if c.mod_mode == "integrated":
        return dict.fromkeys(named)
    if isinstance(c.mod_capacity, list):
        return dict(zip(named, (Fraction(str(share)) for share in c.mod_capacity), strict=True))
    shares = {}
    for i in named:
        share, depth = Fraction(str(c.mod_capacity)), Fraction(i, max(1, c.num_hidden_layers - 1))
        if c.mod_capacity_decay != "none":
            last = Fraction(str(c.mod_capacity_last))
            fallen = depth if c.mod_capacity_decay == "linear" else Fraction(round((1 - math.cos(math.pi * depth)) / 2 * 10**6), 10**6)
            share = share * (1 - fallen) + last * fallen
            if c.mod_capacity_whole is not None and share > Fraction(str(c.mod_capacity_whole)):
                shares[i] = None
                continue
            if c.mod_capacity_least is not None and c.mod_budget is None:
                share = max(share, Fraction(str(c.mod_capacity_least)))
        shares[i] = share
    if c.mod_budget is not None:  # by halving: the shift that gives the mean
        curve, least, total = shares, Fraction(str(c.mod_capacity_least or 0)), Fraction(str(c.mod_budget)) * len(shares)
        low, high = Fraction(-2), Fraction(2)
        for _ in range(200):
            middle = (low + high) / 2
            shares = {i: min(Fraction(1), max(least, share + middle)) for i, share in curve.items()}
            low, high = (middle, high) if sum(shares.values()) < total else (low, middle)
    return shares


def recursions(c):
    """The layers in the order in which they run: for each recursion a list of (number of the run, number of the layer that holds
    its tensors), with one of its own before and one after if the ends are not shared."""
    depth, steps = c.num_hidden_layers, c.recursion_steps or 1
    if c.recursion_steps is None:
        return None, [[(i, i) for i in range(depth)]], None
    ends = c.recursion_sharing.startswith("middle")
    runs = list(range(1, depth - 1) if ends else range(depth))
    if not runs or len(runs) % steps:
        raise ValueError("the depth does not divide")
    size = len(runs) // steps
    if c.recursion_sharing.endswith("cycle"):
        rounds = [[(runs[step * size + place], runs[place]) for place in range(size)] for step in range(steps)]
    else:
        held = [runs[place * steps] for place in range(size) for _ in range(steps)]
        pairs = list(zip(runs, held))
        rounds = [pairs[step * size : (step + 1) * size] for step in range(steps)]
    return (0 if ends else None), rounds, (depth - 1 if ends else None)


def mod_llama(config):
    c = _read(config, {**LLAMA, **MOD})
    if c.mod_mode not in ("mod", "staged", "integrated", "none"):
        raise ValueError("mod_mode")
    if not 0 <= c.mod_offset < c.mod_every:
        raise ValueError("mod_offset is not below mod_every")

    def dense():
        return Mlp(c.hidden_size, c.intermediate_size, c.mlp_gated, c.mlp_bias)

    blocks, shares = [], mod_shares(c)
    parts = {"block": [None], "attention": ["attention"], "mlp": ["mlp"], "both": ["attention", "mlp"]}[c.mod_part]
    holder = next((i for i, share in shares.items() if share is not None), None)
    for i in range(c.num_hidden_layers):
        if i in shares and c.mod_mode != "mod":
            noop = c.num_noop_experts + c.num_copy_experts + c.num_constant_experts if c.mod_mode == "integrated" else 0
            mlp = Experts(c.hidden_size, c.num_experts + noop, c.num_experts, c.moe_intermediate_size, c.mlp_gated, bias=c.mlp_bias,
                          constants=c.num_constant_experts if noop else 0, residual=c.moe_gating_residual and i != min(shares))
        else:
            mlp = dense()
        block = Block(c, mlp)
        if shares.get(i) is not None:
            if c.mod_score == "linear" and (i == holder or not c.mod_shared_router):
                block.mod_router = _named(parts, lambda: Router(c.hidden_size))
            if c.mod_predictor == "mlp":
                block.mod_predictor = _named(parts, lambda: Predictor(c.hidden_size, c.mod_predictor_size))
        blocks.append(block)
    first, rounds, _ = recursions(c)
    for step, pairs in enumerate(rounds):
        for place, (run, held) in enumerate(pairs):
            if run != held:  # what stands in the list is the router alone
                own = getattr(blocks[run], "mod_router", None), getattr(blocks[run], "mod_predictor", None)
                blocks[run] = nn.Module()
                for name, module in zip(("mod_router", "mod_predictor"), own):
                    if module is not None:
                        setattr(blocks[run], name, module)
            if place == 0 and c.recursion_routing == "expert_choice":
                blocks[run].mor_router = Router(c.hidden_size)
            if place == step == 0 and c.recursion_routing == "token_choice":
                blocks[run].mor_router = Router(c.hidden_size, len(rounds))
    return CausalLM(c, blocks)


def _named(parts, make):
    """One module, or one under the name of each part."""
    return make() if parts == [None] else nn.ModuleDict({part: make() for part in parts})


DEEPSEEK = {
    "vocab_size": 102400, "intermediate_size": 11008, "moe_intermediate_size": 1407, "num_attention_heads": 32,
    "num_key_value_heads": None, "n_shared_experts": None, "n_routed_experts": None, "num_experts_per_tok": None,
    "moe_layer_freq": 1, "first_k_dense_replace": 0, "attention_bias": False, "scoring_func": "softmax", "tie_word_embeddings": False,
}  # fmt: skip


def deepseek(config):
    c = _read({k: v for k, v in config.items() if k != "head_dim"}, DEEPSEEK)
    blocks = []
    for i in range(c.num_hidden_layers):
        sparse = c.n_routed_experts is not None and i >= c.first_k_dense_replace and i % c.moe_layer_freq == 0
        if sparse:
            # A hash chooses without a gate: our value for the Hash-Layer baseline of the DeepSeekMoE paper.
            routes = 0 if c.scoring_func == "hash" else c.n_routed_experts
            mlp = Experts(c.hidden_size, routes, c.n_routed_experts, c.moe_intermediate_size, shared=c.n_shared_experts)
        else:
            mlp = Mlp(c.hidden_size, c.intermediate_size)
        blocks.append(Block(c, mlp))
    return CausalLM(c, blocks)


def kimi_k2(config):
    from transformers import CONFIG_MAPPING, AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(CONFIG_MAPPING["deepseek_v3"].from_dict({**config, "model_type": "deepseek_v3"}))


BUILDERS = {"mod_llama": mod_llama, "deepseek": deepseek, "kimi_k2": kimi_k2}
