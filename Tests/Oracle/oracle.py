"""Builds a causal language model on the meta device and lists what its checkpoint would hold.

Nothing is allocated and nothing is downloaded: the configuration is a plain dict as `config.json` holds it,
and the answer is the list of tensors that `save_pretrained` would write, in the hub's layout.
"""

import collections
import json
import os
import re
import signal
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
warnings.filterwarnings("ignore")

import torch
import transformers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM
from transformers.core_model_loading import revert_weight_conversion
from transformers.modeling_utils import remove_tied_weights_from_state_dict

import parts
import reference

transformers.logging.set_verbosity(transformers.logging.CRITICAL)
torch.set_num_threads(1)

VERSION = "5.23.0"
if transformers.__version__ != VERSION:
    raise SystemExit(f"these data are those of transformers {VERSION}, this is {transformers.__version__}")


# Text models that only stand inside a model of several towers, and the class of that.
TOWERS = {
    "qwen2_vl_text": ("qwen2_vl", "Qwen2VLForConditionalGeneration"),
    "qwen2_5_vl_text": ("qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration"),
    "qwen2_5_omni_text": ("qwen2_5_omni_thinker", "Qwen2_5OmniThinkerForConditionalGeneration"),
    "qwen3_vl_text": ("qwen3_vl", "Qwen3VLForConditionalGeneration"),
    "qwen3_vl_moe_text": ("qwen3_vl_moe", "Qwen3VLMoeForConditionalGeneration"),
    "qwen3_omni_moe_text": ("qwen3_omni_moe_thinker", "Qwen3OmniMoeThinkerForConditionalGeneration"),
    "glm4v_text": ("glm4v", "Glm4vForConditionalGeneration"),
    "glm4v_moe_text": ("glm4v_moe", "Glm4vMoeForConditionalGeneration"),
    "glm_ocr_text": ("glm_ocr", "GlmOcrForConditionalGeneration"),
    "hunyuan_vl_text": ("hunyuan_vl", "HunYuanVLForConditionalGeneration"),
    "paddleocr_vl_text": ("paddleocr_vl", "PaddleOCRVLForConditionalGeneration"),
    "granite4_vision_text": ("granite4_vision", "Granite4VisionForConditionalGeneration"),
    "granite_docling_text": ("granite_docling", "GraniteDoclingForConditionalGeneration"),
    "unlimited_ocr_text": ("unlimited_ocr", "UnlimitedOcrForConditionalGeneration"),
    "deepseek_ocr2_text": ("deepseek_ocr2", "DeepseekOcr2ForConditionalGeneration"),
    "mllama_text_model": ("mllama", "MllamaForConditionalGeneration"),
    "ernie4_5_vl_moe_text": ("ernie4_5_vl_moe", "Ernie4_5_VLMoeForConditionalGeneration"),
    "muse_glimmer_text": ("muse_glimmer", "MuseGlimmerForConditionalGeneration"),
    "step3p5": ("step3p7", "Step3p7ForConditionalGeneration"),
    "molmo2_text": ("molmo2", "Molmo2ForConditionalGeneration"),
    "mistral_large4_text": ("mistral_large4", "MistralLarge4ForConditionalGeneration"),
}
# Text models with a class of their own that the library does not find by the type, or with towers inside.
ALONE = {"emu3_text_model": "Emu3ForCausalLM", "mistral4": "Mistral4ForCausalLM", "phi4_multimodal": "Phi4MultimodalForCausalLM"}
_TEXT = re.compile(r"^(model\.)?(language_model|text_model)\.(model\.)?|^(?=model\.(embed_tokens|layers|norm)\.)model\.")
# Two wrappers save their text models under names of their own.
_BARE = re.compile(r"^(tok_embeddings|layers|norm|output|lerope|model\.transformer)\.")
_HEAD = re.compile(r"^(language_model\.|text_model\.)?lm_head\.")


def _of_text(listed):
    """The tensors of the text model among those of several towers, under the names that it has alone."""
    kept = []
    for name, tensor in listed:
        if _HEAD.match(name):
            kept.append((_HEAD.sub("lm_head.", name), tensor))
        elif _TEXT.match(name):
            kept.append((_TEXT.sub("model.", name), tensor))
        elif _BARE.match(name):
            kept.append((name, tensor))
    return kept


def split_table(held, vocabulary):
    """A table that files have in two parts, with as many rows in the first: the library halves it."""
    names = [f"model.transformer.wte.{part}embedding" for part in ("", "new_")]
    if names[1] not in held:
        return held
    both = torch.cat([held[name] for name in names])
    return {**held, names[0]: both[:vocabulary], names[1]: both[vocabulary:]}


class Rejected(Exception):
    """The configuration is one that the library refuses to build."""


def _too_long(*_):
    raise Rejected("takes too long to build")


signal.signal(signal.SIGALRM, _too_long)


def make_config(config):
    """The library's own configuration object; of a model with several towers, the text model's."""
    cls = CONFIG_MAPPING[config["model_type"]]
    # A file says {"__float__": "Infinity"}, which only the library's reader of files undoes.
    whole = cls.from_dict(cls._decode_special_floats(json.loads(json.dumps(config))))
    return whole.get_text_config()


def _whole(config):
    """The model of several towers whose text model has this configuration."""
    wrapper, name = TOWERS[config["model_type"]]
    others = {}
    if wrapper == "granite_docling":
        others["vision_config"] = {"out_hidden_size": config["hidden_size"]}
    if wrapper == "granite4_vision":
        others.update(deepstack_layer_map=[[0, 0]], downsample_rate="4/8")
    whole = CONFIG_MAPPING[wrapper](text_config=json.loads(json.dumps(config)), **others)
    text = whole.get_text_config()
    whole.tie_word_embeddings = bool(getattr(text, "tie_word_embeddings", False))
    return getattr(transformers, name)(whole)


def build(config):
    with torch.device("meta"):
        if config["model_type"] in ALONE:
            return getattr(transformers, ALONE[config["model_type"]])(make_config(config))
        if config["model_type"] in TOWERS:
            return _whole(config)
        if config["model_type"] in reference.BUILDERS:
            return reference.BUILDERS[config["model_type"]](config)
        return AutoModelForCausalLM.from_config(make_config(config))


def _named(model):
    """({name: parameter}, {name: buffer}): every parameter once, tied ones under the input embedding's name."""
    held = model.state_dict()
    groups = collections.OrderedDict()
    for name, parameter in model.named_parameters(remove_duplicate=False):
        groups.setdefault(id(parameter), []).append(name)
    if not isinstance(model, transformers.PreTrainedModel):
        kept = set(held)
    else:
        kept = set(remove_tied_weights_from_state_dict(dict(held), model))
    table = model.get_input_embeddings()
    table_ids = {id(p) for p in table.parameters()} if table is not None else set()
    parameters = {}
    for identity, names in groups.items():
        if identity in table_ids and len(names) > 1:
            name = next(n for n in names if not n.endswith(("lm_head.weight", "embed_out.weight", "decoder.weight")))
        else:
            name = next((n for n in names if n in kept), names[0])
        parameters[name] = held[name]
    every = {n for names in groups.values() for n in names}
    unsaved = getattr(model, "_keys_to_ignore_on_save", None) or []
    buffers = {n: t for n, t in held.items() if n not in every and n not in unsaved}
    return parameters, buffers


def tensors(model):
    """Two lists of (name, shape): the parameters, and the persistent buffers, named as in a checkpoint."""
    parameters, buffers = _named(model)
    count = sum(t.numel() for t in parameters.values())
    unique = {id(p): p.numel() for p in model.parameters()}
    if count != sum(unique.values()):
        raise AssertionError("a parameter is missing from the state dict")
    if isinstance(model, transformers.PreTrainedModel):
        parameters = revert_weight_conversion(model, parameters)
        parameters = split_table(parameters, model.config.get_text_config().vocab_size)
        if buffers:
            buffers = revert_weight_conversion(model, buffers)
        if count != sum(t.numel() for t in parameters.values()):
            raise AssertionError("the hub's layout holds another number of parameters")
    parameters = [(n, tuple(t.shape)) for n, t in parameters.items()]
    buffers = [(n, tuple(t.shape)) for n, t in buffers.items()]
    if isinstance(model, transformers.PreTrainedModel) and model.config.get_text_config().model_type in {**TOWERS, "phi4_multimodal": None}:
        return _of_text(parameters), _of_text(buffers)
    return parameters, buffers


def fold(name):
    return ".".join("N" if piece.isdigit() else piece for piece in name.split("."))


def _count(shape):
    n = 1
    for size in shape:
        n *= size
    return n


# --- routed experts: how many there are in a layer, and how many a token meets ---

_CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_top_k", "moe_k", "top_k_experts", "top_k")
_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")


def _first(configuration, names, layer):
    for source in (configuration, getattr(configuration, "ffn_config", None)):
        for name in names:
            value = getattr(source, name, None) if source is not None else None
            if isinstance(value, (list, tuple)):
                value = value[layer]
            if isinstance(value, int) and not isinstance(value, bool):
                return value
    return None


def _layer(name):
    """The index of the layer that a tensor is in: the first all-digit component."""
    return next((int(piece) for piece in name.split(".") if piece.isdigit()), 0)


def _routed_active(configuration, routed):
    """Exactly routed x top-k / experts, layer by layer. `routed` is a list of (name, shape)."""
    layers = collections.defaultdict(list)
    for name, shape in routed:
        layers[_layer(name)].append((name, shape))
    active = 0
    for layer, held in layers.items():
        total = sum(_count(shape) for _, shape in held)
        experts = _first(configuration, _EXPERTS, layer)
        chosen = 2 if configuration.model_type == "phimoe" else _first(configuration, _CHOSEN, layer)  # its router takes two, whatever the key says
        if experts is None or chosen is None:
            raise Rejected("the number of experts, or of those a token meets, is not given")
        if chosen > experts:
            raise Rejected("a token would meet more experts than there are")
        indices = {name.split(".experts.")[1].split(".")[0] for name, _ in held if ".experts." in name}
        indices = {i for i in indices if i.isdigit()}
        if indices and len(indices) != experts:
            raise AssertionError(f"layer {layer} holds {len(indices)} experts and not {experts}")
        if total * chosen % experts:
            raise AssertionError(f"layer {layer}: {total} x {chosen} does not divide by {experts}")
        active += total * chosen // experts
    return active


def _of_images(configuration, parameters):
    """How many numbers of each part no token of text meets: ERNIE's second set of experts, and what chooses among them."""
    unmet = collections.Counter()
    if configuration.model_type != "ernie4_5_vl_moe_text":
        return unmet
    for name, shape in parameters:
        if ".mlp.experts." in name and int(name.split(".experts.")[1].split(".")[0]) >= configuration.num_experts:
            unmet["routed_experts"] += _count(shape)
        elif name.endswith("mlp.gate.weight_1"):
            unmet["router"] += _count(shape)
        elif name.endswith("moe_statics.e_score_correction_bias"):
            unmet["router"] += _count(shape) // 2
    return unmet


def _folded(listed, part=None):
    counts = collections.Counter((fold(name), shape) for name, shape in listed)
    rows = []
    for (name, shape), n in sorted(counts.items()):
        rows.append([name, list(shape)] + ([part(name)] if part else []) + [n])
    return rows


def row(identifier, config, seconds=60):
    """Everything that the tests compare, for one configuration. Raises Rejected if the library refuses it."""
    signal.alarm(seconds)
    try:
        try:
            model = build(config)
        except Rejected:
            raise
        except Exception as error:
            raise Rejected(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
        parameters, buffers = tensors(model)
    finally:
        signal.alarm(0)
    configuration = model.config.get_text_config() if isinstance(model, transformers.PreTrainedModel) else model.config
    model_type = configuration.model_type
    names = [fold(name) for name, _ in parameters]
    if any(0 in shape for (_, shape), n in zip(parameters, names) if ".shared_experts." not in n):
        raise Rejected("a matrix would have no elements")
    has_experts = any(".experts." in n or ".block_sparse_moe.input_linear." in n for n in names)

    def part(name):
        return parts.part_of(model_type, name, has_experts)

    by_part = dict.fromkeys(parts.PARTS, 0)
    routed = []
    for (name, shape), folded in zip(parameters, names):
        which = part(folded)
        by_part[which] += _count(shape)
        if which == "routed_experts":
            routed.append((name, shape))
    total = sum(by_part.values())
    unmet = _of_images(configuration, parameters)
    if unmet:
        routed = [(n, s) for n, s in routed if int(n.split(".experts.")[1].split(".")[0]) < configuration.num_experts]
    # LongCat's zero experts are given half of the matrices that they never use: no share of the whole is a token's
    active = None if model_type == "longcat_flash" else total - by_part["routed_experts"] + _routed_active(configuration, routed) - unmet["router"]

    # The three definitions. Tied: the shared matrix serves as the head and stays in the second.
    table = model.get_input_embeddings()
    table_size = sum(p.numel() for p in table.parameters() if p.dim() > 1) if table is not None else 0
    head = model.get_output_embeddings()
    tied = table is not None and head is not None and any(p is head.weight for p in table.parameters())
    if active is None:
        without_input = without = None
    else:
        without_input = active - by_part["embedding"] + (table_size if tied else 0)
        without = active - by_part["embedding"] - by_part["lm_head"]
    result = {
        "id": identifier,
        "config": config,
        "total": total,
        "parts": {k: v for k, v in by_part.items() if v},
        "persistent_buffers": sum(_count(shape) for _, shape in buffers),
        "active": active and {"all": active, "without_input_embedding": without_input, "without_embeddings": without},
        "tensors": _folded(parameters, part),
    }
    if buffers:
        result["buffers"] = _folded(buffers)
    return result
