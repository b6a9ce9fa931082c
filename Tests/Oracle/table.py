"""Writes the table of types into docs/validation.md: what is counted, executed and proven of each.

    swift build && Tests/Oracle/table.py --tally .build/debug/tally

The logits are those of every folder in Checkpoints, run by `tally run`; the element-wise column is what
ElementwiseOracleTests holds. A type whose folder is listed in an `open` file beside a test is not proven.
"""

import argparse
import json
import pathlib
import re
import subprocess
import textwrap

here = pathlib.Path(__file__).parent
root = here.parent.parent
folders = here / "Checkpoints"


def opened(path):
    lines = (root / path).read_text().splitlines()
    return {line.split(":")[0]: line.split(":", 1)[1].strip() for line in lines if line.strip()}


def run(tally, folder, tokens):
    """The largest difference of a logit, or why the folder does not run."""
    words = [tally, "run", str(folder), "--tokens", ",".join(map(str, tokens)), "--format", "json", "--unproven"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        found = re.search(r"because of (.*?)\. '", done.stderr)
        return None, found.group(1) if found else done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout)["logits"], None


def rows(tally):
    logits, elements = opened("Tests/ParityTests/open.txt"), opened("Tests/AgreementTests/elementwise-open.txt")
    types = {}
    for folder in sorted(folders.iterdir()):
        if not (folder / "expected.json").exists():
            continue
        expected = json.loads((folder / "expected.json").read_text())
        own = types.setdefault(expected["type"], {"worst": 0.0, "why": None, "open": False, "elements": True, "n": 0})
        own["n"] += 1
        own["elements"] &= folder.name not in elements
        own["open"] |= folder.name in logits
        found, why = run(tally, folder, expected["tokens"])
        if found is None:
            own["why"] = why
            continue
        pairs = ((a, b) for one, other in zip(found, expected["logits"]) for a, b in zip(one, other))
        own["worst"] = max(own["worst"], max(abs(a - b) for a, b in pairs))
    return types


def text(types):
    proven = [t for t, own in types.items() if not own["open"]]
    executed = [t for t, own in types.items() if not own["why"]]
    lines = [
        f"{len(types)} types have checkpoints; all are counted, {len(executed)} are executed in every folder, "
        f"{len(proven)} give the logits of `transformers` in every folder, and of "
        f"{sum(own['elements'] for own in types.values())} the exponentials, roots, sines and the like are as many as torch executes.",
        "",
        "| type | folders | executed | logits: largest difference | element-wise |",
        "|---|---|---|---|---|",
    ]
    for name in sorted(types):
        own = types[name]
        executed = "yes" if not own["why"] else f"no: {own['why']}"
        worst = "" if own["why"] else f"{own['worst']:.1e}" + (" (open)" if own["open"] else "")
        lines.append(f"| {name} | {own['n']} | {executed} | {worst} | {'equal' if own['elements'] else 'open'} |")
    return "\n".join(textwrap.fill(line, 120) if line and line[0] != "|" else line for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tally", default=str(root / ".build/debug/tally"))
    page = root / "docs/validation.md"
    before, rest = re.split(r"<!-- types -->\s*", page.read_text(), maxsplit=1)
    after = rest.split("<!-- end of types -->", 1)[1]
    table = text(rows(parser.parse_args().tally))
    page.write_text(f"{before}<!-- types -->\n{table}\n<!-- end of types -->{after}")


if __name__ == "__main__":
    main()
