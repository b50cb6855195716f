"""Tables for the site of what is measured by itself: columns and SQL, FlatBuffers."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from benchmarks import series_report

__all__ = ["columns", "flat", "list_table", "rivals"]

#: The workloads of columns, as they are shown; an operation of the last is a query, all others are rows.
COLUMNS = {
    "to_arrow": "``to_arrow()``, six columns",
    "to_arrow, 2 of 6 columns": "``to_arrow()``, two of six",
    "to_numpy, 1 column": "``to_numpy()``, one of six",
    "rows as objects": "rows as objects, for scale",
    "load(arrow)": "``load()`` from Arrow",
    "SQL: group by": "SQL: group by city",
    "SQL: 50 rows by key": "SQL: a row by its key",
}
#: Contestants of series, and what the same store is called among those of columns.
RIVALS = {"zlmdb": "json", "duckdb": "duckdb"}
CONTESTANTS = {
    "json": "zlmdb, JSON",
    "raw-json": "by hand, JSON",
    "cbor": "zlmdb, CBOR",
    "raw-cbor": "by hand, CBOR",
    "duckdb": "DuckDB",
    "sqlite": "SQLite",
}


def list_table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as a table of numbers; the first one is the head."""
    lines = [".. list-table::", "   :header-rows: 1", "   :class: numbers", ""]
    for row in rows:
        lines += [f"   {'* -' if at == 0 else '  -'} {cell}".rstrip() for at, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def _nanoseconds(value: float) -> str:
    return f"{value / 1e6:.2f} ms" if value >= 10_000 else f"{value:,.0f}"


def columns(found: dict[str, Any]) -> str:
    """CPU nanoseconds per row of every workload and contestant."""
    rows = [("CPU nanoseconds per row", *CONTESTANTS.values())]
    for work, label in COLUMNS.items():
        spent = found["measurements"].get(work, {})
        rows.append((label, *(_nanoseconds(median(spent[who])) if who in spent else "" for who in CONTESTANTS)))
    return list_table(rows) + _about(found)


def _about(found: dict[str, Any]) -> str:
    """A sentence on size, machine and versions."""
    rounds = max(len(values) for spent in found["measurements"].values() for values in spent.values())
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    return f"\n{found['rows']:,} rows; {found['cores']} cores; {versions}; {rounds} rounds, {found['when']}.\n"


def rivals(ticks: dict[str, Any], rows: dict[str, Any]) -> str:
    """zlmdb beside the stores that it meets in some workloads only: those of series, and those of columns and SQL."""
    numbers = series_report.Numbers(ticks)
    who = {"zlmdb": "zlmdb", "zlmdb-zstd": "with delta-zstd", "duckdb": "DuckDB", "parquet": "Parquet"}
    who["arcticdb"] = "ArcticDB"
    table: list[tuple[str, ...]] = [("CPU time, and bytes", "", *who.values())]
    for work, (label, unit) in series_report.LABELS.items():
        times = {name: numbers.time(work, name) for name in who}
        if any(times[name] is not None for name in ("duckdb", "parquet", "arcticdb")):
            table.append((label, unit, *(series_report.shown(times[name], unit) for name in who)))
    sizes = (f"{median(numbers.bytes[name]):.1f}" if name in numbers.bytes else "" for name in who)
    table.append(("on disk", "bytes a tick", *sizes))
    for work, label, unit, per in (
        ("SQL: group by", "SQL: a sum by groups", "ns a row", 1.0),
        ("SQL: 50 rows by key", "SQL: a row by its key", "us a query", 1000.0),
    ):
        spent = rows["measurements"].get(work, {})
        cells = {name: f"{median(spent[key]) / per:,.0f}" for name, key in RIVALS.items() if key in spent}
        table.append((label, unit, *(cells.get(name, "") for name in who)))
    about = f"{ticks['rows']:,} ticks of {series_report.ROW} bytes; {rows['rows']:,} rows of six fields as JSON."
    return f"{list_table(table)}\n{about}\n"


def flat(found: dict[str, Any]) -> str:
    """CPU nanoseconds per row: ours, those of the compiler's classes, and how many times ours."""
    rows = [("CPU nanoseconds per row", "zlmdb", "flatc", "times")]
    for work, spent in found["measurements"].items():
        ours, theirs = median(spent["zlmdb"]), median(spent["flatc"])
        rows.append((work, f"{ours:,.0f}", f"{theirs:,.0f}", f"{theirs / ours:.1f}"))
    return list_table(rows) + _about(found)
