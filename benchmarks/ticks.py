"""The ticks of the series benchmark: a day of trades of 16 symbols, in the batches in which a feed would bring them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["BATCH", "DAY", "MINUTE", "ROW", "SYMBOLS", "Batch", "Part", "batches", "single"]

Array = np.ndarray[Any, Any]

SYMBOLS = [f"SYM{number:02d}" for number in range(16)]
#: Ticks that come, and are committed, together.
BATCH = 10_000
#: Nanoseconds.
MINUTE = 60 * 10**9
DAY = int(np.datetime64("2026-01-05", "ns").astype(np.int64))
LENGTH = 86_400 * 10**9
#: Bytes of a tick: time (8), price (8), size (4), side (1).
ROW = 21


@dataclass(frozen=True)
class Part:
    """Ticks of one symbol, in order: times as datetime64[ns]."""

    symbol: str
    time: Array
    price: Array
    size: Array
    side: Array


@dataclass(frozen=True)
class Batch:
    """Ticks as they come, and the same by symbol; each contestant takes the form that suits it."""

    symbol: Array
    whole: Part
    parts: list[Part]


def batches(rows: int) -> list[Batch]:
    """All ticks: random times within a day, prices that wander by cents, sizes below 1000."""
    rng = np.random.default_rng(7)
    time = np.sort(rng.integers(DAY, DAY + LENGTH, rows)).view("M8[ns]")
    symbol = rng.integers(0, len(SYMBOLS), rows).astype("u1")
    price = np.round(100 + np.cumsum(rng.normal(0, 0.01, rows)), 2)
    size = rng.integers(1, 1000, rows).astype("u4")
    side = rng.integers(0, 2, rows).astype("u1")
    # No two ticks of a symbol have one time, so that all contestants can tell which is the later one.
    time = (time.view(np.int64) // 64 * 64 + np.arange(rows) % 64).view("M8[ns]")
    order = np.argsort(time, kind="stable")
    return list(_batches(symbol[order], time[order], price, size, side))


def _batches(symbol: Array, *columns: Array) -> Iterator[Batch]:
    for at in range(0, len(symbol), BATCH):
        symbols = symbol[at : at + BATCH]
        whole = [column[at : at + BATCH] for column in columns]
        parts = []
        for number, name in enumerate(SYMBOLS):
            mine = symbols == number
            if mine.any():
                parts.append(Part(name, *[column[mine] for column in whole]))
        yield Batch(symbols, Part("", *whole), parts)


def single(number: int) -> tuple[str, int, float, int, int]:
    """A tick that is appended by itself: symbol, nanoseconds, price, size, side; later than all of the batches."""
    return SYMBOLS[3], DAY + 2 * LENGTH + number * 1000, 100 + number % 100 / 100, 1 + number % 99, number % 2
