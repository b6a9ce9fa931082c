"""Times 20 passes of a small model with torch on one thread: a table of runs for `tally validate --measured`.

    python measured_runs.py --out Measured

Written are `Measured/llama-timed/config.json` and `Measured/llama-timed/runs.csv`. A time is the shortest of five, in seconds of the
processor, so that what else the machine does is not in it. The times differ from machine to machine, so the file is not the same twice.
"""

import argparse
import copy
import json
import pathlib
import time

import torch
from transformers import AutoConfig, AutoModelForCausalLM

CONFIG = {"model_type": "llama", "vocab_size": 4096, "hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 6,
          "num_attention_heads": 6, "num_key_value_heads": 6, "head_dim": 64, "max_position_embeddings": 4096}  # fmt: skip
PROMPTS = [(1, 16), (1, 32), (1, 64), (1, 96), (1, 128), (1, 192), (1, 256), (1, 384), (1, 512), (2, 64), (2, 128), (2, 256), (4, 64), (4, 128)]
STEPS = [(1, 64), (1, 512), (2, 128), (4, 64), (4, 256), (8, 128)]


def shortest(run, before=lambda: None):
    times = []
    for _ in range(6):
        state = before()
        start = time.process_time()
        run(state)
        times.append(time.process_time() - start)
    return min(times[1:])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    folder = parser.parse_args().out / "llama-timed"
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**CONFIG), attn_implementation="eager").eval()

    def ids(batch, tokens):
        return torch.randint(0, CONFIG["vocab_size"], (batch, tokens))

    lines = ["phase,batch,tokens,past,seconds,threads"]
    with torch.no_grad():
        for batch, tokens in PROMPTS:
            given = ids(batch, tokens)
            seconds = shortest(lambda _: model(input_ids=given, use_cache=True))
            lines.append(f"prefill,{batch},{tokens},0,{seconds:.6f},1")
        for batch, past in STEPS:
            given = ids(batch, past)
            cache = model(input_ids=given, use_cache=True).past_key_values
            seconds = shortest(
                lambda copied: model(input_ids=given[:, :1], past_key_values=copied, use_cache=True),
                lambda: copy.deepcopy(cache),
            )
            lines.append(f"decode,{batch},1,{past},{seconds:.6f},1")
    (folder / "runs.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
