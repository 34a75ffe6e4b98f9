#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs examples/flights.sql and compares what it prints and writes with the same sums taken here, line by line.

usage: flights_test.py THALWEG REPOSITORY DIRECTORY
"""
import collections
import csv
import datetime
import glob
import json
import os
import shutil
import subprocess
import sys


def monday_of(departed):
    day = datetime.datetime.strptime(departed, "%Y-%m-%d %H:%M:%S").date()
    return day - datetime.timedelta(days=day.weekday())


def read_rows(folder):
    rows = []
    for path in glob.glob(os.path.join(folder, "**", "*"), recursive=True):
        parts = os.path.relpath(path, folder).split(os.sep)
        if os.path.isfile(path) and not any(part[0] in "._" for part in parts):
            with open(path, encoding="utf-8") as file:
                rows += [(parts[0] if len(parts) > 1 else "", json.loads(line)) for line in file]
    return rows


def expected_of(repository):
    with open(os.path.join(repository, "examples/data/flights.jsonl"), encoding="utf-8") as file:
        flights = [json.loads(line) for line in file]
    with open(os.path.join(repository, "examples/data/airports.csv"), encoding="utf-8", newline="") as file:
        states = {row["iata"]: row["state"] for row in csv.DictReader(file)}
    late = sorted(
        ("month=" + f["departed"][:7], f["departed"], f["origin"], f["destination"], f["delay"])
        for f in flights if f["delay"] > 60)
    weeks = collections.Counter(monday_of(f["departed"]) for f in flights)
    by_state = collections.defaultdict(lambda: [0, 0])
    for f in flights:
        if f["origin"] in states:
            sums = by_state[(str(monday_of(f["departed"])), states[f["origin"]])]
            sums[0] += 1
            sums[1] += f["delay"]
    return late, {str(week): count for week, count in weeks.items()}, by_state


def main(thalweg, repository, directory):
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    os.symlink(os.path.join(repository, "examples"), os.path.join(directory, "examples"))
    for parallelism in ("1", "2"):
        shutil.rmtree(os.path.join(directory, "build"), ignore_errors=True)
        done = subprocess.run(
            [thalweg, "run", "examples/flights.sql", "--output", "jsonl", "-p", parallelism],
            cwd=directory, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        late, weeks, by_state = expected_of(repository)

        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(r["week"], r["state"]) for r in rows] == sorted(by_state), "weeks and states differ, or their order"
        for row in rows:
            flights, delay = by_state[(row["week"], row["state"])]
            assert row["flights"] == flights, row
            assert abs(row["average_delay"] - delay / flights) <= 0.0501, (row, delay, flights)

        written = sorted(
            (folder, r["departed"], r["origin"], r["destination"], r["delay"])
            for folder, r in read_rows(os.path.join(directory, "build/demo/late_flights")))
        assert written == late, f"{len(written)} late flights written, {len(late)} expected"
        counted = {r["week"][:10]: r["flights"] for _, r in read_rows(os.path.join(directory, "build/demo/weekly_counts"))}
        assert counted == weeks, (counted, weeks)
    print("flights.sql gives what Python counts")


main(*sys.argv[1:])
