"""Exceptions from outside (Ctrl-C, an alarm) in the midst of beginning, ending and attaching: no lock stays taken."""

import contextlib
import functools
import gc
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Child, Notes, User, Users, child, declare, run_python, user
from interrupting import in_functions, interrupted

import zlmdb
from zlmdb.database import Transaction
from zlmdb.database.life import Life
from zlmdb.engine.environment import Environment
from zlmdb.engine.writer import Writer
from zlmdb.tables import maintain
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


SAVEPOINT = {inspect.unwrap(Transaction.savepoint), Transaction._go_back}


def assert_free(db: Any, txn: Any, lock: Child) -> None:
    """Nobody waits for a transaction that has ended."""
    assert not db._environment().writes_here()
    lock.tell()
    assert lock.hears() == "wrote"
    with pytest.raises(zlmdb.TransactionClosed):
        txn[Notes][1]


def begun_empty(db: Any) -> Any:
    """A write transaction, not yet entered, that will find no notes."""
    with db.begin(write=True) as txn:
        txn[Notes].clear()
    return db.begin(write=True)


WRITER = """
    import sys, zlmdb
    from dbsupport import Notes
    with zlmdb.open(sys.argv[1], [Notes]) as db:
        for line in sys.stdin:
            with db.begin(write=True) as txn:
                txn[Notes][0] = "theirs"
            print("wrote", flush=True)
"""


@pytest.mark.parametrize("goes", ["well", "wrong"])
def test_a_savepoint_that_is_broken_off_at_any_line_is_there_as_a_whole_or_not_at_all(
    path: str, tmp_path: Path, goes: str
) -> None:
    number, seen = 0, set()
    held: list[BaseException] = []
    with zlmdb.open(path, [Notes]) as db, child(WRITER, tmp_path, path) as lock:
        while True:
            number += 1
            txn = begun_empty(db)

            def use_savepoint(txn: Any = txn) -> None:
                with contextlib.suppress(ValueError), txn.savepoint():
                    txn[Notes][1] = "one"
                    txn[Notes][2] = "two"
                    if goes == "wrong":
                        raise ValueError

            said = None
            try:
                with txn:
                    txn[Notes][5] = "before"
                    broken = interrupted(use_savepoint, in_functions(SAVEPOINT), number, held)
                    txn[Notes][6] = "behind"
            except zlmdb.TransactionError as error:
                said = error
            assert_free(db, txn, lock)
            with db.begin() as reader:
                found = [key for key in reader[Notes] if key]
            assert found in ([], [5, 6], [1, 2, 5, 6])
            assert (said is not None) == (found == [])
            if goes == "wrong":
                assert found != [1, 2, 5, 6]
            seen.add(tuple(found))
            assert db.verify() == []
            if not broken:
                break
        assert number > 20
        assert len(seen) > 1


@pytest.mark.parametrize("end", ["commit", "abort"])
def test_an_end_within_the_block_that_is_broken_off_at_any_line_gives_the_lock_back(
    path: str, tmp_path: Path, end: str
) -> None:
    functions = {Life.commit, Life.abort, Life._give_up, Life._finish, Life._forget, Writer.over}
    number = 0
    held: list[BaseException] = []
    with zlmdb.open(path, [Notes]) as db, child(WRITER, tmp_path, path) as lock:
        while True:
            number += 1
            txn = begun_empty(db)

            def block(txn: Any = txn) -> None:
                with txn:
                    txn[Notes][1] = "one"
                    with txn.savepoint():
                        txn[Notes][2] = "two"
                        getattr(txn, end)()

            broken = interrupted(block, in_functions(functions), number, held)
            assert_free(db, txn, lock)
            with db.begin() as reader:
                found = [key for key in reader[Notes] if key]
            assert found in ([], [1, 2])
            if not broken:
                assert found == ([1, 2] if end == "commit" else [])
                break
        assert number > 15


@pytest.mark.parametrize("way", ["truncate", "clear", "attached"])
def test_a_table_whose_emptying_is_broken_off_at_any_line_is_not_emptied_in_part(path: str, way: str) -> None:
    number = 0
    held: list[BaseException] = []
    with zlmdb.open(path) as db:
        attached = db.attach_table(Users)
        with db.begin(write=True) as txn:
            txn[Users].load(user(number) for number in range(4))

        def empty(txn: Any) -> None:
            if way == "attached":
                attached.truncate(txn)
            else:
                getattr(txn[Users], way)()

        broken = True
        while broken:
            number += 1
            with contextlib.suppress(zlmdb.TransactionError), db.begin(write=True) as txn:
                broken = interrupted(functools.partial(empty, txn), in_functions({maintain.remove_range}), number, held)
            assert db.verify() == []
            with db.begin() as reader:
                assert len(reader[Users]) == (4 if broken else 0)
        assert number > 20


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
