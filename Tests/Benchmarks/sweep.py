"""How many points a second a sweep evaluates, with ten figures of each: in its streamed, compiled form, and
one description after the other.

    swift build -c release
    python3 Tests/Benchmarks/sweep.py

Every grid has a filter that lets nothing through, so that all ten figures of every point are computed and no
time goes into text; the last lines write every row instead. The plain form runs `tally flops` and `tally params`
in one process each, as a script around the single commands would. Medians of alternating runs.
"""

import pathlib
import re
import resource
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TALLY = str(ROOT / ".build/release/tally")
FIGURES = (
    "total,active,routed_experts,attention,flops,matmul,flops.matmul.attention_scores_and_values,"
    "elementwise,kv_cache,relative.flops"
)
NOTHING = ["--where", "total < 1"]
GRIDS = {
    "dense, 4 sizes": ["llama2-7b", "--vary", "num_hidden_layers=2:101", "--vary", "hidden_size=128:12800:128",
                       "--vary", "intermediate_size=128:12800:128", "--vary", "tokens=128:2048:128"],
    "experts, 4 sizes": ["mixtral-8x7b", "--vary", "num_hidden_layers=2:101", "--vary",
                         "hidden_size=128:12800:128", "--vary", "intermediate_size=128:12800:128",
                         "--vary", "num_local_experts=8:23"],
    "depth, a share and 2 sizes": ["mod-220m", "--vary", "intermediate_size=128:12800:128", "--vary",
                                   "mod_capacity=0.001:1:0.001", "--vary", "tokens=128:12800:128"],
    "depth, 2 structures": ["mod-220m", "--set", "mod_offset=null", "--vary", "mod_every=1:4", "--vary",
                            "num_hidden_layers=4:32:4", "--vary", "mod_capacity=0.001:1:0.001", "--vary",
                            "tokens=128:12800:128"],
}


def points(arguments):
    count = 1
    for text in arguments:
        match = re.fullmatch(r"\w+=([\d.]+):([\d.]+)(?::([\d.]+))?", text)
        if match:
            start, end, step = match[1], match[2], match[3] or "1"
            count *= int((float(end) - float(start)) / float(step) + 1.0000001)
    return count


def seconds(arguments):
    start = time.perf_counter()
    subprocess.run([TALLY, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def single(times):
    """Points a second of single runs: parameters and FLOPs of one point are two processes."""
    pair = [
        seconds(["params", "mixtral-8x7b", "--set", "hidden_size=4096", "--format", "json"])
        + seconds(["flops", "mixtral-8x7b", "--set", "hidden_size=4096", "--format", "json"])
        for _ in range(times)
    ]
    return 1 / statistics.median(pair)


def main(words=()):
    plain = single(20)
    result = []
    print(f"{'grid':28} {'points':>12} {'points/s':>14}   over single runs")
    for name, grid in GRIDS.items():
        arguments = ["sweep", *grid, "--columns", FIGURES, "--format", "csv", *NOTHING]
        median = statistics.median(seconds(arguments) for _ in range(5))
        rate = points(grid) / median
        print(f"{name:28} {points(grid):12,} {rate:14,.0f}   {rate / plain:,.0f}")
        result.append((f"sweep, {name}, points a second", "single runs", rate / plain))
    grid = GRIDS["experts, 4 sizes"]
    frontier = ["sweep", *grid, "--columns", FIGURES, "--format", "csv", "--pareto", "max:total,flops"]
    rate = points(grid) / seconds(frontier)
    print(f"{'experts, the frontier':28} {points(grid):12,} {rate:14,.0f}   {rate / plain:,.0f}")
    small = [word.replace("8:23", "8:9") for word in grid]
    rate = points(small) / seconds(["sweep", *small, "--columns", FIGURES, "--format", "csv"])
    print(f"{'experts, every row as CSV':28} {points(small):12,} {rate:14,.0f}   {rate / plain:,.0f}")
    held = ["sweep", "llama2-7b", "--vary", "num_hidden_layers=2:101", "--vary", "vocab_size=1000:100000:1000",
            "--hold", "flops", "--by", "intermediate_size", "--columns", FIGURES, "--format", "csv", *NOTHING]
    rate = points(held) / seconds(held)
    print(f"{'dense, a size solved for':28} {points(held):12,} {rate:14,.0f}   {rate / plain:,.0f}")
    print(f"single runs: {plain:,.0f} points/s; peak memory of all runs: "
          f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")
    return result


if __name__ == "__main__":
    main()
