"""Drawings of kept results, as SVG that takes its colours from the page around it.

A drawing is text: no plotting library, and the same bytes for the same results on every machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from statistics import median
from typing import Any

from benchmarks import series_report
from benchmarks.report import LABELS, Numbers

__all__ = ["against_raw", "by_readers", "by_size", "of_series"]

TEXT = "fill:var(--drawing-text, #111827)"
SOFT = "fill:var(--color-foreground-secondary, #4b5563)"
OVER = (
    TEXT + ";paint-order:stroke;stroke:var(--color-background-primary, #ffffff);stroke-width:4"
)  # over lines of the grid
GRID = "stroke:var(--drawing-soft, #d1d5db);stroke-width:1"
AXIS = "stroke:var(--drawing-line, #6b7280);stroke-width:1.5"
FONT = 'font-family="inherit" font-size="12"'


#: The workloads of series, in few words.
TICKS = {
    "append": "batch append",
    "range": "range: half of a symbol",
    "mean": "mean of a symbol",
    "candles": "1-minute candles",
    "as_of": "last tick at a random time",
    "single": "single tick, durable commit",
}


@dataclass(frozen=True)
class Series:
    """A contestant in a drawing: how it is named, and what its marks look like (shape as well as colour)."""

    who: str
    name: str
    colour: str
    shape: str


ZLMDB = Series("zlmdb", "zlmdb", "var(--drawing-accent, #0f766e)", "circle")
SQLITE = Series("sqlite", "SQLite", "var(--plot-second, #c2410c)", "square")
EARLIER = Series("earlier", "earlier zlmdb", "var(--plot-third, #6d28d9)", "triangle")
RAW = Series("raw", "py-lmdb by hand", "var(--drawing-line, #6b7280)", "diamond")


def _mark(series: Series, x: float, y: float, title: str) -> str:
    shape = {
        "circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"',
        "square": f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"',
        "triangle": f'<path d="M{x:.1f},{y - 5.5:.1f} l5.5,10 h-11 z"',
        "diamond": f'<path d="M{x:.1f},{y - 5.5:.1f} l5.5,5.5 l-5.5,5.5 l-5.5,-5.5 z"',
    }[series.shape]
    return f'{shape} style="fill:{series.colour}"><title>{escape(title)}</title>{_end(series.shape)}'


def _end(shape: str) -> str:
    return {"circle": "</circle>", "square": "</rect>"}.get(shape, "</path>")


def _text(x: float, y: float, text: str, *, anchor: str = "start", style: str = TEXT, size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" style="{style}">{escape(text)}</text>'
    )


def _legend(series: list[Series], x: float, y: float) -> list[str]:
    parts = []
    for one in series:
        parts += [_mark(one, x, y - 4, one.name), _text(x + 11, y, one.name)]
        x += 32 + 6.3 * len(one.name)
    return parts


def _svg(width: float, height: float, parts: list[str]) -> str:
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" {FONT}>\n{body}\n</svg>\n'  # noqa: E501


def against_raw(found: dict[str, Any], *, narrow: bool = False) -> str:
    """CPU time of each workload as a multiple of hand-written py-lmdb code: zlmdb, SQLite and the earlier release.

    With ``narrow`` it is made for a telephone: each label stands above its row.
    """
    numbers = Numbers(found)
    series = [ZLMDB, SQLITE, EARLIER]
    rows = [(name, label) for name, label in LABELS.items() if numbers.ratio(name, "zlmdb", "raw") is not None]
    ratios = {(name, one.who): numbers.ratio(name, one.who, "raw") for name, _ in rows for one in series}
    return _against(series, rows, ratios, (0.5, 1, 2, 4, 8, 16), narrow=narrow)


def of_series(found: dict[str, Any], *, narrow: bool = False) -> str:
    """CPU time of the workloads of series as a multiple of hand-written chunks of NumPy columns over py-lmdb."""
    numbers = series_report.Numbers(found)
    series = [
        ZLMDB,
        Series("zlmdb-zstd", "with delta-zstd", "var(--drawing-line, #6b7280)", "diamond"),
        Series("duckdb", "DuckDB", "var(--plot-second, #c2410c)", "square"),
        Series("arcticdb", "ArcticDB", "var(--plot-third, #6d28d9)", "triangle"),
    ]
    rows = list(TICKS.items())
    ratios = {(work, one.who): numbers.ratio(work, one.who, "raw-chunk") for work, _ in rows for one in series}
    return _against(series, rows, ratios, (0.5, 1, 4, 16, 64, 256), narrow=narrow)


def _against(
    series: list[Series],
    rows: list[tuple[str, str]],
    ratios: dict[tuple[str, str], float | None],
    ticks: tuple[float, ...],
    *,
    narrow: bool,
) -> str:
    """Ratios to code by hand on a logarithmic scale: a row for each workload, a mark for each contestant."""
    known = [ratio for ratio in ratios.values() if ratio]
    low, high = math.log(min(0.4, *known) * 0.9), math.log(max(known) * 1.1)
    left, top, width, step = (8.0, 62.0, 332.0, 36.0) if narrow else (230.0, 62.0, 480.0, 24.0)
    bottom = top + step * len(rows)

    def at(ratio: float) -> float:
        return left + (math.log(ratio) - low) / (high - low) * width

    parts = _legend(series, left, 18)
    for tick in ticks:
        if low <= math.log(tick) <= high:
            style = AXIS if tick == 1 else GRID
            parts.append(f'<path d="M{at(tick):.1f},{top - 8:.1f} V{bottom:.1f}" style="fill:none;{style}"/>')
            parts.append(_text(at(tick), top - 14, f"{tick:g}x", anchor="middle", style=SOFT, size=11))
    parts.append(_text(at(1) + 6, bottom + 16, "by hand = 1; left of it is quicker", style=SOFT, size=11))
    for number, (name, label) in enumerate(rows):
        y = top + step * (number + (0.72 if narrow else 0.5))
        parts.append(_text(left, y - 10, label, style=OVER) if narrow else _text(left - 14, y + 4, label, anchor="end"))
        parts.append(f'<path d="M{left:.1f},{y:.1f} H{left + width:.1f}" style="fill:none;{GRID};opacity:0.5"/>')
        for one in reversed(series):
            ratio = ratios[name, one.who]
            if ratio:
                parts.append(_mark(one, at(ratio), y, f"{label}: {one.name} {ratio:.2f}"))
    return _svg(left + width + (8 if narrow else 20), bottom + 28, parts)


def by_size(results: list[dict[str, Any]], work: str) -> str:
    """Microseconds of a workload per operation, by the number of rows in the file."""
    points: dict[str, list[tuple[int, float]]] = {}
    for found in sorted(results, key=lambda found: found["rows"]):
        numbers = Numbers(found)
        for one in (ZLMDB, RAW, SQLITE):
            time = numbers.time(work, one.who)
            if time is not None:
                points.setdefault(one.who, []).append((found["rows"], time))
    return _lines(f"{LABELS[work]}: microseconds per row", points, "rows")


def by_readers(found: dict[str, Any], *, writing: bool) -> str:
    """Microseconds of CPU per read, by the number of processes that read: level lines mean that none costs another."""
    costs: dict[tuple[str, int], list[float]] = {}
    for run in found["processes"]:
        if run["writing"] == writing:
            costs.setdefault((run["who"], run["readers"]), []).extend(cpu / run["reads"] * 1e6 for cpu in run["cpu"])
    points: dict[str, list[tuple[int, float]]] = {}
    for (who, readers), every in sorted(costs.items()):
        points.setdefault(who, []).append((readers, median(every)))
    beside = "beside a writer" if writing else "alone"
    return _lines(f"processes that read, {beside}: microseconds per read", points, "readers")


def _lines(title: str, points: dict[str, list[tuple[int, float]]], what: str) -> str:
    """A small drawing with a line for each contestant, over numbers on a logarithmic scale."""
    places = sorted({place for found in points.values() for place, _ in found})
    most = max(value for found in points.values() for _, value in found) * 1.15
    left, top, width, height = 60.0, 44.0, 300.0, 170.0
    span = math.log(places[-1] / places[0]) or 1.0

    def x(place: int) -> float:
        return left + 20 + math.log(place / places[0]) / span * (width - 40)

    def y(value: float) -> float:
        return top + height - value / most * height

    parts = [_text(left, 16, title)]
    step = next(step for step in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if most / step <= 5)
    for tick in range(int(most / step) + 1):
        value = tick * step
        parts.append(f'<path d="M{left:.1f},{y(value):.1f} h{width:.1f}" style="fill:none;{GRID};opacity:0.6"/>')
        parts.append(_text(left - 8, y(value) + 4, f"{value:g}", anchor="end", style=SOFT, size=11))
    for place in places:
        parts.append(_text(x(place), top + height + 18, f"{place:,}", anchor="middle", style=SOFT, size=11))
    series = [one for one in (ZLMDB, RAW, SQLITE) if one.who in points]
    for one in series:
        found = points[one.who]
        line = " L".join(f"{x(place):.1f},{y(value):.1f}" for place, value in found)
        parts.append(f'<path d="M{line}" style="fill:none;stroke:{one.colour};stroke-width:2"/>')
        parts += [_mark(one, x(n), y(value), f"{one.name}, {n:,} {what}: {value:.2f}") for n, value in found]
    parts += _legend(series, left, top + height + 42)
    return _svg(left + width + 20, top + height + 54, parts)
