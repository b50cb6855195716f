"""Tables from kept results: ``python -m benchmarks.report`` prints them, ``--rst FILE`` writes them for the docs.

A ratio is taken within each round and pass, between runs that followed each other, and the median of these ratios is
shown: so a slow minute of the machine strikes both sides. Microseconds are medians, too, of the process's CPU time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import WORKS

HERE = Path(__file__).parent

#: Highest CPU ratio to hand-written code with the same codec.
GOALS = {
    "insert": 1.15,
    "assign": 1.15,
    "load": 1.15,
    "get": 1.10,
    "get_each": 1.25,
    "get_many": 1.05,
    "scan": 1.05,
    "keys": 1.5,
    "count": 1.2,
    "insert_indexed": 1.2,
    "lookup": 1.05,
    "in_cities": 1.1,
    "in_cities_by_name": 1.1,
    "move": 1.25,
    "delete": 1.12,
    "durable": 1.05,
}
#: The same, with marshal and parse functions of the program.
GOALS_MARSHAL = {
    "insert": 2.4,
    "get": 1.4,
    "get_each": 1.25,
    "scan": 1.4,
    "keys": 1.5,
    "count": 1.2,
    "insert_indexed": 1.9,
    "durable": 1.05,
}
#: Typed attrs records over JSON, to raw CBOR.
GOALS_TYPED = {"get": 0.6, "scan": 0.6}
#: How many times faster than the earlier release, at least.
GOALS_EARLIER = {"get": 2.0, "scan": 3.0, "insert_indexed": 3.5, "move": 3.5, "count": 15.0, "keys": 7.0}

LABELS = {work.name: work.label for work in WORKS}


class Numbers:
    """The measurements of one run."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.us: dict[tuple[str, str], dict[tuple[int, int], float]] = {}
        for m in found["measurements"]:
            place = self.us.setdefault((m["work"], m["who"]), {})
            place[m["round"], m["pass"]] = m["cpu"] / m["ops"] * 1e6

    def time(self, work: str, who: str) -> float | None:
        """Median CPU microseconds per operation."""
        found = self.us.get((work, who))
        return median(found.values()) if found else None

    def ratio(self, work: str, who: str, to: str) -> float | None:
        """Median ratio of two contestants, run by run."""
        mine, theirs = self.us.get((work, who), {}), self.us.get((work, to), {})
        both = [mine[at] / theirs[at] for at in mine if theirs.get(at)]
        return median(both) if both else None


@dataclass(frozen=True)
class Table:
    """A table of the report."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def _us(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _met(value: float | None, goal: float | None, *, least: bool = False) -> tuple[str, str]:
    """The goal, and whether it is met; a value that rounds to the goal meets it."""
    if goal is None:
        return "", ""
    if value is None:
        return f"{goal:g}", ""
    return f"{goal:g}", "met" if (round(value, 2) >= goal if least else round(value, 2) <= goal) else "MISSED"


def _against(
    numbers: Numbers, title: str, who: str, to: str, goals: dict[str, float], others: tuple[str, ...]
) -> Table:
    head = ["workload", f"{to} us", f"{who} us", "ratio", "goal", ""]
    for other in others:
        head += [f"{other} us", "times"]
    rows = []
    for name, label in LABELS.items():
        if numbers.time(name, who) is None:
            continue
        ratio = numbers.ratio(name, who, to)
        row = [label, _us(numbers.time(name, to)), _us(numbers.time(name, who)), _ratio(ratio)]
        row += _met(ratio, goals.get(name))
        for other in others:
            row += [_us(numbers.time(name, other)), _ratio(numbers.ratio(name, other, who))]
        rows.append(tuple(row))
    return Table(title, tuple(head), rows)


def _earlier(numbers: Numbers) -> Table:
    rows = []
    for name, goal in GOALS_EARLIER.items():
        declared, marshal = (numbers.ratio(name, "earlier", who) for who in ("zlmdb", "zlmdb-marshal"))
        if declared is None:
            continue
        rows.append(
            (
                LABELS[name],
                _us(numbers.time(name, "earlier")),
                _ratio(declared),
                *_met(declared, goal, least=True),
                _ratio(marshal),
            )
        )
    head = ("workload", "earlier us", "times faster, declared", "goal", "", "times faster, same program")
    return Table("Against the earlier release", head, rows)


def _typed(numbers: Numbers) -> Table:
    rows = []
    for name in ("insert", "assign", "get", "get_each", "scan"):
        if numbers.time(name, "zlmdb-attrs-json") is None:
            continue
        raw = numbers.ratio(name, "zlmdb-attrs-json", "raw")
        rows.append(
            (
                LABELS[name],
                _us(numbers.time(name, "zlmdb-attrs-json")),
                _ratio(raw),
                *_met(raw, GOALS_TYPED.get(name)),
                _us(numbers.time(name, "raw-dicts")),
                _ratio(numbers.ratio(name, "zlmdb-attrs-json", "raw-dicts")),
            )
        )
    head = ("workload", "attrs, JSON us", "to raw CBOR", "goal", "", "dicts, raw cbor2 us", "ratio to that")
    return Table("Typed records over JSON", head, rows)


def _startup(found: dict[str, Any]) -> list[Table]:
    startup = found.get("startup")
    if not startup:
        return []
    times = {name: [1000 * s for s in seconds] for name, seconds in startup["imports"].items()}
    rows = []
    for name, values in times.items():
        base = "earlier: python" if name.startswith("earlier") else "python"
        over = median(v - b for v, b in zip(values, times[base], strict=True))
        goal = 30.0 if name.startswith("zlmdb") else None
        rows.append((name, f"{median(values):.1f}", "" if name == base else f"{over:.1f}", *_met(over, goal)))
    tables = [Table("Import, a fresh interpreter", ("statement", "CPU ms", "over Python's own", "goal", ""), rows)]
    rows = []
    for name, runs in startup["opens"].items():
        first, wall, again = (1000 * median(run[key] for run in runs) for key in ("cpu", "wall", "again_cpu"))
        goal = {"ours 6": 1.0, "ours 20": 2.0}.get(name)
        who, number = name.split()
        rows.append(
            (
                f"{who}: {number} tables",
                f"{first:.2f}",
                *_met(first, goal),
                f"{wall:.2f}",
                f"{again:.2f}",
                *_met(again, goal),
            )
        )
    head = ("open, attach, get a row", "first: CPU ms", "goal", "", "first: wall ms", "again: CPU ms", "goal", "")
    tables.append(Table("Opening a file of existing tables", head, rows))
    rows = []
    for name, seconds in startup.get("wholes", {}).items():
        who, number = name.split()
        base = times["earlier: python" if who == "earlier" else "python"]
        over = median(1000 * s - b for s, b in zip(seconds, base, strict=True))
        rows.append((f"{who}: {number} tables", f"{1000 * median(seconds):.1f}", f"{over:.1f}"))
    head = ("import, declare, open, attach, get a row, end", "CPU ms", "over Python's own")
    if rows:
        tables.append(Table("A fresh process, from its start to its first row", head, rows))
    if startup["memory"]:
        grown = median(run["grown"] for run in startup["memory"]) / 1024
        scanned = startup["memory"][0]["scanned"]
        row = (f"{scanned} rows", f"{grown:.0f}", *_met(grown, 1024.0))
        tables.append(Table("Memory that a full scan adds", ("scan", "KiB", "goal", ""), [row]))
    return tables


def tables(found: dict[str, Any]) -> list[Table]:
    """The tables of one run's results."""
    numbers = Numbers(found)
    made = [
        _against(
            numbers,
            "Declared records: dataclass, CBOR",
            "zlmdb",
            "raw",
            GOALS,
            ("earlier", "sqlite"),
        ),
        _against(
            numbers,
            "The program's own marshal and parse, CBOR",
            "zlmdb-marshal",
            "raw",
            GOALS_MARSHAL,
            ("earlier",),
        ),
        _against(
            numbers,
            "Declared records: Struct, JSON by msgspec",
            "zlmdb-struct-json",
            "raw-msgspec",
            GOALS,
            (),
        ),
        _typed(numbers),
        _earlier(numbers),
        *_startup(found),
    ]
    return [table for table in made if table.rows]


def about(found: dict[str, Any]) -> str:
    """A sentence on machine, versions and size."""
    m = found["machine"]
    repeats = {(k["round"], k["pass"]) for k in found["measurements"]}
    return (
        f"{found['rows']} rows; {m['processor']}, {m['cores']} cores, {m['system']}; Python {m['python']}, "
        f"zlmdb {m['zlmdb']}, lmdb {m['lmdb']} (LMDB {m['LMDB']}), cbor2 {m['cbor2']}, msgspec {m['msgspec']}, "
        f"attrs {m['attrs']}, SQLite {m['sqlite']}, earlier zlmdb {m['earlier'] or 'not measured'}; "
        f"{len({r for r, _ in repeats})} rounds, {m['when']}"
    )


def text(found: dict[str, Any]) -> str:
    """The results as plain text."""
    lines = [about(found)]
    for table in tables(found):
        widths = [max(len(row[at]) for row in [table.head, *table.rows]) for at in range(len(table.head))]

        def line(row: tuple[str, ...], widths: list[int] = widths) -> str:
            cells = [
                cell.ljust(w) if at == 0 else cell.rjust(w)
                for at, (cell, w) in enumerate(zip(row, widths, strict=True))
            ]
            return "  ".join(cells).rstrip()

        lines += ["", table.title, line(table.head), *map(line, table.rows)]
    return "\n".join(lines)


def rst(found: dict[str, Any]) -> str:
    """The results as reStructuredText."""
    lines = [about(found) + ".", ""]
    for table in tables(found):
        lines += [f".. list-table:: {table.title}", "   :header-rows: 1", "   :class: numbers", ""]
        for row in [table.head, *table.rows]:
            for at, cell in enumerate(row):
                lines.append(f"   {'* -' if at == 0 else '  -'} {cell}".rstrip())
        lines.append("")
    return "\n".join(lines)


def _write(files: list[Path], path: Path, make: Callable[[dict[str, Any]], str]) -> None:
    parts = [".. Written by benchmarks/report.py from the files in benchmarks/results.", ""]
    parts += [make(json.loads(file.read_text())) for file in files]
    path.write_text("\n".join(parts).rstrip() + "\n")


def main(arguments: list[str] | None = None) -> None:
    """Print or write the tables of kept results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="results (default: all in benchmarks/results)")
    parser.add_argument("--rst", type=Path, help="file to write the tables to, as reStructuredText")
    given = parser.parse_args(arguments)
    files = given.files or sorted((HERE / "results").glob("*.json"), key=lambda file: (len(file.name), file.name))
    if given.rst is not None:
        _write(files, given.rst, rst)
        return
    for file in files:
        print(text(json.loads(file.read_text())))
        print()


if __name__ == "__main__":
    main()
