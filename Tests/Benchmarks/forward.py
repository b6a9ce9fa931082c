"""Whole forward passes: ours against transformers on PyTorch, float32.

Both run in turn, repeat by repeat, on the same machine; printed are medians, the spread of the
ratio, and the ratio of medians (above 1: ours is faster). Weights are random and stay in memory on
both sides; parameters are checked to be as many.

    swift build -c release --product benchmark
    python3 -m venv /tmp/bench && /tmp/bench/bin/pip install torch transformers
    /tmp/bench/bin/python Tests/Benchmarks/forward.py [--threads 2] [--repeats 7] [MODEL...]
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import torch
import transformers

RUNNER = os.path.join(os.path.dirname(__file__), "..", "..", ".build", "release", "benchmark")

COMMON = dict(vocab_size=32000, max_position_embeddings=2048, tie_word_embeddings=False)
MODELS = {
    # About 1 B parameters each.
    "dense": dict(
        model_type="llama", hidden_size=2048, intermediate_size=8192, num_hidden_layers=16,
        num_attention_heads=32, num_key_value_heads=8, **COMMON),
    "mixtral": dict(
        model_type="mixtral", hidden_size=1024, intermediate_size=3584, num_hidden_layers=11,
        num_attention_heads=16, num_key_value_heads=4, num_local_experts=8,
        num_experts_per_tok=2, sliding_window=None, **COMMON),
    # Fine-grained experts beside shared ones, as in DeepSeekMoE; transformers has that shape, with
    # ordinary attention, as qwen2_moe.
    "deepseekmoe": dict(
        model_type="qwen2_moe", hidden_size=1024, intermediate_size=2816, num_hidden_layers=12,
        num_attention_heads=16, num_key_value_heads=16, num_experts=64, num_experts_per_tok=6,
        moe_intermediate_size=352, shared_expert_intermediate_size=704, decoder_sparse_step=1,
        norm_topk_prob=False, mlp_only_layers=[], use_sliding_window=False, sliding_window=None,
        qkv_bias=True, **COMMON),
    "mod": dict(
        model_type="mod_llama", hidden_size=1024, intermediate_size=4096, num_hidden_layers=16,
        num_attention_heads=16, num_key_value_heads=16, mod_mode="mod", mod_every=2,
        mod_offset=1, mod_capacity=0.125, mod_routing="expert_choice", mod_predictor="none",
        mlp_gated=True, rms_norm_eps=1e-6, **COMMON),
}


class Ours:
    """The runner, over a pipe."""

    def __init__(self):
        self.process = subprocess.Popen(
            [RUNNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]


class MixtureOfDepths(torch.nn.Module):
    """Mixture-of-Depths around the layers of a Llama: the best tokens enter every other layer."""

    def __init__(self, config):
        super().__init__()
        llama = {k: v for k, v in config.items() if not k.startswith(("mod_", "mlp_"))}
        llama["model_type"] = "llama"
        self.base = build(llama)
        self.routers = torch.nn.ModuleList(
            torch.nn.Linear(config["hidden_size"], 1, bias=False)
            if i % config["mod_every"] == config["mod_offset"] else torch.nn.Identity()
            for i in range(config["num_hidden_layers"]))
        self.capacity = config["mod_capacity"]

    def forward(self, tokens):
        model = self.base.model
        x = model.embed_tokens(tokens)
        positions = torch.arange(tokens.shape[1])[None]
        for router, layer in zip(self.routers, model.layers):
            if isinstance(router, torch.nn.Identity):
                rotary = model.rotary_emb(x, positions)
                x = layer(x, position_embeddings=rotary, position_ids=positions)
                x = x[0] if isinstance(x, tuple) else x
                continue
            k = max(1, int(self.capacity * x.shape[1]))
            scores = router(x)[..., 0]
            chosen = scores.topk(k, dim=1).indices.sort(dim=1).values
            inner = x.gather(1, chosen[..., None].expand(-1, -1, x.shape[-1]))
            own = positions.gather(1, chosen)
            out = layer(
                inner, position_embeddings=model.rotary_emb(inner, own), position_ids=own)
            out = out[0] if isinstance(out, tuple) else out
            branch = (out - inner) * scores.gather(1, chosen)[..., None]
            x = x.scatter_add(1, chosen[..., None].expand(-1, -1, x.shape[-1]), branch)
        return self.base.lm_head(model.norm(x))


def build(config):
    config = dict(config)
    kind = config.pop("model_type")
    with torch.device("cpu"):
        torch.set_default_dtype(torch.float32)
        made = transformers.AutoConfig.for_model(kind, **config)
        return transformers.AutoModelForCausalLM.from_config(made).eval()


def report(name, ours, theirs):
    ratios = sorted(t / o for o, t in zip(ours, theirs))
    a, b = statistics.median(ours), statistics.median(theirs)
    print(
        f"{name:28} ours {a * 1e3:9.1f} ms   torch {b * 1e3:9.1f} ms   "
        f"ratio {b / a:5.2f}   ({ratios[0]:.2f} to {ratios[-1]:.2f})", flush=True)
    return (f"{name}, speed", "torch", b / a)


def main(words=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", default=list(MODELS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--tokens", type=int, default=512)
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, "
          f"{options.threads} threads, float32, medians of {options.repeats}")
    result = []
    for name in options.models:
        config = MODELS[name]
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(config, file)
        ours = Ours()
        ours.ask(f"load {file.name} {options.threads} resident")
        model = MixtureOfDepths(config) if name == "mod" else build(config)
        count = sum(p.numel() for p in model.parameters())
        tokens = torch.randint(0, 32000, (1, options.tokens))
        mine, theirs = [], []
        with torch.inference_mode():
            for repeat in range(options.repeats + 1):
                a = ours.ask(f"forward {options.tokens} 0 1 causal")[0]
                start = time.perf_counter()
                model(tokens) if name == "mod" else model(tokens, use_cache=True)
                b = time.perf_counter() - start
                if repeat:
                    mine.append(a)
                    theirs.append(b)
            result.append(report(f"{name} {count / 1e9:.2f}B prefill {options.tokens}", mine, theirs))
            if name == "dense":
                ahead = ours.ask(f"forward 1 {options.tokens} 32 causal")
                cache = model(tokens, use_cache=True).past_key_values
                step = []
                for _ in range(32):
                    start = time.perf_counter()
                    cache = model(
                        tokens[:, :1], past_key_values=cache, use_cache=True).past_key_values
                    step.append(time.perf_counter() - start)
                result.append(report(f"{name} decode 32 after {options.tokens}", ahead, step))
        ours.process.stdin.write("quit\n")
        ours.process.stdin.flush()
        ours.process.wait()
        os.unlink(file.name)
    return result


if __name__ == "__main__":
    main()
