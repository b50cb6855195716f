"""What the documentation shows of kept results: ``python -m benchmarks.site`` writes tables and drawings into docs/.

A test compares what is there with what this would write.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import plots, series_report, site_tables
from benchmarks.report import LABELS, Numbers, about, rst

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = Path(__file__).parent / "results"
#: Comments between which the README has its table.
BEGIN, END = ".. measured\n", ".. end of measured\n"
WRITTEN = ".. Written by benchmarks/site.py from the files in benchmarks/results.\n\n"
#: The run that the drawings and the brief table are of.
MAIN = 100_000
#: The workloads of the front page, and what is said of them there.
FRONT = {
    "get": "a row by its key",
    "lookup": "a row by a unique index",
    "insert_indexed": "a row written, with three indexes",
    "scan": "a row of a scan",
}
#: The workloads of the brief table, and those drawn by size.
BRIEF = ("get", "insert", "insert_indexed", "load", "scan", "lookup", "in_cities", "move", "count", "durable")
SIZED = ("get", "scan", "insert_indexed", "lookup")


def brief(found: dict[str, Any]) -> str:
    """The measured table in brief: zlmdb beside code by hand, SQLite and the earlier release."""
    numbers = Numbers(found)
    lines = [".. list-table::", "   :header-rows: 1", "   :class: numbers", ""]
    head = ("microseconds of CPU per row", "py-lmdb by hand", "zlmdb", "SQLite", "earlier zlmdb")
    rows = [head]
    for name in BRIEF:
        times = [numbers.time(name, who) for who in ("raw", "zlmdb", "sqlite", "earlier")]
        if times[1] is None:
            continue
        rows.append((LABELS[name], *("" if t is None else f"{t:.2f}" if t < 100 else f"{t:.0f}" for t in times)))
    for row in rows:
        lines += [f"   {'* -' if at == 0 else '  -'} {cell}".rstrip() for at, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def front(found: dict[str, Any]) -> str:
    """The figures of the front page: microseconds of zlmdb, and of the others beside it, one race lost among them."""
    numbers = Numbers(found)
    lines = [".. container:: cards figures", ""]
    for name, what in FRONT.items():
        times = {who: numbers.time(name, who) for who in ("zlmdb", "raw", "sqlite")}
        if None in times.values():
            continue
        lines += [
            "   .. container:: figure-card",
            "",
            f"      {times['zlmdb']:.1f} µs",
            "",
            f"      {what}",
            "",
            f"      by hand {times['raw']:.1f}, SQLite {times['sqlite']:.1f}",
            "",
        ]
    return "\n".join(lines)


def processes(found: dict[str, Any]) -> str:
    """CPU time of a read, by the number of readers, and the commits of the writer beside them."""
    runs: dict[tuple[int, bool, str], list[dict[str, Any]]] = {}
    for run in found["processes"]:
        runs.setdefault((run["readers"], run["writing"], run["who"]), []).append(run)
    who = [("raw", "py-lmdb by hand"), ("zlmdb", "zlmdb"), ("sqlite", "SQLite")]
    rows = [("microseconds of CPU per read", *(name for _, name in who))]
    for readers, writing in sorted({(readers, writing) for readers, writing, _ in runs}):
        cells = []
        for name, _ in who:
            same = runs[readers, writing, name]
            cells.append(f"{median(cpu / run['reads'] * 1e6 for run in same for cpu in run['cpu']):.2f}")
        beside = " beside a writer" if writing else ""
        rows.append((f"{readers} reader{'s' * (readers > 1)}{beside}", *cells))
    lines = [".. list-table::", "   :header-rows: 1", "   :class: numbers", ""]
    for row in rows:
        lines += [f"   {'* -' if at == 0 else '  -'} {cell}" for at, cell in enumerate(row)]
    m = found["machine"]
    failed = [run for run in found["processes"] if run["errors"]]
    readers = sum(run["readers"] for run in found["processes"] if run["writing"] and run["who"] != "sqlite")
    told = sum(len(run["errors"]) for run in failed)
    note = (
        f"py-lmdb told {told} of the {readers} readers beside a writer, by hand and of zlmdb, that a page was of the "
        "wrong type: see :ref:`fault-of-lmdb-1-0`."
    )
    about = (
        f"{found['rows']} rows; {m['processor']}, {m['cores']} cores, {m['system']}; Python {m['python']}, "
        f"lmdb {m['lmdb']}, SQLite {m['sqlite']}; {1 + max(run['round'] for run in found['processes'])} rounds, "
        f"{m['when']}."
    )
    return "\n\n".join(["\n".join(lines), *([note] if failed else []), about]) + "\n"


def readme(found: dict[str, Any]) -> str:
    """The README, with the brief table between its two marks."""
    text = (DOCS.parent / "README.rst").read_text()
    begin, rest = text.split(BEGIN)
    return f"{begin}{BEGIN}\n{brief(found)}\n{END}{rest.split(END)[1]}"


def kept(directory: Path) -> list[dict[str, Any]]:
    """The results in a directory, the smallest first."""
    return sorted((json.loads(path.read_text()) for path in directory.glob("*.json")), key=lambda found: found["rows"])


def files() -> dict[Path, str]:
    """Every file that is made from results, with what should be in it."""
    results = kept(RESULTS)
    main = next(found for found in results if found["rows"] == MAIN)
    made = {
        DOCS / "performance-results.inc": WRITTEN + rst(main).rstrip() + "\n",
        DOCS / "performance-brief.inc": WRITTEN + brief(main),
        DOCS / "front-figures.inc": WRITTEN + front(main),
        DOCS.parent / "README.rst": readme(main),
        DOCS / "performance-about.inc": WRITTEN + about(main) + ".\n",
        DOCS / "_static" / "plots" / "against-raw.svg": plots.against_raw(main),
        DOCS / "_static" / "plots" / "against-raw-narrow.svg": plots.against_raw(main, narrow=True),
    }
    for found in kept(RESULTS / "processes"):
        for writing, name in ((False, "readers-alone"), (True, "readers-beside-a-writer")):
            made[DOCS / "_static" / "plots" / f"{name}.svg"] = plots.by_readers(found, writing=writing)
        made[DOCS / "performance-processes.inc"] = WRITTEN + processes(found)
    for found in kept(RESULTS / "columns"):
        made[DOCS / "performance-columns.inc"] = WRITTEN + site_tables.columns(found)
    for found in kept(RESULTS / "flat"):
        made[DOCS / "performance-flat.inc"] = WRITTEN + site_tables.flat(found)
    series = kept(RESULTS / "series")
    made[DOCS / "performance-series.inc"] = WRITTEN + "\n".join(map(series_report.rst, series)).rstrip() + "\n"
    made[DOCS / "_static" / "plots" / "series.svg"] = plots.of_series(series[0])
    made[DOCS / "_static" / "plots" / "series-narrow.svg"] = plots.of_series(series[0], narrow=True)
    made[DOCS / "comparison-rivals.inc"] = WRITTEN + site_tables.rivals(series[0], kept(RESULTS / "columns")[-1])
    for work in SIZED:
        if len(results) > 1:
            made[DOCS / "_static" / "plots" / f"size-{work.replace('_', '-')}.svg"] = plots.by_size(results, work)
    return made


def main(arguments: list[str] | None = None) -> None:
    """Write the files."""
    argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__).parse_args(arguments)
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(path.relative_to(DOCS.parent))


if __name__ == "__main__":
    main()
