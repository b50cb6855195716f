"""Series under crashes: a process killed while it appends loses nothing committed; a failed write changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dbsupport import child, everything

import zlmdb
from zlmdb.testing import faults


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de401")
class Ticks(zlmdb.Series[str], chunk=50, compress="delta-zlib"):
    x = zlmdb.column("i8")


# Each commit appends a few ticks, one that comes late, and reports how many ticks there are.
WRITER = """
    import sys, zlmdb, numpy as np
    @zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de401")
    class Ticks(zlmdb.Series[str], chunk=50, compress="delta-zlib"):
        x = zlmdb.column("i8")
    with zlmdb.open(sys.argv[1], [Ticks]) as db:
        number = int(sys.argv[2])
        while True:
            number += 1
            with db.begin(write=True) as txn:
                size = (1, 3, 70, 5)[number % 4]
                times = number * 1000 + np.arange(size) * 2
                txn[Ticks].append("a", times, x=times)
                txn[Ticks].append("a", number * 1000 // 2 // 2 * 2 + 1, x=number)
                if number % 10 == 0:
                    txn[Ticks].delete_range("a", 0, number * 100)
            print(number, flush=True)
"""


def expected(number: int) -> list[int]:
    times: list[int] = []
    for at in range(1, number + 1):
        times += [at * 1000 + step * 2 for step in range((1, 3, 70, 5)[at % 4])]
        times.append(at * 1000 // 2 // 2 * 2 + 1)
        if at % 10 == 0:
            times = [time for time in times if time >= at * 100]
    return sorted(times)


def state(path: str) -> int:
    """Number of the last commit; everything must be as it was then."""
    with zlmdb.open(path, [Ticks]) as db:
        assert db.verify() == []
        with db.begin() as txn:
            found = txn[Ticks].range("a").time.astype("i8")
            number = max((time // 1000 for time in found.tolist()), default=0)
            assert found.tolist() == expected(number)
    assert zlmdb.lmdb.verify.verify(path) == []
    return int(number)


def test_a_process_killed_while_it_appends_loses_nothing_committed(path: str, tmp_path: Path) -> None:
    zlmdb.open(path, [Ticks]).close()
    rng = random.Random(3)
    number = 0
    for _ in range(5):
        with child(WRITER, tmp_path, path, number) as writer:
            reported = 0
            for _ in range(rng.choice([1, 3, 8, 21])):
                reported = int(writer.hears())
            writer.kill()
        number = state(path)
        assert number >= reported


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "the first tick": lambda ticks: ticks.append("new", 1, x=1),
    "one more": lambda ticks: ticks.append("a", 10_000, x=1),
    "a full head": lambda ticks: [ticks.append("a", 10_000 + at, x=1) for at in range(70)],
    "a batch": lambda ticks: ticks.append("a", 10_000 + np.arange(200), x=np.arange(200)),
    "a late tick": lambda ticks: ticks.append("a", 77, x=1),
    "late ticks everywhere": lambda ticks: ticks.append("a", np.arange(300) * 2 + 1, x=np.arange(300)),
    "a range": lambda ticks: ticks.delete_range("a", 120, 260),
    "the end": lambda ticks: ticks.delete_range("a", 380),
    "a series": lambda ticks: ticks.delete("a"),
    "all that is old": lambda ticks: ticks.retain(older_than="300ns", now=500),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_failed_write_leaves_what_was_committed(db: Any, operation: str) -> None:
    db.attach_tables([Ticks])

    def fill(txn: Any) -> None:
        txn[Ticks].append("a", np.arange(230) * 2, x=np.arange(230))
        txn[Ticks].append("a", 470, x=1)
        txn[Ticks].append("b", 5, x=1)

    with db.begin(write=True) as txn:
        fill(txn)
    before = everything(db)

    def action() -> None:
        with db.begin(write=True) as txn:
            OPERATIONS[operation](txn[Ticks])

    failed = 0
    for _ in faults.failures(db, action):
        failed += 1
        assert everything(db) == before
        assert db.verify() == []
    assert failed > 0
    assert everything(db) != before


#: Operations that change several series, or one series several times, in one call.
COMPOUND: dict[str, Callable[[Any], Any]] = {
    "retain": lambda txn: txn[Ticks].retain(older_than="300ns", now=500),
    "load": lambda txn: txn[Ticks].load(
        {"key": np.array(["a", "b", "new"]), "time": np.array([33, 900, 1]), "x": np.array([1, 2, 3])}
    ),
    "downsample": lambda txn: txn[Ticks].downsample(Means, "50ns", x="sum"),
}


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de402")
class Means(zlmdb.Series[str], chunk=50, duplicates="replace"):
    x = zlmdb.column("i8")


@pytest.mark.parametrize("options", [{}, {"lib_version": "0.9", "writemap": True}], ids=["savepoints", "writemap"])
@pytest.mark.parametrize("operation", COMPOUND)
def test_what_is_broken_off_between_two_series_is_not_committed(
    path: str, monkeypatch: pytest.MonkeyPatch, operation: str, options: dict[str, Any]
) -> None:
    """An exception from outside comes at the n-th time that a series table asks for its transaction, or a change."""
    calls = [0, 0]

    def counted(function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            calls[0] += 1
            if calls[0] == calls[1]:
                raise KeyboardInterrupt
            return function(*arguments)

        return call

    with zlmdb.open(path, [Ticks, Means], **options) as db:
        with db.begin(write=True) as txn:
            txn[Ticks].append("a", np.arange(230) * 2, x=np.arange(230))
            txn[Ticks].append("b", [5, 150, 450], x=1)
            txn[Ticks].downsample(Means, "100ns", x="sum")
        before = everything(db)
        with monkeypatch.context() as patch:
            for name in ("_require", "_changing", "_prefix", "_key_of", "_ticks"):
                patch.setattr(zlmdb.Series, name, counted(getattr(zlmdb.Series, name)))
            refused = 0
            while True:
                calls[0], calls[1] = 0, calls[1] + 1
                txn = db.begin(write=True)
                try:
                    with txn:
                        try:
                            COMPOUND[operation](txn)
                        except KeyboardInterrupt:
                            pass
                        else:
                            break
                except zlmdb.TransactionError:
                    refused += 1
                assert everything(db) == before
        assert calls[1] > 4
        assert (refused > 0) == bool(options)
        assert everything(db) != before
        assert db.verify() == []
