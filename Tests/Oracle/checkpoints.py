"""Writes small checkpoints with the logits that `transformers` computes from them.

    python checkpoints.py --out Checkpoints
    python checkpoints.py --out Checkpoints --types llama mixtral     # those types, with their variants
    python checkpoints.py --sensitivity --types llama                 # what each constant does to the logits
    python checkpoints.py --list                                      # the names, and how large each is

A folder `<type>[-variant]` holds `config.json` and `model.safetensors` (or shards with their index) as `save_pretrained`
writes them, and `expected.json`. What is expected is computed by the model that `from_pretrained` reads from the folder, so that
the files alone say all. Small configurations and what is special to a type are in `small.py`.
"""

import argparse
import copy
import hashlib
import json
import math
import multiprocessing
import pathlib
import re
import shutil
import tempfile

import operations
import oracle
import references
import small
import torch
import transformers
from safetensors.torch import save_file
from transformers import CONFIG_MAPPING, AutoModelForCausalLM
from transformers.models.phimoe import modeling_phimoe as phimoe

transformers.utils.logging.disable_progress_bar()

HERE = pathlib.Path(__file__).parent
LIBRARY = f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"
LEAST_MARGIN = 1e-3
WEAK = 1e-3

# Parameters whose start says what is sane: they are kept, each a little changed.
KEPT = re.compile(
    r"(A_log|\.D|time_decay|time_first|time_mix_\w+|recurrent_param|slope_rate|rotary\w*|inv_freq|"
    r"igate\w*\.bias|fgate\w*\.bias|lambda_\w+|A|e_score_scale|tid2eid)$"
)


def seed_of(name, attempt=0):
    return int.from_bytes(hashlib.sha256(f"{name}/{attempt}".encode()).digest()[:4], "big")


# --- weights ---


def randomize(model, generator, gain=1.0):
    """Random values for every parameter and every stored buffer, none of them without effect."""

    def normal(tensor):
        return torch.randn(tensor.shape, generator=generator, dtype=torch.float32)

    def one(name, tensor):
        if not tensor.is_floating_point() or not tensor.numel():
            return
        constant = tensor.numel() == 1 or float(tensor.min()) == float(tensor.max())
        first = float(tensor.flatten()[0])
        if name.endswith("A_log") and tensor.squeeze().dim() <= 1:  # a memory of a few tokens
            tensor.copy_(0.5 * normal(tensor) - 0.5)
        elif re.search(r"(dt_bias|dt_proj\.bias)$", name):
            tensor.copy_(0.5 * normal(tensor) - 1)
        elif KEPT.search(name):
            tensor.mul_(1 + 0.1 * normal(tensor))
            if constant and first == 0:
                tensor.copy_(0.3 * normal(tensor))
        elif "embed" in name and tensor.dim() == 2:
            tensor.copy_(normal(tensor) * (0.5 if "pos" in name or "wpe" in name else 1.0))
        elif tensor.squeeze().dim() <= 1:
            spread = 0.1 if re.search(r"norm|ln_|layer_?scal", name, re.I) and not name.endswith("bias") else 0.2
            if constant and first == 0:
                tensor.copy_(spread * normal(tensor))
            elif constant:
                tensor.copy_(first * (1 + 0.1 * normal(tensor)))
            elif tensor.dim() > 1 or "proj" in name:
                tensor.copy_(normal(tensor) * gain / math.sqrt(tensor.shape[-1]))
            else:
                tensor.mul_(1 + 0.1 * normal(tensor))
        elif constant and first == 1:
            tensor.copy_(1 + 0.1 * normal(tensor))
        else:
            tensor.copy_(normal(tensor) * gain / math.sqrt(tensor.shape[-1]))

    with torch.no_grad():
        for name, parameter in model.named_parameters():
            one(name, parameter)
        for name, table in model.state_dict(keep_vars=True).items():
            if name.endswith("tid2eid"):  # which experts a token's number leads to
                experts, chosen = choices_of(model.config)[:2]
                rows = [torch.randperm(experts, generator=generator)[:chosen] for _ in range(len(table))]
                table.copy_(torch.stack(rows))
        stored = model.state_dict(keep_vars=True)
        for name, buffer in model.named_buffers():
            if name in stored and buffer.is_floating_point() and buffer.numel() and float(buffer.min()) == float(buffer.max()):
                one(name, buffer)


def rescale(model, ids):
    """The head, scaled until the logits spread by about one."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if head is None:
        head = model.lm_head
    for _ in range(8):
        spread = float(run(model, ids).std())
        if 0.85 < spread < 1.15:
            return
        with torch.no_grad():
            head.weight.mul_(min(3.0, max(1 / 3, 1 / spread)))


# --- runs ---


def run(model, ids, **named):
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False, **named).logits[0].float()


class Choices:
    """Every choice that a pass makes by a score, with the gap to what was not chosen."""

    def __init__(self, model):
        self.model, self.calls, self.layer, self.handles, self.limits = model, [], None, [], []

    def __enter__(self):
        def entering(number):
            def hook(*_):
                self.layer = number

            return hook

        for path, module in self.model.named_modules():
            match = re.search(r"(?:^|\.)(?:layers|h|blocks|block)\.(\d+)$", path)
            if match:
                self.handles.append(module.register_forward_pre_hook(entering(int(match.group(1)))))
        self.plain = torch.topk, torch.Tensor.topk

        def topk(scores, k, dim=-1, largest=True, sorted=True, **rest):
            values, indices = result = self.plain[0](scores, k, dim=dim, largest=largest, sorted=sorted, **rest)
            if dim in (-1, scores.dim() - 1) and largest:
                seen = indices.detach().clone()
                if self.model.config.model_type == "doge":  # two tables of keys come first; then places among their sums
                    if scores.dim() == 3:
                        self.keys = seen
                    else:
                        first, second = (self.keys[table].gather(-1, part) for table, part in enumerate((seen // self.keys.shape[-1], seen % self.keys.shape[-1])))
                        seen = first * self.keys.shape[-1] + second
                self.calls.append((self.layer, scores.detach().clone(), k, seen))
            return result

        torch.topk = topk
        torch.Tensor.topk = topk
        self.mixer = phimoe.sparsemixer

        def sparsemixer(scores, jitter_eps, **named):
            result = self.mixer(scores, jitter_eps=jitter_eps, **named)
            self.calls.append((self.layer, scores.detach().clone(), 2, result[1].detach().clone()))
            self.limits.append(self.limit(scores, jitter_eps))
            return result

        phimoe.sparsemixer = sparsemixer
        return self

    def __exit__(self, *_):
        torch.topk, torch.Tensor.topk = self.plain
        phimoe.sparsemixer = self.mixer
        for handle in self.handles:
            handle.remove()

    @staticmethod
    def limit(scores, jitter):
        """PhiMoE leaves out the experts that are far below its first and its second: how near one is to that limit."""
        first, second = scores.topk(2, dim=-1).values.split(1, dim=-1)
        near = first - second
        for best in (first, second):
            near = torch.minimum(near, (((best - scores) / scores.abs().clamp(min=best)) - 2 * jitter).abs().min(dim=-1, keepdim=True).values)
        return float(near.min())

    @staticmethod
    def gap(scores, k):
        if k >= scores.shape[-1]:
            return math.inf
        ordered = scores.float().sort(dim=-1, descending=True).values
        gaps = (ordered[..., k - 1] - ordered[..., k])[torch.isfinite(ordered[..., k]) & (ordered[..., k] > -1e30)]
        return float(gaps.min()) if gaps.numel() else math.inf

    def summary(self, experts, chosen, length, groups=None):
        """(routing or None, the smallest gap or None)."""
        found, margin = {}, min([math.inf, *self.limits])
        for layer, scores, k, indices in self.calls:
            if experts and scores.shape[-1] == experts and k == chosen and indices.numel() == length * k:
                found.setdefault(layer, []).append(indices.reshape(length, k).tolist())
                margin = min(margin, self.gap(scores, k))
            elif not (groups and scores.shape[-1] == experts // groups[0]):  # what scores a group by its best two chooses nothing
                margin = min(margin, self.gap(scores, k))
        routing = [{"layer": layer, "experts": each[-1]} for layer, each in sorted(found.items(), key=lambda item: item[0] or 0)]
        return routing or None, None if math.isinf(margin) else margin


def choices_of(configuration):
    """How many routed experts there are, how many a token meets, and (groups, groups kept)."""
    def first(names):
        for source in (configuration, getattr(configuration, "ffn_config", None)):
            for name in names:
                value = getattr(source, name, None)
                if isinstance(value, int) and not isinstance(value, bool):
                    return value
        return None

    experts, chosen = first(oracle._EXPERTS), first(oracle._CHOSEN)
    if experts and configuration.model_type == "phimoe":
        chosen = 2
    if configuration.model_type == "longcat_flash":
        experts += configuration.zero_expert_num
    if configuration.model_type == "zaya":  # the last of its classes is no expert
        experts += 1
    groups = first(("n_group", "num_expert_group")), first(("topk_group",))
    return experts, chosen, groups if groups[0] and groups[0] > 1 else None


# Types whose tokens see others where they come one at a time: those behind them are not there yet, or a window leaves some out.
BY_PASS = operations.WHOLE | {"unlimited_ocr_text"}


def sampled(model, ids, prefill):
    """The logits of such a type when the last tokens are fed one at a time."""
    with torch.no_grad():
        output = model(torch.tensor([ids[:prefill]]), use_cache=True)
        rows = [output.logits[0]]
        for position in range(prefill, len(ids)):
            new = ids[: position + 1] if model.config.model_type in operations.WHOLE else ids[position : position + 1]
            output = model(torch.tensor([new]), use_cache=True, past_key_values=output.past_key_values)
            rows.append(output.logits[0, -1:])
    return torch.cat(rows).float()


def decode(model, ids, prefill, whole):
    """How far the logits are off when the last tokens are fed one at a time. The model has run nothing yet."""
    try:
        with torch.no_grad():
            output = model(torch.tensor([ids[:prefill]]), use_cache=True)
            worst = float((output.logits[0] - whole[:prefill]).abs().max())
            for position in range(prefill, len(ids)):
                named = {key: output[key] for key in ("past_key_values", "cache_params", "state") if output.get(key) is not None}
                if not named:
                    return None
                if model.config.model_type == "bamba":  # which begins anew from position 0 when it is not told
                    named["position_ids"] = torch.tensor([[position]])
                output = model(torch.tensor([[ids[position]]]), use_cache=True, **named)
                worst = max(worst, float((output.logits[0, -1] - whole[position]).abs().max()))
    except Exception as error:
        return {"prefill": prefill, "difference": None, "error": f"{type(error).__name__}: {str(error)[:80]}"}
    return {"prefill": prefill, "difference": worst}


# --- files ---


def read(folder, config=None):
    """The model that the folder holds, with another configuration if one is given."""
    if config is None:
        config = json.loads((folder / "config.json").read_text())
    leave_first_values(config)
    if config["model_type"] in references.BUILDERS:
        return references.read(folder, config)
    if config["model_type"] in small.TOWERS:
        return small.read_tower(folder, config)
    configuration = oracle.make_config(config)
    cls = getattr(transformers, oracle.ALONE[config["model_type"]]) if config["model_type"] in oracle.ALONE else AutoModelForCausalLM
    # Falcon's eager form adds its distances to the scores, and again with the mask; the library's default adds them once.
    attention = "sdpa" if config["model_type"] == "falcon" and config.get("alibi") else "eager"
    model, info = cls.from_pretrained(
        folder, config=configuration, dtype=torch.float32, attn_implementation=attention, experts_implementation="eager",
        output_loading_info=True)  # fmt: skip
    wrong = {key: sorted(map(str, info[key])) for key in ("missing_keys", "unexpected_keys", "mismatched_keys") if info.get(key)}
    if wrong:
        raise ValueError(f"what was written is not what is read: {str(wrong)[:300]}")
    return model.eval()


def write_files(model, folder, dtype, shard, twice):
    """Rounds the model's values to the type, and writes them."""
    kind = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}[dtype]
    if kind != torch.float32:
        for parameter in model.parameters():
            parameter.data = parameter.data.to(kind)
    if isinstance(model, transformers.PreTrainedModel):
        model.config.dtype = kind
        model.save_pretrained(folder, max_shard_size=shard or "1GB")
    elif isinstance(model, operations.TextModel):
        small.write_tower(model, folder)
    else:
        references.write(model, folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if twice:  # the head is stored once more, though it is tied
        from safetensors import safe_open

        path = folder / "model.safetensors"
        with safe_open(path, "pt") as file:
            held = {name: file.get_tensor(name) for name in file.keys()}
        held["lm_head.weight"] = next(t for n, t in held.items() if n.endswith("embed_tokens.weight")).clone()
        save_file(held, path, metadata={"format": "pt"})


def digits(number):
    return float(f"{number:.9g}")


def leave_first_values(config):
    """Draws no first values for a type whose rule for them does not fit its own tensors; all values come from elsewhere."""
    if config.get("weight_mode") == "fused":
        from transformers.models.xlstm import modeling_xlstm

        modeling_xlstm.xLSTMPreTrainedModel._init_weights = lambda model, module: None


def built(name, config, special, attempt):
    seed = seed_of(name, attempt)
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    leave_first_values(config)
    model = references.build(config) if config["model_type"] in references.BUILDERS else operations.build(config)
    model = model.float().eval()
    if isinstance(model, operations.TextModel) and getattr(model.config, "tie_word_embeddings", False):
        model.lm_head.weight = model.model.embed_tokens.weight
    randomize(model, generator, special.get("gain", 1.0))
    length = special.get("tokens", 12)
    vocabulary = model.config.vocab_size + getattr(model.config, "additional_vocab_size", 0)
    ids = torch.randint(3, vocabulary, (length,), generator=generator).tolist()
    rescale(model, ids)
    return model, ids


def make(name, out):
    """Writes one folder; returns a line about it."""
    config, special = small.config_of(name)
    folder = out / name
    for attempt in range(60):
        model, ids = built(name, config, special, attempt)
        with tempfile.TemporaryDirectory() as place:
            place = pathlib.Path(place)
            write_files(model, place, special.get("dtype", "F32"), special.get("shard"), special.get("twice"))
            model = read(place)
            with Choices(model) as choices:
                logits = run(model, ids)
            routing, margin = choices.summary(*choices_of(model.config)[:2], len(ids), choices_of(model.config)[2])
            if hasattr(model, "routing"):
                routing, margin = model.routing or None, model.margin
            if margin is not None and margin <= LEAST_MARGIN:
                continue
            if not torch.isfinite(logits).all():
                raise ValueError("not finite")
            prefill = special.get("prefill", len(ids) // 2)
            expected = {
                "type": config["model_type"],
                "class": type(model.model if isinstance(model, operations.TextModel) else model).__name__,
                "library": LIBRARY if config["model_type"] not in references.BUILDERS else f"references.py, torch {LIBRARY.split()[-1]}",
                "tokens": ids,
                "logits": [[digits(v) for v in row] for row in logits.tolist()],
                "routing": routing,
                "decode": decode(read(place), ids, prefill, logits)
                if not hasattr(model, "no_decode") and config["model_type"] not in BY_PASS else None,
                "deviation": digits(float(logits.std())),
                "margin": None if margin is None else digits(margin),
            }
            if getattr(model, "filled", None):
                expected["filled"] = model.filled
            if config["model_type"] in BY_PASS:
                rows = sampled(read(place), ids, prefill).tolist()
                expected["sampling"] = {"prefill": prefill, "logits": [[digits(v) for v in row] for row in rows]}
            exits = getattr(model.config, "exit_layers", None)
            if getattr(model, "depth", None) or getattr(model, "filled", None) or exits:
                if model.depth or getattr(model, "filled", None):
                    expected["depth"] = model.depth
                rows, depth, least = model.sampling(ids, prefill)
                if least <= LEAST_MARGIN:
                    continue
                expected["sampling"] = {"prefill": prefill, "depth": depth, "logits": [[digits(v) for v in row] for row in rows.tolist()]}
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for path in sorted(place.iterdir()):
                shutil.copyfile(path, folder / path.name)
            write_expected(folder, expected)
        size = sum(path.stat().st_size for path in folder.iterdir())
        note = "" if choices_of(model.config)[0] is None or routing else "  ROUTING NOT SEEN"
        layers = len(routing) if routing else 0
        difference = expected["decode"] and expected["decode"]["difference"]
        return (f"{name}: {size // 1000} kB, deviation {expected['deviation']:.2f}, routed layers {layers}, margin {expected['margin']}, "
                f"decode {difference} {(expected['decode'] or {}).get('error', '')}, attempt {attempt}{note}")  # fmt: skip
    raise ValueError("no draw keeps its choices apart")


def write_expected(folder, expected):
    lines = []
    for key, value in expected.items():
        if key in ("logits", "routing") and value:
            rows = ",\n".join(f"  {json.dumps(row, separators=(',', ':'))}" for row in value)
            lines.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    (folder / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


# --- what each constant does ---

# Keys that say nothing about the pass, or that change the shapes of the weights.
SILENT = re.compile(
    r"dtype|architectures|transformers_version|_token_id|use_cache|dropout|pdrop|initializer|model_type|name_or_path|summary|"
    r"aux_loss|jitter|problem_type|return_dict|output_|id2label|label2id|is_encoder|chunk_size_feed|init_|^_|mtp"
)


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


def put(config, path, value):
    config = copy.deepcopy(config)
    inner = config
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = value
    return config


def others(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, max(1, value - 1), 2 * value]
    if isinstance(value, float):
        return [value * 1.5 + 0.01]
    if isinstance(value, str):
        return [{"silu": "gelu"}.get(value, "silu")]
    return []


def sensitivity(name, out):
    """For each constant: away from the default, what the default would give; at the default, whether another value shows."""
    folder = out / name
    config = json.loads((folder / "config.json").read_text())
    expected = json.loads((folder / "expected.json").read_text())
    ids, logits = expected["tokens"], torch.tensor(expected["logits"])
    if config["model_type"] in references.BUILDERS:
        defaults = references.defaults(config["model_type"])
    else:
        defaults = CONFIG_MAPPING[config["model_type"]]().get_text_config().to_dict()
    known = dict(leaves(defaults))
    found = {"shows": {}, "weak": {}, "at the default, live": {}, "refused": []}
    for path, value in leaves(config):
        key = ".".join(path)
        if SILENT.search(key) or isinstance(value, list):
            continue
        away = path in known and known[path] != value
        if path not in known:
            candidates = others(value)
        else:
            candidates = [known[path]] if away else others(value)
        if known.get(path) is None and not away:
            continue
        best = None
        for candidate in candidates:
            try:
                difference = float((run(read(folder, put(config, path, candidate)), ids) - logits).abs().max())
                best = max(best or 0.0, difference if math.isfinite(difference) else 9.0)
            except Exception:
                continue
        if best is None:
            found["refused"].append(key)
        elif away or path not in known:
            found["shows" if best >= WEAK else "weak"][key] = float(f"{best:.2g}")
        elif best > 1e-6:
            found["at the default, live"][key] = float(f"{best:.2g}")
    return found


def _one(function, name, out, queue):
    try:
        queue.put(function(name, out))
    except Exception as error:
        queue.put(f"{name}: FAILED {type(error).__name__}: {' '.join(str(error).split())[:400]}")


def apart(function, name, out, seconds):
    """The result of a process of its own: some models change what the library holds, and some never end."""
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_one, args=(function, name, out, queue))
    process.start()
    try:
        return queue.get(timeout=seconds)
    except Exception:
        return f"{name}: FAILED no answer in {seconds} s"
    finally:
        process.kill()
        process.join()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "Checkpoints")
    parser.add_argument("--types", nargs="*", help="types, with their variants, or single names")
    parser.add_argument("--sensitivity", action="store_true")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in small.names(arguments.types):
        if arguments.list:
            print(name)
        elif arguments.sensitivity:
            found = apart(sensitivity, name, arguments.out, 200)
            print(name, found if isinstance(found, str) else json.dumps({k: v for k, v in found.items() if v and k != "shows"}), flush=True)
        else:
            print(apart(make, name, arguments.out, 120), flush=True)


if __name__ == "__main__":
    main()
