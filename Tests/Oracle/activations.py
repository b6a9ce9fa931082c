"""What activation functions with parameters of their own add to each type.

    python activations.py --out Data

For the smallest configuration of each type, and each key that names a function, the parameters of the class with
the function. `Data/activations.json`:

    {type: {"config": {...}, "totals": {key: {function: parameters}}}}
"""

import argparse
import json
import pathlib

import oracle

KEYS = ("hidden_act", "hidden_activation", "activation_function", "activation", "mlp_hidden_act")
FUNCTIONS = ("xielu", "prelu")


def total(config):
    return sum({id(p): p.numel() for p in oracle.build(config).parameters()}.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    lines = []
    for path in sorted((out / "Parameters").glob("*.jsonl")):
        row = min((json.loads(line) for line in open(path)), key=lambda row: row["total"])
        config = row["config"]
        if config["model_type"] in oracle.reference.BUILDERS:
            continue
        known = oracle.make_config(config)
        totals = {}
        for key in KEYS:
            if not isinstance(getattr(known, key, None), str):
                continue
            try:
                totals[key] = {name: total({**config, key: name}) for name in FUNCTIONS}
            except Exception as error:
                print(path.stem, key, repr(error)[:100])
        if totals:
            value = json.dumps({"config": config, "totals": totals}, separators=(",", ":"))
            lines.append(f"{json.dumps(path.stem)}:{value}")
    (out / "activations.json").write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    main()
