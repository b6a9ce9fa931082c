"""A checkpoint of more than 2 GB: audit, run and run --validate with time and memory, and the time per token
beside transformers and llama.cpp on the same weights.

    swift build -c release
    python3 -m venv /tmp/size
    /tmp/size/bin/pip install torch transformers safetensors numpy gguf xllamacpp
    /tmp/size/bin/python Tests/Benchmarks/at_size.py [--folder /tmp/at-size] [--threads 2] [--rounds 3]

Weights are random. The safetensors file holds F16, and so does the GGUF file, which is written from it.
Anonymous memory is what a process holds beside pages of the mapped file. llama.cpp is left out, with a line,
where `gguf` or `xllamacpp` cannot be imported.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time

TALLY = os.path.join(os.path.dirname(__file__), "..", "..", ".build", "release", "tally")
SHAPE = dict(
    vocab_size=32000, hidden_size=2048, intermediate_size=8192, num_hidden_layers=18,
    num_attention_heads=32, num_key_value_heads=8, max_position_embeddings=2048,
    rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, rms_norm_eps=1e-5,
    tie_word_embeddings=False)
PROMPT = 128


def make(folder):
    """The checkpoint, in two shards."""
    import torch
    import transformers

    torch.manual_seed(1)
    with torch.device("cpu"):
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**SHAPE)).half()
    model.save_pretrained(folder, max_shard_size="2GB")


def write_gguf(folder, path):
    """The same weights as llama.cpp stores them: queries and keys with paired rows side by side."""
    import gguf
    import numpy
    from safetensors import safe_open

    writer = gguf.GGUFWriter(path, "llama")
    heads, shared = SHAPE["num_attention_heads"], SHAPE["num_key_value_heads"]
    writer.add_context_length(SHAPE["max_position_embeddings"])
    writer.add_embedding_length(SHAPE["hidden_size"])
    writer.add_block_count(SHAPE["num_hidden_layers"])
    writer.add_feed_forward_length(SHAPE["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(shared)
    writer.add_layer_norm_rms_eps(SHAPE["rms_norm_eps"])
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(SHAPE["hidden_size"] // heads)
    writer.add_vocab_size(SHAPE["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_tokenizer_model("llama")
    words = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    words += [f"w{i}" for i in range(len(words), SHAPE["vocab_size"])]
    writer.add_token_list([word.encode() for word in words])
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (len(words) - 259))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, SHAPE["num_hidden_layers"])
    for file in sorted(name for name in os.listdir(folder) if name.endswith(".safetensors")):
        with safe_open(os.path.join(folder, file), framework="numpy") as stored:
            for name in stored.keys():
                value = stored.get_tensor(name)
                for kind, count in (("q_proj", heads), ("k_proj", shared)):
                    if kind in name:
                        value = value.reshape(count, 2, value.shape[0] // count // 2, -1)
                        value = numpy.ascontiguousarray(value.swapaxes(1, 2)).reshape(-1, value.shape[-1])
                wanted = names.get_name(name, try_suffixes=(".weight",))
                writer.add_tensor(wanted, value.astype(numpy.float32) if value.ndim == 1 else value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def measured(words):
    """Seconds, peak resident and peak anonymous bytes, and standard output of a command."""
    start = time.perf_counter()
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    anonymous = [0]

    def watch():
        while child.returncode is None:
            try:
                for line in open(f"/proc/{child.pid}/status"):
                    if line.startswith("RssAnon"):
                        anonymous[0] = max(anonymous[0], int(line.split()[1]) * 1024)
            except (OSError, ValueError):
                return
            time.sleep(0.01)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {child.returncode}")
    return seconds, usage.ru_maxrss * 1024, anonymous[0], text


def ours(folder, ids, count):
    """Seconds of a run that generates `count` tokens, and the tokens."""
    words = [TALLY, "run", folder, "--tokens", ",".join(map(str, ids)), "--generate", str(count)]
    # The scores of the prompt go to a file, and not into the document.
    with tempfile.TemporaryDirectory() as place:
        seconds, _, _, text = measured(words + ["--format", "json", "--output", os.path.join(place, "scores.npy")])
    return seconds, json.loads(text)["generated"]


class Transformers:
    """The same file, read by transformers in one type of number."""

    def __init__(self, folder, kind):
        import torch
        import transformers

        self.torch = torch
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, kind)).eval()

    def step(self, ids, count):
        """Seconds of the prompt, seconds per generated token, and the tokens."""
        torch = self.torch
        with torch.inference_mode():
            start = time.perf_counter()
            answer = self.model(torch.tensor([ids]), use_cache=True)
            made = [int(answer.logits[0, -1].argmax())]
            prompt = time.perf_counter() - start
            start = time.perf_counter()
            for _ in range(count - 1):
                answer = self.model(
                    torch.tensor([[made[-1]]]), past_key_values=answer.past_key_values, use_cache=True)
                made.append(int(answer.logits[0, -1].argmax()))
            return prompt, (time.perf_counter() - start) / (count - 1), made


class LlamaCpp:
    """The same weights, read by llama.cpp."""

    def __init__(self, path, threads):
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = path
        params.n_ctx = 1024
        params.n_parallel = 1
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.warmup = True
        self.server = xllamacpp.Server(params)

    def step(self, ids, count):
        answer = self.server.handle_completions(
            {"prompt": ids, "n_predict": count, "temperature": 0.0, "cache_prompt": False,
             "ignore_eos": True, "return_tokens": True})
        if isinstance(answer, str):
            answer = json.loads(answer)
        answer = answer.get("choices", [answer])[0] | answer
        timings = answer["timings"]
        return timings["prompt_ms"] / 1e3, timings["predicted_per_token_ms"] / 1e3, answer.get("tokens")


def main(words=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", default="/tmp/at-size")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--generate", type=int, default=65)
    options = parser.parse_args(words)
    import torch

    torch.set_num_threads(options.threads)
    folder = options.folder
    if not os.path.exists(os.path.join(folder, "config.json")):
        make(folder)
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)
               if name.endswith(".safetensors"))
    ids = [(7 * i * i + 13 * i + 5) % SHAPE["vocab_size"] for i in range(PROMPT)]
    text = ",".join(map(str, ids))
    print(f"{folder}: {size:,} bytes of safetensors, prompt of {PROMPT} tokens, {options.threads} threads\n")
    print(f"{'command':44} {'seconds':>9} {'peak MB':>9} {'anonymous MB':>13}")
    for name, command in (
        ("audit", [TALLY, "audit", folder]),
        ("run --tokens of the prompt", [TALLY, "run", folder, "--tokens", text]),
        ("run --tokens of the prompt --validate", [TALLY, "run", folder, "--tokens", text, "--validate"]),
        ("run --tokens of one", [TALLY, "run", folder, "--tokens", "5"]),
        ("run --generate 33", [TALLY, "run", folder, "--tokens", text, "--generate", "33"]),
        ("run --generate 33 --memory 2GiB",
         [TALLY, "run", folder, "--tokens", text, "--generate", "33", "--memory", "2GiB"]),
    ):
        seconds, peak, anonymous, _ = measured(command)
        print(f"{name:44} {seconds:9.2f} {peak / 1e6:9,.0f} {anonymous / 1e6:13,.0f}", flush=True)

    peers = {"transformers float32": Transformers(folder, "float32")}
    try:
        path = os.path.join(folder, "model-f16.gguf")
        if not os.path.exists(path):
            write_gguf(folder, path)
        peers["llama.cpp F16"] = LlamaCpp(path, options.threads)
    except ImportError as error:
        print(f"llama.cpp is left out: {error}")
    steps = {name: [] for name in ["ours", *peers]}
    prompts = {name: [] for name in peers}
    for turn in range(options.rounds):
        # Both runs read the prompt and make floats of the weights; the longer has the more steps.
        half = options.generate // 2
        short, _ = ours(folder, ids, half)
        long, made = ours(folder, ids, options.generate)
        steps["ours"].append((long - short) / (options.generate - half))
        for name, peer in peers.items():
            prompt, step, tokens = peer.step(ids, options.generate)
            steps[name].append(step)
            prompts[name].append(prompt)
            if turn == 0:
                if tokens:
                    print(f"tokens of {name}: {'the same' if tokens == made else 'others'}")
    print(f"\n{'time per generated token':32} {'ms':>9} {'to ours':>9}")
    mine = statistics.median(steps["ours"])
    rows = []
    for name, times in steps.items():
        ratio = statistics.median(times) / mine
        print(f"{name:32} {statistics.median(times) * 1e3:9.1f} {ratio:9.2f}")
        if name != "ours":
            rows.append(("2.4 GB checkpoint, time per token", name, ratio))
    return rows


if __name__ == "__main__":
    main()
