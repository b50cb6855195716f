"""Several processes on one file: ``python -m benchmarks.processes`` measures readers, alone and beside a writer.

Each reader is a process that reads rows of a file by random keys, a transaction for each. They begin together. The
writer changes ten rows a commit, durably, for as long as they read. What is kept: each reader's CPU time and time on
the wall, and how many commits came meanwhile. On a machine with fewer cores than processes they share them, so the CPU
time of a read tells how much they disturb each other, and the sum of all reads what the machine gave.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import people
from benchmarks.run import machine

OUTPUT = Path(__file__).parent / "results" / "processes" / "100000.json"
CONTESTANTS = ("raw", "zlmdb", "sqlite")
#: Rows that a commit of the writer changes.
COMMIT = 10

__all__ = ["main", "measure"]


def contestant(name: str) -> Any:
    """A contestant by name."""
    from benchmarks.ours import Ours
    from benchmarks.raw import Raw
    from benchmarks.sqlite import Sqlite

    return {cls.name: cls for cls in (Raw, Ours, Sqlite)}[name]()


def fill(name: str, path: str, rows: int) -> None:
    """Make the file that is read."""
    c = contestant(name)
    c.open(path, True)
    for chunk in people.chunks(rows, 100_000):
        c.begin()
        c.load([c.make(fields) for fields in chunk])
        c.commit()
    c.close()


def read(name: str, path: str, rows: int, reads: int, seed: str, start: Any, results: Any) -> None:
    """A reader."""
    c = contestant(name)
    c.open(path, True)
    chosen = random.Random(seed)
    oids = [people.oid_of(chosen.randrange(rows)) for _ in range(reads)]
    c.get_each(oids[:100])
    start.wait()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        last = c.get_each(oids)
        found = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        if c.take(last)[0] != oids[-1]:
            found = {"error": f"expected row {oids[-1]}, found {last}"}
    except Exception as error:  # it is the runner that must know, whatever it is
        found = {"error": f"{type(error).__name__}: {error}"}
    results.put(found)
    c.close()


def write(name: str, path: str, rows: int, start: Any, done: Any, results: Any) -> None:
    """The writer."""
    c = contestant(name)
    c.open(path, True)
    chosen = random.Random("writer")
    commits = 0
    start.wait()
    while not done.is_set():
        c.move([people.oid_of(chosen.randrange(rows)) for _ in range(COMMIT)], people.city_name(commits))
        commits += 1
    results.put({"commits": commits})
    c.close()


def measure(name: str, path: str, rows: int, reads: int, readers: int, writing: bool, seed: str) -> dict[str, Any]:
    """One run: each reader's times, and the number of commits."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(readers + writing)
    done, results, commits = context.Event(), context.Queue(), context.Queue()
    processes = [
        context.Process(target=read, args=(name, path, rows, reads, f"{seed} {n}", start, results))
        for n in range(readers)
    ]
    writer = context.Process(target=write, args=(name, path, rows, start, done, commits))
    for process in processes:
        process.start()
    if writing:
        writer.start()
    found = [results.get(timeout=300) for _ in processes]
    done.set()
    written = commits.get(timeout=300)["commits"] if writing else 0
    for process in [*processes, *([writer] if writing else [])]:
        process.join()
        if process.exitcode != 0:
            raise RuntimeError(f"{name}: a process ended with code {process.exitcode}")
    done_well = [one for one in found if "error" not in one]
    return {
        "who": name,
        "readers": readers,
        "writing": writing,
        "reads": reads,
        "cpu": [one["cpu"] for one in done_well],
        "wall": [one["wall"] for one in done_well],
        "commits": written,
        "errors": [one["error"].replace(path, name) for one in found if "error" in one],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the file (100,000)")
    parser.add_argument("--reads", type=int, default=50_000, help="reads of each reader (50,000)")
    parser.add_argument("--readers", type=int, action="append", help="number of readers; may be repeated (1, 2, 4)")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions (3)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="file for the numbers")
    given = parser.parse_args(arguments)
    runs = []
    with tempfile.TemporaryDirectory(prefix="zlmdb-bench-") as directory:
        paths = {name: os.path.join(directory, name) for name in CONTESTANTS}
        for name, path in paths.items():
            fill(name, path, given.rows)
        for at in range(given.rounds):
            for readers in given.readers or [1, 2, 4]:
                for writing in (False, True):
                    for step in range(len(CONTESTANTS)):
                        name = CONTESTANTS[(at + step) % len(CONTESTANTS)]
                        run = measure(name, paths[name], given.rows, given.reads, readers, writing, f"{at} {readers}")
                        runs.append({"round": at, **run})
                        cost = median(run["cpu"]) / given.reads * 1e6
                        print(f"{name:8} {readers} readers, {run['commits']:5} commits: {cost:6.2f} us per read")
                        for error in run["errors"]:
                            print(f"         {error}")
    kept = {"machine": machine({}), "rows": given.rows, "processes": runs}
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(kept, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
