"""Snapshots of order books as NumPy arrays, read in place.

    python examples/order_book.py [directory of the database]

A snapshot has many levels, so it is no row of a series: it is an array in a map whose key is (symbol, time).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # schemas/ lies beside examples/ and is not installed

import zlmdb
from schemas.timeseries import LEVEL, Books, Market

FIRST = np.datetime64("2026-01-05T09:00", "ns")
DEPTH = 50


def snapshot(at: int) -> np.ndarray:
    """A random book: two rows, bids and asks, best first."""
    rng = np.random.default_rng(at)
    middle = 100 + at * 0.01
    book = np.empty((2, DEPTH), LEVEL)
    steps = 0.01 * (1 + np.arange(DEPTH))
    book["price"] = np.round([middle - steps, middle + steps], 2)
    book["size"] = rng.integers(1, 1000, (2, DEPTH))
    return book


def main(path: str, number: int = 600) -> tuple[float, float]:
    """Store a snapshot a second; the mean spread, and how much could be bought at most 0.1 above the middle."""
    second = np.timedelta64(1, "s")
    with zlmdb.open(path, Market) as db:
        with db.begin(write=True) as txn:
            txn[Books].load((("ETHUSD", FIRST + at * second), snapshot(at)) for at in range(number))
        # With buffers=True the arrays are views of the file: only the levels that are looked at are read.
        with db.begin(buffers=True) as txn:
            books = txn[Books].select(("ETHUSD", FIRST), ("ETHUSD", FIRST + number * second))
            spread = float(np.mean([book["price"][1, 0] - book["price"][0, 0] for _, book in books]))
            # The last book at a time or before it: the first one backwards.
            moment = FIRST + np.timedelta64(90_500, "ms")
            (_, found), book = next(txn[Books].select(("ETHUSD",), ("ETHUSD", moment), bounds="[]", reverse=True))
            asks = book[1]
            room = float(asks["size"][asks["price"] <= book["price"][:, 0].mean() + 0.1].sum())
        print(f"mean spread {spread:.2f}; at {found.astype('M8[s]')} {room:.0f} within 0.1 of the middle")
    return spread, room


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
