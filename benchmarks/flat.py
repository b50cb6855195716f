"""FlatBuffers of a declared class against the FlatBuffers runtime with the classes that flatc generates.

    python -m benchmarks.flat [--rounds N] [--rows N] [--output FILE]

Both build and read buffers of the same ten fields; each reads what the other has built, too. All run in one process, in
interleaved rounds; times are CPU time per row, the median over the rounds. It needs ``flatc`` (Debian: the package
flatbuffers-compiler), which generates the rival's classes when the benchmark starts, in a directory that is removed.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from enum import IntEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs

import zlmdb
from zlmdb import fbs
from zlmdb.values import FlatBuffers

SCHEMA = """
namespace bench;
enum Side : ubyte { BUY = 0, SELL = 1 }
table Trade {
  number:ulong; time:long; symbol:string (required); side:Side = BUY; price:double; size:int; fee:double;
  venue:string; note:string; flags:uint;
}
root_type Trade;
"""


@fbs.enum(base=fbs.uint8)
class Side(IntEnum):
    """Who wanted it."""

    BUY = 0
    SELL = 1


@attrs.define
class Trade:
    """Ten fields, three of them texts."""

    number: fbs.uint64
    time: int
    symbol: str
    side: Side
    price: float
    size: fbs.int32
    fee: float
    venue: str | None = None
    note: str | None = None
    flags: fbs.uint32 = 0


def generated(directory: str) -> Any:
    """The module that flatc makes of the schema."""
    source = Path(directory) / "trade.fbs"
    source.write_text(SCHEMA)
    subprocess.run(["flatc", "--python", "-o", directory, str(source)], check=True)
    sys.path.insert(0, directory)
    return importlib.import_module("bench.Trade")


def flatc_builder(module: Any) -> Callable[[Trade], bytes]:
    """What a careful programmer writes with the generated functions."""
    from flatbuffers import Builder

    names = ("Start", "AddNumber", "AddTime", "AddSymbol", "AddSide", "AddPrice", "AddSize", "AddFee", "AddVenue")
    find = {name: getattr(module, f"Trade{name}") for name in (*names, "AddNote", "AddFlags", "End")}
    start, end = find["Start"], find["End"]
    number, moment, symbol, side = find["AddNumber"], find["AddTime"], find["AddSymbol"], find["AddSide"]
    price, size, fee, venue = find["AddPrice"], find["AddSize"], find["AddFee"], find["AddVenue"]
    note, flags = find["AddNote"], find["AddFlags"]

    def build(row: Trade) -> bytes:
        builder = Builder(256)
        a = builder.CreateString(row.symbol)
        b = None if row.venue is None else builder.CreateString(row.venue)
        c = None if row.note is None else builder.CreateString(row.note)
        start(builder)
        number(builder, row.number)
        moment(builder, row.time)
        symbol(builder, a)
        side(builder, row.side)
        price(builder, row.price)
        size(builder, row.size)
        fee(builder, row.fee)
        if b is not None:
            venue(builder, b)
        if c is not None:
            note(builder, c)
        flags(builder, row.flags)
        builder.Finish(end(builder))
        return bytes(builder.Output())

    return build


def rows_of(number: int) -> list[Trade]:
    """Trades like those of a market; a note is rare."""
    rng = random.Random(5)
    venues = ["kraken", "binance", "coinbase"]
    return [
        Trade(
            n,
            10**18 + n,
            rng.choice(["ETHUSD", "BTCUSD", "SOLEUR"]),
            rng.choice(list(Side)),
            rng.random() * 1000,
            rng.randrange(10**6),
            rng.random(),
            rng.choice(venues),
            "partially filled" if rng.random() < 0.1 else None,
            rng.randrange(100),
        )
        for n in range(number)
    ]


def works(module: Any, rows: list[Trade]) -> dict[str, dict[str, Callable[[], Any]]]:
    """For each workload what each contestant does; every function gives an answer that must be the same for all."""
    codec: FlatBuffers[Trade] = FlatBuffers(Trade)
    encode, decode, build, root = codec.encode, codec.decode, flatc_builder(module), module.Trade.GetRootAs
    mine, theirs = [encode(row) for row in rows], [build(row) for row in rows]

    def ours(read: Callable[[Any], Any], data: list[bytes]) -> Callable[[], Any]:
        return lambda: [read(decode(buffer)) for buffer in data][-1]

    def flatc(read: Callable[[Any], Any], data: list[bytes]) -> Callable[[], Any]:
        return lambda: [read(root(buffer, 0)) for buffer in data][-1]

    def three(row: Any) -> Any:
        return row.time, row.price, row.symbol

    def three_by_call(row: Any) -> Any:
        return row.Time(), row.Price(), row.Symbol().decode()

    def ten(row: Any) -> Any:
        return (
            row.number, row.time, row.symbol, row.side, row.price, row.size, row.fee, row.venue, row.note, row.flags,
        )  # fmt: skip

    def text(data: bytes | None) -> str | None:
        return None if data is None else data.decode()

    def ten_by_call(row: Any) -> Any:
        return (
            row.Number(), row.Time(), row.Symbol().decode(), Side(row.Side()), row.Price(), row.Size(), row.Fee(),
            text(row.Venue()), text(row.Note()), row.Flags(),
        )  # fmt: skip

    def built(function: Callable[[Trade], bytes]) -> Callable[[], Any]:
        return lambda: decode([function(row) for row in rows][-1]) == rows[-1]

    return {
        "build": {"zlmdb": built(encode), "flatc": built(build)},
        "read 3 of 10 fields": {"zlmdb": ours(three, mine), "flatc": flatc(three_by_call, mine)},
        "read 3 of 10, built by flatc": {"zlmdb": ours(three, theirs), "flatc": flatc(three_by_call, theirs)},
        "read all fields": {"zlmdb": ours(ten, mine), "flatc": flatc(ten_by_call, mine)},
        "read all, built by flatc": {"zlmdb": ours(ten, theirs), "flatc": flatc(ten_by_call, theirs)},
        "read into an object": {
            "zlmdb": lambda: attrs.astuple([fbs.detach(decode(buffer)) for buffer in mine][-1]),
            "flatc": lambda: attrs.astuple([Trade(*ten_by_call(root(buffer, 0))) for buffer in mine][-1]),
        },
    }


def measure(
    found: dict[str, dict[str, Callable[[], Any]]], rounds: int, rows: int
) -> dict[str, dict[str, list[float]]]:
    """CPU time per row in each round, in nanoseconds."""
    times: dict[str, dict[str, list[float]]] = {work: {name: [] for name in runs} for work, runs in found.items()}
    for turn in range(rounds + 1):
        for work, runs in found.items():
            answers = []
            for name in sorted(runs, reverse=bool(turn % 2)):
                gc.collect()
                before = time.process_time()
                answers.append(runs[name]())
                spent = time.process_time() - before
                if turn:  # the first round warms up
                    times[work][name].append(spent / rows * 1e9)
            if any(answer != answers[0] for answer in answers):
                raise RuntimeError(f"{work}: the answers differ: {answers}")
    return times


def main() -> None:
    """Measure, keep the numbers, and print the table."""
    parser = argparse.ArgumentParser(description="FlatBuffers of a class against the runtime with flatc's classes")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--output", type=Path, help="file for the numbers (benchmarks/results/flat/<rows>.json)")
    options = parser.parse_args()
    if shutil.which("flatc") is None:
        sys.exit("flatc is not installed, and the rival's classes are its work: install flatbuffers-compiler")
    with tempfile.TemporaryDirectory() as directory:
        module = generated(directory)
        found = works(module, rows_of(options.rows))
        result = measure(found, options.rounds, options.rows)
    flatc = subprocess.run(["flatc", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    kept = {
        "rows": options.rows,
        "cores": os.cpu_count(),
        "versions": {
            "python": platform.python_version(),
            "flatbuffers": version("flatbuffers"),
            "flatc": flatc.rpartition(" ")[2],
            "zlmdb": zlmdb.__version__,
        },
        "when": time.strftime("%Y-%m-%d"),
        "measurements": result,
    }
    output = options.output or Path(__file__).parent / "results" / "flat" / f"{options.rows}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"Python {platform.python_version()}, flatbuffers {version('flatbuffers')}, {flatc}")
    print("CPU time per row, nanoseconds\n")
    print(f"{'':30} {'zlmdb':>8} {'flatc':>8} {'times':>6}")
    for work, runs in result.items():
        ours, theirs = (statistics.median(runs[name]) for name in ("zlmdb", "flatc"))
        print(f"{work:30} {ours:8.0f} {theirs:8.0f} {theirs / ours:6.1f}")


if __name__ == "__main__":
    main()
