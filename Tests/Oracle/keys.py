"""What each key of each configuration class does, found by changing it.

    python keys.py --out Data
    python keys.py --out Data --types llama mixtral
    python keys.py --out Data --list

    python keys.py --out Data --unread

`--list` writes `Data/keys.json`, the keys of every class, without running anything. `--unread` measures the keys that
`Data/unread.json` lists, those that a family here does not read, and writes what they do beside them.

For a type, the keys are the fields of its class, the names in its `attribute_map`, those that `__post_init__` takes from
the remaining arguments, and every `config.X` that its modeling file reads. Each is given other values, alone, in a
small configuration of the type; the model is built and run, two prompts of 17 tokens and a token after 15, and compared with
the unchanged one. What a key does is the strongest of

    count     another number of parameters, of products, of kept positions, or of cached numbers
    work      other element-wise operations, or operations on other sizes
    numbers   other logits
    nothing   none of these
    refused   no other value that was tried can be built and run

`Data/Keys/<model_type>.json` holds {"base": [config, figures], "count": {key: [value, figures]}, "work": "a b", …}, the figures being
parameters, products of the prompt, products of the token, and those of the prompt's kept positions (null where the model masks
by itself). The value of `outer.inner` is that of `outer`. Keys that belong to no model (`SHARED`) are left out.
"""

import argparse
import ast
import collections
import inspect
import json
import multiprocessing
import pathlib
import random
import re
import signal

import operations
import oracle
import parameters
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedConfig

# Keys of the library, of generation, of training, of tokens, of other tasks: tally passes them over for every family.
SHARED = re.compile(
    r"_.*|.*_token_ids?|.*_token_index|.*dropout.*|.*_pdrop|initializer.*|use_cache|"
    r"output_(?:attentions|hidden_states|router_logits|scores)|return_dict|architectures|auto_map|dtype|torch_dtype|"
    r"transformers_version|.*label.*|problem_type|model_type|keys_to_ignore_at_inference|.*aux_loss.*|chunk_size_feed_forward|"
    r"is_encoder_decoder|is_decoder|gradient_checkpointing|name_or_path|per_layer_config|text_config|vision_config|audio_config|"
    r"num_hidden_layers|attn_implementation|experts_implementation|use_return_dict|base_model_.*|is_composition|sub_configs|"
    r"quantization_config|pretraining_tp|summary_.*|ignore_keys_at_rope_validation|get_text_config|to_dict|to_diff_dict|is_heterogeneous"
)
ACTIVATIONS = ("relu", "silu", "gelu", "gelu_new", "gelu_pytorch_tanh", "relu2", "quick_gelu", "xielu", "sigmoid", "tanh")
TRIED = 2


def candidates(model_type):
    """Every key that the class or its model may look at, with the texts that it is compared with."""
    cls = CONFIG_MAPPING[model_type]
    names = {name for name in getattr(cls, "__dataclass_fields__", {})} - {name for name in getattr(PreTrainedConfig, "__dataclass_fields__", {})}
    names |= set(cls.attribute_map) | set(cls.attribute_map.values())
    names |= {"tie_word_embeddings", "add_cross_attention"} & set(getattr(cls, "__dataclass_fields__", {}))
    texts = collections.defaultdict(set)
    model = AutoModelForCausalLM._model_mapping[cls]
    for source in (inspect.getsource(inspect.getmodule(cls)), inspect.getsource(inspect.getmodule(model))):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("pop", "get") and node.args:
                owner, key = node.func.value, node.args[0]
                if isinstance(owner, ast.Name) and owner.id == "kwargs" and isinstance(key, ast.Constant):
                    names.add(key.value)
            name = read(node)
            if name:
                names.add(name)
            if isinstance(node, ast.Compare) and read(node.left):
                for other in node.comparators:
                    texts[read(node.left)] |= {c.value for c in ast.walk(other) if isinstance(c, ast.Constant) and isinstance(c.value, str)}
    methods = {name for name in names if callable(getattr(cls, name, None))}
    return sorted(n for n in names - methods if isinstance(n, str) and not SHARED.fullmatch(n)), texts


def of_class(model_type):
    """The keys that a text model's own class has or takes, of all that `candidates` finds, or None for a model of several towers."""
    text = CONFIG_MAPPING[model_type]().get_text_config()
    if text.model_type != model_type:
        return None
    known = set(vars(text)) | set(type(text).__dataclass_fields__) | set(type(text).attribute_map)
    for cls in type(text).__mro__[: type(text).__mro__.index(PreTrainedConfig)]:
        for node in ast.walk(ast.parse(inspect.getsource(cls))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("pop", "get") and node.args:
                known |= {getattr(node.args[0], "value", None)} if getattr(node.func.value, "id", None) == "kwargs" else set()
    return " ".join(name for name in candidates(model_type)[0] if name in known)


def list_classes(data):
    lines = []
    for path in sorted((data / "Parameters").glob("*.jsonl")):
        # A text model that only stands inside a wrapper has no class of causal models.
        has_class = path.stem in CONFIG_MAPPING and path.stem not in {**oracle.TOWERS, **oracle.ALONE}
        keys = of_class(path.stem) if has_class else None
        if keys:
            lines.append(f"{json.dumps(path.stem)}:{json.dumps(keys)}")
    (data / "keys.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def read(node):
    """The key that an expression reads from a configuration, or None."""
    if isinstance(node, ast.Attribute):
        owner, name = node.value, node.attr
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr") and len(node.args) > 1:
        owner, name = node.args[0], getattr(node.args[1], "value", None)
    else:
        return None
    owner = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", None)
    return name if owner in ("config", "text_config") and isinstance(name, str) else None


def others(key, value, texts):
    """Other values that a key may have."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [v for v in (2 * value, value + 1, value // 2, 1, 4) if v != value and v > 0]
    if isinstance(value, float):
        return [1.5 * value + 0.1]
    if isinstance(value, str):
        pool = ACTIVATIONS if value in ACTIVATIONS else sorted(texts)
        return [v for v in pool if v != value]
    if isinstance(value, (list, tuple)):
        value = list(value)
        kinds = sorted(set(map(json.dumps, value)))
        if not value:
            return [[0], [1], [True]]
        if all(isinstance(v, bool) for v in value):
            return [[not v for v in value]]
        if all(isinstance(v, (int, float)) for v in value):
            return [[2 * v for v in value], [1 for _ in value], [0 for _ in value]]
        return [v for v in (value[::-1], value[1:] + value[:1], *([json.loads(k)] * len(value) for k in kinds)) if v != value]
    if value is None:
        return [4, 2, True, 1, 0.5, *sorted(texts), [0], [1], ["full_attention"]]
    return []


class Work(TorchDispatchMode):
    """The operations that run, by name and number of results."""

    def __init__(self):
        super().__init__()
        self.seen = collections.Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        first = out[0] if isinstance(out, (tuple, list)) and out else out
        if isinstance(first, torch.Tensor):
            self.seen[str(func), first.numel()] += 1
        return out


class Slow(Exception):
    pass


def _slow(*_):
    raise Slow


BATCH, PROMPT, PAST = 2, 17, 15


class Two(random.Random):
    """Batches of two."""

    def randint(self, first, last):
        return BATCH


def within_time(call):
    """What a call gives, if it takes no more than a minute of this process."""
    signal.signal(signal.SIGPROF, _slow)
    signal.setitimer(signal.ITIMER_PROF, 60)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def look(config):
    """(model, tensors, kept positions, element-wise work, logits) of a configuration: one prompt."""
    torch.manual_seed(0)
    model = operations.build(config).eval()
    masks = operations.Masks(model)
    with Work() as work, torch.no_grad():
        logits = model(torch.arange(PROMPT)[None] * 5 % model.config.vocab_size).logits
    masks.close()
    held = [(n, tuple(p.shape)) for n, p in model.named_parameters()]
    return model, [held, masks.kept], work.seen, logits.double().sum().item()


def figures(model):
    """[parameters, products of the prompt, products of the token, products of the prompt's kept positions], and what is kept.

    The products of the token are null where the class hands out no cache to go on from.
    """
    name = model.config.model_type
    prompt = operations.run(model, name, "prefill", Two(), tokens=PROMPT, past=0)
    try:
        token = operations.run(model, name, "decode", Two(), tokens=1, past=PAST)
    except NotImplementedError:
        token = {"total": None, "cache": None}
    kept = [run.get(kind) for run in (prompt, token) for kind in ("cache", "state")]
    return [sum(p.numel() for p in model.parameters()), prompt["total"], token["total"], prompt["causal"]], kept


def measure(config):
    model, *seen = within_time(lambda: look(config))
    return seen, within_time(lambda: figures(model))


def compare(config, before, is_number):
    """What a configuration does that is not as before, and its figures; a share or an epsilon is not run again if no operation differs."""
    model, tensors, work, logits = within_time(lambda: look(config))
    (old_tensors, old_work, old_logits), old = before
    if (tensors, work, logits) == (old_tensors, old_work, old_logits):
        return "nothing", None
    if is_number and (tensors, work) == (old_tensors, old_work):
        return "numbers", None
    new = within_time(lambda: figures(model))
    if config["model_type"] == "longcat_flash" and tensors == old_tensors:
        return "numbers", None  # which tokens go to experts that do nothing is decided by the numbers
    if (tensors, new) != (old_tensors, old):
        return "count", new[0]
    return "work" if work != old_work else "numbers", None


def leaves(key, value):
    """The keys inside an object, as outer.inner, or the key itself."""
    value = value.to_dict() if isinstance(value, PreTrainedConfig) else value
    if not isinstance(value, dict) or not value:
        return [key]
    return [leaf for inner in value if not SHARED.fullmatch(str(inner)) for leaf in leaves(f"{key}.{inner}", value[inner])]


def value_of(known, key):
    for piece in key.split("."):
        known = known.get(piece) if isinstance(known, dict) else getattr(known, piece, None)
    return known


def changed(config, key, value, known):
    """The configuration with another value under a key."""
    outer, *inner = key.split(".")
    config = json.loads(json.dumps(config))
    if inner:
        held = value_of(known, outer)
        held = json.loads(json.dumps(held.to_dict() if isinstance(held, PreTrainedConfig) else held, default=str))
        at = held
        for piece in inner[:-1]:
            at = at[piece]
        at[inner[-1]] = value
        value = held
    return {**config, outer: value}


LISTS = ("layer_types", "mlp_layer_types", "layers_block_type", "block_types", "indexer_types", "hybrid_layer_ids", "no_rope_layers",
         "moe_layers", "attn_layer_indices", "mlp_only_layers")  # fmt: skip


def variety(config):
    known = vars(oracle.make_config(config))
    return sum(len(set(map(str, known[key]))) for key in LISTS if isinstance(known.get(key), (list, tuple)))


def base_of(listed):
    """A small configuration with as many kinds of layers as can be, and what it does."""
    drawn = max(listed, key=lambda c: (variety(c), sum(isinstance(v, int) and v > 1 for v in c.values())))
    own = vars(oracle.make_config(drawn))
    count = next((k for k in ("num_hidden_layers", "n_layer", "n_layers", "num_layers") if k in own), None)
    bare = {k: v for k, v in drawn.items() if k not in LISTS and not isinstance(v, list)}
    runs = []
    for config in (*({**bare, count: layers} for layers in (2, 5) if count), drawn):
        try:
            runs.append((variety(config), sum(isinstance(v, int) and v > 1 for v in config.values()), -len(runs), config, measure(config)))
        except Exception as error:
            print(type(error).__name__, str(error)[:90], flush=True)
    return max(runs, key=lambda r: r[:3])[3:]


def probe(model_type, listed):
    keys, texts = candidates(model_type)
    own = CONFIG_MAPPING[model_type].attribute_map
    order = ["refused", "nothing", "numbers", "work", "count"]
    found, counts = {}, {}
    base, before = base_of(listed)
    known = oracle.make_config(base)
    known.allow_global_per_layer_attribute_access = True
    for key in (leaf for key in keys for leaf in leaves(key, getattr(known, own.get(key, key), None))):
        effects = []
        for value in others(key, value_of(known, own.get(key, key)), texts[key.split(".")[-1]]):
            if sum(e != "refused" for e in effects) == TRIED or set(effects) - {"refused", "nothing"}:
                break
            other = changed(base, key, value, known)
            try:
                if parameters.cannot_run(other):
                    continue
                effect, result = compare(other, before, isinstance(value, float))
            except Exception:
                effect = "refused"
            effects.append(effect)
            if effect == "count":
                counts[key] = [other[key.split(".")[0]], *result]
        found[key] = max(effects, key=order.index, default="refused")
    result = {"base": [base, *before[1][0]], "count": {k: counts[k] for k in sorted(counts)}}
    for effect in order[::-1][1:]:
        result[effect] = " ".join(sorted(k for k, e in found.items() if e == effect))
    return result


def remeasure(data, model_type, effects):
    """What each key that a family does not read does, one value or two tried."""
    rows = next(path for kind in ("Operations", "Parameters") if (path := data / kind / f"{model_type}.jsonl").exists())
    listed = [config for config in (json.loads(line)["config"] for line in open(rows)) if len(config) > 1]
    listed.sort(key=lambda c: (variety(c), sum(isinstance(v, int) and v > 1 for v in c.values())), reverse=True)
    for base in listed:
        try:
            before, known = measure(base), oracle.make_config(base)
            break
        except Exception as error:
            print(model_type, type(error).__name__, str(error)[:80], flush=True)
    known.allow_global_per_layer_attribute_access = True
    own, texts = CONFIG_MAPPING[model_type].attribute_map, candidates(model_type)[1]
    order = ["refused", "nothing", "numbers", "work", "count"]
    for key in effects:
        found = ["refused"]
        for leaf in leaves(key, getattr(known, own.get(key, key), None)):
            for value in others(leaf, value_of(known, own.get(leaf, leaf)), texts[leaf.split(".")[-1]]):
                if sum(e != "refused" for e in found) == TRIED or set(found) - {"refused", "nothing"}:
                    break
                try:
                    found.append(compare(changed(base, leaf, value, known), before, isinstance(value, float))[0])
                except Exception:
                    continue
        effects[key] = max(found, key=order.index)
    return effects


def unlisted(data, model_type):
    """The keys of a new type that were seen to change no count."""
    measured = json.loads((data / "Keys" / f"{model_type}.json").read_text())
    listed = json.loads((data / "keys.json").read_text())[model_type].split()
    counted = {key.split(".")[0] for key in [*measured["count"], *measured["work"].split()]}
    seen = {key.split(".")[0] for effect in ("numbers", "nothing") for key in measured[effect].split()}
    return {key: None for key in sorted(seen & set(listed) - counted)}


def unread(data, types):
    """Measures again what `Data/unread.json` lists: the keys of each class that its family here does not read."""
    path = data / "unread.json"
    found = json.loads(path.read_text())
    for model_type in types or sorted(found):
        with multiprocessing.get_context("fork").Pool(1) as pool:
            try:
                # A new type has the keys that its file in `Data/Keys` says to change no count.
                keys = found.get(model_type) or unlisted(data, model_type)
                found[model_type] = pool.apply_async(remeasure, (data, model_type, keys)).get(300)
            except Exception as error:
                print(model_type, type(error).__name__, str(error)[:80])
        print(model_type, flush=True)
        lines = [f"{json.dumps(t)}:{json.dumps(e)}" for t, e in sorted(found.items())]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def write(path, listed):
    result = probe(path.stem, listed)
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--types", nargs="*")
    parser.add_argument("--seconds", type=int, default=600, help="the most that one type may take")
    parser.add_argument("--list", action="store_true", help="only list the keys of every class")
    parser.add_argument("--unread", action="store_true", help="measure the keys that Data/unread.json lists")
    arguments = parser.parse_args()
    if arguments.list:
        return list_classes(arguments.out)
    if arguments.unread:
        return unread(arguments.out, arguments.types)
    folder = arguments.out / "Keys"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((arguments.out / "Operations").glob("*.jsonl")):
        if path.stem == "Published" or arguments.types and path.stem not in arguments.types:
            continue
        listed = [json.loads(line)["config"] for line in open(path)]
        # A process for each type: some builds do not listen to alarms.
        process = multiprocessing.get_context("fork").Process(target=write, args=(folder / f"{path.stem}.json", listed))
        process.start()
        process.join(arguments.seconds)
        print(path.stem, process.exitcode, flush=True)
        process.kill()


if __name__ == "__main__":
    main()
