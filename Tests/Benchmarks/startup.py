"""How long a process of this tool takes, against a Swift program that does nothing.

    swift build -c release
    python3 Tests/Benchmarks/startup.py [PROGRAM]

PROGRAM is .build/release/tally; one that is linked statically, as .ci/release makes it, is compared with
an empty program linked so too. Processes take turns. A process is never faster than its work, but a busy
machine makes it slower, so the ratio is that of the least times; that of the medians stands beside it.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = 60
# Each command, and how many times an empty program it may take.
COMMANDS = [
    ("--version", 1.5),
    ("--help", 1.5),
    ("figures", 1.5),
    ("params mixtral-8x7b", 2.5),
    ("flops deepseek-v3", 4.0),
]


def empty(folder, is_static):
    """Builds a program that does nothing."""
    source = pathlib.Path(folder) / "main.swift"
    source.write_text("")
    program = pathlib.Path(folder) / "empty"
    subprocess.run(
        ["swiftc", "-O", *(["-static-executable"] if is_static else []), source, "-o", program],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return str(program)


def seconds(command, quiet):
    start = time.perf_counter()
    child = os.posix_spawn(
        command[0], command, os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)])
    _, status = os.waitpid(child, 0)
    assert status == 0, command
    return time.perf_counter() - start


def main(words=()):
    program = words[0] if words else str(ROOT / ".build/release/tally")
    is_static = subprocess.run(["ldd", program], capture_output=True).returncode != 0
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as quiet:
        commands = {"an empty program": [empty(folder, is_static)]}
        commands |= {line: [program, *line.split()] for line, _ in COMMANDS}
        times = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(seconds(command, quiet.fileno()))
    least = {name: min(values) for name, values in times.items()}
    middle = {name: statistics.median(values) for name, values in times.items()}
    print(f"{program}, {'static' if is_static else 'dynamic'}: ms, least and median of {ROUNDS}")
    result = []
    for name in commands:
        ratio = least[name] / least["an empty program"]
        goal = dict(COMMANDS).get(name)
        print(f"{name:24} {1000 * least[name]:7.2f} {1000 * middle[name]:7.2f}   ratio {ratio:5.2f} "
              f"({middle[name] / middle['an empty program']:.2f})"
              + (f", at most {goal}" if goal else ""))
        if goal:
            result.append((f"tally {name}, time", "an empty Swift program", ratio))
    return result


if __name__ == "__main__":
    main(sys.argv[1:])
