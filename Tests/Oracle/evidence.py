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


def main():
    types, witnessed = {}, set()
    for folder in sorted((here / "Checkpoints").iterdir()):
        if (folder / "expected.json").exists():
            kind = json.loads((folder / "expected.json").read_text())["type"]
            types.setdefault(kind, []).append(folder.name)
    for line in (here / "Data/elementwise.jsonl").read_text().splitlines():
        witnessed.add(json.loads(line)["type"])
    logits = opened("Tests/ParityTests/open.txt")
    elements = opened("Tests/AgreementTests/elementwise-open.txt")
    idle = {name for name, why in logits.items() if why.startswith("counted, not executed")}

    def touched(folders):
        return {name for name, own in types.items() if set(own) & set(folders)}

    lists = [
        ("compared", "The types of which there is a checkpoint.", set(types)),
        ("idle", "Those of which some checkpoint does not run.", touched(idle)),
        ("differing", "Those of which some checkpoint does not give the logits of `transformers`.", touched(logits)),
        ("unwitnessed", "Those of which torch executes another number of exponentials, roots, sines and the like.",
         touched(elements) | set(types) - witnessed),
    ]
    text = "/// What is known of each type from outside; made by `Tests/Oracle/evidence.py`, held by tests.\n///\n"
    text += "/// A checkpoint is a folder of `Tests/Oracle/Checkpoints`.\nextension Family {\n"
    text += "\n".join(
        f"  /// {words}\n  package static let {name}: Set<String> = ["
        + ("\n" + "".join(f'    "{item}",\n' for item in sorted(items)) + "  " if items else "") + "]\n"
        for name, words, items in lists)
    text += """
  /// The types of which every checkpoint runs.
  package static let executed = compared.subtracting(idle)
  /// The types of which every checkpoint gives the logits that `transformers` computes from it, in a
  /// prompt and after a cache.
  package static let withProvenLogits = compared.subtracting(differing)
  /// The types of which torch executes, in every checkpoint, as many exponentials, roots, sines and
  /// the like as are counted.
  package static let witnessed = compared.subtracting(unwitnessed)
}
"""
    (root / "Sources/Families/Evidence.swift").write_text(text)
    print({name: len(items) for name, _, items in lists})


if __name__ == "__main__":
    main()
