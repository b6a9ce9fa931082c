"""A third witness: floating-point machine instructions of a literal pass, counted by valgrind.

callgrind counts how often each instruction of the program runs; the disassembly says which of them
multiply, add, subtract, divide or take a root, and of how many numbers. Their sum over the functions
of the executor is put beside what `tally validate --evidence literal` says that it counted. Neither
valgrind nor objdump knows Swift, the model, or the formulas.

    swift build -c release
    apt-get install valgrind binutils
    python3 Tests/Oracle/callgrind.py [CONFIG.json] [--tokens 8]

valgrind does not read the debug information of current compilers, so a stripped copy runs. It hides
AVX-512 from the program; the literal form uses SSE2 in any case.
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

TALLY = os.path.join(os.path.dirname(__file__), "..", "..", ".build", "release", "tally")
TINY = dict(
    model_type="llama", vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False)
KINDS = {"mul": "multiply", "add": "add", "sub": "subtract", "div": "divide", "sqrt": "sqrt"}
INSTRUCTION = re.compile(r"^v?(mul|add|sub|div|sqrt)(ss|ps)$")
CALLS = {"expf": "exp", "sinf": "sin", "cosf": "cos", "tanhf": "tanh", "erff": "erf", "logf": "log"}
# The executor's own arithmetic that is no part of a pass: making weights, and constants of the
# configuration (1/sqrt(d_h), rotary frequencies, how far weights spread).
OUTSIDE = re.compile(r"WeightSource|MemoryEstimate|measuredRate|randomTokens")


def instructions(binary):
    """Address -> (kind, numbers), and address -> symbol, of the whole program."""
    found, owner, symbol = {}, {}, ""
    text = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", binary], capture_output=True, text=True, check=True)
    for line in text.stdout.splitlines():
        header = re.match(r"^[0-9a-f]+ <(.*)>:$", line)
        if header:
            symbol = header[1]
            continue
        parts = line.split()
        if len(parts) < 2 or not parts[0].endswith(":"):
            continue
        match = INSTRUCTION.match(parts[1])
        if match:
            wide = {"ss": 1, "ps": 8 if "%ymm" in line else 4}[match[2]]
            address = int(parts[0][:-1], 16)
            found[address] = (KINDS[match[1]], wide)
            owner[address] = symbol
    return found, owner


def executed(path, binary):
    """Address -> how often it ran, for the program's own instructions; name -> calls of it."""
    counts, calls = collections.Counter(), collections.Counter()
    names, objects = {}, {}
    address, inside, after_call, callee = 0, False, False, ""
    for line in open(path):
        line = line.rstrip("\n")
        name = re.match(r"^(ob|cob|fn|cfn)=\((\d+)\)(?: (.*))?$", line)
        if name:
            kind, number, text = name.groups()
            table = objects if kind.endswith("ob") else names
            if text:
                table[number] = text
            if kind == "ob":
                inside = os.path.basename(table.get(number, "")) == os.path.basename(binary)
            elif kind == "cfn":
                callee = table.get(number, "")
            continue
        if line.startswith("calls="):
            after_call = True
            if inside:
                calls[callee.split("@")[0].lstrip("_")] += int(line[6:].split()[0])
            continue
        cost = re.match(r"^(0x[0-9a-f]+|\+\d+|-\d+|\*) \S+ (\d+)$", line)
        if not cost:
            continue
        where = cost[1]
        if where.startswith("0x"):
            address = int(where, 16)
        elif where != "*":
            address += int(where)
        if inside and not after_call:
            counts[address] += int(cost[2])
        after_call = False
    return counts, calls


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("config", nargs="?")
    parser.add_argument("--tokens", default="8")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        binary, config = os.path.join(folder, "stripped"), options.config
        subprocess.run(["strip", "-g", "-o", binary, TALLY], check=True)
        if not config:
            config = os.path.join(folder, "tiny.json")
            json.dump(TINY, open(config, "w"))
        out = os.path.join(folder, "callgrind.out")
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--dump-instr=yes", f"--callgrind-out-file={out}",
             binary, "validate", config, "--scale", "full", "--evidence", "literal", "--tokens",
             options.tokens, "--format", "json"], capture_output=True, text=True, check=True)
        document = json.loads(run.stdout)["models"][0]
        found, owner = instructions(binary)
        counts, calls = executed(out, binary)
    measured = collections.Counter()
    for row in document["rows"]:
        measured[row["operation"]] += row["measured"]
    seen, aside = collections.Counter(), collections.Counter()
    for address, count in counts.items():
        if address not in found:
            continue
        kind, wide = found[address]
        name = owner[address]
        if "9Reference" not in name:
            continue
        (aside if OUTSIDE.search(name) else seen)[kind] += count * wide
    for name, count in calls.items():
        # The C library has one of each for every set of instructions: expf_fma, expf_sse2.
        kind = CALLS.get(name.split("_")[0])
        if kind:
            seen[kind] += count
    print(f"{'operation':10} {'counted':>12} {'instructions':>13} {'more':>6}")
    for kind in ["multiply", "add", "subtract", "divide", "sqrt", "exp", "sin", "cos", "tanh",
                 "erf", "log"]:
        if measured[kind] or seen[kind]:
            print(f"{kind:10} {measured[kind]:12} {seen[kind]:13} {seen[kind] - measured[kind]:6}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
