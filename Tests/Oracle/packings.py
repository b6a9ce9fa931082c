"""Writes small checkpoints whose weights are packed by the libraries that people pack with.

Each folder has config.json, model.safetensors and expected.json: what the plain model has, and what
the file holds, both counted here by torch. Only headers matter to the tests.

    pip install torch==2.15.0 transformers==5.23.0 bitsandbytes==0.49 compressed-tensors==0.20.1 \
        gptqmodel==7.7.0 autoawq==0.2.9 mlx-cpu
    python packings.py Tests/Oracle/Packings
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import GptOssConfig, GptOssForCausalLM, LlamaConfig, LlamaForCausalLM

OUT = Path(sys.argv[1])
GROUP = 32


def llama(**more):
    config = LlamaConfig(
        vocab_size=96, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False, dtype="bfloat16",
        **more)
    torch.manual_seed(0)
    return LlamaForCausalLM(config).to(torch.bfloat16)


def linears(model):
    return [(n, m) for n, m in model.named_modules()
            if isinstance(m, torch.nn.Linear) and n != "lm_head"]


def save(name, model, tensors, quantization):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config.to_dict()
    config["quantization_config" if name != "mlx" else "quantization"] = quantization
    config["architectures"] = [type(model).__name__]
    (folder / "config.json").write_text(json.dumps(config, indent=1, default=str) + "\n")
    tensors = {k: v.detach().clone().contiguous() for k, v in tensors.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    loaded = load_file(folder / "model.safetensors")
    expected = {
        "logical": sum(p.numel() for p in model.parameters()),
        "stored": sum(t.numel() for t in loaded.values()),
        "tensors": len(loaded),
        "bytes": sum(t.numel() * t.element_size() for t in loaded.values()),
    }
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    print(name, expected)


def replaced(model, pack):
    """The state of a model whose linear maps are packed by a function of name and module."""
    state = dict(model.state_dict())
    for name, linear in linears(model):
        del state[f"{name}.weight"]
        for suffix, tensor in pack(linear).items():
            state[f"{name}.{suffix}"] = tensor
    return state


def gptq():
    from gptqmodel.nn_modules.qlinear.torch import TorchLinear

    for bits, sym in ((4, True), (8, True)):
        model = llama()

        def pack(linear):
            quantized = TorchLinear(
                bits=bits, group_size=GROUP, sym=sym, desc_act=False,
                in_features=linear.in_features, out_features=linear.out_features, bias=False,
                pack_dtype=torch.int32)
            return quantized.state_dict()

        save(f"gptq-{bits}", model, replaced(model, pack),
             {"quant_method": "gptq", "bits": bits, "group_size": GROUP, "sym": sym,
              "desc_act": False})


def awq():
    from awq.modules.linear.gemm import WQLinear_GEMM

    model = llama()
    save("awq-4", model, replaced(model, lambda linear: WQLinear_GEMM(
        4, GROUP, linear.in_features, linear.out_features, False, "cpu").state_dict()),
        {"quant_method": "awq", "bits": 4, "group_size": GROUP, "version": "gemm"})


def bits_and_bytes():
    import bitsandbytes as bnb

    for double in (False, True):
        model = llama()

        def pack(linear):
            quantized = bnb.nn.Linear4bit(
                linear.in_features, linear.out_features, bias=False, quant_type="nf4",
                compress_statistics=double, compute_dtype=torch.bfloat16)
            quantized.weight = bnb.nn.Params4bit(
                linear.weight.data, requires_grad=False, quant_type="nf4",
                compress_statistics=double).to("cpu")
            return quantized.state_dict()

        save("bitsandbytes-4" + ("-nested" if double else ""), model, replaced(model, pack),
             {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4",
              "bnb_4bit_use_double_quant": double})
    model = llama()

    def pack8(linear):
        quantized = bnb.nn.Linear8bitLt(
            linear.in_features, linear.out_features, bias=False, has_fp16_weights=False)
        quantized.weight = bnb.nn.Int8Params(
            linear.weight.data.half(), has_fp16_weights=False, requires_grad=False).to("cpu")
        quantized(torch.zeros(1, linear.in_features))
        return quantized.state_dict()

    save("bitsandbytes-8", model, replaced(model, pack8),
         {"quant_method": "bitsandbytes", "load_in_8bit": True})


def float8():
    from transformers.integrations.finegrained_fp8 import FP8Linear

    model = llama()
    save("fp8-blocks", model, replaced(model, lambda linear: FP8Linear(
        linear.in_features, linear.out_features, block_size=(32, 32),
        activation_scheme="dynamic").state_dict()),
        {"quant_method": "fp8", "weight_block_size": [32, 32], "activation_scheme": "dynamic"})


def microscaling():
    from transformers.integrations.mxfp4 import Mxfp4GptOssExperts

    config = GptOssConfig(
        vocab_size=96, hidden_size=64, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=16, num_local_experts=4,
        num_experts_per_tok=2, dtype="bfloat16")
    model = GptOssForCausalLM(config).to(torch.bfloat16)
    state = dict(model.state_dict())
    for index in range(2):
        path = f"model.layers.{index}.mlp.experts."
        state = {k: v for k, v in state.items() if not k.startswith(path)}
        for key, tensor in Mxfp4GptOssExperts(config).state_dict().items():
            if key in ("gate_up_proj", "down_proj"):
                # The module holds the blocks of a row side by side, and makes scales when it loads;
                # files have both, as `convert_moe_packed_tensors` reads them.
                state[f"{path}{key}_scales"] = torch.zeros(
                    *tensor.shape[:-1], tensor.shape[-1] // 16, dtype=torch.uint8)
                key, tensor = f"{key}_blocks", tensor.unflatten(-1, (-1, 16))
            state[path + key] = tensor.to(torch.bfloat16) if key.endswith("bias") else tensor
    save("mxfp4", model, state, {"quant_method": "mxfp4", "modules_to_not_convert": [
        "model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]})


def compressed():
    from compressed_tensors.compressors import ModelCompressor
    from compressed_tensors.quantization import (
        QuantizationConfig, apply_quantization_config, preset_name_to_scheme)

    for name in ("W4A16", "W8A8", "FP8", "NVFP4", "MXFP4A16"):
        model = llama()
        scheme = preset_name_to_scheme(name, ["Linear"])
        if scheme.weights.group_size == 128:
            scheme.weights.group_size = GROUP
        config = QuantizationConfig(config_groups={"group_0": scheme}, ignore=["lm_head"])
        apply_quantization_config(model, config)
        for key, parameter in list(model.named_parameters()) + list(model.named_buffers()):
            if "scale" in key:
                parameter.data.fill_(1)
        compressor = ModelCompressor.from_pretrained_model(model)
        compressor.compress_model(model)
        state = {k: v for k, v in model.state_dict().items()}
        plain = llama()
        settings = compressor.quantization_config.model_dump(mode="json")
        settings["quant_method"] = "compressed-tensors"
        save("compressed-" + name.lower(), plain, state, settings)


def mlx():
    import mlx.core as mx
    import numpy

    model = llama()
    state = {}
    for key, tensor in model.state_dict().items():
        if tensor.ndim == 2:
            codes, scales, biases = mx.quantize(
                mx.array(tensor.float().numpy()), group_size=GROUP, bits=4)
            base = key.removesuffix("weight")
            state[key] = torch.from_numpy(numpy.array(codes).view(numpy.int32)).view(torch.uint32)
            state[base + "scales"] = torch.from_numpy(numpy.array(scales)).bfloat16()
            state[base + "biases"] = torch.from_numpy(numpy.array(biases)).bfloat16()
        else:
            state[key] = tensor
    save("mlx", model, state, {"group_size": GROUP, "bits": 4, "mode": "affine"})


for make in (gptq, awq, bits_and_bytes, float8, microscaling, compressed, mlx):
    try:
        make()
    except Exception as error:  # noqa: BLE001: one library that is missing does not stop the others
        print(f"{make.__name__}: {type(error).__name__}: {error}", file=sys.stderr)
