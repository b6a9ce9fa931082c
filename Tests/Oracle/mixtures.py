"""What llama.cpp makes of small models in each of its mixtures of block types: the bytes of all tensors.

    pip install gguf numpy llama-cpp-cffi==0.4.42
    python mixtures.py Data/Mixtures.jsonl

Only the mixtures that need no importance matrix are made. The library's own function quantizes
(`llama_model_quantize`); gguf-py reads what it wrote. On a system with an older libstdc++ than that of GCC 13 the library
needs one preloaded. It takes minutes.
"""

import ctypes
import glob
import json
import os
import sys
import sysconfig
import tempfile

import gguf
import numpy

# The number of each file type in llama.h.
TYPES = {
    "q4_0": 2, "q4_1": 3, "q8_0": 7, "q5_0": 8, "q5_1": 9, "q2_k": 10, "q3_k_s": 11, "q3_k_m": 12, "q3_k_l": 13,
    "q4_k_s": 14, "q4_k_m": 15, "q5_k_s": 16, "q5_k_m": 17, "q6_k": 18, "iq4_nl": 25, "iq3_s": 26, "iq3_m": 27,
    "iq4_xs": 30, "iq3_xs": 22, "tq1_0": 36, "tq2_0": 37,
}  # fmt: skip

# The configuration of transformers, and the architecture of llama.cpp.
BASE = dict(vocab_size=512, hidden_size=256, intermediate_size=512, num_hidden_layers=18, num_attention_heads=8,
            num_key_value_heads=2, max_position_embeddings=512)
MODELS = {
    "grouped": dict(model_type="llama", **BASE),
    "several heads": dict(model_type="llama", **{**BASE, "num_key_value_heads": 8}),
    "tied": dict(model_type="llama", **BASE, tie_word_embeddings=True),
    "eight experts": dict(model_type="mixtral", **BASE, num_local_experts=8, num_experts_per_tok=2,
                          sliding_window=None),
    "four experts": dict(model_type="mixtral", **BASE, num_local_experts=4, num_experts_per_tok=2,
                         sliding_window=None),
    "shared experts": dict(model_type="qwen2_moe", **BASE, num_experts=6, num_experts_per_tok=2,
                           moe_intermediate_size=256, shared_expert_intermediate_size=256, decoder_sparse_step=1),
    "seventy": dict(model_type="llama", **{**BASE, "num_hidden_layers": 80, "intermediate_size": 256}),
}  # fmt: skip


def write(config, path):
    """The model in F16, with zeros for weights but for a few."""
    kind = "qwen2moe" if config["model_type"] == "qwen2_moe" else "llama"
    writer = gguf.GGUFWriter(path, kind)
    d, f, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    heads, shared = config["num_attention_heads"], config["num_key_value_heads"]
    experts = config.get("num_local_experts", config.get("num_experts", 0))
    writer.add_context_length(512)
    writer.add_embedding_length(d)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(f)
    writer.add_head_count(heads)
    writer.add_head_count_kv(shared)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(d // heads)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(2)
    if kind == "qwen2moe":
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
        writer.add_expert_shared_feed_forward_length(config["shared_expert_intermediate_size"])
    writer.add_tokenizer_model("llama")
    words = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    words += [f"w{i}" for i in range(len(words), config["vocab_size"])]
    writer.add_token_list([word.encode() for word in words])
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (len(words) - 259))
    values = numpy.random.default_rng(0)

    def add(name, *shape, wide=False):
        value = values.normal(size=shape).astype(numpy.float32)
        writer.add_tensor(name, value if wide or len(shape) == 1 else value.astype(numpy.float16))

    add("token_embd.weight", config["vocab_size"], d)
    add("output_norm.weight", d)
    if not config.get("tie_word_embeddings"):
        add("output.weight", config["vocab_size"], d)
    for layer in range(layers):
        p = f"blk.{layer}"
        add(f"{p}.attn_norm.weight", d)
        add(f"{p}.ffn_norm.weight", d)
        add(f"{p}.attn_q.weight", d, d)
        add(f"{p}.attn_k.weight", d // heads * shared, d)
        add(f"{p}.attn_v.weight", d // heads * shared, d)
        if kind == "qwen2moe":
            add(f"{p}.attn_q.bias", d)
            add(f"{p}.attn_k.bias", d // heads * shared)
            add(f"{p}.attn_v.bias", d // heads * shared)
        add(f"{p}.attn_output.weight", d, d)
        if not experts:
            add(f"{p}.ffn_gate.weight", f, d)
            add(f"{p}.ffn_up.weight", f, d)
            add(f"{p}.ffn_down.weight", d, f)
            continue
        width = config.get("moe_intermediate_size", f)
        add(f"{p}.ffn_gate_inp.weight", experts, d, wide=True)
        add(f"{p}.ffn_gate_exps.weight", experts, width, d)
        add(f"{p}.ffn_up_exps.weight", experts, width, d)
        add(f"{p}.ffn_down_exps.weight", experts, d, width)
        if kind == "qwen2moe":
            width = config["shared_expert_intermediate_size"]
            add(f"{p}.ffn_gate_inp_shexp.weight", d)
            add(f"{p}.ffn_gate_shexp.weight", width, d)
            add(f"{p}.ffn_up_shexp.weight", width, d)
            add(f"{p}.ffn_down_shexp.weight", d, width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


class Parameters(ctypes.Structure):
    """The beginning of `llama_model_quantize_params`; the rest is kept as it is."""

    _fields_ = [("threads", ctypes.c_int32), ("type", ctypes.c_int32), ("rest", ctypes.c_uint8 * 56)]


def library():
    folder = os.environ.get("LLAMA_CPP", sysconfig.get_paths()["purelib"])
    found = ctypes.CDLL(glob.glob(os.path.join(folder, "llama", "_llama_cpp_cpu*.so"))[0])
    found.llama_model_quantize_default_params.restype = Parameters
    found.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Parameters)]
    return found


def main():
    llama = library()
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        source, result = os.path.join(folder, "in.gguf"), os.path.join(folder, "out.gguf")
        for name, config in MODELS.items():
            write(config, source)
            made = {}
            for word, number in TYPES.items():
                parameters = llama.llama_model_quantize_default_params()
                parameters.type, parameters.threads = number, 1
                if llama.llama_model_quantize(source.encode(), result.encode(), ctypes.byref(parameters)) != 0:
                    print(f"{name} {word}: refused", file=sys.stderr)
                    continue
                made[word] = int(sum(tensor.n_bytes for tensor in gguf.GGUFReader(result).tensors))
            answers.append({"name": name, "config": config, "bytes": made})
            print(name, made, flush=True)
    with open(sys.argv[1], "w") as file:
        file.writelines(json.dumps(answer) + "\n" for answer in answers)


if __name__ == "__main__":
    main()
