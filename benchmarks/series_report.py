"""Tables from kept results of series, for reading: ``python -m benchmarks.series_report``; the site has them, too.

As in the other report: ratios are taken within each round and pass, and their median is shown.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.ticks import ROW

HERE = Path(__file__).parent
LABELS = {
    "append": ("batch append", "ns a tick"),
    "range": ("range: the middle half of a symbol", "ns a tick"),
    "mean": ("mean of each symbol", "ns a tick"),
    "candles": ("1-minute candles of everything", "ns a tick"),
    "as_of": ("last tick at a random time", "us a call"),
    "single": ("1000 single ticks, a durable commit each", "us a tick"),
    "sparse": ("a tick to each of many series, 5 times", "us a tick"),
    "open": ("open such a file, and read the end of a series", "us"),
}
#: Highest CPU ratio of zlmdb to another contestant.
GOALS = {
    "append": ("raw-chunk", 1.2),
    "range": ("raw-chunk", 1.1),
    "mean": ("raw-chunk", 1.0),
    "candles": ("duckdb", 1.0),
    "single": ("raw-rows", 1.3),
}
AS_OF_US = 20.0
#: Stored bytes to those of the raw columns.
PLAIN_BYTES = 1.05


class Numbers:
    """The measurements of one run."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.ns: dict[tuple[str, str], dict[tuple[int, int], float]] = {}
        self.bytes: dict[str, list[float]] = {}
        self.sparse: dict[str, list[float]] = {}
        self.who: list[str] = []
        for m in found["measurements"]:
            if m["who"] not in self.who:
                self.who.append(m["who"])
            if "bytes" in m:
                held = self.bytes if m["work"] == "bytes" else self.sparse
                held.setdefault(m["who"], []).append(m["bytes"] / m["ops"])
            else:
                self.ns.setdefault((m["work"], m["who"]), {})[m["round"], m["pass"]] = m["cpu"] / m["ops"] * 1e9

    def time(self, work: str, who: str) -> float | None:
        """Median CPU nanoseconds per operation."""
        found = self.ns.get((work, who))
        return median(found.values()) if found else None

    def ratio(self, work: str, who: str, to: str) -> float | None:
        """Median ratio of two contestants, run by run."""
        mine, theirs = self.ns.get((work, who), {}), self.ns.get((work, to), {})
        both = [mine[at] / theirs[at] for at in mine if theirs.get(at)]
        return median(both) if both else None


def _met(value: float | None, goal: float) -> str:
    return "" if value is None else "met" if round(value, 2) <= goal else "MISSED"


def shown(value: float | None, unit: str) -> str:
    """A time in nanoseconds as a table shows it, in the unit of its row."""
    if value is None:
        return ""
    value = value / 1000 if unit.startswith("us") else value
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def goals(numbers: Numbers) -> list[tuple[str, ...]]:
    """The rows of the table of goals."""
    rows: list[tuple[str, ...]] = []
    for work, (to, goal) in GOALS.items():
        ratio = numbers.ratio(work, "zlmdb", to)
        if ratio is not None:
            rows.append((LABELS[work][0], f"ratio to {to}", f"{ratio:.2f}", f"{goal:g}", _met(ratio, goal)))
    as_of = numbers.time("as_of", "zlmdb")
    if as_of is not None:
        rows.append((LABELS["as_of"][0], "us", f"{as_of / 1000:.1f}", f"{AS_OF_US:g}", _met(as_of / 1000, AS_OF_US)))
    if "zlmdb" in numbers.bytes:
        share = median(numbers.bytes["zlmdb"]) / ROW
        rows.append(
            ("bytes on disk", "ratio to the raw columns", f"{share:.3f}", f"{PLAIN_BYTES:g}", _met(share, PLAIN_BYTES))
        )
    if "zlmdb-zstd" in numbers.bytes and "parquet" in numbers.bytes:
        share = median(numbers.bytes["zlmdb-zstd"]) / median(numbers.bytes["parquet"])
        rows.append(("bytes on disk, compressed", "ratio to parquet", f"{share:.2f}", "", ""))
    return rows


def tables(found: dict[str, Any]) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Title, head and rows of each table."""
    numbers = Numbers(found)
    order = ["zlmdb", "zlmdb-zstd", "raw-chunk", "raw-rows", "duckdb", "parquet", "sqlite", "arcticdb"]
    who = [name for name in order if name in numbers.who]
    rows: list[tuple[str, ...]] = []
    for work, (label, unit) in LABELS.items():
        times = [numbers.time(work, name) for name in who]
        if any(time is not None for time in times):
            rows.append((label, unit, *(shown(time, unit) for time in times)))
    for label, held in (("on disk", numbers.bytes), ("on disk, many series of 5 ticks", numbers.sparse)):
        if held:
            sizes = [f"{median(held[name]):.1f}" if name in held else "" for name in who]
            rows.append((label, "bytes a tick", *sizes))
    title = f"{found['rows']:,} ticks"
    return [
        (f"Goals, {title}", ("workload", "measure", "found", "goal", ""), goals(numbers)),
        (f"CPU time, {title}", ("workload", "", *who), rows),
    ]


def about(found: dict[str, Any]) -> str:
    """A sentence on machine, versions and size."""
    m = found["machine"]
    repeats = len({(k["round"]) for k in found["measurements"]})
    rivals = ", ".join(
        f"{name} {m[name]}" for name in ("duckdb", "pyarrow", "arcticdb", "pandas", "zstandard") if m[name]
    )
    return (
        f"{found['rows']:,} ticks of {ROW} bytes; {m['processor']}, {m['cores']} cores, {m['system']}; "
        f"Python {m['python']}, "
        f"zlmdb {m['zlmdb']}, lmdb {m['lmdb']} (LMDB {m['LMDB']}), numpy {m['numpy']}, SQLite {m['sqlite']}, "
        f"{rivals}; {repeats} round{'s' * (repeats != 1)}, {m['when']}"
    )


def text(found: dict[str, Any]) -> str:
    """The results as plain text."""
    lines = [about(found)]
    for title, head, rows in tables(found):
        widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
        lines += ["", title]
        for row in [head, *rows]:
            cells = [
                cell.ljust(w) if at < 2 else cell.rjust(w) for at, (cell, w) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def rst(found: dict[str, Any]) -> str:
    """The results as reStructuredText."""
    lines = [about(found) + ".", ""]
    for title, head, rows in tables(found):
        lines += [f".. list-table:: {title}", "   :header-rows: 1", "   :class: numbers", ""]
        for row in [head, *rows]:
            lines += [f"   {'* -' if at == 0 else '  -'} {cell}".rstrip() for at, cell in enumerate(row)]
        lines.append("")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the tables of kept results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.series_report", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="results (default: all in benchmarks/results/series)")
    given = parser.parse_args(arguments)
    files = given.files or sorted(
        (HERE / "results" / "series").glob("*.json"), key=lambda file: (len(file.name), file.name)
    )
    found = [json.loads(file.read_text()) for file in files]
    for one in found:
        print(text(one))
        print()


if __name__ == "__main__":
    main()
