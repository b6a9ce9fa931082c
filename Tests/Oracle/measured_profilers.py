"""Writes what profilers say of the small models of `measured.py`, beside the files of that script.

    python measured_profilers.py --out Measured

    Measured/<model>/<settings>-<phase>.trace.json.gz   a trace of torch's profiler, with shapes, and with modules where they fit
    Measured/<model>/<settings>-prefill.fvcore.txt      the table of fvcore 0.1.5
    Measured/<model>/<settings>-prefill.calflops.txt    what calflops 0.3.2 prints
    Measured/<model>/<settings>-prefill.deepspeed.txt   what the flops profiler of deepspeed 0.19.8 prints

The packages are in no requirements.txt; without them only the traces are written. Of a trace those events are kept that are operations
of torch or calls of modules, with the shapes of their operands; the rest (paths, addresses, memory) says nothing of counts.
"""

import argparse
import contextlib
import gzip
import io
import json
import pathlib

import torch
from measured import MODELS, build, ids, step
from torch.profiler import ProfilerActivity, profile

TRACES = [("llama", "default", "prefill"), ("llama", "eager", "train"), ("mixtral", "default", "prefill"), ("mixtral", "eager", "prefill"),
          ("deepseek_v3", "default", "decode"), ("mamba2", "default", "prefill")]  # fmt: skip
TABLES = [("llama", "eager"), ("llama", "default"), ("mixtral", "eager"), ("deepseek_v3", "default")]


def trace(model, phase):
    run = step(model, phase)
    named = {"record_shapes": True, "with_flops": True, "with_modules": True, "with_stack": True}
    with torch.set_grad_enabled(phase == "train"), profile(activities=[ProfilerActivity.CPU], **named) as profiler:
        run()
    path = pathlib.Path("trace.json")
    profiler.export_chrome_trace(str(path))
    document = json.loads(path.read_text())
    path.unlink()
    start = min(event["ts"] for event in document["traceEvents"] if event.get("ph") == "X")
    kept = []
    for event in document["traceEvents"]:
        if event.get("ph") == "X" and event["name"].startswith(("aten::", "nn.Module: ")):
            args = {key: value for key, value in event["args"].items() if key in ("Input Dims", "Concrete Inputs") and value}
            event = {"ph": "X", "cat": event["cat"], "name": event["name"], "pid": 1, "tid": event["tid"], "ts": round(event["ts"] - start, 3),
                     "dur": event["dur"], **({"args": args} if args else {})}  # fmt: skip
            kept.append(event)
    threads = {tid: number for number, tid in enumerate(sorted({event["tid"] for event in kept}, key=str))}
    for event in kept:
        event["tid"] = threads[event["tid"]]
    return {"schemaVersion": document["schemaVersion"], "with_flops": 1, "with_modules": 1, "record_shapes": 1, "traceEvents": kept}


class Logits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, tokens):
        return self.model(input_ids=tokens, use_cache=False).logits


def fvcore(model):
    from fvcore.nn import FlopCountAnalysis, flop_count_table

    analysis = FlopCountAnalysis(Logits(model), ids(24)).unsupported_ops_warnings(False)
    return flop_count_table(analysis, max_depth=8)


def calflops(model):
    from calflops import calculate_flops

    model.config.use_cache = False
    with contextlib.redirect_stdout(io.StringIO()) as text:
        calculate_flops(model=model, kwargs={"input_ids": ids(24)})
    return text.getvalue()


def deepspeed(model):
    from deepspeed.profiling.flops_profiler import FlopsProfiler

    profiler = FlopsProfiler(model)
    profiler.start_profile()
    with torch.no_grad():
        model(input_ids=ids(24))
    profiler.stop_profile()
    with contextlib.redirect_stdout(io.StringIO()) as text:
        profiler.print_model_profile(profile_step=1)
    profiler.end_profile()
    return text.getvalue()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    torch.set_num_threads(1)
    for name, settings, phase in TRACES:
        text = json.dumps(trace(build(MODELS[name], settings), phase), separators=(",", ":"))
        (out / name / f"{settings}-{phase}.trace.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    for name, settings in TABLES:
        for tool in (fvcore, calflops, deepspeed):
            try:
                text = tool(build(MODELS[name], settings).eval())
            except ImportError as error:
                print(tool.__name__, error)
                continue
            (out / name / f"{settings}-prefill.{tool.__name__}.txt").write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
