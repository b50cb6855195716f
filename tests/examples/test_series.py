"""The examples about series and arrays do what they say."""

from __future__ import annotations

import queue
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zlmdb
from examples import candles, feed, order_book, sensors
from schemas.timeseries import Candles, Market, Readings, Station, Ticks

ROOT = Path(__file__).parents[2]
PROGRAMS = ("candles", "sensors", "feed", "order_book")


def test_candles_are_those_of_the_trades(path: str) -> None:
    found = candles.main(path, 12_000)
    for symbol, mine in found.items():
        trades = candles.trades(symbol, 12_000)
        minutes = trades["times"].astype("M8[m]")
        assert mine.time.astype("M8[m]").tolist() == np.unique(minutes).tolist()
        for at in (0, 7, len(mine) - 1):
            inside = minutes == mine.time[at]
            prices = trades["price"][inside]
            assert (mine.open[at], mine.close[at]) == (prices[0], prices[-1])
            assert (mine.high[at], mine.low[at]) == (prices.max(), prices.min())
            assert mine.volume[at] == trades["size"][inside].sum()
    with zlmdb.open(path, Market) as db:
        assert db.verify() == []
        with db.begin() as txn:
            assert txn[Ticks].count("ETHUSD") == 12_000
            assert len(txn[Candles]) == 2


def test_readings_go_and_hours_stay(path: str) -> None:
    assert sensors.main(path, 9) == (3 * 7 * 8_640, 3 * 9 * 24)
    with zlmdb.open(path, Station) as db:
        assert db.verify() == []
        with db.begin() as txn:
            assert list(txn[Readings]) == sensors.SENSORS
            assert txn[Readings].span(("north", 1))[0] == np.datetime64("2026-01-03")


def test_the_writer_loses_no_tick(path: str) -> None:
    assert feed.main(path, 3_000) == {"BTCUSDT": 3_000, "ETHUSD": 3_000}
    with zlmdb.open(path, Market) as db:
        assert db.verify() == []


def test_a_writer_that_fails_says_so(path: str) -> None:
    with zlmdb.open(path, Market) as db:
        writer = feed.Writer(db)
        writer.put("ETHUSD", 1, 1.0, -1)
        with pytest.raises(RuntimeError, match="the writer has failed"):
            writer.close()
        with pytest.raises(RuntimeError, match="the writer has failed"):
            writer.put("ETHUSD", 1, 1.0, 1)
        with db.begin() as txn:
            assert list(txn[Ticks]) == []


def test_order_books(path: str) -> None:
    spread, room = order_book.main(path, 100)
    assert spread == pytest.approx(0.02)
    assert room == order_book.snapshot(90)["size"][1, :10].sum()


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_runs_as_a_program(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_end_of_a_feed_is_taken_from_a_queue_that_stays_full() -> None:
    class Refilled(queue.Queue[feed.Tick | None]):
        """Whoever waits for room comes in as soon as there is some."""

        def get(self, block: bool = True, timeout: float | None = None) -> feed.Tick | None:
            found = super().get(block, timeout)
            self.put_nowait(("b", 2, 2.0, 2))
            return found

    writer = object.__new__(feed.Writer)
    writer._over = False
    writer._queue = Refilled(2)
    writer._queue.put(("a", 1, 1.0, 1))
    writer._queue.put(None)
    assert writer._taken() == {"a": [(1, 1.0, 1)]}
    assert writer._taken() == {}
