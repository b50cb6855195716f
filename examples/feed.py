"""A background thread that writes what a feed brings, while other threads read.

    python examples/feed.py [directory of the database]

LMDB has one writer at a time, and each commit waits for the disk. So the ticks go into a queue, and one thread takes
all that have come in meanwhile and commits them together: the busier the feed, the larger the batches.
"""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # schemas/ lies beside examples/ and is not installed

import zlmdb
from schemas.timeseries import Market, Ticks

Tick = tuple[str, int, float, int]
#: Ticks that are committed together, at most.
MOST = 10_000


class Writer:
    """Takes ticks from any thread, and writes them in one of its own.

    Args:
        db: an open database.
        waiting: how many ticks may wait; a feed that is faster than the disk is held up then.
    """

    def __init__(self, db: zlmdb.Database, waiting: int = 100_000) -> None:
        self._db = db
        self._queue: queue.Queue[Tick | None] = queue.Queue(waiting)
        self._error: BaseException | None = None
        self._over = False
        self._thread = threading.Thread(target=self._run, name="writer")
        self.commits = 0
        self._thread.start()

    def put(self, symbol: str, time: int, price: float, size: int) -> None:
        """Hand over a tick; it is durable when :meth:`close` has returned.

        Raises:
            RuntimeError: if the writer has failed.
        """
        if self._error is not None:
            raise RuntimeError("the writer has failed") from self._error
        self._queue.put((symbol, time, price, size))

    def close(self) -> None:
        """Wait until everything is written.

        Raises:
            RuntimeError: if the writer has failed.
        """
        self._queue.put(None)
        self._thread.join()
        if self._error is not None:
            raise RuntimeError("the writer has failed") from self._error

    def _run(self) -> None:
        try:
            while batch := self._taken():
                with self._db.begin(write=True) as txn:
                    ticks = txn[Ticks]
                    for symbol, columns in batch.items():
                        times, prices, sizes = zip(*columns, strict=True)
                        ticks.append(symbol, np.array(times), price=np.array(prices), size=np.array(sizes, "u4"))
                self.commits += 1
        except BaseException as error:
            self._error = error
            while not self._over:  # nobody must wait for room in a queue that is no longer emptied
                self._over = self._queue.get() is None

    def _taken(self) -> dict[str, list[tuple[int, float, int]]]:
        """All that waits, by symbol; empty when it is over."""
        batch: dict[str, list[tuple[int, float, int]]] = {}
        if self._over:
            return batch
        tick = self._queue.get()
        number = 0
        while tick is not None:
            batch.setdefault(tick[0], []).append(tick[1:])
            number += 1
            if number == MOST or self._queue.empty():
                return batch
            tick = self._queue.get()
        self._over = True  # the next call has nothing more to give
        return batch


def main(path: str, number: int = 20_000) -> dict[str, int]:
    """Two feeds bring ticks at the same time: how many each symbol has in the end."""
    with zlmdb.open(path, Market) as db:
        writer = Writer(db)

        def feed(symbol: str) -> None:
            rng = np.random.default_rng(len(symbol))
            price = 100.0
            for at in range(number):
                price += float(rng.normal(0, 0.01))
                writer.put(symbol, 1_767_225_600 * 10**9 + at * 10**6, round(price, 2), 1 + at % 7)

        feeds = [threading.Thread(target=feed, args=(symbol,)) for symbol in ("ETHUSD", "BTCUSDT")]
        for thread in feeds:
            thread.start()
        for thread in feeds:
            thread.join()
        writer.close()
        with db.begin() as txn:
            found = {symbol: txn[Ticks].count(symbol) for symbol in txn[Ticks]}
        print(f"{sum(found.values())} ticks in {writer.commits} commits")
    return found


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
