"""Who decides whether the head of a model of several towers is its token table, for every type that nests a text model.

    python wrappers.py --out Data

Writes `Data/wrappers.json`, {type: [text type, rule]}, the rule being `tied` or `untied` (the wrapper's class owns the head, and
has this default), `either` (it owns the head, and takes the word of its text model too), `either-or-silent` (the same, and where it is silent it is tied), `never` (it owns a head that cannot be
tied), `unless said` (the text model decides where the wrapper is silent), or `text` (the head is the text model's, or the class does what the text model says).
"""

import argparse
import inspect
import json
import pathlib

import transformers
from transformers import CONFIG_MAPPING
from transformers.models.auto import modeling_auto

KINDS = ("IMAGE_TEXT_TO_TEXT", "MULTIMODAL_LM", "SEQ_TO_SEQ", "SPEECH_SEQ", "CAUSAL_LM", "VISION_2", "AUDIO")
MAPPINGS = [getattr(modeling_auto, n) for k in KINDS for n in sorted(dir(modeling_auto)) if n.endswith("MAPPING_NAMES") and k in n]


def model_of(wrapper):
    for mapping in MAPPINGS:
        name = mapping.get(wrapper)
        found = getattr(transformers, name if isinstance(name, str) else (name or [""])[0], None)
        if found is not None:
            return found
    return None


def rule(wrapper):
    model = model_of(wrapper)
    if model is None:
        return None
    if "self.lm_head" not in inspect.getsource(model):
        return "text"
    if not getattr(model, "_tied_weights_keys", None):
        return "never"
    text = CONFIG_MAPPING[wrapper]().get_text_config().model_type

    def tied(inner, **outer):
        return bool(CONFIG_MAPPING[wrapper](text_config={"model_type": text, "tie_word_embeddings": inner}, **outer).tie_word_embeddings)

    try:
        if tied(True, tie_word_embeddings=False) and not tied(False, tie_word_embeddings=False):
            if not tied(False, tie_word_embeddings=True):
                return "text"
            return "either-or-silent" if tied(False) else "either"
        if tied(True) and not tied(False):
            return "unless said"
    except Exception:  # a text model that cannot be made from its type alone
        pass
    return "tied" if getattr(CONFIG_MAPPING[wrapper](), "tie_word_embeddings", False) else "untied"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    found = {}
    for wrapper in sorted(CONFIG_MAPPING):
        try:
            config = CONFIG_MAPPING[wrapper]
            if "text_config" not in config.__dataclass_fields__:
                continue
            found[wrapper] = [config().get_text_config().model_type, rule(wrapper)]
        except Exception as error:
            print(wrapper, type(error).__name__, str(error)[:80])
    lines = [f"{json.dumps(k)}:{json.dumps(v)}" for k, v in found.items() if v[1]]
    (arguments.out / "wrappers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
