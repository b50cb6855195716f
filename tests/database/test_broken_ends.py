"""Exceptions from outside (Ctrl-C, an alarm) in the midst of beginning, ending and attaching: no lock stays taken."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, User, Users, declare, run_python, user

import zlmdb
from zlmdb.database.life import Life
from zlmdb.engine.environment import Environment
from zlmdb.engine.writer import Writer
from zlmdb.tables.handle import Handle

WRITE = """
    import sys, zlmdb
    from dbsupport import Notes
    with zlmdb.open(sys.argv[1], [Notes]) as db, db.begin(write=True) as txn:
        txn[Notes][2] = "theirs"
"""


def interrupt(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, moment: str) -> list[int]:
    """Have the next call of a method raise KeyboardInterrupt, before or behind what it does; the calls are noted."""
    original: Callable[..., Any] = getattr(owner, name)
    calls: list[int] = []

    def interrupted(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1 and moment == "before":
            raise KeyboardInterrupt
        found = original(*arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(owner, name, interrupted)
    return calls


@pytest.mark.parametrize("moment", ["before", "behind"])
@pytest.mark.parametrize(
    ("owner", "name", "end"),
    [
        (Life, "_require_thread", "commit"),
        (Life, "_require_thread", "abort"),
        (Life, "_finish", "abort"),
        (Life, "_forget", "commit"),
        (Life, "_forget", "abort"),
        (Writer, "over", "commit"),
        (Writer, "over", "abort"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_block_whose_end_is_broken_off_gives_the_lock_back(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, owner: type, name: str, moment: str
) -> None:
    with zlmdb.open(path, [Notes, Users]) as db:
        with monkeypatch.context() as patch:
            txn = db.begin(write=True)
            txn.__enter__()
            txn[Notes][1] = "ours"
            calls = interrupt(patch, owner, name, moment)
            error = (None, None, None) if end == "commit" else (ValueError, ValueError(), None)
            with pytest.raises(KeyboardInterrupt) as kept:
                txn.__exit__(*error)
            assert calls
        run_python(WRITE, tmp_path, path, timeout=30)
        with pytest.raises(zlmdb.TransactionClosed):
            txn[Notes][1]
        with db.begin(write=True) as again:
            assert dict(again[Notes].items()) == {2: "theirs"}
            again[Notes][3] = "ours"
        with db.begin() as reader:
            assert list(reader[Notes]) == [2, 3]
        assert db.verify() == []
        del kept


@pytest.mark.parametrize("moment", ["before", "behind"])
def test_a_beginning_that_is_broken_off_gives_the_lock_back(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    with zlmdb.open(path, [Notes]) as db:
        with monkeypatch.context() as patch:
            interrupt(patch, Writer, "__init__", moment)
            with pytest.raises(KeyboardInterrupt) as kept:
                db.begin(write=True).__enter__()
        run_python(WRITE, tmp_path, path, timeout=30)
        with db.begin(write=True) as txn:
            assert list(txn[Notes]) == [2]
            txn[Notes][3] = "ours"
        assert db.verify() == []
        del kept


def test_a_write_transaction_that_is_garbage_is_no_reason_to_refuse_the_next(path: str) -> None:
    """Transaction and map hold each other, so that it does not end by itself when nobody holds it any more."""
    with zlmdb.open(path, [Notes]) as db:
        gc.disable()
        try:
            txn = db.begin(write=True)
            txn.__enter__()
            txn[Notes][1] = "lost"
            del txn
            with db.begin(write=True) as txn:
                assert list(txn[Notes]) == []
                txn[Notes][2] = "kept"
                with pytest.raises(zlmdb.TransactionError, match="wait for itself"), db.begin(write=True):
                    pass
        finally:
            gc.enable()
        with db.begin() as reader:
            assert list(reader[Notes]) == [2]


class PlainUsers(zlmdb.Map[int, User], key=zlmdb.Oid, value=zlmdb.Json):
    """The rows of Users, without indexes."""


@pytest.mark.parametrize("moment", ["before", "behind"])
@pytest.mark.parametrize("name", ["_replan", "_fill"])
def test_an_index_whose_attaching_is_broken_off_is_not_attached(
    path: str, monkeypatch: pytest.MonkeyPatch, name: str, moment: str
) -> None:
    with zlmdb.open(path) as db:
        users, index = db.attach_tables([declare(PlainUsers, pk="oid"), declare(zlmdb.MapStringOid)])
        with db.begin(write=True) as txn:
            users[txn, 1] = user(1)
        with monkeypatch.context() as patch:
            calls = interrupt(patch, Handle, name, moment)
            with pytest.raises(KeyboardInterrupt):
                users.attach_index("i", index, lambda row: row.email)
            assert calls
        assert users.indexes() == []
        users.attach_index("i", index, lambda row: row.email)
        with db.begin() as txn:
            assert index[txn, "1@example.com"] == 1
        assert db.verify() == []


@pytest.mark.parametrize("how", ["function", "constructor", "again"])
def test_a_database_whose_opening_is_broken_off_is_not_open(
    path: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    db = zlmdb.Database(path)
    db.close()
    openers: dict[str, Callable[[], Any]] = {
        "function": lambda: zlmdb.open(path),
        "constructor": lambda: zlmdb.Database(path),
        "again": db.__enter__,
    }
    with monkeypatch.context() as patch:
        interrupt(patch, zlmdb.Database, "_renew", "before")
        with pytest.raises(KeyboardInterrupt) as kept:
            openers[how]()
    assert not db.is_open
    with zlmdb.Database(path) as db:  # which nobody else may have open
        db.attach_table(Notes)
    del kept


def test_a_file_whose_closing_is_broken_off_can_be_opened(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    db = zlmdb.open(path, [Notes])
    with monkeypatch.context() as patch:
        interrupt(patch, Environment, "close", "before")
        with pytest.raises(KeyboardInterrupt) as kept:
            db.close()
    with zlmdb.Database(path) as db, db.begin(write=True) as txn:
        assert txn.get(b"key") is None
    del kept
