"""Passes of models that `transformers` does not have, for `checkpoints.py`, written from the papers and from our own page.

- `deepseek`: DeepSeekMoE, Dai et al. 2024 (arXiv 2401.06066): softmax over all routed experts, the best of them, shared experts beside.
- `mod_llama`: Mixture-of-Depths, Raposo et al. 2024 (arXiv 2404.02258), as `docs/mixture-of-depths.md` fixes it.

Nothing is gathered into smaller tensors: every token passes every expert and every block, and masks and weights decide what
stays. The modules, and so the names of the tensors, are those of `reference.py`.
"""

import json
import math
from fractions import Fraction
from types import SimpleNamespace

import reference
import torch
from safetensors.torch import load_file, save_file
from torch.nn import functional

ACTIVATIONS = {"silu": functional.silu, "gelu": functional.gelu, "relu": functional.relu}

DEFAULTS = {
    "deepseek": {**reference.CAPACITY, **reference.DEEPSEEK, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu", "norm_topk_prob": False},
    "mod_llama": {**reference.CAPACITY, **reference.LLAMA, **reference.MOD, "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "hidden_act": "silu"},
}
BUILDERS = {"deepseek": reference.deepseek, "mod_llama": reference.mod_llama}


def defaults(model_type):
    return DEFAULTS[model_type]


def norm(x, weight, epsilon):
    return x / (x.square().mean(-1, keepdim=True) + epsilon).sqrt() * weight


def rotated(x, positions, base):
    """[token, head, width]: the first and the second half of a head are the parts of complex numbers, which turn."""
    half = x.shape[-1] // 2
    angles = positions[:, None].double() * base ** (-torch.arange(half).double() / half)
    turned = torch.complex(x[..., :half].double(), x[..., half:].double()) * torch.polar(torch.ones_like(angles), angles)[:, None]
    return torch.cat([turned.real, turned.imag], -1).to(x.dtype)


def attention(module, h, entered, c, others=None):
    """Among the tokens that entered, causal in the order of the sequence; with `others`, over the keys and values of these hidden
    states, which are of all tokens."""
    length = h.shape[0]
    source = h if others is None else others
    q, k, v = (projection(at).reshape(length, -1, c.head_dim)
               for projection, at in ((module.q_proj, h), (module.k_proj, source), (module.v_proj, source)))  # fmt: skip
    entered = entered if others is None else torch.ones_like(entered)
    positions = torch.arange(length)
    q, k = rotated(q, positions, c.rope_theta), rotated(k, positions, c.rope_theta)
    shared = c.num_attention_heads // c.num_key_value_heads
    q = q.reshape(length, c.num_key_value_heads, shared, c.head_dim)
    scores = torch.einsum("igsd,jgd->gsij", q, k) / math.sqrt(c.head_dim)
    kept = entered[None, :] & (positions[None, :] <= positions[:, None])
    weights = torch.softmax(scores.masked_fill(~kept, -1e30), -1) * kept
    return module.o_proj(torch.einsum("gsij,jgd->igsd", weights, v).reshape(length, -1)), weights.flatten(0, 1)


def feed_forward(module, h, c):
    act = ACTIVATIONS[c.hidden_act]
    inner = act(module.gate_proj(h)) * module.up_proj(h) if hasattr(module, "gate_proj") else act(module.up_proj(h))
    return module.down_proj(inner)


def places(c, tokens, choices, module):
    """(how many pairs of a token and an expert a group of experts takes, how many experts are in a group)."""
    count, scored = len(module.experts), module.gate.out_features
    own = 1 if c.expert_capacity_devices is None else count // c.expert_capacity_devices
    share = Fraction(str(c.expert_capacity_factor)) * choices * tokens * own / scored
    whole = math.floor(share) if c.expert_capacity_rounding == "floor" else math.ceil(share)
    return max(1, min(tokens * min(choices, own), whole)), own


def limited(weights, which, c, module):
    """Which pairs of a token and an expert keep a place, as a mask `[token, expert]`; the smallest gap where weights decide."""
    count, margin = len(module.experts), math.inf
    chosen = torch.zeros_like(weights, dtype=torch.bool).scatter(-1, which, True)[:, :count]
    if c.expert_capacity_factor is None or not len(weights):
        return chosen, margin
    most, own = places(c, len(weights), which.shape[-1], module)
    kept = torch.zeros_like(chosen)
    for first in range(0, count, own):
        group, values = chosen[:, first : first + own], weights[:, first : first + own]
        if c.expert_drop_policy == "best":
            flat = torch.where(group, values, -math.inf).flatten()
            order = flat.argsort(descending=True)[: min(most, int(group.sum()))]
            if 0 < most < int(group.sum()):
                ordered = flat.sort(descending=True).values
                margin = min(margin, float(ordered[most - 1] - ordered[most]))
            kept[:, first : first + own] = torch.zeros_like(flat, dtype=torch.bool).index_fill(0, order, True).reshape(group.shape)
            continue
        # In the order of the batch, and of one token in the order of its choice.
        left = most
        for token in range(len(weights)):
            for expert in which[token].tolist():
                if first <= expert < first + own and left > 0:
                    kept[token, expert] = True
                    left -= 1
    return kept, margin


def experts(module, h, c, chosen, renormalize, before, entered, passes):
    """(the sum over the chosen experts, which they are, the router's probabilities, its scores, what was filled, the smallest gap).

    `passes` are the tokens that the model sees at a time, and `entered` says which of them reach the layer."""
    scores = module.gate(h)
    if hasattr(module, "gate_map"):
        scores = scores + module.gate_map(before)
    probabilities = scores.softmax(-1)
    count, margin, filled = len(module.experts), math.inf, 0
    constants = list(getattr(module, "constant_experts", []))
    copies = getattr(c, "num_copy_experts", 0) if constants or scores.shape[-1] > count else 0
    if c.expert_routing == "expert_choice":
        weights, which = torch.zeros_like(probabilities), [[] for _ in h]
        for tokens in passes:
            rows = [token for token in tokens if entered[token]]
            if not rows:
                continue
            most, _ = places(c, len(rows), 1, module)
            for expert in range(count):
                column = probabilities[rows, expert]
                margin = min(margin, gap(column, most))
                for place in column.topk(most).indices.tolist():
                    weights[rows[place], expert] = column[place]
                filled += most
        for token, row in enumerate(weights):
            which[token] = [e for e in row.argsort(descending=True).tolist() if row[e] > 0]
    else:
        best, which = probabilities.topk(chosen, dim=-1)
        if renormalize:
            best = best / best.sum(-1, keepdim=True)
        weights = torch.zeros_like(probabilities).scatter(-1, which, best)
        for tokens in passes:
            rows = [token for token in tokens if entered[token]]
            kept, least = limited(weights[rows], which[rows], c, module)
            margin, filled = min(margin, least), filled + int(kept.sum())
            held = weights[rows]
            held[:, :count] = held[:, :count] * kept
            weights[rows] = held
        which = which.tolist()
    outputs = torch.stack([feed_forward(expert, h, c) for expert in module.experts])  # a no-op has no output and adds nothing
    result = torch.einsum("te,etd->td", weights[:, :count], outputs)
    last = scores.shape[-1] - len(constants)
    result = result + weights[:, last - copies : last].sum(-1, keepdim=True) * h
    for place, expert in enumerate(constants):
        shares = expert.wg(h).softmax(-1)
        result = result + weights[:, last + place, None] * (shares[:, :1] * h + shares[:, 1:] * expert.constant)
    return result, which, probabilities, scores, filled, margin


def gap(scores, kept):
    """The smallest distance between the last chosen and the first that was not, in any row."""
    if kept >= scores.shape[-1]:
        return math.inf
    ordered = scores.sort(-1, descending=True).values
    return float((ordered[..., kept - 1] - ordered[..., kept]).min())


class Pass(torch.nn.Module):
    """A model of `reference.py` with a forward pass of one sequence."""

    no_decode = True

    def __init__(self, config):
        super().__init__()
        merged = {**DEFAULTS[config["model_type"]], **{key: value for key, value in config.items() if value is not None}}
        inner = BUILDERS[config["model_type"]](merged)
        self.config, self.raw = inner.config, config
        self.model, self.lm_head = inner.model, inner.lm_head
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.dim() > 1:
                    parameter.normal_()
                else:
                    parameter.fill_(1.0 if "norm" in name else 0.0)

    def get_input_embeddings(self):
        return self.model.embed_tokens

    def get_output_embeddings(self):
        return self.lm_head

    def forward(self, ids, use_cache=False):
        self.routing, self.depth, self.filled, self.margin = [], [], [], math.inf
        with torch.no_grad():
            x = self.stack(ids[0], None)
        if math.isinf(self.margin):
            self.margin = None
        return SimpleNamespace(logits=x[None])

    def stack(self, ids, prompt):
        """The logits of every token. With `prompt`, the tokens after it decide for themselves as while sampling."""
        c, everyone = self.config, torch.ones(len(ids), dtype=torch.bool)
        self.lent, self.lender = {}, None
        first = len(ids) if prompt is None else prompt
        self.passes = [list(range(first))] + [[token] for token in range(first, len(ids))]
        self.scores = None
        x = self.model.embed_tokens(ids)
        if not hasattr(c, "mod_mode"):
            for number, block in enumerate(self.model.layers):
                x = x + self.branches(number, block, x, everyone)
            return self.lm_head(norm(x, self.model.norm.weight, c.rms_norm_eps))
        shares = reference.mod_shares(c)
        first, rounds, last = reference.recursions(c)
        if c.exit_layers is not None:
            rounds = [[pair] for pair in rounds[0]]
        active, assigned = everyone, None
        if first is not None:
            x = self.run(first, first, x, shares, active, prompt)
        for step, pairs in enumerate(rounds):
            y, weight = x, None
            if c.recursion_routing == "expert_choice":
                steps = len(rounds)
                share = Fraction(steps - step, steps) if c.recursion_capacity is None else Fraction(str(c.recursion_capacity[step]))
                weight = 1 / (1 + torch.exp(-(x @ self.model.layers[pairs[0][0]].mor_router.weight[0])))
                if step > 0 or c.recursion_cache != "shared":  # a shared cache needs every token
                    active = self.enter(None, share, x, weight, prompt, among=active)
                self.depth.append({"layer": pairs[0][0], "tokens": active.nonzero()[:, 0].tolist()})
            if c.recursion_routing == "token_choice":
                if assigned is None:
                    scores, start = x @ self.model.layers[pairs[0][0]].mor_router.weight.T, x
                    gates = torch.softmax(scores, -1) if c.recursion_gate != "sigmoid" else 1 / (1 + torch.exp(-scores))
                    assigned = 1 + gates.argmax(-1)
                    self.margin = min(self.margin, gap(gates, 1))
                else:
                    self.depth.append({"layer": pairs[0][0], "tokens": (assigned > step).nonzero()[:, 0].tolist()})
                active = assigned > step
            for run, held in pairs:
                self.lender = held if c.recursion_cache == "shared" else None
                y = self.run(run, held, y, shares, active, prompt)
            self.lender = None
            if assigned is not None:  # eq. 2.2 of the paper, row by row
                y = gates[:, step, None] * y + torch.where(assigned == step + 1, 1.0, 0.0)[:, None] * start
                x = torch.where(active[:, None], y, x)
            else:
                if c.exit_layers is not None:  # who has left stays as it is, and later tokens see it so
                    y = torch.where(active[:, None], y, x)
                x = y if weight is None else torch.where(active[:, None], x + weight[:, None] * y, x)
            if c.exit_layers is not None and prompt is not None and pairs[-1][0] in c.exit_layers:
                active = active & ~self.confident(x, float(c.exit_threshold), active, prompt)
        if last is not None:
            x = self.run(last, last, x, shares, everyone, prompt)
        return self.lm_head(norm(x, self.model.norm.weight, c.rms_norm_eps))

    def run(self, number, held, x, shares, active, prompt):
        """One layer, with the tensors of the layer that holds them; some tokens may take no part."""
        c, block = self.config, self.model.layers[held]
        share = shares.get(number)
        if c.layer_skip == 1 and c.layer_skip_curve == "constant" and c.layer_skip_phase == "always":
            return x
        if share is None:
            return x + self.branches(number, block, x, torch.ones_like(active) if c.exit_layers is not None else active)
        received = self.received(len(x) if prompt is None else prompt) if c.mod_score == "attention_map" else None
        holder = next(other for other, share in shares.items() if share is not None)
        owner = self.model.layers[holder if c.mod_shared_router else number]

        def decide(x, part):
            predictor = getattr(self.model.layers[number], "mod_predictor", None)
            predictor = predictor and predictor[part] if part else predictor
            if c.mod_score == "attention_map":
                score = received
            else:
                score = x @ (owner.mod_router[part] if part else owner.mod_router).weight[0]
            if c.mod_weighting == "sigmoid":
                score = 1 / (1 + torch.exp(-score))
            entered = self.enter(predictor, share, x, score, prompt)
            self.depth.append({"layer": number, "tokens": entered.nonzero()[:, 0].tolist()})
            weighting = c.mod_weighting or ("none" if c.mod_score == "attention_map" else "score")
            weight = torch.ones_like(score) if weighting == "none" else score
            return entered, torch.where(entered, weight, 0.0)[:, None]

        if c.mod_part == "block":
            entered, weight = decide(x, None)
            return x + weight * self.branches(number, block, x, entered)
        entered, weight = decide(x, "attention") if c.mod_part != "mlp" else (active, 1.0)
        x = x + weight * self.attend(block, x, entered)
        entered, weight = decide(x, "mlp") if c.mod_part != "attention" else (active, 1.0)
        return x + weight * self.think(number, block, x, entered)

    def confident(self, x, bound, active, prompt):
        """Which tokens behind the prompt leave: the two greatest probabilities of the head differ by more than the bound."""
        best = self.lm_head(norm(x, self.model.norm.weight, self.config.rms_norm_eps)).softmax(-1).topk(2).values
        says, late = best[:, 0] - best[:, 1], torch.arange(len(x)) >= prompt
        if (active & late).any():
            self.margin = min(self.margin, float((says - bound)[active & late].abs().min()))
        return (says > bound) & late

    def enter(self, predictor, share, x, score, prompt, among=None):
        """Which tokens enter; with `among`, of those that entered before."""
        c, length = self.config, len(score)
        first = length if prompt is None else prompt
        entered = torch.zeros(length, dtype=torch.bool)
        bound = float(c.mod_threshold) if c.mod_threshold is not None else 0.5 if c.mod_weighting == "sigmoid" else 0.0
        if c.mod_routing == "token_choice":
            entered[:first] = score[:first] > bound
            self.margin = min(self.margin, float((score[:first] - bound).abs().min()))
        else:
            kept = max(1, math.floor(share * first))
            eligible = score[:first] if among is None else score[:first].masked_fill(~among[:first], -1e30)
            entered[eligible.topk(kept).indices] = True
            self.margin = min(self.margin, gap(eligible, kept))
        for position in range(first, length):
            if among is not None and not among[position]:
                continue
            if c.mod_predictor == "mlp":
                inner = functional.silu(predictor.fc1.weight @ x[position])
                says = predictor.fc2.weight[0] @ inner
            elif c.mod_predictor == "router" or c.mod_routing == "token_choice":
                says = score[position] - bound
            else:
                says = score[position] - score[:position][entered[:position]].min()
            entered[position] = says > 0
            self.margin = min(self.margin, float(says.abs()))
        return entered

    def attend(self, block, x, entered):
        c = self.config
        h = norm(x, block.input_layernorm.weight, c.rms_norm_eps)
        others = None if self.lender is None else self.lent.setdefault(self.lender, h)
        answer, self.weights = attention(block.self_attn, h, entered, c, others)
        return answer

    def received(self, prompt):
        """What the layer before has given to each token: of a prompt in the mean over its queries, of a later token its own query."""
        mean = self.weights[:, :prompt, :prompt].sum((0, 1)) / (len(self.weights) * prompt)
        return torch.cat([mean, self.weights.mean(0).diagonal()[prompt:]])

    def think(self, number, block, x, entered):
        """What the feed-forward layer, or the experts, make of the stream behind attention."""
        c = self.config
        h = norm(x, block.post_attention_layernorm.weight, c.rms_norm_eps)
        if not hasattr(block.mlp, "experts"):
            return feed_forward(block.mlp, h, c)
        m, which, probabilities, self.scores, filled, margin = experts(
            block.mlp, h, c, c.num_experts_per_tok, getattr(c, "norm_topk_prob", False), self.scores, entered, self.passes)
        self.routing.append({"layer": number, "experts": [which[token] for token in entered.nonzero()[:, 0].tolist()]})
        if c.expert_capacity_factor is not None:
            self.filled.append({"layer": number, "pairs": filled})
        self.margin = min(self.margin, margin)
        if entered.any() and c.expert_routing == "token_choice":
            self.margin = min(self.margin, gap(probabilities[entered], c.num_experts_per_tok))
        if hasattr(block.mlp, "shared_experts"):
            m = m + feed_forward(block.mlp.shared_experts, h, c)
        return m

    def branches(self, number, block, x, entered):
        a = self.attend(block, x, entered)
        return a + self.think(number, block, x + a, entered)

    def sampling(self, ids, prompt):
        """The logits of a prompt and of the tokens after it, fed one at a time; (rows, which entered, the smallest margin)."""
        self.routing, self.depth, self.filled, self.margin = [], [], [], math.inf
        with torch.no_grad():
            rows = self.stack(torch.tensor(ids), prompt)
        return rows, self.depth, self.margin


def build(config):
    return Pass(config)


def write(model, folder):
    held = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        held.pop("lm_head.weight")
    save_file(held, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(model.raw, indent=2, sort_keys=True) + "\n")


def read(folder, config):
    model = Pass(config)
    held = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    if model.config.tie_word_embeddings:
        held["lm_head.weight"] = held["model.embed_tokens.weight"]
    model.load_state_dict(held, strict=True)
    return model.eval()
