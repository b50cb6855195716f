"""Time series, measured: ``python -m benchmarks.series``; ``--rows 10000000`` for ten million ticks.

In rounds, as the other benchmarks: in each, every contestant stores all ticks anew and answers every question, another
one begins each time, and the answers must agree. What is not installed does not take part.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import series_report
from benchmarks.measure import Clock
from benchmarks.tick_rivals import Arctic, Duck, Parquet, Sqlite
from benchmarks.tick_stores import RawChunk, RawRows, Store, Zlmdb, ZlmdbCompressed, size_of
from benchmarks.ticks import MINUTE, SYMBOLS, Batch, batches, single

HERE = Path(__file__).parent
CONTESTANTS: tuple[type[Store], ...] = (RawChunk, Zlmdb, ZlmdbCompressed, RawRows, Duck, Parquet, Sqlite, Arctic)
#: A hundred thousand series of a few ticks each, if there are a million ticks.
FEW, TICKS_A_SERIES = 5, 10
WORKS = ("append", "range", "mean", "candles", "as_of", "single")
SINGLES = 1000


class Field:
    """The ticks, and what is asked about them."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.batches: list[Batch] = batches(rows)
        everything = np.concatenate([batch.whole.time for batch in self.batches]).view(np.int64)
        self.lo, self.hi = int(everything[rows // 4]), int(everything[3 * rows // 4])
        rng = np.random.default_rng(1)
        self.moments = rng.integers(everything[rows // 100], everything[-1], 500).tolist()


def run(work: str, store: Store, field: Field, clock: Clock, number: int) -> tuple[int, Any]:
    """Run a workload: operations, and the answer."""
    if work == "append":
        with clock.running():
            store.append(field.batches)
        store.filled()
        return field.rows, None
    if work == "range":
        symbol = SYMBOLS[number % len(SYMBOLS)]
        with clock.running():
            times, prices, sizes, sides = store.range(symbol, field.lo, field.hi)
        sums = [float(prices.sum()), int(sizes.sum(dtype=np.uint64)), int(sides.sum(dtype=np.uint64))]
        return len(times), [len(times), str(times[0]), str(times[-1]), *sums]
    if work == "mean":
        with clock.running():
            means = store.means()
        return field.rows, [round(mean, 6) for mean in means]
    if work == "candles":
        with clock.running():
            found = store.candles()
        return field.rows, [
            [len(part[0]), *(round(float(column.sum()), 2) for column in part[1:])] for part in found.values()
        ]
    if work == "as_of":
        with clock.running():
            prices = store.as_of(SYMBOLS[5], field.moments)
        return len(field.moments), prices
    ticks = [single(SINGLES * number + at) for at in range(SINGLES)]
    with clock.running():
        store.single(ticks)
    return SINGLES, None


def rounds(
    field: Field, contestants: list[type[Store]], number: int, passes: int, directory: str
) -> list[dict[str, Any]]:
    """All measurements."""
    kept: list[dict[str, Any]] = []
    for at in range(number):
        stores: dict[str, Store] = {}
        for step in range(len(contestants)):
            cls = contestants[(at + step) % len(contestants)]
            place = os.path.join(directory, f"{cls.name}-{at}")
            os.mkdir(place)
            stores[cls.name] = cls()
            stores[cls.name].open(place)
        gc.collect()
        gc.freeze()
        for work in WORKS:
            again = 1 if work in ("append", "single") else passes  # what writes takes the longest
            for turn in range(again):
                answers: dict[str, str] = {}
                for step in range(len(contestants)):
                    store = stores[contestants[(at + turn + step) % len(contestants)].name]
                    if work in store.skips:
                        continue
                    clock = Clock()
                    ops, answer = run(work, store, field, clock, at * passes + turn)
                    answers[store.name] = json.dumps(answer)
                    kept.append(
                        {"round": at, "pass": turn, "work": work, "who": store.name, "ops": ops}
                        | {"cpu": clock.cpu, "wall": clock.wall}
                    )
                    _progress(f"round {at + 1}/{number}, {work}, {store.name}")
                _compare(work, answers)
            if work == "append":
                for name in stores:
                    size = size_of(os.path.join(directory, f"{name}-{at}"))
                    kept.append(
                        {"round": at, "pass": 0, "work": "bytes", "who": name, "ops": field.rows, "bytes": size}
                    )
        for name, store in stores.items():
            store.close()
            shutil.rmtree(os.path.join(directory, f"{name}-{at}"), ignore_errors=True)
        gc.unfreeze()
    _progress("")
    return kept


def sparse(field: Field, contestants: list[type[Store]], number: int, directory: str) -> list[dict[str, Any]]:
    """The measurements of many series of few ticks each: appending, a tick to each at a time, and opening the file."""
    symbols = [f"S{at:06d}" for at in range(field.rows // TICKS_A_SERIES)]
    contestants = [cls for cls in contestants if cls.sparse]
    kept: list[dict[str, Any]] = []
    for at in range(number):
        answers: dict[str, dict[str, str]] = {"sparse": {}, "open": {}}
        for step in range(len(contestants)):
            cls = contestants[(at + step) % len(contestants)]
            place = os.path.join(directory, f"sparse-{cls.name}-{at}")
            os.mkdir(place)
            store = cls()
            store.open(place)
            clock = Clock()
            for turn in range(FEW):
                prices = [float(turn + number % 100) for number in range(len(symbols))]
                with clock.running():
                    store.one_each(symbols, (turn + 1) * MINUTE, prices)
            answers["sparse"][cls.name] = json.dumps([store.last(symbols[0]), store.last(symbols[-1])])
            store.close()
            size = size_of(place)
            ops = FEW * len(symbols)
            common = {"round": at, "pass": 0, "who": cls.name}
            kept.append({**common, "work": "sparse", "ops": ops, "cpu": clock.cpu, "wall": clock.wall})
            kept.append({**common, "work": "sparse bytes", "ops": ops, "bytes": size})
            clock = Clock()
            store = cls()
            with clock.running():
                store.open(place)
                found = store.last(symbols[len(symbols) // 2])
            answers["open"][cls.name] = json.dumps(found)
            kept.append({**common, "work": "open", "ops": 1, "cpu": clock.cpu, "wall": clock.wall})
            store.close()
            shutil.rmtree(place, ignore_errors=True)
            _progress(f"round {at + 1}/{number}, many series, {cls.name}")
        for work, found_ones in answers.items():
            if found_ones:
                _compare(work, found_ones)
    _progress("")
    return kept


def _compare(work: str, answers: dict[str, str]) -> None:
    """Refuse answers that differ.

    Raises:
        ValueError: naming the workload and the contestants.
    """
    first = next(iter(answers))
    for name, answer in answers.items():
        if answer != answers[first]:
            raise ValueError(f"{work}: {first} answers {answers[first][:300]}, but {name} answers {answer[:300]}")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def present(wanted: list[str]) -> list[type[Store]]:
    """The contestants whose packages are installed; the others are named."""
    found = []
    for cls in CONTESTANTS:
        if wanted and cls.name not in wanted:
            continue
        with tempfile.TemporaryDirectory() as directory:
            try:
                store = cls()
                store.open(directory)
            except ImportError as error:
                print(f"{cls.name} does not take part: {error.name} is not installed", file=sys.stderr)
                continue
            store.close()
        found.append(cls)
    return found


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    from benchmarks.run import machine as common

    found = common({})
    for package in ("duckdb", "pyarrow", "arcticdb", "pandas", "zstandard"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def main(arguments: list[str] | None = None) -> None:
    """Measure, keep the numbers, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.series", description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="number of ticks; may be repeated (1000000)")
    parser.add_argument("--rounds", type=int, help="repetitions of everything (5; 2 from ten million ticks)")
    parser.add_argument("--passes", type=int, default=4, help="repetitions of reading within a round (4)")
    parser.add_argument("--only", action="append", default=[], choices=[cls.name for cls in CONTESTANTS])
    parser.add_argument("--directory", help="where the stores go (a temporary directory)")
    parser.add_argument("--output", type=Path, help="file for the numbers (benchmarks/results/series/<ticks>.json)")
    given = parser.parse_args(arguments)
    contestants = present(given.only)
    for rows in given.rows or [1_000_000]:
        directory = tempfile.mkdtemp(prefix="zlmdb-series-", dir=given.directory)
        try:
            number = given.rounds or (2 if rows >= 10_000_000 else 5)
            field = Field(rows)
            kept = rounds(field, contestants, number, given.passes, directory)
            kept += sparse(field, contestants, number, directory)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
        found = {"machine": machine(), "rows": rows, "measurements": kept}
        output = given.output or HERE / "results" / "series" / f"{rows}.json"
        output.parent.mkdir(exist_ok=True)
        output.write_text(json.dumps(found, separators=(",", ":")).replace("},{", "},\n{") + "\n")
        print(series_report.text(found))


if __name__ == "__main__":
    main()
