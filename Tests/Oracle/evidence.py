"""Writes Sources/Families/Evidence.swift: of which types every checkpoint runs, gives the logits of
transformers, and has as many exponentials, roots and the like as torch executes.

    python Tests/Oracle/evidence.py

It reads the `open` files beside the tests, which say what does not hold yet; a test holds each list to what
is measured. Run it when a line leaves or enters one of them.
"""

import json
import pathlib

here = pathlib.Path(__file__).parent
root = here.parent.parent


def opened(path):
    lines = (root / path).read_text().splitlines()
    return {line.split(":")[0]: line.split(":", 1)[1].strip() for line in lines if line.strip()}


def held(types, exceptions):
    return sorted(name for name, folders in types.items() if not exceptions & set(folders))


def main():
    types, witnessed = {}, {}
    for folder in sorted((here / "Checkpoints").iterdir()):
        if (folder / "expected.json").exists():
            kind = json.loads((folder / "expected.json").read_text())["type"]
            types.setdefault(kind, []).append(folder.name)
    for line in (here / "Data/elementwise.jsonl").read_text().splitlines():
        row = json.loads(line)
        witnessed.setdefault(row["type"], []).append(row["folder"])
    logits = opened("Tests/ParityTests/open.txt")
    elements = opened("Tests/AgreementTests/elementwise-open.txt")
    idle = {name for name, why in logits.items() if why.startswith("counted, not executed")}
    lists = [
        ("compared", "The types of which there is a checkpoint in `Tests/Oracle/Checkpoints`.", sorted(types)),
        ("executed", "The types of which every checkpoint runs.",
         held(types, idle)),
        ("withProvenLogits", "The types of which every checkpoint gives the logits that `transformers` "
         "computes from it, in\n  /// a prompt and after a cache.", held(types, set(logits))),
        ("witnessed", "The types of which torch executes, in every checkpoint, as many exponentials, roots, "
         "sines and\n  /// the like as are counted.", held(witnessed, set(elements))),
    ]
    text = "/// What is known of each type from outside; made by `Tests/Oracle/evidence.py`, held by tests.\n"
    text += "extension Family {\n"
    text += "\n".join(
        f"  /// {words}\n  package static let {name}: Set<String> = [\n"
        + "".join(f'    "{item}",\n' for item in items) + "  ]\n"
        for name, words, items in lists)
    (root / "Sources/Families/Evidence.swift").write_text(text + "}\n")
    print({name: len(items) for name, _, items in lists}, "of", len(types))


if __name__ == "__main__":
    main()
