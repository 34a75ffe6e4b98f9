#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every measure of the benchmark on little data and looks at the JSON: each job and each bare loop must come to
the same result (the program checks that and fails otherwise); the numbers themselves mean nothing here. The pauses are left out: they need a rate that a debug build on a busy machine
does not reach.

usage: smoke_test.py PROGRAM
"""
import json
import os
import subprocess
import sys
import tempfile

SCALE = "0.002"
MEASURES = ["group-by", "join", "json", "spill", "tumble", "upload"]
FIELDS = {"name", "value", "unit", "bar", "pass"}
# One word of the name of a reading for each line of the table in docs/benchmarks.md.
EXPECTED = ["tumbling count and sum, 1M keys, wall", "tumbling count and sum, 1,000 keys, cpu",
            "updating GROUP BY, 1M keys, wall", "updating GROUP BY, 1,000 keys, cpu",
            "inner join, 1M keys, 3 rows a key and side, wall", "JSON lines, filter, project, cpu",
            "JSON lines that fit no template, wall",
            "bytes uploaded, 60 checkpoints of 1M keys, 1 % changed",
            "1 GB of state, budget 128 MB, resident at most"]


def mistakes_of(readings):
    found = []
    names = [reading["name"] for reading in readings]
    found += [f"'{name}' is missing" for name in EXPECTED if name not in names]
    if len(set(names)) != len(names):
        found.append("a name stands twice")
    for reading in readings:
        name = reading.get("name", "?")
        if set(reading) != FIELDS:
            found.append(f"'{name}' has the fields {sorted(reading)}")
        if not isinstance(reading["value"], (int, float)) or reading["value"] <= 0:
            found.append(f"'{name}' has the value {reading['value']}")
        if not isinstance(reading["pass"], bool) or (reading["bar"] is None and not reading["pass"]):
            found.append(f"'{name}' passes: {reading['pass']}")
    return found


def main():
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "bench.json")
        subprocess.run([sys.argv[1], "--only", *MEASURES, "--scale=" + SCALE, "--pairs=1", "--out=" + out,
                        "--directory=" + os.path.join(folder, "work")], check=True)
        with open(out, encoding="utf-8") as file:
            readings = json.load(file)
    mistakes = mistakes_of(readings)
    print("\n".join(mistakes + [f"{len(readings)} readings, {len(mistakes)} mistakes"]))
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
