"""Runs the queries of docs/large-sweeps.md over rows of this folder, and compares with Python's integers."""

import csv
import pathlib

import duckdb


def ask(name):
    return duckdb.sql(pathlib.Path(name).read_text()).fetchall()


with open("points.csv") as file:
    rows = list(csv.DictReader(file))
flops = [int(row["flops.total"]) for row in rows]
assert max(flops) > 2**63
assert ask("sum.sql") == [(sum(flops),)]
assert ask("lines.sql") == [(sum(flops),)]
least = {}
for row in rows:
    if int(row["active.all"]) < 2 * 10**9:
        experts = int(row["num_local_experts"])
        least[experts] = min(least.get(experts, 2**127), int(row["flops.total"]))
assert ask("first.sql") == sorted(least.items(), key=lambda pair: pair[1])[:20]
print(f"engines: DuckDB {duckdb.__version__} sums {len(rows)} counts of up to {max(flops)} exactly: {sum(flops)}")
