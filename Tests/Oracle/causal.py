"""Lists every type that `AutoModelForCausalLM` builds, each with the configuration of its class as `save_pretrained` writes it.

    python causal.py --out Data

A row of `Data/causal.jsonl` is {"type", "class", "config"}. Where the class refuses to be built without arguments, the
configuration is the type alone.
"""

import argparse
import json
import pathlib

import oracle
import saved
from transformers import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

# What a generation or a tokenizer reads, and no count.
LEFT_OUT = {"transformers_version", "bos_token_id", "eos_token_id", "pad_token_id", "sep_token_id", "decoder_start_token_id"}


def row(model_type, name):
    try:
        config = saved.saved(CONFIG_MAPPING[model_type]())
    except Exception as error:
        print(model_type, type(error).__name__, str(error).replace("\n", " ")[:100], flush=True)
        config = {}
    # A type may share the class of another, which then writes its own name.
    config = {**{key: value for key, value in config.items() if key not in LEFT_OUT}, "model_type": model_type}
    return {"type": model_type, "class": name if isinstance(name, str) else name[0], "config": config}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    rows = [row(model_type, name) for model_type, name in sorted(MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.items())]
    head = {"version": oracle.VERSION, "types": len(rows)}
    lines = [json.dumps(line, separators=(",", ":")) + "\n" for line in [head, *rows]]
    (arguments.out / "causal.jsonl").write_text("".join(lines))


if __name__ == "__main__":
    main()
