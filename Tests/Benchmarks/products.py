"""How fast matrix products are: this tool's kernels, OpenBLAS and torch, interleaved on one machine.

    swift build -c release --product benchmark
    PYTHON Tests/Benchmarks/products.py [--rounds 8] [--threads 1 2] [--runner .build/release/benchmark]

PYTHON is an interpreter that has numpy and, to compare with it, torch. OpenBLAS is Debian's
libopenblas0-pthread; where it or torch is missing, its columns are empty. Each round asks each library in
turn for a few products of one shape, so that a noisy minute falls on all of them. Printed are the best and,
in brackets, the median in GF/s (decode: GB/s of weights), and what is ours over theirs, of the best and of
the median. Shapes are M×N×K: y[M,N] = x[M,K] · w[N,K]ᵀ, with w as it lies in a checkpoint.
"""

import argparse
import ctypes
import os
import pathlib
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
if " avx512f " in pathlib.Path("/proc/cpuinfo").read_text():
    # By itself, or by an environment made for other machines, it takes loops that are half as fast.
    os.environ["OPENBLAS_CORETYPE"] = "SKYLAKEX"
    os.environ.pop("OPENBLAS_L2_SIZE", None)

import numpy  # noqa: E402  (after the environment is set)

SHAPES = [
    ("Llama-2-7B attention, 512 tokens", 512, 4096, 4096),
    ("Llama-2-7B gate, 512 tokens", 512, 11008, 4096),
    ("Llama-2-7B down, 128 tokens", 128, 4096, 11008),
    ("DeepSeekMoE-16B expert, gate", 64, 1408, 2048),
    ("DeepSeekMoE-16B expert, down", 64, 2048, 1408),
    ("attention scores, one head", 2048, 2048, 128),
    ("Llama-2-7B attention, decode", 1, 4096, 4096),
    ("Llama-2-7B gate, decode", 1, 11008, 4096),
]


class Ours:
    def __init__(self, path):
        self.process = subprocess.Popen(
            [path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def measure(self, m, n, k, threads, repeats):
        print("product", m, n, k, threads, repeats, file=self.process.stdin, flush=True)
        return [float(word) for word in self.process.stdout.readline().split()]

    def close(self):
        self.process.communicate("quit\n")


def timed(body, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return [min(times), statistics.median(times)]


def operands(m, n, k):
    generator = numpy.random.default_rng(0)
    return [generator.random(shape, numpy.float32) - 0.5 for shape in ((m, k), (n, k), (m, n))]


class OpenBLAS:
    def __init__(self):
        self.library = ctypes.CDLL("/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0")

    def measure(self, m, n, k, threads, repeats):
        self.library.openblas_set_num_threads(threads)
        x, w, y = operands(m, n, k)
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (x, w, y)]
        one, zero = ctypes.c_float(1), ctypes.c_float(0)
        if m == 1:
            def body():
                self.library.cblas_sgemv(
                    101, 111, n, k, one, pointers[1], k, pointers[0], 1, zero, pointers[2], 1)
        else:
            def body():
                self.library.cblas_sgemm(
                    101, 111, 112, m, n, k, one, pointers[0], k, pointers[1], k, zero, pointers[2], n)
        return timed(body, repeats)


class Torch:
    def __init__(self):
        import torch
        self.torch = torch

    def measure(self, m, n, k, threads, repeats):
        self.torch.set_num_threads(threads)
        x, w, y = (self.torch.from_numpy(array) for array in operands(m, n, k))
        return timed(lambda: self.torch.mm(x, w.t(), out=y), repeats)


def optional(make):
    try:
        return make()
    except (ImportError, OSError) as error:
        print(f"left out: {error}")
        return None


def main(words=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runner", default=str(ROOT / ".build/release/benchmark"))
    options = parser.parse_args(words)
    ours = Ours(options.runner)
    libraries = {"ours": ours, "OpenBLAS": optional(OpenBLAS), "torch": optional(Torch)}
    result = []
    libraries = {name: library for name, library in libraries.items() if library}
    for threads in options.threads:
        print(f"\n{threads} thread{'s' if threads > 1 else ''}")
        ratios = [f"ours/{name}" for name in libraries if name != "ours"]
        heads = [f"{name:>17}" for name in list(libraries) + ratios]
        print(f"{'':34}{'M×N×K':>16}    ", *heads)
        for name, m, n, k in SHAPES:
            work = (4 * n * k if m == 1 else 2 * m * n * k) / 1e9
            repeats = max(2, min(50, int(0.1 / (2 * m * n * k / 2e11 + 4 * n * k / 1e10))))
            best = {library: [] for library in libraries}
            middle = {library: [] for library in libraries}
            for _ in range(options.rounds):
                for library, measured in libraries.items():
                    times = measured.measure(m, n, k, threads, repeats)
                    best[library].append(times[0])
                    middle[library].append(times[1])
            speed = {
                library: (work / min(best[library]), work / statistics.median(middle[library]))
                for library in libraries
            }
            cells = [f"{a:8.1f} ({b:6.1f})" for a, b in speed.values()]
            for library in libraries:
                if library != "ours":
                    a, b = (speed["ours"][i] / speed[library][i] for i in (0, 1))
                    cells.append(f"{a:8.2f} ({b:6.2f})")
                    result.append((f"{name}, {threads} threads, speed", library, a))
            unit = "GB/s" if m == 1 else "GF/s"
            print(f"{name:34}{f'{m}×{n}×{k}':>16} {unit}", *cells, flush=True)
    ours.close()
    return result


if __name__ == "__main__":
    main()
