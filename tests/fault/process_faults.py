#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills and stops the processes of a real cluster while a job runs, and compares its files with those of an undisturbed run.

One coordinator and three workers run a statement set over generated rows: a windowed count and a join, each into files.
The faults follow from a seed; between two of them the job takes at least one checkpoint. The result must hold exactly the
rows of the run without faults, each once.

usage: process_faults.py THALWEG [--seed N] [--worker-kills N] [--coordinator-kills N] [--worker-stops N] [--report FILE]
"""
import argparse
import collections
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

WORKERS = 3
SLOTS = 2  # Of each: one worker may be down and the job still fits.
PARALLELISM = 3
ROWS_PER_SECOND = 3_000
SECONDS_PER_FAULT = 1.5  # How long the input must last for each fault.
PATIENCE = 180  # Seconds after which a job that does not end has failed.

SCRIPT = """
SET 'execution.checkpointing.interval' = '100 ms';
CREATE TABLE clicks (id BIGINT, page BIGINT, ts AS TO_TIMESTAMP_LTZ(id * 100, 3),
                     WATERMARK FOR ts AS ts - INTERVAL '1' DAY)
WITH ('connector' = 'datagen', 'seed' = '1', 'number-of-rows' = '{rows}', 'rows-per-second' = '{rate}',
      'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '{rows}',
      'fields.page.min' = '0', 'fields.page.max' = '99');
CREATE TABLE buys (id BIGINT, price BIGINT)
WITH ('connector' = 'datagen', 'seed' = '2', 'number-of-rows' = '{rows}', 'rows-per-second' = '{rate}',
      'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '{rows}',
      'fields.price.min' = '1', 'fields.price.max' = '1000000');
CREATE TABLE counted (page BIGINT, start_ms TIMESTAMP(3), clicks BIGINT)
WITH ('connector' = 'filesystem', 'path' = '{out}/counted', 'format' = 'json');
CREATE TABLE bought (id BIGINT, page BIGINT, price BIGINT)
WITH ('connector' = 'filesystem', 'path' = '{out}/bought', 'format' = 'json');
EXECUTE STATEMENT SET BEGIN
INSERT INTO counted
  SELECT page, window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
  GROUP BY page, window_start, window_end;
INSERT INTO bought SELECT clicks.id, page, price FROM clicks JOIN buys ON clicks.id = buys.id;
END;
"""


class Process:
    """A process of the cluster whose output goes to a file; `line` is the first that it prints."""

    def __init__(self, command, log):
        self.log = open(log, "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log)
        self.line = ""

    def await_line(self):
        self.line = self.process.stdout.readline().decode().strip()
        if not self.line:
            raise RuntimeError(f"{self.process.args} has ended: see {self.log.name}")
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        return self.line

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Cluster:
    def __init__(self, thalweg, folder):
        self.thalweg = thalweg
        self.folder = folder
        self.address = "127.0.0.1:0"
        self.coordinator = None
        self.workers = []
        self.started = 0

    def start_coordinator(self):
        self.coordinator = Process(
            [self.thalweg, "coordinator", "--storage", f"{self.folder}/state", "--rpc", self.address],
            f"{self.folder}/coordinator.log")
        self.address = self.coordinator.await_line().split()[-1]

    def start_worker(self):
        self.started += 1
        worker = Process(
            [self.thalweg, "worker", "--coordinator", self.address, "--slots", str(SLOTS), "--lanes", "1"],
            f"{self.folder}/worker-{self.started}.log")
        worker.await_line()
        self.workers.append(worker)

    def ask(self, *arguments):
        return subprocess.run([self.thalweg, arguments[0], "--coordinator", self.address, *arguments[1:]],
                              capture_output=True, text=True, timeout=PATIENCE)

    def describe(self, job):
        """Field -> text, or None while nobody answers."""
        answer = self.ask("describe", job)
        if answer.returncode != 0:
            return None
        return dict(re.split(r"\s{1,}", line, maxsplit=1) for line in answer.stdout.splitlines() if line[:1] != " ")

    def newest(self, job):
        described = self.describe(job)
        if described is None:
            return None
        return described["state"], int(re.search(r"newest (\d+)", described["checkpoints"]).group(1))

    def await_checkpoint(self, job):
        """Until the job has one more durable checkpoint, or has ended. Its state."""
        begin = time.monotonic()
        first = None
        while time.monotonic() < begin + PATIENCE:
            now = self.newest(job)
            if now is None:
                continue
            state, newest = now
            if first is None:
                first = newest
            if newest > first or state in ("FINISHED", "FAILED", "CANCELED"):
                return state
        raise RuntimeError(f"no checkpoint within {PATIENCE} s: {self.describe(job)}")

    def end(self):
        for process in [*self.workers, self.coordinator]:
            if process is not None:
                process.process.send_signal(signal.SIGCONT)
                process.kill()


def rows_of(folder):
    """How often each line stands in the visible files of the folder."""
    rows = collections.Counter()
    for place, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(("_", "."))]
        for name in names:
            if not name.startswith(("_", ".")):
                with open(os.path.join(place, name), encoding="utf-8") as file:
                    rows.update(file.read().splitlines())
    return rows


def script(out, rows, rate):
    return SCRIPT.format(out=out, rows=rows, rate=rate)


def undisturbed(thalweg, folder, rows):
    path = f"{folder}/undisturbed.sql"
    with open(path, "w", encoding="utf-8") as file:
        file.write(script(f"{folder}/undisturbed", rows, 1_000_000_000))
    subprocess.run([thalweg, "run", "-p", str(PARALLELISM), path], check=True, timeout=PATIENCE)
    return {name: rows_of(f"{folder}/undisturbed/{name}") for name in ("counted", "bought")}


def inject(cluster, kind, chance):
    if kind == "coordinator killed":
        cluster.coordinator.kill()
        cluster.start_coordinator()
        return
    index = chance.randrange(len(cluster.workers))
    if kind == "worker killed":
        cluster.workers.pop(index).kill()
        cluster.start_worker()
        return
    # Longer than the heartbeat's patience of 3 s: the job goes on without it, then it comes back.
    stopped = cluster.workers[index].process
    stopped.send_signal(signal.SIGSTOP)
    time.sleep(4)
    stopped.send_signal(signal.SIGCONT)


def run(arguments):
    chance = random.Random(arguments.seed)
    faults = (["worker killed"] * arguments.worker_kills + ["coordinator killed"] * arguments.coordinator_kills +
              ["worker stopped and continued"] * arguments.worker_stops)
    chance.shuffle(faults)
    seconds = SECONDS_PER_FAULT * len(faults) + 4 * arguments.worker_stops + 2
    rows = int(seconds * ROWS_PER_SECOND)
    folder = tempfile.mkdtemp(prefix="thalweg-faults-")
    cluster = Cluster(arguments.thalweg, folder)
    injected = collections.Counter()
    failed = True
    try:
        wanted = undisturbed(arguments.thalweg, folder, rows)
        cluster.start_coordinator()
        for _ in range(WORKERS):
            cluster.start_worker()
        path = f"{folder}/job.sql"
        with open(path, "w", encoding="utf-8") as file:
            file.write(script(f"{folder}/out", rows, ROWS_PER_SECOND))
        submitted = cluster.ask("submit", "-p", str(PARALLELISM), "--name", "faults", path)
        if submitted.returncode != 0:
            raise RuntimeError(submitted.stderr)
        job = submitted.stdout.strip()
        for kind in faults:
            if cluster.await_checkpoint(job) != "RUNNING":
                break
            inject(cluster, kind, chance)
            injected[kind] += 1
        state = cluster.await_checkpoint(job)
        while state not in ("FINISHED", "FAILED", "CANCELED"):
            state = cluster.await_checkpoint(job)
        if state != "FINISHED":
            raise RuntimeError(f"the job is {state}: {cluster.describe(job)}")
        got = {name: rows_of(f"{folder}/out/{name}") for name in wanted}
        lost = sum(((wanted[name] - got[name]).total() for name in wanted))
        doubled = sum(((got[name] - wanted[name]).total() for name in wanted))
        report = {"seed": arguments.seed, "rows": sum(w.total() for w in wanted.values()), "faults": dict(injected),
                  "lost": lost, "doubled": doubled}
        print(json.dumps(report))
        if arguments.report:
            with open(arguments.report, "w", encoding="utf-8") as file:
                json.dump(report, file, indent=2)
        failed = lost > 0 or doubled > 0 or sum(injected.values()) < len(faults)
        if sum(injected.values()) < len(faults):
            print(f"the input ended after {sum(injected.values())} of {len(faults)} faults", file=sys.stderr)
        return 1 if failed else 0
    finally:
        cluster.end()
        if failed:
            print(f"logs and files are in {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("thalweg")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worker-kills", type=int, default=2)
    parser.add_argument("--coordinator-kills", type=int, default=1)
    parser.add_argument("--worker-stops", type=int, default=0)
    parser.add_argument("--report")
    sys.exit(run(parser.parse_args()))


if __name__ == "__main__":
    main()
