"""Regenerates the rows that the tests compare with: matrix products, as torch counts them while `transformers` runs.

    python operations.py --out Data
    python operations.py --out Data --types llama mixtral
    python operations.py --out Data --published ../../presets
    python operations.py --out Data --training              # recounts the training runs of the rows that are there

Each model is built small, with random weights, and run with eager attention and eager experts under
`torch.utils.flop_counter.FlopCounterMode`; the default grouped product of experts is invisible to it. Every run is
counted whole, and part by part. Where the attention mask can be seen, the positions it keeps are counted too.

    Data/Operations/<model_type>.jsonl   small configurations of one type
    Data/Operations/Published.jsonl      dense presets at full size, on the meta device (with --published)

A row is {"id", "config", "runs": [run]}, and a run

    {"phase", "batch", "tokens", "past", "total", "parts": {part: n}, "causal": n or null, "cache": n or null, "state": n}

`total` leaves out what is listed under "named": products that build rotary tables. `causal` is the part
`attention_scores_and_values` for the kept positions alone. `cache` counts the numbers that attention holds after the
run, `state` those of recurrent layers and convolutions, left out where there are none. In a run of the phase "train",
`total` is that of forward and backward; the gradients of a convolution over groups of channels are each as large as the
convolution, where torch's own formula takes all channels for one group.
"""

import argparse
import collections
import collections.abc
import importlib
import json
import math
import pathlib
import random
import signal

import oracle
import parts
import torch
import transformers
from oracle import fold
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM, PretrainedConfig

# Types that cannot be run here, and why.
REFUSED = {
    "mod_llama": "not of transformers; the description only",
    "deepseek": "not of transformers; the description only",
    "blt": "lets a model of its own decide from the bytes where a patch ends",
    "reformer": "draws random hashes that decide which keys a query meets",
    "kimi_k2": "not of transformers; deepseek_v3 under another name",
    "phi4_multimodal": "has towers inside, too large to run",
}

# Types whose attention masks by itself, so that the mask it is given says too little.
OWN_MASK = {"gpt_neo", "deepseek_v32", "glm_moe_dsa", "dots3_note_text", "axk2", "hy_v4", "qwen4_exp_text", "deepseek_v4",
            "mistral_large4_text", "cpmant"}
# Types that are given the whole text again after a cache, and cut off themselves what is cached; their token 0 is padding.
WHOLE = {"cpmant"}
# Types that mark what is hidden, not what is kept.
INVERTED = {"mpt"}

LARGEST = 30_000_000
WINDOWS = ("sliding_window", "attention_chunk_size", "sliding_window_size", "attention_window_size", "window_size", "local_attention")
PART_NAMES = {"attention": "attention_projections"}


class TooSlow(Exception):
    pass


def _too_slow(*_):
    raise TooSlow


def convolution_gradients(grad, x, weight, biases, strides, padding, dilation, transposed, padded, groups, wanted, out_shape=None):
    """Two operations for each weight and position, for the gradient of the input and for that of the weight."""
    assert not transposed
    return sum(wanted[:2]) * 2 * grad[0] * math.prod(grad[2:]) * math.prod(weight)


def small(config, rng):
    """The configuration with windows that a short run outgrows."""
    config = dict(config)
    known = vars(oracle.make_config(config))
    windows = WINDOWS if "local_attention" not in known else ["local_attention"]
    if config["model_type"] in ("qwen3_vl_moe_text", "qwen3_omni_moe_text"):  # no window; the key would only crop the cache
        windows = ()
    for key in windows:
        if isinstance(known.get(key), int) or key in ("sliding_window", "attention_chunk_size") and key in known:
            config[key] = rng.choice([4, 6, 9, 12])
    for key in ("state_size", "ssm_state_size", "mamba_d_state"):  # torch does not count a product over one number
        if isinstance(config.get(key), int):
            config[key] = max(2, config[key])
    if config["model_type"] in ("inkling_text", "inkling2_text"):  # only these have a cache of each kind
        names = {"full_attention": "hybrid", "sliding_attention": "hybrid_sliding"}
        config["layer_types"] = [names.get(entry, entry) for entry in known["layer_types"]]
        for prefix in ("", "swa_"):  # heads that share keys and values evenly
            config[f"{prefix}num_key_value_heads"] = math.gcd(*(known[f"{prefix}num_{kind}_heads"] for kind in ("attention", "key_value")))
        if "n_shared_experts" in known:  # without shared experts its router has no routed ones either
            config["n_shared_experts"] = max(1, known["n_shared_experts"])
    if config["model_type"] == "phimoe":  # its router takes two, whatever the key says
        config["num_local_experts"], config["num_experts_per_tok"] = max(2, known["num_local_experts"]), 2
    if config["model_type"] == "moshi":  # the cache heeds a window that no layer has
        config["sliding_window"] = 3000
    if "use_sliding_window" in known:
        config["use_sliding_window"] = rng.random() < 0.7
    if "max_window_layers" in known:
        config["max_window_layers"] = rng.choice([0, 1, 2])
    for key in ("max_position_embeddings", "n_positions"):
        if isinstance(config.get(key), int):
            config[key] = max(config[key], 128)
    return config


def rounded(config):
    """The configuration with heads wide enough to be rotated in part, and groups that divide the experts."""
    config = dict(config)
    known = vars(oracle.make_config(config))
    for key in ("head_dim", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "kv_channels", "attention_head_dim", "index_head_dim",
                "global_head_dim", "swa_head_dim", "linear_head_dim"):  # fmt: skip
        if isinstance(config.get(key), int):
            config[key] = -(-config[key] // 8) * 8
    if "qk_rope_head_dim" in known:
        config["qk_rope_head_dim"] = 8
    if "q_lora_rank" in known and isinstance(known["q_lora_rank"], int):
        config["q_lora_rank"] = max(8, known["q_lora_rank"] % 64)
    heads = next((known[k] for k in ("num_attention_heads", "n_head", "n_heads", "num_heads") if isinstance(known.get(k), int)), 1)
    for key in ("hidden_size", "n_embd", "d_model"):
        if isinstance(config.get(key), int):
            config[key] = -(-config[key] // (heads * 8)) * heads * 8
    for key in ("n_group", "topk_group", "num_expert_groups"):
        if isinstance(known.get(key), int):
            config[key] = 1
    for key in ("rotary_dim", "d_rotary"):
        if isinstance(known.get(key), int):
            config[key] = 4
    if "kv_lora_rank" in known:
        config["num_key_value_heads"] = heads
        if isinstance(known.get("head_dim"), int):
            config["head_dim"] = 8
    if "index_topk" in known:
        config["index_topk"] = 4
    return config


class TextModel(torch.nn.Module):
    """The text model of several towers, alone, under the head that its wrapper's class gives it."""

    def __init__(self, configuration):
        super().__init__()
        self.config = configuration
        package = importlib.import_module(type(configuration).__module__.replace("configuration", "modeling"))
        names = [n for n in vars(package) if n.endswith("TextModel") and "PreTrained" not in n and "VL_Moe" not in n]
        self.model = getattr(package, names[0])._from_config(configuration, attn_implementation="eager")
        self.lm_head = torch.nn.Linear(configuration.hidden_size, configuration.vocab_size, bias=False)

    def forward(self, ids, use_cache, **named):
        output = self.model(input_ids=ids, use_cache=use_cache, **named)
        logits = self.lm_head(output.last_hidden_state) / getattr(self.config, "logits_scaling", 1.0)
        logits = logits * getattr(self.config, "output_multiplier", 1.0)
        cap = getattr(self.config, "final_logit_softcapping", None)
        output["logits"] = logits if cap is None else torch.tanh(logits / cap) * cap
        return output


def _sections(configuration):
    """Three axes of rotary positions that share out the angles of a head; they change no product."""
    width = getattr(configuration, "head_dim", None) or configuration.hidden_size // configuration.num_attention_heads
    angles = int(width * configuration.rope_parameters.get("partial_rotary_factor", 1.0)) // 2
    third = angles // 3
    # That of ERNIE shares two of its axes evenly.
    even = configuration.model_type == "ernie4_5_vl_moe_text"
    configuration.rope_parameters["mrope_section"] = [third, third, angles - 2 * third] if even else [angles - 2 * third, third, third]
    configuration.rope_parameters["xdrope_section"] = [angles - 3 * (angles // 4)] + 3 * [angles // 4]


def _alone(configuration):
    if configuration.model_type in oracle.TOWERS and configuration.rope_parameters:
        _sections(configuration)
    if configuration.model_type in oracle.ALONE:
        return getattr(transformers, oracle.ALONE[configuration.model_type])._from_config(configuration, attn_implementation="eager")
    return TextModel(configuration)


def build(config, meta=False):
    configuration = oracle.make_config(config)
    for key, value in list(vars(configuration).items()):
        if "dropout" in key and isinstance(value, float):
            setattr(configuration, key, 0.0)
    configuration._experts_implementation = "eager"
    if isinstance(getattr(configuration, "pad_token_id", None), int):
        configuration.pad_token_id = min(configuration.pad_token_id, configuration.vocab_size - 1)
    with torch.device("meta" if meta else "cpu"):
        if configuration.model_type in {**oracle.TOWERS, **oracle.ALONE}:
            model = _alone(configuration)
        else:
            model = AutoModelForCausalLM.from_config(configuration, attn_implementation="eager")
    model.config._experts_implementation = "eager"
    for module in model.modules():  # DBRX clamps, and cannot be told not to
        if hasattr(module, "clip_qkv") and module.clip_qkv is None:
            module.clip_qkv = 8.0
    return model


def _own(counter):
    """The products of each module that are in none of the modules inside it."""
    totals = {name: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    whole = totals.pop("Global", 0)
    own = {}
    for name, total in totals.items():
        inside = [other for other in totals if other.startswith(name + ".")]
        direct = [other for other in inside if not any(other.startswith(third + ".") for third in inside if third != other)]
        own[name] = total - sum(totals[other] for other in direct)
    return whole, {name: n for name, n in own.items() if n}


def split(counter, model, model_type):
    """(total, {part: products}, {attention module: its products without weights})."""
    whole, own = _own(counter)
    has_experts = any(".experts." in n or ".block_sparse_moe.input_linear" in n for n, _ in model.named_parameters())
    root = type(model).__name__
    result, cores = collections.Counter(), {}
    for name, n in own.items():
        path = name[len(root) + 1 :]
        module = model.get_submodule(path) if path else model
        held = [key for key, _ in module.named_parameters(recurse=False)]
        folded = fold(path)
        if "rotary" in folded:
            result["rotary"] += n
            continue
        try:
            part = parts.part_of(model_type, f"{folded}.{held[0] if held else 'weight'}", has_experts)
        except LookupError:
            part = "other"
        plain = isinstance(module, torch.nn.Linear) or type(module).__name__ == "Conv1D"
        if part == "attention" and not plain:
            part = "attention_scores_and_values"
            cores[path] = n
        result[PART_NAMES.get(part, part)] += n
    result["other"] += whole - sum(result.values())
    return whole, {key: n for key, n in sorted(result.items()) if n}, cores


# Attributes that hold the state of recurrent mixers and convolutions; every other tensor of a cache is of attention.
STATES = ("conv_states", "recurrent_states", "rnn_state", "conv1d_state", "linear_cache")


def _held(model, output):
    """What is kept from a run for the next token: {"cache": n or null}, and {"state": n} where there is one.

    Every floating tensor is counted once, wherever it is in the objects that hold it; integers, as positions, are not.
    RWKV hands its state out as a list, and RecurrentGemma keeps it in its modules.
    """
    roots = [(output.get(key), "cache") for key in ("past_key_values", "cache_params")] + [(output.get("state"), "state")]
    sums = {"cache": None if all(root is None for root, _ in roots) else 0, "state": 0}
    roots += [(value, "state") for module in model.modules() for key, value in vars(module).items() if key in STATES]
    seen = {}

    def walk(held, kind):
        if isinstance(held, torch.Tensor):
            place = id(held) if held.is_meta else (held.data_ptr(), held.shape, held.stride())
            if held.is_floating_point() and place not in seen:
                seen[place] = held
                sums[kind] += held.numel()
        elif isinstance(held, collections.abc.Mapping):
            for key, value in held.items():
                walk(value, "state" if key in STATES else kind)
        elif isinstance(held, list | tuple):
            for value in held:
                walk(value, kind)
        elif type(held).__module__.startswith("transformers.") and not isinstance(held, PretrainedConfig | torch.nn.Module):
            if id(held) not in seen:
                seen[id(held)] = held
                walk(vars(held), kind)

    for root, kind in roots:
        walk(root, kind)
    return {key: n for key, n in sums.items() if n or key == "cache"}


class Masks:
    """What the mask of each attention module keeps: {path: (kept, all)} for one sequence."""

    def __init__(self, model):
        self.kept, self.handles = {}, []
        self.inverted = model.config.model_type in INVERTED
        for path, module in model.named_modules():
            self.handles.append(module.register_forward_pre_hook(self._hook(path), with_kwargs=True))

    def _hook(self, path):
        def look(_, positional, named):
            mask = named.get("attention_mask")
            if isinstance(mask, torch.Tensor) and mask.dim() == 4 and not mask.is_meta:
                one = mask[0, 0]
                # A slope may be added to what is kept.
                kept = one > torch.finfo(one.dtype).min / 2 if one.is_floating_point() else one.bool()
                kept = ~kept if self.inverted else kept
                self.kept[path] = (int(kept.sum()), one.numel())

        return look

    def close(self):
        for handle in self.handles:
            handle.remove()

    def causal(self, cores):
        """The products of the kept positions, or None where a mask was not seen."""
        total = 0
        for path, n in cores.items():
            kept, positions = self.kept.get(path, (None, None))
            if kept is None or n * kept % positions:
                return None
            total += n * kept // positions
        return total


def run(model, model_type, kind, rng, meta=False, tokens=None, past=None, batch=None):
    vocabulary = model.config.vocab_size
    device = "meta" if meta else "cpu"

    def ids(batch, length):
        return torch.randint(1 if model_type in WHOLE else 0, vocabulary, (batch, length), device=device)

    batch = batch or (1 if meta else rng.randint(1, 3))
    tokens = tokens or (1 if kind == "decode" else rng.randint(2, 40))
    past = past if past is not None else (rng.randint(2, 30) if kind in ("decode", "chunk") else 0)
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.convolution_backward: convolution_gradients})
    row = {"phase": "prefill" if kind == "chunk" else kind, "batch": batch, "tokens": tokens, "past": past}
    if kind == "train":
        model.train()
        with counter:
            model(ids(batch, tokens), use_cache=False).logits.float().sum().backward()
        model.zero_grad()
        model.eval()
        total = counter.get_total_flops()
        return {**row, "total": total, "parts": {}, "causal": None, "cache": None}
    with torch.no_grad():
        named = {}
        if past:
            first = ids(batch, past)
            before = model(first, use_cache=True)
            if "state" in before or not any(before.get(key) is not None for key in ("past_key_values", "cache_params")):
                raise NotImplementedError("no cache is handed out")
            named = {key: before[key] for key in ("past_key_values", "cache_params") if before.get(key) is not None}
        masks = Masks(model)
        new = ids(batch, tokens)
        if past and model_type in WHOLE:
            new = torch.cat((first, new), dim=1)
        try:
            with counter:
                after = model(new, use_cache=True, **named)
        finally:
            masks.close()
    total, by_part, cores = split(counter, model, model_type)
    rotary = by_part.pop("rotary", 0)
    result = {**row, "total": total - rotary, "parts": by_part, "causal": masks.causal(cores) if cores and model_type not in OWN_MASK else None,
              **_held(model, after)}
    return {**result, "named": {"rotary": rotary}} if rotary else result  # fmt: skip


def rows(model_type, wanted, data):
    listed = [json.loads(line) for line in open(data / "Parameters" / f"{model_type}.jsonl")]
    listed = sorted((r for r in listed if r["total"] < LARGEST), key=lambda r: -len(r["config"]))
    found, problems = [], collections.Counter()
    for entry in listed:
        if len(found) == wanted:
            break
        rng = random.Random(entry["id"])
        torch.manual_seed(0)
        for adjust in (lambda config: config, rounded):
            config, runs = attempt(lambda: adjust(small(entry["config"], rng)), rng, problems)
            if sum(r["phase"] != "train" for r in runs) >= 2:
                found.append({"id": entry["id"], "config": config, "runs": runs})
                break
    return found, problems


def attempt(make, rng, problems):
    """A configuration and its runs; those that the library refuses are left out."""
    config, runs = None, []
    signal.signal(signal.SIGPROF, _too_slow)
    signal.setitimer(signal.ITIMER_PROF, 60)
    try:
        config = make()
        model = build(config).eval()
        for kind in ("prefill", "prefill", "decode", "decode", "chunk", "train"):
            try:
                runs.append(run(model, model.config.model_type, kind, rng))
            except TooSlow:
                raise
            except Exception as error:
                problems[f"{kind}: {type(error).__name__}: {str(error)[:60]}"] += 1
    except TooSlow:
        problems["too slow"] += 1
    except Exception as error:
        problems[f"{type(error).__name__}: {str(error)[:60]}"] += 1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return config, runs


def recount(path):
    """The rows of a file, with new totals of their training runs."""
    for line in open(path):
        row = json.loads(line)
        rng = random.Random(0)
        torch.manual_seed(0)
        model = build(row["config"]).eval()
        for index, old in enumerate(row["runs"]):
            if old["phase"] == "train":
                row["runs"][index] = run(model, model.config.model_type, "train", rng, tokens=old["tokens"], batch=old["batch"])
        yield row


def published(folder):
    """Dense presets at full size: one prompt, and one token after it."""
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        preset = json.loads(path.read_text())
        config = preset["config"]
        if config["model_type"] in REFUSED:
            continue
        try:
            model = build(config, meta=True).eval()
        except Exception:
            continue
        if any("experts" in name for name, _ in model.named_modules()):
            continue
        rng = random.Random(path.stem)
        runs = []
        for kind, tokens, past in (("prefill", 128, 0), ("decode", 1, 300)):
            try:
                runs.append(run(model, model.config.model_type, kind, rng, True, tokens, past))
            except Exception:
                pass
        if runs:
            yield {"id": path.stem, "preset": path.stem, "runs": runs}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--types", nargs="*")
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--published", type=pathlib.Path)
    parser.add_argument("--training", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.out / "Operations"
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, found):
        (folder / name).write_text("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in found))

    if arguments.published:
        write("Published.jsonl", list(published(arguments.published)))
        return
    torch.set_num_threads(1)  # so that the limit of a row's seconds does not depend on the machine's cores
    if arguments.training:
        for model_type in arguments.types or sorted(path.stem for path in folder.glob("*.jsonl")):
            if model_type != "Published":
                write(f"{model_type}.jsonl", list(recount(folder / f"{model_type}.jsonl")))
                print(model_type, flush=True)
        return
    every = sorted(path.stem for path in (arguments.out / "Parameters").glob("*.jsonl"))
    for model_type in arguments.types or every:
        if model_type in REFUSED:
            continue
        found, problems = rows(model_type, arguments.rows, arguments.out)
        print(model_type, len(found), sum(len(r["runs"]) for r in found), dict(problems.most_common(2)), flush=True)
        if found:
            write(f"{model_type}.jsonl", found)


if __name__ == "__main__":
    main()
