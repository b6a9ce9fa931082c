"""Trains a small Mixture-of-Depths and a small Mixtral on four synthetic domains, and says what their routers learned.

    trained.py --out Trained                 both models, about eight minutes on one core
    trained.py --out Trained --only mixtral  one of them

Writes for each a folder with config.json, model.safetensors (BF16, below 1 MB) and domains.json: held-out tokens of each
domain, which `tally run --tokens-file` takes. `learned.json` beside them holds what torch computes from the rounded
weights on these tokens and on many more: losses, agreement of the predictor with the best k, shares of the experts.

The domains are characters: words of an invented lexicon, number sequences, lines of a small language of code, sums.
The Mixture-of-Depths is that of arXiv 2404.02258: an eighth of the tokens enters every second block; a second network
learns from the stopped gradient whether a token enters. The Mixtral is the class of `transformers`, with its own loss
that balances experts.
"""

import argparse
import json
import math
import random
from pathlib import Path

import references
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

ALPHABET = "\n abcdefghijklmnopqrstuvwxyz0123456789+-*/=<>()[]{};,._"
INDEX = {character: number for number, character in enumerate(ALPHABET)}
LENGTH = 128

MOD = {
    "model_type": "mod_llama", "vocab_size": len(ALPHABET), "hidden_size": 48, "intermediate_size": 128,
    "num_hidden_layers": 8, "num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": 12,
    "max_position_embeddings": LENGTH, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
    "tie_word_embeddings": False, "mod_mode": "mod", "mod_every": 2, "mod_offset": 1, "mod_capacity": 0.125,
    "mod_predictor": "mlp", "mod_predictor_size": 48,
}  # fmt: skip
MIXTRAL = {
    "model_type": "mixtral", "vocab_size": len(ALPHABET), "hidden_size": 48, "intermediate_size": 48,
    "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 12,
    "max_position_embeddings": LENGTH, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
    "tie_word_embeddings": False, "num_local_experts": 8, "num_experts_per_tok": 2, "sliding_window": None,
    "router_aux_loss_coef": 0.01, "output_router_logits": True, "attention_dropout": 0.0,
}  # fmt: skip


# The domains.


def lexicon():
    draw = random.Random(7)
    syllables = [a + b for a in "bdfgklmnprstv" for b in "aeiou"]
    return ["".join(draw.choice(syllables) for _ in range(draw.choice([1, 2, 2, 3]))) for _ in range(120)]


WORDS = lexicon()


def letters(draw):
    """Words that follow one another: each has four successors."""
    word, text = draw.randrange(len(WORDS)), ""
    while len(text) < LENGTH:
        text += WORDS[word] + draw.choice([" ", " ", " ", " ", "\n"])
        word = (word * 5 + draw.randrange(4) * 7 + 1) % len(WORDS)
    return text


def digits(draw):
    """Sequences in which each digit is the sum of the two before it, or runs of a constant step, modulo ten."""
    text = ""
    while len(text) < LENGTH:
        a, b, step = draw.randrange(10), draw.randrange(10), draw.randrange(1, 5)
        if draw.random() < 0.5:
            for _ in range(12):
                text += str(a)
                a, b = b, (a + b) % 10
        else:
            for _ in range(12):
                text += str(a)
                a = (a + step) % 10
        text += " "
    return text


def code(draw):
    """Calls, assignments and conditions over a few names, with brackets that match."""
    def value(depth):
        kind = draw.random()
        if depth == 0 or kind < 0.5:
            return draw.choice(names)
        if kind < 0.75:
            return f"{draw.choice(functions)}({value(depth - 1)},{value(depth - 1)})"
        return f"{draw.choice(names)}[{value(depth - 1)}]"

    names = [draw.choice("xyz") + "_" + draw.choice("abc") for _ in range(3)]
    functions = ["max", "len", "get", "put"]
    text = ""
    while len(text) < LENGTH:
        if draw.random() < 0.3:
            text += f"if({value(1)}<{value(1)}){{{draw.choice(names)}={value(1)};}}\n"
        else:
            text += f"{draw.choice(names)}={value(2)};\n"
    return text


def arithmetic(draw):
    text = ""
    while len(text) < LENGTH:
        a, b = draw.randrange(50), draw.randrange(50)
        sign = draw.choice("+-")
        text += f"{max(a, b)}{sign}{min(a, b)}={max(a, b) + min(a, b) if sign == '+' else max(a, b) - min(a, b)};"
    return text


DOMAINS = {"letters": letters, "digits": digits, "code": code, "arithmetic": arithmetic}


def tokens(domain, draw):
    text = DOMAINS[domain](draw)
    start = draw.randrange(len(text) - LENGTH + 1)
    return [INDEX[character] for character in text[start : start + LENGTH]]


def batch(draw, size):
    return torch.tensor([tokens(list(DOMAINS)[row % len(DOMAINS)], draw) for row in range(size)])


# The Mixture-of-Depths, with gradients: a batch of sequences, every token through every block, masks decide.


def turned(x, base):
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[1])[:, None] * base ** (-torch.arange(half) / half)
    cos, sin = angles.cos()[None, :, None], angles.sin()[None, :, None]
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def block(module, x, entered, c):
    h = references.norm(x, module.input_layernorm.weight, c.rms_norm_eps)
    size, length = x.shape[:2]
    attention = module.self_attn
    q, k, v = (map_(h).reshape(size, length, c.num_attention_heads, c.head_dim) for map_ in (attention.q_proj, attention.k_proj, attention.v_proj))
    q, k = turned(q, c.rope_theta), turned(k, c.rope_theta)
    kept = torch.ones(length, length, dtype=torch.bool).tril()[None] & entered[:, None, :]
    kept = kept | torch.eye(length, dtype=torch.bool)[None]  # a row that passes by has some value, which is not used
    y = functional.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=kept[:, None])
    a = attention.o_proj(y.transpose(1, 2).reshape(size, length, -1))
    h = references.norm(x + a, module.post_attention_layernorm.weight, c.rms_norm_eps)
    return a + references.feed_forward(module.mlp, h, c)


def depth_pass(model, ids):
    """(logits, the loss of the predictors, the share of tokens of which each predictor says what the best k say)."""
    c = model.config
    x = model.model.embed_tokens(ids)
    everybody = torch.ones_like(ids, dtype=torch.bool)
    losses, agreement = [], []
    for module in model.model.layers:
        if not hasattr(module, "mod_router"):
            x = x + block(module, x, everybody, c)
            continue
        score = x @ module.mod_router.weight[0]
        kept = model.capacity(ids.shape[1])
        entered = torch.zeros_like(everybody).scatter(1, score.topk(kept, dim=1).indices, True)
        says = module.mod_predictor.fc2(functional.silu(module.mod_predictor.fc1(x.detach())))[..., 0]
        losses.append(functional.binary_cross_entropy_with_logits(says, entered.float()))
        agreement.append(((says > 0) == entered).float().mean())
        x = x + torch.where(entered, score, torch.zeros_like(score))[..., None] * block(module, x, entered, c)
    logits = model.lm_head(references.norm(x, model.model.norm.weight, c.rms_norm_eps))
    return logits, torch.stack(losses), torch.stack(agreement)


def cross_entropy(logits, ids):
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())


def train(parameters, loss, steps, size, name):
    draw = random.Random(1)
    optimizer = torch.optim.AdamW(parameters, lr=4e-3, weight_decay=0.01, betas=(0.9, 0.98))
    for step in range(steps):
        rate = 4e-3 * min(1, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / steps)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        value, said = loss(batch(draw, size))
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"{name} step {step}: {said()}", flush=True)


def write(folder, config, state):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    save_file({name: tensor.detach().bfloat16().contiguous() for name, tensor in state.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    draw = random.Random(2)
    held_out = {domain: tokens(domain, draw) for domain in DOMAINS}
    rows = ",\n".join(f'  "{domain}": {json.dumps(ids)}' for domain, ids in held_out.items())
    (folder / "domains.json").write_text("{\n" + rows + "\n}\n")
    return held_out


def mixture_of_depths(out, steps):
    torch.manual_seed(0)
    model = references.build(MOD)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=parameter.shape[-1] ** -0.5 * (0.3 if name.endswith(("o_proj.weight", "down_proj.weight")) else 1))
    parameters = list(model.parameters())

    def loss(ids):
        logits, predictors, agreement = depth_pass(model, ids)
        value = cross_entropy(logits, ids)
        return value + predictors.mean(), lambda: f"loss {value:.3f}, predictor {predictors.mean():.3f}, agree {agreement.mean():.3f}"

    train(parameters, loss, steps, 16, "mod")
    folder = out / "mixture-of-depths"
    held_out = write(folder, MOD, model.state_dict())
    model = references.read(folder, MOD)
    draw = random.Random(3)
    learned = {"tokens": 0, "domains": {}}
    with torch.no_grad():
        together = []
        for domain in DOMAINS:
            ids = torch.tensor([tokens(domain, draw) for _ in range(64)])
            logits, _, agreement = depth_pass(model, ids)
            together.append(agreement)
            learned["domains"][domain] = {"loss": round(float(cross_entropy(logits, ids)), 4), "agreement": [round(float(a), 4) for a in agreement]}
            learned["tokens"] += ids.numel()
        learned["agreement"] = [round(float(a), 4) for a in torch.stack(together).mean(0)]
        for domain, ids in held_out.items():
            model(torch.tensor([ids]))
            learned["domains"][domain]["entered"] = {choice["layer"]: choice["tokens"] for choice in model.depth}
            learned["domains"][domain]["margin"] = model.margin
    (folder / "learned.json").write_text(json.dumps(learned, separators=(",", ":")) + "\n")
    print(learned["agreement"], {domain: value["loss"] for domain, value in learned["domains"].items()})


def mixtral(out, steps):
    from transformers import AutoModelForCausalLM, MixtralConfig

    torch.manual_seed(0)
    config = MixtralConfig(**MIXTRAL)
    config._attn_implementation = "sdpa"
    model = AutoModelForCausalLM.from_config(config)

    def loss(ids):
        result = model(input_ids=ids, labels=ids)
        return result.loss, lambda: f"loss {cross_entropy(result.logits, ids):.3f}, balance {result.aux_loss:.3f}"

    train(list(model.parameters()), loss, steps, 16, "mixtral")
    folder = out / "mixtral"
    # As the hub writes it: each expert has maps of its own.
    model.save_pretrained(folder)
    held_out = write(folder, MIXTRAL, load_file(folder / "model.safetensors"))
    (folder / "generation_config.json").unlink(missing_ok=True)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    draw = random.Random(3)

    def chosen(ids):
        result = model(input_ids=ids, output_router_logits=True)
        return result, [logits.softmax(-1).topk(2, dim=-1).indices for logits in result.router_logits]

    learned = {"tokens": 0, "domains": {}}
    with torch.no_grad():
        for domain in DOMAINS:
            ids = torch.tensor([tokens(domain, draw) for _ in range(64)])
            result, choices = chosen(ids)
            shares = [[round(float((choice == expert).float().sum()) / ids.numel() / 2, 4) for expert in range(8)] for choice in choices]
            learned["domains"][domain] = {"loss": round(float(cross_entropy(result.logits, ids)), 4), "shares": shares}
            learned["tokens"] += ids.numel()
        for domain, ids in held_out.items():
            result, choices = chosen(torch.tensor([ids]))
            learned["domains"][domain]["counts"] = [[int((choice == expert).sum()) for expert in range(8)] for choice in choices]
    (folder / "learned.json").write_text(json.dumps(learned, separators=(",", ":")) + "\n")
    print({domain: value["loss"] for domain, value in learned["domains"].items()})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "Trained")
    parser.add_argument("--only", choices=["mixture-of-depths", "mixtral"])
    parser.add_argument("--steps", type=int, default=1500)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.only != "mixtral":
        mixture_of_depths(arguments.out, arguments.steps)
    if arguments.only != "mixture-of-depths":
        mixtral(arguments.out, arguments.steps)
