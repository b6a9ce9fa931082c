"""Configurations as `save_pretrained` writes them, with what is built and run from what was written.

    python saved.py --out Data
    python saved.py --out Data --types llama mixtral
    python saved.py --out /tmp/all --all

For every type: its class default, and the first row of `Data/Operations` or `Data/Parameters` that can be, saved and read again;
`--all` takes every row.

A row of `Data/Saved/<model_type>.jsonl` is {"id", "config", "figures"}, the figures as in `Data/Keys`: the parameters, and for
small models the products of a prompt and of a token, and those of the prompt's kept positions.
"""

import argparse
import json
import multiprocessing
import pathlib
import tempfile

import keys
import operations
import oracle
import parameters
from transformers import CONFIG_MAPPING

DATA = pathlib.Path(__file__).parent / "Data"
MOST = 1


def saved(config):
    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        return json.loads((pathlib.Path(folder) / "config.json").read_text())


def default(model_type):
    """The class default, written, and the parameters of what is built from that."""
    config = saved(CONFIG_MAPPING[model_type]().get_text_config())
    if parameters.cannot_run(config) or config.get("num_experts_per_tok", 0) is None:
        raise ValueError("no model that is meant")
    return {"id": "default", "config": config, "figures": [sum(count(config))]}


def count(config):
    return [p.numel() for p in oracle.build(config).parameters()]


def drawn(kind, model_type):
    for line in open(DATA / kind / f"{model_type}.jsonl") if (DATA / kind / f"{model_type}.jsonl").exists() else ():
        row = json.loads(line)
        try:
            config = saved(oracle.make_config(row["config"]))
            if parameters.cannot_run(config):  # what was drawn left out a key that the class then fills in so
                continue
            if kind == "Parameters":
                figures = [keys.within_time(lambda: sum(count(config)))]
            else:
                figures = keys.within_time(lambda: keys.figures(operations.build(config).eval()))[0]
        except Exception as error:
            print(model_type, row["id"], type(error).__name__, str(error)[:90], flush=True)
            continue
        yield {"id": f"{row['id']} ({kind})", "config": config, "figures": figures}


def rows(model_type, every):
    try:
        found = [keys.within_time(lambda: default(model_type))]
    except Exception as error:
        print(model_type, "default", type(error).__name__, str(error)[:90], flush=True)
        found = []
    for kind in ("Operations", "Parameters"):
        for row in drawn(kind, model_type):
            found.append(row)
            if not every and sum("(" in r["id"] for r in found) == MOST:
                return found
    return found


def write(path, every):
    found = rows(path.stem, every)
    path.write_text("".join(json.dumps(row, separators=(",", ":")) + "\n" for row in found))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--types", nargs="*")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.out / "Saved"
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((DATA / "Parameters").glob("*.jsonl")):
        if path.stem not in CONFIG_MAPPING or path.stem in {**oracle.TOWERS, **oracle.ALONE} or arguments.types and path.stem not in arguments.types:
            continue
        process = multiprocessing.get_context("fork").Process(target=write, args=(folder / path.name, arguments.all))
        process.start()
        process.join(300)
        print(path.stem, process.exitcode, flush=True)
        process.kill()


if __name__ == "__main__":
    main()
