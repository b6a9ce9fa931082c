"""How long a whole process takes to answer "how many parameters?": this tool, and transformers on PyTorch.

    swift build -c release
    python3 Tests/Benchmarks/params.py [PYTHON]

PYTHON is an interpreter that has torch and transformers (Tests/Oracle/README.md makes one); without it only
this tool is timed. The runs alternate, and medians and their ratio are printed: single times on a shared
machine mean little.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TALLY = [str(ROOT / ".build/release/tally"), "params", "mixtral-8x7b"]
SCRIPT = """
import json, sys, torch
from transformers import AutoModelForCausalLM, CONFIG_MAPPING
config = json.load(open(sys.argv[1]))["config"]
with torch.device("meta"):
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[config["model_type"]].from_dict(config))
print(sum(p.numel() for p in model.parameters()))
"""


def seconds(command):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main(words=()):
    python = words[0] if words else None
    # An interpreter without the library has nothing to compare with.
    if python and subprocess.run([python, "-c", "import torch, transformers"], capture_output=True).returncode:
        print(f"{python} has no torch and transformers; only this tool is timed.")
        python = None
    theirs = [python, "-c", SCRIPT, str(ROOT / "presets/mixtral-8x7b.json")] if python else None
    ours_times, their_times = [], []
    for _ in range(9 if theirs else 30):
        ours_times.append(seconds(TALLY))
        if theirs:
            their_times.append(seconds(theirs))
    ours = statistics.median(ours_times)
    print(f"tally params mixtral-8x7b   {1000 * ours:8.1f} ms (median of {len(ours_times)})")
    if theirs:
        other = statistics.median(their_times)
        print(f"transformers, meta device   {1000 * other:8.1f} ms (median of {len(their_times)})")
        print(f"ratio                       {other / ours:8.0f}")
        return [("params mixtral-8x7b, speed", "transformers on the meta device", other / ours)]
    return []


if __name__ == "__main__":
    main(sys.argv[1:])
