"""What the documentation shows of kept results: ``python -m benchmarks.site`` writes tables and drawings into docs/.

A test compares what is there with what this would write.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks import plots
from benchmarks.report import LABELS, Numbers, about, rst

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = Path(__file__).parent / "results"
#: Comments between which the README has its table.
BEGIN, END = ".. measured\n", ".. end of measured\n"
WRITTEN = ".. Written by benchmarks/site.py from the files in benchmarks/results.\n\n"
#: The run that the drawings and the brief table are of.
MAIN = 100_000
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


def readme(found: dict[str, Any]) -> str:
    """The README, with the brief table between its two marks."""
    text = (DOCS.parent / "README.rst").read_text()
    begin, rest = text.split(BEGIN)
    return f"{begin}{BEGIN}\n{brief(found)}\n{END}{rest.split(END)[1]}"


def files() -> dict[Path, str]:
    """Every file that is made from results, with what should be in it."""
    kept = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    results = sorted((found for found in kept if "measurements" in found), key=lambda found: found["rows"])
    main = next(found for found in results if found["rows"] == MAIN)
    made = {
        DOCS / "performance-results.inc": WRITTEN + rst(main).rstrip() + "\n",
        DOCS / "performance-brief.inc": WRITTEN + brief(main),
        DOCS.parent / "README.rst": readme(main),
        DOCS / "performance-about.inc": WRITTEN + about(main) + ".\n",
        DOCS / "_static" / "plots" / "against-raw.svg": plots.against_raw(main),
    }
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
