"""Regenerates the folders of layers for multi-token prediction: their tensors, answers and products.

    python predictors.py --out Predictors

`transformers` builds such layers where it drafts tokens (`generate(..., use_mtp=True)`), as `MtpModel`. Each type is built
small, with random weights, beside the model that lends it the token table and the head. What a layer joins with the row
of a token is here the same row, in the place of what the model before it returns: numbers differ, and no count.

    config.json           the model's configuration, with the number of such layers
    model.safetensors     the tensors of both, under the names of published files
    expected.json         {"tokens": [ids], "modules": [{"parameters", "logits": [[x]], "products"}]}

`parameters` are those of the module without table and head; `products` the FLOPs of its matrix products for these tokens,
with the head and without the angles of rotations, as torch counts them with eager attention and eager experts.
"""

import argparse
import json
import pathlib
import re

import torch
from checkpoints import randomize
from safetensors.torch import save_file
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.modeling_layers import MtpModel

COMMON = dict(vocab_size=61, hidden_size=24, intermediate_size=40, moe_intermediate_size=12, num_hidden_layers=2,
              num_attention_heads=4, num_experts_per_tok=2, pad_token_id=None, bos_token_id=0, eos_token_id=1)  # fmt: skip
DEEPSEEK = dict(num_key_value_heads=4, n_shared_experts=1, n_routed_experts=4, first_k_dense_replace=1, n_group=2, topk_group=1)
TYPES = {
    "deepseek_v3": dict(DEEPSEEK, kv_lora_rank=8, q_lora_rank=12, qk_rope_head_dim=4, v_head_dim=6, qk_nope_head_dim=6,
                        num_nextn_predict_layers=1),
    "glm4_moe": dict(DEEPSEEK, num_key_value_heads=2, head_dim=8, use_qk_norm=True, attention_bias=True, num_nextn_predict_layers=2),
    "mellum": dict(num_key_value_heads=2, head_dim=8, num_experts=4, num_nextn_predict_layers=1, sliding_window=5,
                   layer_types=["sliding_attention", "full_attention"]),
}  # fmt: skip


def published(name, layers, experts, type):
    """The name of a tensor of `MtpModel` in published files, or None for one that the model lends."""
    match = re.match(r"layers\.(\d+)\.(.*)", name)
    if match is None:
        return None
    number, rest = int(match[1]), match[2]
    if type == "mellum":
        base = {"enorm": "mtp.pre_fc_norm_embedding", "hnorm": "mtp.pre_fc_norm_hidden", "eh_proj": "mtp.fc", "post_norm": "mtp.norm"}
        layer = f"mtp.layers.{number}"
    else:
        layer = f"model.layers.{layers + number}"
        base = {"enorm": f"{layer}.enorm", "hnorm": f"{layer}.hnorm", "eh_proj": f"{layer}.eh_proj", "post_norm": f"{layer}.shared_head.norm"}
    head, _, tail = rest.partition(".")
    return f"{base[head]}.{tail}" if head in base else f"{layer}.{tail}"


def apart(name, tensor):
    """Stacks of experts as the files have them: a map for each expert."""
    if name.endswith("experts.gate_up_proj"):
        stem = name.removesuffix("gate_up_proj")
        for number, both in enumerate(tensor):
            gate, up = both.chunk(2)
            yield f"{stem}{number}.gate_proj.weight", gate
            yield f"{stem}{number}.up_proj.weight", up
    elif name.endswith("experts.down_proj"):
        stem = name.removesuffix("down_proj")
        for number, down in enumerate(tensor):
            yield f"{stem}{number}.down_proj.weight", down
    else:
        yield name, tensor


def make(type, folder):
    torch.manual_seed(0)
    config = AutoConfig.for_model(type, **COMMON, **TYPES[type])
    config._experts_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    model.config._experts_implementation = "eager"
    beside = MtpModel(model, config.num_mtp_layers).eval()
    beside.config._experts_implementation = "eager"
    beside.config._attn_implementation = "eager"
    generator = torch.Generator().manual_seed(1)
    randomize(model, generator)
    for layer in beside.layers:
        randomize(layer, generator)
    tokens = torch.randint(0, config.vocab_size, (1, 16), generator=torch.Generator().manual_seed(3))
    positions = torch.arange(tokens.shape[1]).unsqueeze(0)
    kinds = {"layer_type": "sliding_attention"} if beside.has_per_layer_rope else {}
    with FlopCounterMode(display=False) as angles:
        beside.rotary_emb(model.get_input_embeddings()(tokens), position_ids=positions, **kinds)
    modules = []
    for number, layer in enumerate(beside.layers):
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            rows = model.get_input_embeddings()(tokens)
            stream = beside.forward_layer(number, rows, positions, None, input_ids=tokens)
            logits = beside._project_to_logits(stream)[0]
        modules.append({"parameters": sum(p.numel() for p in layer.parameters()), "products": counter.get_total_flops() - angles.get_total_flops(),
                        "logits": [[float(f"{x:.7g}") for x in row] for row in logits.float().tolist()]})  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    own = {f"model.{k}" if not k.startswith(("model.", "lm_head")) else k: v for k, v in model.state_dict().items()}
    for name, tensor in beside.state_dict().items():
        name = published(name, config.num_hidden_layers, None, type)
        if name is not None:
            own[name] = tensor
    if type != "mellum":  # their files hold table and head again
        for number in range(len(beside.layers)):
            path = f"model.layers.{config.num_hidden_layers + number}"
            own[f"{path}.embed_tokens.weight"] = model.get_input_embeddings().weight.detach()
            own[f"{path}.shared_head.head.weight"] = model.lm_head.weight.detach()
    for name, tensor in own.items():
        tensors.update((n, t.contiguous().clone()) for n, t in apart(name, tensor))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(json.loads(model.config.to_json_string()), indent=1) + "\n")
    (folder / "expected.json").write_text(json.dumps({"tokens": tokens[0].tolist(), "modules": modules}) + "\n")
    print(type, [(m["parameters"], m["products"]) for m in modules])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("Predictors"))
    parser.add_argument("--types", nargs="*", default=sorted(TYPES))
    arguments = parser.parse_args()
    for type in arguments.types:
        make(type, arguments.out / type)


main()
