"""Which of the nine parts a tensor belongs to, decided from its checkpoint name alone.

The rules are tried in order, the first match wins, and a name that no rule matches is an error.
A name is given with every all-digit component replaced by N.
"""

import re

PARTS = ("embedding", "lm_head", "attention", "dense_mlp", "routed_experts", "shared_experts", "router", "norms", "mixer")


def _component(*names):
    """Matches a name that has one of these as a whole path component."""
    return r"(^|\.)(" + "|".join(names) + r")(\.|$)"


# Rules that hold for one family only, where a component's name means something else there.
FAMILY_RULES = {
    # one module, `mixer`, is Mamba, attention, MLP or experts by turns
    "nemotron_h": [
        (r"\.mixer\.[qkvo]_proj\.", "attention"),
        (r"\.mixer\.gate\.", "router"),
        (r"\.mixer\.experts\.", "routed_experts"),
        (r"\.mixer\.shared_experts\.", "shared_experts"),
        (r"\.mixer\.fc[12]_latent_proj\.", "mixer"),
        (r"\.mixer\.(up|down)_proj\.", "dense_mlp"),
    ],
    # one module, `temporal_block`, is attention or the recurrent block
    "recurrent_gemma": [(r"\.temporal_block\.[qkvo]_proj\.", "attention")],
    # the experts are fused into one matrix, beside one bias for the sum of all of them
    "jetmoe": [
        (r"\.mlp\.(input|output)_linear\.", "routed_experts"),
        (r"\.mlp\.bias$", "dense_mlp"),
    ],
    # a dense layer, and beside it experts of one neuron that two sets of keys find
    "doge": [(r"\.mlp\.router_gate\.", "router"), (r"\.mlp\.(up|down)_embed\.", "routed_experts")],
    "modernbert-decoder": [(r"^lm_head\.dense\.", "lm_head"), (r"^decoder\.(weight|bias)$", "lm_head")],
    "rwkv": [(r"^head\.weight$", "lm_head")],
    "ctrl": [(r"^transformer\.w\.weight$", "embedding")],
    "cpmant": [(r"^cpmant\.(input_embedding|segment_embedding)\.", "embedding"), (r"\.relative_attention_bias$", "embedding")],
    "blt": [(r"\.(local_encoder|local_decoder)\.patch_embedding_projection\.|\.token_embedding_projection\.", "mixer")],
    "reformer": [(r"\.position_embeddings\.(weights\.N|embedding\.weight)$", "embedding"), (r"\.attention\.layer_norm\.", "norms"), (r"\.feed_forward\.layer_norm\.", "norms"), (r"^lm_head\.", "lm_head")],
    "deepseek_v4": [(r"^head\.weight$", "lm_head"), (r"^embed\.weight$", "embedding")],
    # experts, their gate and the shared one stand in the layer itself
    "step3p5": [
        (r"\.moe\.(gate_proj|up_proj|down_proj)\.", "routed_experts"),
        (r"\.moe\.router_bias$", "router"),
        (r"\.share_expert\.", "shared_experts"),
    ],
    "molmo2_text": [(r"\.wte\.(new_)?embedding$", "embedding")],
    "mistral_large4_text": [(r"^output\.weight$", "lm_head"), (r"^layers\.N\.gate\.", "router")],
    "inkling2_text": [(r"\.embed\.weight$", "embedding"), (r"\.unembed\.weight$", "lm_head")],
}

RULES = [
    # the head and the tables
    (r"(^|\.)(lm_head|embed_out|output_projection)\.(weight|bias)$", "lm_head"),
    (r"(^|\.)(embed_tokens|embed_tokens_per_layer|wte|wpe|word_embeddings|embed_in|tokens_embed|positions_embed"
     r"|embed_positions|embeddings|tok_embeddings|encoder_hash_tok_embedding)\.weight$", "embedding"),
    # hybrid blocks, whole
    (_component("mamba", "linear_attn", "mixer", "conv", "temporal_block", "mlstm_layer", "attn_sconv", "mlp_sconv"), "mixer"),
    # Mixture-of-Depths, whose routers may be named after a part
    (_component("mod_router", "mod_predictor"), "router"),
    # attention, whole
    (_component("self_attn", "self_attention", "attn", "attention", "multi_head_attention", "cross_attn_layers", "cross_attn",
                "crossattention", "encoder_attn"), "attention"),
    # routing
    (_component("router", "shared_expert_gate", "moe_statics", "e_score_correction_bias", "expert_bias", "per_expert_scale"), "router"),
    (r"\.(mlp|block_sparse_moe|feed_forward|ffn|moe)\.gate(\.|$)", "router"),
    # experts; the always-on MLP of Granite is a shared expert only where there are experts (see `part_of`)
    (_component("shared_expert", "shared_experts", "shared_mlp"), "shared_experts"),
    (_component("experts"), "routed_experts"),
    (r"\.block_sparse_moe\.(input_linear|output_linear)\.", "routed_experts"),
    # norms, wherever else they are
    (r"(^|\.)(\w*norm\w*|ln_\w+|ln\d|pre_ln|layernorm\d|norm_\d)(\.N|\.norm)?\.(weight|bias|W_up\.weight|W_down\.weight)$", "norms"),
    # dense feed-forward layers
    (_component("mlp", "mlps", "mlp_block", "feed_forward", "ffn", "fc1", "fc2", "block_sparse_moe"), "dense_mlp"),
    # all the rest, by name: projections beside the blocks, hyper-connections, residual scales, per-layer inputs
    (_component("project_in", "project_out", "linear", "altup", "laurel", "altup_projections", "altup_unembed_projections",
                "per_layer_model_projection", "per_layer_input_gate", "per_layer_projection",
                "input_residual", "post_attention_residual", "input_hidden_states_bias", "input_hidden_states_scale",
                "post_attention_residual_scale", "post_mlp_residual_scale", "layer_scalar", "cross_attn_attn_gate", "cross_attn_mlp_gate",
                "hyper_connection_mixer", "attn_hyper_connection", "mlp_hyper_connection", "hc_pre", "hc_head", r"hc_\w+", "attn_res", "z_L_init", r"\w+_lambdas?", "embedding_scale"), "mixer"),
]

_FAMILY = {k: [(re.compile(p), part) for p, part in v] for k, v in FAMILY_RULES.items()}
_COMMON = [(re.compile(p), part) for p, part in RULES]


def part_of(model_type, name, has_experts):
    """The part of the tensor `name` (folded); `has_experts` says whether the model has routed experts at all."""
    for pattern, part in _FAMILY.get(model_type, []) + _COMMON:
        if pattern.search(name):
            if part == "shared_experts" and ".shared_mlp." in name and not has_experts:
                return "dense_mlp"
            return part
    raise LookupError(f"{model_type}: no rule for {name}")
