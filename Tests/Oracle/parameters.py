"""Regenerates the rows that the tests compare with: parameter counts, tensor by tensor, as `transformers` builds them.

    python parameters.py --out Data
    python parameters.py --out Data --types llama mixtral
    python parameters.py --out Data --published ../../presets

Everything is decided by seeds: the same versions of the libraries give the same files.

    Data/Parameters/<model_type>.jsonl   random configurations of one type
    Data/Published.jsonl                 published configurations (with --published)
    Data/defaults.json                   the class defaults of the keys that change a count
"""

import argparse
import dataclasses
import json
import pathlib
import sys

import oracle
import randomize
from families import FAMILIES
from transformers import CONFIG_MAPPING

# Types in common use get more rows than the rest.
COMMON = """llama mistral mixtral qwen2 qwen2_moe qwen3 qwen3_moe deepseek_v2 deepseek_v3 gpt2 gemma gemma2 gemma3_text gpt_neox gpt_neo gptj
gpt_bigcode opt bloom falcon mpt phi phi3 phimoe stablelm starcoder2 olmo olmo2 olmo3 olmoe granite granitemoe granitemoeshared cohere cohere2
nemotron glm glm4 glm4_moe dbrx jamba mamba mamba2 gpt_oss llama4_text smollm3 minimax ernie4_5 ernie4_5_moe dots1 hunyuan_v1_moe arcee seed_oss
exaone4 qwen3_next bamba falcon_h1 nemotron_h zamba2 minimax_m2 mimo_v2_flash granitemoehybrid lfm2 minicpm3 deepseek_v32 glm_moe_dsa
mod_llama deepseek kimi_k2""".split()

CANDIDATES = 90
ROWS_COMMON, ROWS_OTHER = 22, 9

# By hand: what chance would not draw.
EXTREME = {
    "llama": [
        {"hidden_size": 2**28, "intermediate_size": 2**30, "num_hidden_layers": 40, "num_attention_heads": 2**10, "num_key_value_heads": 2**5,
         "vocab_size": 2**20},
        {"hidden_size": 2, "intermediate_size": 1, "num_hidden_layers": 1, "num_attention_heads": 1, "vocab_size": 1},
        {"hidden_size": 48, "num_hidden_layers": 200, "num_attention_heads": 3, "num_key_value_heads": 1, "head_dim": 50},
    ],
    "mixtral": [{"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "num_local_experts": 512,
                 "num_experts_per_tok": 1, "intermediate_size": 1}],
    "qwen3_moe": [{"hidden_size": 64, "num_hidden_layers": 5, "num_attention_heads": 4, "num_key_value_heads": 2, "num_experts": 0}],
    "gpt2": [{"n_embd": 12, "n_layer": 1, "n_head": 12, "n_positions": 1, "vocab_size": 1}],
    "deepseek_v3": [{"hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "n_routed_experts": 256, "num_experts_per_tok": 8,
                     "first_k_dense_replace": 3}],
}  # fmt: skip


def features(row):
    """What a row exercises; the rows kept are those that together exercise the most."""
    config = row["config"].get("text_config", row["config"])
    single = set()
    for key, value in config.items():
        if value is None or isinstance(value, (bool, str)):
            state = str(value)
        elif isinstance(value, (int, float)):
            state = "0" if value == 0 else "1" if value == 1 else "n"
        else:
            state = type(value).__name__
        single.add((key, state))
    for key in FAMILIES.get(config.get("model_type"), "").split():
        if key not in config:
            single.add((key, "absent"))
    names = {t[0] for t in row["tensors"]}
    switches = sorted(f for f in single if f[1] not in ("n", "list"))
    pairs = {(a, b) for i, a in enumerate(switches) for b in switches[i + 1 :]}
    return single, {("tensors", frozenset(names))} | {("tensor", n) for n in names}, pairs


def choose(rows, count):
    """Greedily the most new features: tensor names and single keys first, then pairs of keys."""
    scored = [(row, *features(row)) for row in rows]
    kept, seen_single, seen_names, seen_pairs = [], set(), set(), set()
    while scored and len(kept) < count:
        best = max(
            range(len(scored)),
            key=lambda i: (4 * len(scored[i][2] - seen_names) + 3 * len(scored[i][1] - seen_single) + len(scored[i][3] - seen_pairs), -i),
        )
        row, single, names, pairs = scored.pop(best)
        kept.append(row)
        seen_single |= single
        seen_names |= names
        seen_pairs |= pairs
    return kept


def cannot_run(config):
    """Heads that do not share the width, or key-value heads that do not share the heads.

    The library builds some of these, with a rounded head or groups that do not fit; no such model is ever meant, and
    `tally` refuses them, so they make no rows.
    """
    config = config.get("text_config", config)
    cls = CONFIG_MAPPING[config["model_type"]] if config["model_type"] in CONFIG_MAPPING else None

    def resolved(*keys):
        for key in keys:
            if key in config:
                return config[key]
        for key in keys:
            default = getattr(cls, key, None) if cls else None
            if isinstance(default, int):
                return default
        return None

    width = resolved("hidden_size", "n_embd", "d_model", "n_embed")
    heads = resolved("num_attention_heads", "n_head", "n_heads", "attention_heads")
    grouped = next((config[k] for k in ("num_key_value_heads", "num_kv_heads") if config.get(k) is not None), None)
    if not width or not heads:
        return False
    if grouped and heads % grouped:
        return True
    return resolved("head_dim") is None and "qk_rope_head_dim" not in config and width % heads != 0


def rows_of(model_type):
    built = []
    configs = [{"model_type": model_type, **c} for c in EXTREME.get(model_type, [])]
    by_hand = len(configs)
    configs += [randomize.draw(model_type, seed) for seed in range(CANDIDATES)]
    for config in configs:
        if cannot_run(config):
            continue
        try:
            built.append(oracle.row("", config))
        except oracle.Rejected:
            continue
    hand = [r for r in built if any(r["config"] is c for c in configs[:by_hand])]
    drawn = [r for r in built if not any(r is h for h in hand)]
    rows = hand + choose(drawn, ROWS_COMMON if model_type in COMMON else ROWS_OTHER)
    for index, row in enumerate(rows):
        row["id"] = f"{model_type}/{index}"
    return rows


def published(folder):
    """One row for each published configuration that can be built; the others are reported."""
    rows, left = [], []
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        entry = json.loads(path.read_text())
        if "config" not in entry:
            continue
        config = entry["config"]
        known = config.get("model_type") in CONFIG_MAPPING or config.get("model_type") in oracle.reference.BUILDERS
        if not known:
            left.append((entry.get("name", path.stem), f"model_type {config.get('model_type')} is not built here"))
            continue
        try:
            rows.append(oracle.row(f"published/{entry.get('name', path.stem)}", config, seconds=600))
        except oracle.Rejected as error:
            left.append((entry.get("name", path.stem), str(error)[:300]))
    return rows, left


def defaults():
    """The class defaults of the keys that change a count, and what each becomes when it is null or left out."""
    out = {}
    for model_type, keys in FAMILIES.items():
        cls = CONFIG_MAPPING[model_type]
        entry = {}
        for field in dataclasses.fields(cls):
            if field.name in keys.split() and field.default is not dataclasses.MISSING:
                value = field.default
                entry[field.name] = list(value) if isinstance(value, tuple) else value
        out[model_type] = {k: v for k, v in entry.items() if isinstance(v, (int, float, str, bool, list, type(None)))}
    return out


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as f:
        for row in rows:
            f.write(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=pathlib.Path, help="the folder to write")
    parser.add_argument("--types", nargs="+", help="only these model types")
    parser.add_argument("--published", help='a folder of files with the keys "name" and "config"')
    parser.add_argument("--published-only", action="store_true", help="leave the random rows as they are")
    arguments = parser.parse_args()
    if not arguments.published_only:
        for model_type in arguments.types or randomize.TYPES:
            rows = rows_of(model_type)
            write(arguments.out / "Parameters" / f"{model_type}.jsonl", rows)
            print(f"{model_type}: {len(rows)} rows", file=sys.stderr)
        if not arguments.types:
            (arguments.out / "defaults.json").write_text(json.dumps(defaults(), separators=(",", ":"), sort_keys=True) + "\n")
    if arguments.published:
        rows, left = published(arguments.published)
        write(arguments.out / "Published.jsonl", rows)
        print(f"published: {len(rows)} rows", file=sys.stderr)
        for name, why in left:
            print(f"  left out: {name}: {why}", file=sys.stderr)


if __name__ == "__main__":
    main()
