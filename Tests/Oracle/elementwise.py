"""Counts the element-wise operations without ambiguity that torch executes while `transformers` runs a prompt.

    python elementwise.py --out Data
    python elementwise.py --out Data --types llama mixtral-other     # those folders alone; the other rows stay
    python elementwise.py --types llama --modules                    # shows what each kind of module executes

Each folder of `Checkpoints` is read, and the tokens of its `expected.json` pass once, with eager attention and eager experts,
in float32 and without a cache, under a `TorchDispatchMode`. What torch then executes is decomposed by the rules of
`docs/operations.md`: a sigmoid is one exponential, a softmax of n numbers n of them, a norm one square root for each vector.

    Data/elementwise.jsonl   {"folder", "type", "tokens": T, "counts": {kind: n}, "modules": {module: {kind: n}}}

Every operation that torch dispatches is in one of three lists: those that are counted, those that execute none of these kinds, and
those that make sines and cosines. One in none of them is an error.

Not counted, for all families alike, as `docs/operations.md` says:

- a number of a table of angles that is computed again: for the second of a pair of channels, for another axis, sequence or layer;
- a function of the same numbers that is computed again, and of a vector that the same module had in an earlier call;
- square roots and logarithms of constants and of positions, which are scalars, or hold no number that depends on the tokens.
"""

import argparse
import collections
import itertools
import json
import pathlib
import re
from fractions import Fraction

import checkpoints
import references
import torch
from oracle import fold
from torch.utils._python_dispatch import TorchDispatchMode

HERE = pathlib.Path(__file__).parent
KINDS = ("exp", "tanh", "erf", "sin", "cos", "log", "sqrt")

# What one number of the result executes.
EACH = {
    "exp": {"exp": 1}, "exp2": {"exp": 1}, "expm1": {"exp": 1}, "sigmoid": {"exp": 1}, "silu": {"exp": 1}, "_softmax": {"exp": 1},
    "_safe_softmax": {"exp": 1}, "elu": {"exp": 1}, "softplus": {"exp": 1, "log": 1}, "log_sigmoid_forward": {"exp": 1, "log": 1},
    "logaddexp": {"exp": 1, "log": 1}, "mish": {"exp": 1, "log": 1, "tanh": 1}, "tanh": {"tanh": 1}, "erf": {"erf": 1},
    "erfc": {"erf": 1}, "log": {"log": 1}, "log1p": {"log": 1}, "log2": {"log": 1}, "sqrt": {"sqrt": 1}, "rsqrt": {"sqrt": 1},
    "std": {"sqrt": 1}, "glu": {"exp": 1},
}  # fmt: skip
OTHERS = {"gelu", "native_layer_norm", "native_group_norm", "_fused_rms_norm", "logsumexp", "_log_softmax", "linalg_vector_norm", "pow",
          "_scaled_dot_product_flash_attention_for_cpu"}  # fmt: skip
LOOK_UPS = {"gather", "index_select", "index", "embedding"}
# Modules that compute with positions alone.
POSITIONS = {"cpmant.position_bias"}
ANGLES = {"sin": ("sin",), "cos": ("cos",), "polar": ("sin", "cos")}
# `erfinv` makes a constant of the configuration.
NONE = set("""
    _is_all_true _local_scalar_dense _to_copy _unsafe_view abs add addmm alias all amax aminmax any arange baddbmm bitwise_and
    bitwise_not bitwise_or bitwise_xor bmm cat clamp clamp_min clone complex constant_pad_nd convolution copy cummax cumsum
    detach div eq erfinv expand eye flip floor floor_divide full full_like ge gt index_add index_fill index_put le lift_fresh
    linalg_solve_triangular logical_and logical_not lt masked_fill max maximum mean min minimum mm mul mv ne neg new_empty new_full
    new_ones new_zeros nonzero ones ones_like permute reciprocal relu remainder repeat rsub scalar_tensor scatter select sign
    slice sort split split_with_sizes squeeze stack sub sum t topk transpose tril triu unbind unfold unsqueeze var view
    view_as_complex view_as_real where zeros zeros_like
""".split())


class Counter(TorchDispatchMode):
    """The operations of a pass, by kind and by the module that executes them."""

    def __init__(self, model):
        super().__init__()
        self.names = {module: fold(path) or type(model).__name__ for path, module in model.named_modules()}
        self.inside, self.found, self.tables = [type(model).__name__], collections.defaultdict(collections.Counter), set()
        self.known, self.rows, self.calls = {}, {}, [(None, 0)]
        self.number = itertools.count(1)
        self.handles = [hook for module in self.names for hook in (
            module.register_forward_pre_hook(self._enter), module.register_forward_hook(self._leave, always_call=True))]  # fmt: skip

    def _enter(self, module, _):
        self.inside.append(self.names[module])
        self.calls.append((id(module), next(self.number)))

    def _leave(self, *_):
        self.inside.pop()
        self.calls.pop()

    def __torch_dispatch__(self, operation, types, positional=(), named=None):
        named = named or {}
        result = operation(*positional, **named)
        name = operation.overloadpacket.__name__
        plain = name.removesuffix("_")
        if not any(plain in known for known in (EACH, OTHERS, LOOK_UPS, ANGLES, NONE)):
            raise LookupError(f"whether {name} executes any of {KINDS} is not known")
        for kind, n in self._counts(plain, positional, named, result).items():
            if n:
                self.found[self.inside[-1]][kind] += n
        return result

    def _counts(self, name, positional, named, result):
        if name in ANGLES:
            return self._angles(ANGLES[name], positional[-1])
        if self.inside[-1] in POSITIONS:
            return {}
        if name in EACH:
            out = result[0] if isinstance(result, tuple) else result
            if not out.dim() and "exp" not in EACH[name] or self._again(name, positional):
                return {}
            new = out.numel() * self._new(name, positional[0])
            return {kind: int(n * new) for kind, n in EACH[name].items()}
        if name == "_scaled_dot_product_flash_attention_for_cpu":
            return {"exp": positional[0].shape[:-1].numel() * positional[1].shape[-2]}
        if name == "gelu":
            return {"erf" if named.get("approximate", "none") == "none" else "tanh": result.numel()}
        if name in ("native_layer_norm", "native_group_norm", "_fused_rms_norm"):
            return {"sqrt": result[-1].numel()}
        if name == "logsumexp":
            # A softmax of the same scores has the same exponentials.
            return {"exp": 0 if self._again("_softmax", positional) else positional[0].numel(), "log": result.numel()}
        if name == "_log_softmax":
            return {"exp": result.numel(), "log": result.numel() // result.shape[positional[1]]}
        if name == "linalg_vector_norm" and (positional[1] if len(positional) > 1 else 2) == 2:
            return {"sqrt": result.numel()}
        if name in LOOK_UPS and isinstance(result, torch.Tensor) and self.names_attention and self._is_table(positional, result):
            return self._angles(("sin", "cos"), result[..., : result.shape[-1] // 2])
        if name == "pow" and not isinstance(positional[1], torch.Tensor) and abs(positional[1]) == 0.5 and result.dim():
            return {"sqrt": result.numel()}
        return {}

    def _again(self, name, positional):
        """Whether the same function of the same numbers came before."""
        of = positional[0]
        key = (name, of.data_ptr(), tuple(of.shape), of.stride(), of._version)
        again = key in self.known
        self.known[key] = of  # which keeps its place in memory
        return again

    def _new(self, name, of):
        """The share of vectors that an earlier call of the same module did not have."""
        module, call = self.calls[-1]
        with torch.utils._python_dispatch._disable_current_modes():
            vectors = of.detach().reshape(-1, of.shape[-1] if of.dim() else 1).numpy()
        keys = [(module, name, vector.tobytes()) for vector in vectors]
        return Fraction(sum(self.rows.setdefault(key, call) == call for key in keys), max(1, len(keys)))

    def _angles(self, kinds, angles):
        """The numbers of a table, unless each of its positions was in one before."""
        table = distinct(angles)
        found = {}
        for kind in kinds:
            rows = {(kind, part.numpy().tobytes()) for part in table.reshape(-1, table.shape[-1] if table.dim() else 1)}
            if not rows <= self.tables:
                found[kind] = table.numel()
            self.tables |= rows
        return found

    @property
    def names_attention(self):
        return re.search(r"attn|attention", self.inside[-1])

    @staticmethod
    def _is_table(positional, result):
        """Whether what is looked up are the sines and the cosines of angles, in the halves of a row."""
        if not result.is_floating_point() or not result.dim() or result.shape[-1] % 2 or not result.numel():
            return False
        with torch.utils._python_dispatch._disable_current_modes():
            first, second = result.detach().double().chunk(2, dim=-1)
            return bool(torch.allclose(first.square() + second.square(), torch.ones_like(first), atol=1e-6))


def distinct(angles):
    """The angles that differ: of one axis and sequence, and of a pair of channels one."""
    with torch.utils._python_dispatch._disable_current_modes():
        table = angles.detach()
        while table.dim() > 2:
            if not all(torch.equal(table[0], other) for other in table[1:]):
                break
            table = table[0]
        width = table.shape[-1] if table.dim() else 1
        if width % 2 == 0:
            if torch.equal(table[..., : width // 2], table[..., width // 2 :]):
                table = table[..., : width // 2]
            elif torch.equal(table[..., ::2], table[..., 1::2]):
                table = table[..., ::2]
        return table.double().contiguous()


class Gathered:
    """The passes of `references.py`, in which only tokens that enter a block pass it, and only those that chose an expert meet it."""

    def __init__(self):
        self.branches, self.rotated, self.entered = references.Pass.branches, references.rotated, None
        references.Pass.branches = lambda model, number, block, x, entered: self.through(model, number, block, x, entered)
        references.rotated = self.turned
        references.experts = self.experts

    def through(self, model, number, block, x, entered):
        self.entered = entered
        result = torch.zeros_like(x)
        if entered.any():
            every = torch.ones(int(entered.sum()), dtype=torch.bool)
            result[entered] = self.branches(model, number, block, x[entered], every)
        return result

    def turned(self, x, _, base):
        """At the positions that the tokens have outside."""
        every = x.new_zeros(len(self.entered), *x.shape[1:])
        every[self.entered] = x
        return self.rotated(every, torch.arange(len(every)), base)[self.entered]

    @staticmethod
    def experts(module, h, c, chosen, renormalize):
        probabilities = module.gate(h).softmax(-1)
        best, which = probabilities.topk(chosen, dim=-1)
        if renormalize:
            best = best / best.sum(-1, keepdim=True)
        result = torch.zeros_like(h)
        for number, expert in enumerate(module.experts):
            token, place = (which == number).nonzero(as_tuple=True)
            if len(token):
                result[token] += best[token, place][:, None] * references.feed_forward(expert, h[token], c)
        return result, which, probabilities


def row(name, out):
    folder = out / name
    expected = json.loads((folder / "expected.json").read_text())
    if expected["type"] in references.BUILDERS:
        Gathered()
    model = checkpoints.read(folder)
    with Counter(model) as counter:
        logits = checkpoints.run(model, expected["tokens"])
    off = float((logits - torch.tensor(expected["logits"])).abs().max())
    if not off < 1e-4:
        raise ValueError(f"not the pass that was expected: logits are {off} off")
    modules = {module: {kind: counts[kind] for kind in KINDS if counts[kind]} for module, counts in sorted(counter.found.items())}
    counts = {kind: sum(each.get(kind, 0) for each in modules.values()) for kind in KINDS}
    return {"folder": name, "type": expected["type"], "tokens": len(expected["tokens"]), "counts": counts, "modules": modules}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--types", nargs="*")
    parser.add_argument("--modules", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    source = HERE / "Checkpoints"
    names = sorted(path.parent.name for path in source.glob("*/expected.json"))
    wanted = [name for name in names if not arguments.types or name in arguments.types or name.split("-")[0] in arguments.types]
    path = arguments.out and arguments.out / "elementwise.jsonl"
    rows = {}
    if path and arguments.types and path.exists():
        rows = {r["folder"]: r for r in map(json.loads, open(path))}
    for name in wanted:
        found = checkpoints.apart(row, name, source, 200)
        if isinstance(found, str):
            print(found, flush=True)
            continue
        rows[name] = found
        print(name, json.dumps(found["modules"] if arguments.modules else found["counts"]), flush=True)
    if path:
        path.write_text("".join(json.dumps(rows[name], separators=(",", ":")) + "\n" for name in names if name in rows))


if __name__ == "__main__":
    main()
