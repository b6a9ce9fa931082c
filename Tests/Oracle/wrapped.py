"""The text model of every model of several towers, counted inside its own class.

    python wrapped.py --out Data

Writes `Data/Wrapped.jsonl`, one row for each type that the library can build around a small text model:

    {"id", "config", "total"}

`total` counts the parameters of the decoder of text and of the head, each once. Where the class also reads files without
`text_config`, there is a row of such a file.
"""

import argparse
import json
import pathlib
import signal

import oracle
import torch
from transformers import CONFIG_MAPPING
from wrappers import model_of

SIZES = {
    "vocab_size": 512, "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2,
    "head_dim": 32, "moe_intermediate_size": 48, "num_experts": 6, "num_local_experts": 6, "n_routed_experts": 6, "num_experts_per_tok": 2,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cross_attention_layers": [1],
}  # fmt: skip
# The classes that read a file without `text_config`.
FLAT = ("qwen2_vl", "qwen2_5_vl")
# What a class asks of its other towers.
OTHERS = {
    "granite_docling": {"vision_config": {"out_hidden_size": 128}},
    "granite4_vision": {"deepstack_layer_map": [[0, 0]], "downsample_rate": "4/8"},
}
# Sizes of a text model that its class has in a form of its own.
TEXTS = {
    "ernie4_5_vl_moe_text": {
        "moe_intermediate_size": [48, 24], "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0, "mrope_section": [5, 5, 6]},
    },
}  # fmt: skip


def text_of(wrapper, text_type):
    fields = CONFIG_MAPPING[text_type].__dataclass_fields__
    named = {**getattr(CONFIG_MAPPING[text_type], "attribute_map", {})}
    known = set(fields) | {k for k, v in named.items() if v in fields}
    text = {"model_type": text_type}
    for key, value in SIZES.items():
        if key in known and named.get(key, key) not in text:
            text[named.get(key, key)] = value
    return {**text, **TEXTS.get(text_type, {})}


def total(wrapper, config):
    whole = CONFIG_MAPPING[wrapper].from_dict({**json.loads(json.dumps(config)), **OTHERS.get(wrapper, {})})
    with torch.device("meta"):
        model = model_of(wrapper)(whole)
    table = model.get_input_embeddings()
    decoder = next(m for m in reversed(list(model.modules())) if m is not table and any(c is table for c in m.children()))
    counted = {id(p): p.numel() for p in decoder.parameters()}
    head = model.get_output_embeddings()
    counted.update({id(p): p.numel() for p in head.parameters()})
    return sum(counted.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    listed = json.loads((arguments.out / "wrappers.json").read_text())
    rows = []
    for wrapper, (text_type, _) in listed.items():
        try:
            text = text_of(wrapper, text_type)
        except Exception as error:
            print(wrapper, type(error).__name__, str(error)[:100])
            continue
        files = [("nested", {"model_type": wrapper, "text_config": text})]
        if wrapper in FLAT:
            files.append(("flat", {**text, "model_type": wrapper}))
        for name, config in files:
            signal.alarm(60)
            try:
                rows.append({"id": f"{wrapper}/{name}", "config": config, "total": total(wrapper, config)})
            except Exception as error:
                print(wrapper, type(error).__name__, " ".join(str(error).split())[:140])
            finally:
                signal.alarm(0)
    (arguments.out / "Wrapped.jsonl").write_text("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in rows))


if __name__ == "__main__":
    main()
