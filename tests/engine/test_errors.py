"""Errors of the engine and ours: a program sees a sentence of ours, and may go on catching py-lmdb's own."""

import errno
import os
from typing import Any

import lmdb
import pytest
from dbsupport import Notes, everything

import zlmdb
from zlmdb.engine import EngineError, translate

PAIRS = [
    (lmdb.MapFullError, zlmdb.DatabaseFull, "maxsize"),
    (lmdb.ReadersFullError, zlmdb.ReadersFull, "reader table"),
    (lmdb.ReadonlyError, zlmdb.ReadOnlyTransaction, "write=True"),
    (lmdb.BadValsizeError, zlmdb.KeyTooLong, "longer"),
    (lmdb.BadTxnError, zlmdb.TransactionError, "aborted"),
    (lmdb.CorruptedError, zlmdb.DatabaseError, "damaged"),
    (lmdb.PageNotFoundError, zlmdb.DatabaseError, "damaged"),
    (lmdb.InvalidError, zlmdb.DatabaseError, "damaged"),
    (lmdb.PanicError, zlmdb.DatabaseError, "close and open it again"),
    (lmdb.DiskError, zlmdb.DiskFull, "the disk is full"),
    (lmdb.Error, zlmdb.DatabaseError, "what LMDB says"),
]


@pytest.mark.parametrize(("engine", "ours", "says"), PAIRS, ids=lambda value: getattr(value, "__name__", ""))
def test_errors_of_the_engine_have_a_sentence_of_ours(engine: Any, ours: Any, says: str) -> None:
    found = translate(engine("mdb_put: what LMDB says"), path="/data/book.zdb")
    assert isinstance(found, ours)
    assert str(found).startswith("/data/book.zdb")
    assert says in str(found)


@pytest.mark.parametrize(
    "engine", [lmdb.MapFullError, lmdb.ReadersFullError, lmdb.ReadonlyError], ids=lambda value: value.__name__
)
def test_what_programs_catch_already_they_go_on_catching(engine: Any) -> None:
    found = translate(engine("mdb_put: what LMDB says"))
    assert isinstance(found, engine)
    assert isinstance(found, EngineError)
    assert isinstance(found, zlmdb.ZlmdbError)


@pytest.mark.parametrize("text", ["MDB_SHORT_WRITE: Fewer bytes", os.strerror(errno.ENOSPC), os.strerror(errno.EFBIG)])
def test_a_full_disk_is_called_so(text: str) -> None:
    found = translate(lmdb.Error(f"mdb_txn_commit: {text}"), path="/data/book.zdb")
    assert isinstance(found, zlmdb.DiskFull)
    assert isinstance(found, lmdb.DiskError)
    assert str(found).startswith("/data/book.zdb cannot grow")


def test_our_own_errors_and_those_of_others_pass_through() -> None:
    for error in (zlmdb.DatabaseFull("ours"), OSError("I/O")):
        assert translate(error) is error


def test_the_cause_is_kept(path: str) -> None:
    with zlmdb.open(path, [Notes], maxsize=65536) as db:
        with pytest.raises(zlmdb.DatabaseFull) as caught, db.begin(write=True) as txn:
            txn[Notes][1] = "x" * 200_000
        assert type(caught.value.__cause__) is lmdb.MapFullError
        assert len(everything(db)) == 1


def test_the_tree_is_the_one_that_is_drawn() -> None:
    drawn: dict[str, str] = {}
    stack: list[str] = []
    for line in (zlmdb.errors.__doc__ or "").splitlines():
        head, mark, rest = line.partition("── ")
        if line.strip() == "ZlmdbError":
            stack = ["ZlmdbError"]
        elif mark and stack:
            depth = (len(head) - len("    ")) // 4 + 1
            name = rest.split()[0]
            del stack[depth:]
            drawn[name] = stack[-1]
            stack.append(name)
    beside = {name for name in zlmdb.errors.__all__ if issubclass(getattr(zlmdb, name), Warning)}
    assert set(drawn) | {"ZlmdbError"} | beside == set(zlmdb.errors.__all__)
    for name, parent in drawn.items():
        assert issubclass(getattr(zlmdb, name), getattr(zlmdb, parent)), name
        assert getattr(zlmdb, name).__bases__[0] is getattr(zlmdb.errors, parent), name


BUILT_IN = {
    "TableNotAttached": LookupError,
    "KeyTypeError": TypeError,
    "KeyValueError": ValueError,
    "ValueTypeError": TypeError,
    "EncodeError": ValueError,
    "DecodeError": ValueError,
    "NullValueConstraint": RuntimeError,
    "ViewExpired": ValueError,
    "DatabaseNotFound": FileNotFoundError,
    "AlreadyOpen": RuntimeError,
}


@pytest.mark.parametrize("name", BUILT_IN)
def test_errors_are_also_the_built_in_ones_that_people_expect(name: str) -> None:
    error = getattr(zlmdb, name)("a sentence", table="Users", key=1, expected="this", found="that")
    assert isinstance(error, BUILT_IN[name])
    assert str(error) == "a sentence"
    assert (error.table, error.key, error.index, error.field) == ("Users", 1, None, None)
    assert (error.expected, error.found) == ("this", "that")
