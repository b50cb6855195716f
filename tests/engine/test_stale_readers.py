"""A reader that the engine gives trees newer than its number, see zlmdb.engine.environment: begun again, unseen."""

from __future__ import annotations

from typing import Any

import lmdb
import msgspec
import numpy as np
import pytest

import zlmdb

KEY = b"\0\x63key"


class Person(msgspec.Struct):
    number: int
    email: str


@zlmdb.table("7a1f0c52-93b1-4c4e-9c35-0c8a64f1d0e2", pk="number")
class People(zlmdb.MapOidCbor[Person]):
    """Rows with an index."""

    by_email = zlmdb.index("email", unique=True)


@zlmdb.table("7a1f0c52-93b1-4c4e-9c35-0c8a64f1d0e3")
class Ticks(zlmdb.Series[str]):
    """A series."""

    price = zlmdb.column("f8")


class Stale:
    """What such a reader does: it answers nothing."""

    ended = 0

    def get(self, *args: Any, **kwargs: Any) -> Any:
        raise lmdb.CorruptedError("mdb_get: MDB_CORRUPTED: Located page was wrong type")

    cursor = get

    def abort(self) -> None:
        Stale.ended += 1


@pytest.fixture
def stale(db: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that makes the next so many readers stale."""
    env = db._env
    begin, left = env.begin_raw, 0

    def begin_raw(database: Any = None, parent: Any = None, write: bool = False, buffers: bool = False) -> Any:
        nonlocal left
        if write or not left:
            return begin(database, parent, write, buffers)
        left -= 1
        return Stale()

    def make(number: int) -> None:
        nonlocal left
        left = number

    with db.begin(write=True) as txn:
        txn.put(KEY, b"value")
    monkeypatch.setattr(env, "begin_raw", begin_raw)
    monkeypatch.setattr(env, "begin_read", begin_raw)
    monkeypatch.setattr(Stale, "ended", 0)
    return make


@pytest.mark.parametrize("buffers", [False, True])
def test_it_is_begun_again_when_it_first_reads(db: Any, stale: Any, buffers: bool) -> None:
    stale(3)
    with db.begin(buffers=buffers) as txn:
        assert bytes(txn.get(KEY)) == b"value"
        assert txn.cursor().set_key(KEY)
    assert Stale.ended == 3


def test_what_reads_for_itself_begins_again_too(db: Any, stale: Any) -> None:
    stale(1)
    assert db._get_slots() == {}
    stale(1)
    assert db.stats()["num_slots"] == 0
    stale(1)
    assert db.verify() == []


def test_a_file_that_never_answers_is_damaged(db: Any, stale: Any) -> None:
    stale(1000)
    with db.begin() as txn, pytest.raises(zlmdb.DatabaseError, match=r"MDB_CORRUPTED|damaged"):
        txn.get(KEY)
    stale(0)


def test_the_rest_of_what_begins_a_reading(db: Any, stale: Any) -> None:
    db.attach_table(People)
    db.attach_table(Ticks)
    numbers = list(range(100))
    times = np.array([1, 2], "M8[s]").astype("M8[ns]")
    with db.begin(write=True) as txn:
        txn[Ticks].append("A", times, price=[1.0, 2.0])
        txn[People].load(Person(number, f"{number}@x.org") for number in numbers)
    reads: list[Any] = [
        lambda people: people[7].email == "7@x.org",
        lambda people: people.get(7).email == "7@x.org",
        lambda people: 7 in people,
        lambda people: [row.number for row in people.get_many([7, 8, 9])] == [7, 8, 9],
        lambda people: list(people) == numbers,
        lambda people: len(people) == 100,
        lambda people: people.last()[0] == 99,
        lambda people: people.by_email["7@x.org"].number == 7,
        lambda people: "7@x.org" in people.by_email,
        lambda people: [row.number for row in people.by_email.select("7@x.org", limit=1)] == [7],
        lambda people: people.to_arrow().read_all().num_rows == 100,
        lambda people: people._txn.id() > 0,
        lambda people: people._txn.cursor().first(),
    ]
    for read in reads:
        stale(2)
        with db.begin() as txn:
            assert read(txn[People]), read
        assert Stale.ended >= 2, read
        Stale.ended = 0
    for look in (
        lambda ticks: ticks.range("A").price.tolist() == [1.0, 2.0],
        lambda ticks: ticks.last("A", 1).price.tolist() == [2.0],
        lambda ticks: ticks.as_of("A", times[0]).price == 1.0,
        lambda ticks: list(ticks.keys()) == ["A"],
        lambda ticks: "A" in ticks,
        lambda ticks: ticks.span("A") == (times[0], times[1]),
    ):
        stale(2)
        with db.begin() as txn:
            assert look(txn[Ticks]), look
        assert Stale.ended >= 2, look
        Stale.ended = 0
    # A map that outlived its transaction reads in the next one that is begun with the same object.
    with db.begin() as txn:
        by_email = txn[People].by_email
    stale(2)
    with txn:
        assert by_email["8@x.org"].number == 8
    assert Stale.ended == 2


def test_files_of_the_older_format_are_not_asked(path: str) -> None:
    with zlmdb.open(path, lib_version="0.9") as db:
        assert not db._env.probes
    with zlmdb.open(path) as db:
        assert not db._env.probes


def test_files_of_the_newer_format_are_asked(db: Any) -> None:
    assert db._env.probes
