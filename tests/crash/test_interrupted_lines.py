"""Exceptions from outside, line after line, in what series write: all of it is there, or nothing, or it is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from dbsupport import everything
from interrupting import in_files, interrupted

import zlmdb


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de411")
class Ticks(zlmdb.Series[str], chunk=16, compress="delta-zlib", duplicates="replace"):
    x = zlmdb.column("i8")


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de412")
class Once(zlmdb.Series[str], chunk=16, duplicates="refuse"):
    x = zlmdb.column("i8")


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de413")
class Means(zlmdb.Series[str], chunk=16, duplicates="replace"):
    x = zlmdb.column("i8")


#: Between whose lines something comes: where records are written, and what is around.
WATCHED = in_files(
    "/series/change.py", "/series/store.py", "/series/extend.py", "/series/table.py", "/series/buckets.py"
)
#: Every so many lines one is tried; a prime, so that turns of a loop meet it at different lines.
STEP = 3

OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "the first tick": lambda txn: txn[Ticks].append("new", 1, x=1),
    "a short batch": lambda txn: txn[Ticks].append("b", 2000 + np.arange(10), x=np.arange(10)),
    "a batch": lambda txn: txn[Ticks].append("a", 2000 + np.arange(60), x=np.arange(60)),
    "late ticks": lambda txn: txn[Ticks].append("a", [7, 70, 455, 1030], x=9),
    "late ticks that are refused": lambda txn: txn[Once].append("a", [7, 455, 1030], x=9),
    "a range": lambda txn: txn[Ticks].delete_range("a", 120, 540),
    "a series": lambda txn: txn[Ticks].delete("a"),
    "all that is old": lambda txn: txn[Ticks].retain(older_than="300ns", now=500),
    "aggregates": lambda txn: txn[Ticks].downsample(Means, "50ns", x="sum"),
    "columns": lambda txn: txn[Ticks].load(
        {"key": np.array(["a", "b", "new"]), "time": np.array([33, 900, 1]), "x": np.array([1, 2, 3])}
    ),
    "columns that are refused": lambda txn: txn[Once].load(
        {"key": np.array(["a", "b"]), "time": np.array([5000, 10]), "x": np.array([1, 2])}
    ),
}


#: Without savepoints, what load() has appended before it meets something that it refuses stays, as it says.
CASES = [
    *[pytest.param(name, {}, id=f"{name}, savepoints") for name in OPERATIONS],
    *[
        pytest.param(name, {"lib_version": "0.9", "writemap": True}, id=f"{name}, writemap")
        for name in OPERATIONS
        if name != "columns that are refused"
    ],
]


@pytest.mark.parametrize(("operation", "options"), CASES)
def test_a_write_that_is_broken_off_at_any_line_is_whole_or_refused(
    path: str, operation: str, options: dict[str, Any]
) -> None:
    with zlmdb.open(path, [Ticks, Once, Means], durability="unsafe", **options) as db:
        with db.begin(write=True) as txn:
            for table in (Ticks, Once):
                txn[table].append("a", np.arange(100) * 10, x=np.arange(100))
                for time in range(1000, 1040, 10):
                    txn[table].append("a", time, x=1)
                txn[table].append("b", np.arange(20) * 10, x=np.arange(20))
            txn[Ticks].downsample(Means, "100ns", x="sum")
        before = records(db)

        def write(txn: Any) -> None:
            with contextlib.suppress(zlmdb.DuplicateKey):
                OPERATIONS[operation](txn)

        with db.begin(write=True) as txn:
            write(txn)
        after = records(db)
        tried, refused, broken = 0, 0, True
        while broken:
            restore(db, before)
            held: list[BaseException] = []
            number = 1 + tried * STEP
            try:
                with db.begin(write=True) as txn:
                    broken = interrupted(lambda txn=txn: write(txn), WATCHED, number, held)
            except zlmdb.TransactionError:
                refused += 1
                assert records(db) == before, held
            assert not db._environment().writes_here(), held
            assert records(db) in (before, after), held
            assert db.verify() == [], held
            tried += 1
        assert records(db) == after
        assert tried > 3
        assert refused < tried


def records(db: Any) -> dict[bytes, bytes]:
    """What is committed, without named databases, whose records name pages."""
    return {key: data for key, data in everything(db) if key < b"\xff\xff"}


def restore(db: Any, wanted: dict[bytes, bytes]) -> None:
    """Have those records there again, and no others."""
    found = records(db)
    with db.begin(write=True) as txn:
        for key in found.keys() - wanted.keys():
            txn.delete(key)
        for key, data in wanted.items():
            if found.get(key) != data:
                txn.put(key, data)
