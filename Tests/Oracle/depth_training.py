"""Trains small dense, Mixture-of-Depths and MoDE models for equal FLOPs, and holds their steps a second against the analytic ratio.

    python depth_training.py                      # about five minutes on one core
    python depth_training.py --budget 2e12        # another budget of training FLOPs, of matrix products
    python depth_training.py --configs DIR        # also writes config.json files, to count the same models with `tally`

The data are synthetic: a sequence repeats pieces of itself after tokens that say from where, so that few tokens are hard. What is
printed is what came out. FLOPs are counted by torch's own counter during one step; nothing here knows a formula.
"""

import argparse
import json
import math
import pathlib
import time

import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

VOCABULARY, LENGTH, BATCH = 64, 128, 8
WIDTH, HEADS, INNER, LAYERS = 96, 4, 384, 6
CAPACITY = 0.125
EXPERTS, CHOSEN = 4, 1


def batch(generator):
    """[BATCH, LENGTH + 1]: random tokens, of which pieces of eight are copied after a mark that names their distance."""
    x = torch.randint(16, VOCABULARY, (BATCH, LENGTH + 1), generator=generator)
    for row in x:
        place = 24
        while place + 10 < LENGTH:
            back = int(torch.randint(9, min(24, place), (1,), generator=generator))
            row[place] = back % 16
            row[place + 1 : place + 9] = row[place + 1 - back : place + 9 - back]
            place += 9 + int(torch.randint(0, 6, (1,), generator=generator))
    return x


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))

    def forward(self, x, positions):
        q, k, v = (m(x).unflatten(-1, (HEADS, -1)).transpose(1, 2) for m in self.maps[:3])
        half = q.shape[-1] // 2
        angles = positions[:, None, :, None] * 10000.0 ** (-torch.arange(half) / half)
        q, k = (torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)
                for a, b in (t.chunk(2, -1) for t in (q, k)))  # fmt: skip
        scores = (q @ k.transpose(-1, -2)) / math.sqrt(q.shape[-1])
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        y = scores.masked_fill(hidden, -1e9).softmax(-1) @ v
        return self.maps[3](y.transpose(1, 2).flatten(-2))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(WIDTH, INNER, bias=False), nn.Linear(INNER, WIDTH, bias=False)

    def forward(self, x):
        return self.down(functional.gelu(self.up(x)))


class Experts(nn.Module):
    def __init__(self, idle=0):
        super().__init__()
        self.gate = nn.Linear(WIDTH, EXPERTS + idle, bias=False)
        self.experts = nn.ModuleList(Mlp() for _ in range(EXPERTS))

    def forward(self, x):
        flat = x.flatten(0, 1)
        weight, which = self.gate(flat).softmax(-1).topk(CHOSEN, dim=-1)
        y = torch.zeros_like(flat)
        for number, expert in enumerate(self.experts):
            rows = (which == number).any(-1).nonzero()[:, 0]
            if len(rows):
                y = y.index_add(0, rows, weight[rows, 0, None] * expert(flat[rows]))
        return y.view_as(x)


class Block(nn.Module):
    def __init__(self, mlp):
        super().__init__()
        self.attention, self.mlp = Attention(), mlp
        self.norms = nn.ModuleList(nn.RMSNorm(WIDTH) for _ in range(2))

    def forward(self, x, positions):
        a = self.attention(self.norms[0](x), positions)
        return a + self.mlp(self.norms[1](x + a))


class Model(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.table = nn.Embedding(VOCABULARY, WIDTH)
        self.blocks = nn.ModuleList()
        self.routers = nn.ModuleDict()
        for number in range(LAYERS):
            routed = number % 2 == 1 and kind != "dense"
            mlp = Mlp()
            if routed and kind in ("staged", "integrated"):
                mlp = Experts(round(EXPERTS / CAPACITY) - EXPERTS if kind == "integrated" else 0)
            self.blocks.append(Block(mlp))
            if routed and kind != "integrated":
                self.routers[str(number)] = nn.Linear(WIDTH, 1, bias=False)
        self.norm, self.head = nn.RMSNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, tokens):
        x = self.table(tokens)
        positions = torch.arange(tokens.shape[1]).expand(tokens.shape).float()
        for number, block in enumerate(self.blocks):
            if str(number) not in self.routers:
                x = x + block(x, positions)
                continue
            score = self.routers[str(number)](x)[..., 0]
            rows = score.topk(max(1, int(CAPACITY * x.shape[1])), dim=1).indices.sort(1).values
            wide = rows[..., None].expand(-1, -1, WIDTH)
            answer = block(x.gather(1, wide), positions.gather(1, rows)) * score.gather(1, rows)[..., None]
            x = x.scatter_add(1, wide, answer)
        return self.head(self.norm(x))


def config(kind):
    """The same model for `tally`."""
    result = {
        "model_type": "mod_llama", "vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": INNER, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "mlp_gated": False, "hidden_act": "gelu", "mod_mode": {"dense": "none", "mod": "mod"}.get(kind, kind),
    }  # fmt: skip
    if kind in ("mod", "staged"):
        result["mod_capacity"] = CAPACITY
    if kind in ("staged", "integrated"):
        result.update(num_experts=EXPERTS, num_experts_per_tok=CHOSEN, moe_intermediate_size=INNER)
    if kind == "integrated":
        result["num_noop_experts"] = round(EXPERTS / CAPACITY) - EXPERTS
    return result


def loss_of(model, x):
    return functional.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=float, default=1e12)
    parser.add_argument("--configs", type=pathlib.Path)
    parser.add_argument("--kinds", nargs="+", default=["dense", "mod", "staged", "integrated"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    first = None
    print("model       parameters  FLOPs a step   steps  loss    steps/s  by FLOPs  measured (per second of the processor, which other work does not change)")
    for kind in options.kinds:
        if options.configs:
            options.configs.mkdir(parents=True, exist_ok=True)
            (options.configs / f"{kind}.json").write_text(json.dumps(config(kind), indent=2) + "\n")
        torch.manual_seed(0)
        generator = torch.Generator().manual_seed(0)
        model = Model(kind)
        parameters = sum(p.numel() for p in model.parameters())
        with FlopCounterMode(display=False) as counter:
            loss_of(model, batch(generator)).backward()
        flops = counter.get_total_flops()
        steps = max(1, round(options.budget / flops))
        data = [batch(generator) for _ in range(32)]
        optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
        recent, spent = [], 0.0
        for step in range(steps):
            x = data[step] if step < len(data) else batch(generator)
            start = time.process_time()
            optimizer.zero_grad()
            loss = loss_of(model, x)
            loss.backward()
            optimizer.step()
            spent += time.process_time() - start
            recent = (recent + [float(loss.detach())])[-50:]
        rate = steps / spent
        first = first or (flops, rate)
        print(f"{kind:10}  {parameters:10,}  {flops:12,}  {steps:6}  {sum(recent) / len(recent):.3f}  {rate:7.2f}"
              f"  {first[0] / flops:8.3f}  {rate / first[1]:8.3f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
