"""What the models without a head for the next token hold: base models, and heads that classify.

For the smallest configurations of each type, tied and untied where there are both: the parameters of every class
that the library has for it beside the causal one. A row of `Data/Heads.jsonl`:

    {"type", "config", "classes": {name of the class: {"total": parameters, "head": [[name, shape]]}}}

`head` lists what stands outside the base model.
"""

import argparse
import json
import pathlib

import oracle
import torch
import transformers

KINDS = ("AutoModel", "AutoModelForSequenceClassification", "AutoModelForTokenClassification", "AutoModelForQuestionAnswering")
LABELS = 3


def classes(config):
    configuration = oracle.make_config({**config, "num_labels": LABELS})
    found = {}
    for kind in KINDS:
        auto = getattr(transformers, kind)
        if type(configuration) not in auto._model_mapping:
            continue
        try:
            with torch.device("meta"):
                model = auto.from_config(configuration)
        except Exception as error:  # some classes do not fit the configuration of the text model alone
            print(config["model_type"], kind, repr(error)[:100])
            continue
        base = f"{model.base_model_prefix}."
        outside = [] if kind == "AutoModel" else [(n, p.shape) for n, p in model.named_parameters() if not n.startswith(base)]
        total = sum({id(p): p.numel() for p in model.parameters()}.values())
        found[type(model).__name__] = {"total": total, "head": [[name, list(shape)] for name, shape in outside]}
    return found


def rows(path):
    listed = sorted((json.loads(line) for line in open(path)), key=lambda row: row["total"])
    chosen = {}
    for row in listed:
        try:
            configuration = oracle.make_config(row["config"])
        except Exception:
            continue
        chosen.setdefault(getattr(configuration, "tie_word_embeddings", None), row["config"])
    for config in chosen.values():
        found = classes(config)
        if found:
            yield {"type": config["model_type"], "config": config, "classes": found}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    written = [
        row
        for path in sorted((out / "Parameters").glob("*.jsonl"))
        if path.stem not in oracle.reference.BUILDERS
        for row in rows(path)
    ]
    (out / "Heads.jsonl").write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in written))
    print(len(written), "rows,", sum(len(row["classes"]) for row in written), "classes")


if __name__ == "__main__":
    main()
