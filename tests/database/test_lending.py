"""Memory of the map that is lent stays as long as somebody reads it, however its transaction ends."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dbsupport import Users, in_fork, run_python

import zlmdb
from zlmdb.engine import snapshots
from zlmdb.engine.snapshots import released

OID = "5d0a7f3e-21b4-4f0e-9c1a-3b6f2a9d7001"


@zlmdb.table(OID)
class Arrays(zlmdb.MapOidNumpy):
    """Arrays by number."""


def fill(db: Any, number: float) -> None:
    """Write all pages anew, more than once."""
    for _ in range(4):
        with db.begin(write=True) as txn:
            for key in range(20):
                txn[Arrays][key] = np.full(2000, number)


def dropped(db: Any) -> tuple[Any, Any]:
    """An array over the map, and a plain one, of a transaction that nobody ended and nobody holds."""
    txn = db.begin(buffers=True)
    txn.__enter__()
    array = txn[Arrays][3]
    return array, np.asarray(array).view(np.ndarray)


def test_a_transaction_that_is_dropped_leaves_its_memory_to_those_who_read_it(path: str) -> None:
    with zlmdb.open(path, [Arrays]) as db:
        fill(db, 1.0)
        array, plain = dropped(db)
        gc.collect()
        assert db._env.lending == {}
        fill(db, 2.0)
        assert plain.sum() == 2000
        with pytest.raises(zlmdb.ViewExpired):
            array.sum()
        del array, plain
        fill(db, 3.0)
        assert db._env.pinned == []


def test_a_beginning_does_not_look_at_every_array_that_is_kept(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def counted(view: memoryview) -> bool:
        nonlocal asked
        asked += 1
        return released(view)

    with zlmdb.open(path, [Arrays]) as db:
        fill(db, 1.0)
        with db.begin(buffers=True) as txn:
            kept = [np.asarray(txn[Arrays][3]).view(np.ndarray) for _ in range(300)]
        monkeypatch.setattr(snapshots, "released", counted)
        for n in range(50):
            with db.begin(write=n % 2 == 0):
                pass
        assert 50 <= asked <= 100
        del kept[:299]
        gc.collect()
        for _ in range(2):
            with db.begin():
                pass
        [(_, views)] = db._env.pinned
        assert len(views) == 1  # those that are gone are not remembered
        fill(db, 2.0)
        assert kept[0].sum() == 2000
        del kept
        gc.collect()
        with db.begin():
            pass
        assert db._env.pinned == []


#: In processes of their own: memory that is not there any more ends the one that touches it.
CODE = """
    import gc, sys, numpy as np, zlmdb
    from contextlib import ExitStack
    from dbsupport import Users, user
    from tests.database.test_lending import Arrays, dropped, fill
    def told(action):
        try:
            return action()
        except Exception as error:
            return type(error).__name__
    path, what = sys.argv[1:]
    db = zlmdb.open(path, [Arrays, Users])
    fill(db, 1.0)
    with db.begin(write=True) as txn:
        txn[Users].load(user(number) for number in range(1, 9))
        txn.put(b"\\xff\\xf0key", b"value" * 1000)
"""
WAYS = {
    "a dropped transaction of a dropped database": (
        """
    array, plain = dropped(db)
    db = None
    gc.collect()
    print(told(lambda: array.sum()), plain.sum())
    """,
        "ViewExpired 2000.0\n",
    ),
    "a dropped transaction, and a database that is closed": (
        """
    array, plain = dropped(db)
    gc.collect()
    db.close()
    print(told(lambda: array.sum()), plain.sum())
    """,
        "ViewExpired 2000.0\n",
    ),
    "a stack that nobody unwinds": (
        """
    def read():
        stack = ExitStack()
        txn = stack.enter_context(stack.enter_context(zlmdb.open(path, [Arrays])).begin(buffers=True))
        return txn[Arrays][3]
    array = read()
    db.close()
    db = None
    gc.collect()
    print(told(lambda: array.sum()))
    """,
        "ViewExpired\n",
    ),
    "a raw record": (
        """
    with db.begin(buffers=True) as txn:
        raw, kept = txn.get(b"\\xff\\xf0key"), np.frombuffer(txn.get(b"\\xff\\xf0key"), "u1")
    db.close()
    print(bytes(raw[:5]), bytes(kept[:5]))
    """,
        "b'value' b'value'\n",
    ),
    "a raw record of a closed database": (
        """
    txn = db.begin(buffers=True)
    txn.__enter__()
    raw = txn.get(b"\\xff\\xf0key")
    db.close()
    part = memoryview(raw)[5:10]
    del raw
    gc.collect()
    print(bytes(part))
    """,
        "b'value'\n",
    ),
    "scans of a closed database": (
        """
    txn = db.begin(buffers=True)
    txn.__enter__()
    users = txn[Users]
    scans = [users.select(), users.select(reverse=True), users.by_email.select(), users.by_city.select("city 1")]
    scans += [users.by_email.select(reverse=True), users.by_city.select(return_values=False), users.keys()]
    begun = [iter(scan) for scan in scans]
    for scan in begun:
        next(scan)
    db.close()
    print({told(lambda: next(scan)) for scan in begun})
    """,
        "{'TransactionClosed'}\n",
    ),
    "scans of a transaction that has begun again": (
        """
    txn = db.begin(buffers=True)
    txn.__enter__()
    users = txn[Users]
    scans = [users.select(), users.select(reverse=True), users.by_email.select(), users.by_city.select("city 1")]
    begun = [iter(scan) for scan in scans]
    for scan in begun:
        next(scan)
    db.close()
    with db, txn:
        print({told(lambda: next(scan)) for scan in begun})
    """,
        "{'TransactionClosed'}\n",
    ),
}


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
@pytest.mark.parametrize("way", WAYS)
def test_memory_that_is_gone_is_not_touched(path: str, tmp_path: Path, lib_version: str, way: str) -> None:
    zlmdb.open(path, lib_version=lib_version).close()
    code, expected = WAYS[way]
    assert run_python(CODE + code, tmp_path, path, way) == expected


def test_what_a_raw_record_is_missing_for_is_given_back_untouched(path: str) -> None:
    missing = memoryview(b"missing")
    with zlmdb.open(path, [Users]) as db:
        with db.begin(buffers=True) as txn:
            assert txn.get(b"\xff\xf0key", missing) is missing
        assert bytes(missing) == b"missing"


def test_a_transaction_that_lends_may_be_used_again(path: str) -> None:
    with zlmdb.open(path, [Arrays]) as db:
        fill(db, 1.0)
        txn = db.begin(buffers=True)
        for _ in range(3):
            with txn:
                kept = np.asarray(txn[Arrays][3]).view(np.ndarray)
                assert len(db._env.lending) == 1
            assert db._env.lending == {}
            assert kept.sum() == 2000


def test_a_child_leaves_what_its_parent_has_lent(path: str) -> None:
    with zlmdb.open(path, [Arrays]) as db:
        fill(db, 1.0)
        with db.begin(buffers=True) as txn:
            array = txn[Arrays][3]

            def child() -> str:
                nonlocal txn
                del txn
                gc.collect()
                with pytest.raises(zlmdb.ViewExpired):
                    array.sum()
                with db.begin() as mine:
                    return str(mine[Arrays][3].sum())

            assert in_fork(child) == "2000.0"
            assert array.sum() == 2000
            assert [reader["txnid"] for reader in db.readers()].count(-1) < len(db.readers())
