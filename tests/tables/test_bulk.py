"""Many rows at once: ``put_many()``, ``get_many()``, ``load()``; a failure leaves nothing behind."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import zlmdb
from tests.tables.people import User, Users, oid, raw_in, user


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c11")
class Words(zlmdb.MapOidString):
    pass


@pytest.fixture
def db() -> Iterator[Any]:
    with zlmdb.open(":memory:", [Users, Words]) as database:
        yield database


@pytest.fixture
def txn(db: Any) -> Iterator[Any]:
    with db.begin(write=True) as transaction:
        yield transaction


FORMS: dict[str, Callable[[list[tuple[int, str]]], Any]] = {
    "a list of pairs": lambda rows: rows,
    "a generator of pairs": lambda rows: (row for row in rows),
    "a mapping": dict,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", ["put_many", "load"])
def test_rows_may_come_as(txn: Any, form: str, method: str) -> None:
    rows = [(n, f"word {n}") for n in (5, 1, 3)]
    assert getattr(txn[Words], method)(FORMS[form](rows)) == 3
    assert list(txn[Words].items()) == sorted(rows)
    assert getattr(txn[Words], method)([]) == 0


@pytest.mark.parametrize("method", ["put_many", "load"])
def test_rows_that_hold_their_key_come_alone(txn: Any, method: str) -> None:
    rows = [user(n) for n in (3, 1, 2)]
    assert getattr(txn[Users], method)(iter(rows)) == 3
    assert list(txn[Users].values()) == [user(1), user(2), user(3)]
    assert getattr(txn[Users], method)({oid(4): user(4)}) == 1  # a mapping has the keys
    assert txn[Users].by_email["4@example.com"] == user(4)
    assert txn[Users].check() == []


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of some thousand rows, so that there are several."""
    monkeypatch.setattr("zlmdb.tables.bulk.HELD", 1 << 20)


@pytest.mark.usefixtures("small_batches")
def test_many_batches_are_written_like_one(txn: Any) -> None:
    number = 45_000
    done: list[int] = []
    rows = ((n * 7919 % number, "w") for n in range(number))
    assert txn[Words].load(rows, progress=done.append) == number
    assert done == sorted(set(done))
    assert done[-1] == number
    assert len(done) >= 2
    assert list(txn[Words]) == list(range(number))
    assert txn[Words].put_many((n, "v") for n in range(number + 5)) == number + 5
    assert txn[Words].count() == number + 5
    assert set(txn[Words].values()) == {"v"}


def test_put_many_replaces_and_the_last_row_of_a_key_wins(txn: Any) -> None:
    txn[Words][1] = "old"
    assert txn[Words].put_many([(1, "new"), (2, "first"), (2, "second")]) == 3
    assert dict(txn[Words]) == {1: "new", 2: "second"}
    txn[Users].put_many([user(1, "Ulm"), user(1, "Bonn")])
    assert list(txn[Users].by_city.select()) == [user(1, "Bonn")]
    assert txn[Users].check() == []


def test_get_many_keeps_the_order_asked_for(txn: Any) -> None:
    txn[Words].put_many({1: "one", 2: "two"})
    assert txn[Words].get_many([2, 7, 1, 2]) == ["two", None, "one", "two"]
    assert txn[Words].get_many(iter([])) == []
    txn[Users].add(user(1))
    assert txn[Users].get_many([oid(1), oid(2)]) == [user(1), None]
    with pytest.raises(zlmdb.KeyTypeError, match=r"table Users: expected uuid.UUID as key, found str 'x'"):
        txn[Users].get_many([oid(1), "x"])


@pytest.mark.parametrize("in_order", [False, True], ids=["any order", "sorted"])
@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ([(1, "a"), (5, "other"), (9, "b")], 5),
        ([(1, "a"), (5, "five"), (9, "b")], 5),  # the same value as is there
        ([(1, "a"), (2, "x"), (2, "y")], 2),
        ([(1, "a"), (2, "x"), (2, "x")], 2),
    ],
    ids=["another value", "the same value", "twice", "twice the same"],
)
def test_load_refuses_a_key_that_exists(txn: Any, rows: list[tuple[int, str]], key: int, in_order: bool) -> None:
    txn[Words][5] = "five"
    before = raw_in(txn)
    with pytest.raises(zlmdb.DuplicateKey, match=rf"table Words: .*primary key {key} already") as caught:
        txn[Words].load(rows, sorted=in_order)
    assert (caught.value.table, caught.value.key) == ("Words", key)
    assert raw_in(txn) == before
    txn[Words][6] = "six"


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize(("key", "word"), [(17, "w"), (17, "v"), (19_990, "w"), (20_001, "w")])
def test_a_duplicate_in_a_later_batch_is_found(txn: Any, key: int, word: str) -> None:
    txn[Words][20_001] = "w"
    before = raw_in(txn)
    rows = [*((n, "w") for n in range(20_000)), (key, word)]
    with pytest.raises(zlmdb.DuplicateKey, match=f"primary key {key} already") as caught:
        txn[Words].load(rows)
    assert caught.value.key == key
    assert raw_in(txn) == before


@pytest.mark.usefixtures("small_batches")
def test_entries_of_many_batches_are_written_and_refused_like_those_of_one(txn: Any) -> None:
    rows = [user(n) for n in range(9000)]
    assert txn[Users].load(rows) == 9000
    assert txn[Users].check() == []
    before = raw_in(txn)
    more = [user(n) for n in range(9000, 18_000)]
    more[-1].email = user(9001).email  # of an earlier batch of the same rows
    with pytest.raises(zlmdb.UniqueViolation, match="by_email"):
        txn[Users].load(more)
    assert raw_in(txn) == before


def test_through_a_writable_map_the_rows_before_a_bad_one_stay(tmp_path: Any) -> None:
    told: list[int] = []
    with zlmdb.open(str(tmp_path / "db"), [Users, Words], writemap=True, lib_version="0.9") as db:
        with db.begin(write=True) as txn:
            assert txn[Users].load([user(2), user(1)], progress=told.append) == 2
            assert told == [2]
            with pytest.raises(zlmdb.DuplicateKey, match=r"already; .*the 1 rows before it were written"):
                txn[Users].load([user(3), user(2, "Ulm"), user(4)])
            twin = user(5)
            twin.email = user(1).email
            with pytest.raises(zlmdb.UniqueViolation, match="by_email"):
                txn[Users].load([user(6), twin, user(7)])
            with pytest.raises(zlmdb.ValueTypeError, match=r"expected pairs \(key, value\)"):
                txn[Words].load([(1, "one"), 2])
        with db.begin() as txn:
            assert list(txn[Users].values()) == [user(n) for n in (1, 2, 3, 6)]
            assert txn[Users].check() == []
            assert dict(txn[Words]) == {1: "one"}


def test_rows_that_are_put_may_come_from_a_scan_of_the_table_that_they_change(txn: Any) -> None:
    txn[Words].load((n, f"{n}") for n in range(0, 4000, 2))
    shifted = ((key + 1, word) for key, word in txn[Words].select() if key % 2 == 0)
    assert txn[Words].put_many(shifted) == 2000
    assert list(txn[Words].items()) == [(n, f"{n // 2 * 2}") for n in range(4000)]


def test_sorted_is_a_hint_not_a_promise(txn: Any) -> None:
    assert txn[Words].load([(3, "c"), (1, "a"), (2, "b")], sorted=True) == 3
    assert list(txn[Words]) == [1, 2, 3]
    assert txn[Users].load([user(2), user(1)], sorted=True) == 2
    assert txn[Users].check() == []


class Broken(Exception):
    pass


def breaking_off(*rows: Any) -> Iterator[Any]:
    yield from rows
    raise Broken


def nameless(number: int) -> User:
    return User(oid(number), None, "n@example.com")  # type: ignore[arg-type]


FAILURES: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "unique, with a row that is there": (
        lambda: [user(2), user(3, email="1@example.com")],
        zlmdb.UniqueViolation,
        "table Users, index by_email: there is a row under '1@example.com' already",
    ),
    "unique, within the rows": (
        lambda: [user(2, email="x"), user(3, email="x")],
        zlmdb.UniqueViolation,
        "table Users, index by_email: there is a row under 'x' already",
    ),
    "a field of the wrong type": (
        lambda: [user(2), nameless(3)],
        zlmdb.ValueTypeError,
        "table Users: field name of User: expected str, found NoneType None",
    ),
    "a row of the wrong type": (
        lambda: [user(2), 5],
        zlmdb.ValueTypeError,
        "table Users: expected a User.*found int 5",
    ),
    "a key of the wrong type": (
        lambda: [user(2), User("x", "n", "e")],  # type: ignore[arg-type]
        zlmdb.KeyTypeError,
        "table Users: expected uuid.UUID as key, found str 'x'",
    ),
    "an exception of the caller": (lambda: breaking_off(user(2), user(3)), Broken, "^$"),
}


@pytest.mark.parametrize("what", FAILURES)
@pytest.mark.parametrize("method", ["put_many", "load"])
def test_a_failure_writes_nothing(db: Any, what: str, method: str) -> None:
    rows, error, message = FAILURES[what]
    with db.begin(write=True) as txn:
        txn[Users].add(user(1))
        before = raw_in(txn)
        with pytest.raises(error, match=message):
            getattr(txn[Users], method)(rows())
        assert raw_in(txn) == before
        txn[Users].add(user(9))  # the transaction goes on
    with db.begin() as txn:
        assert list(txn[Users].values()) == [user(1), user(9)]
        assert txn[Users].check() == []


@pytest.mark.parametrize("method", ["put_many", "load"])
@pytest.mark.parametrize("rows", [[1, 2], [(1, "a"), (2,)], [(1, "a", "b")], ["ab", "cde"]], ids=repr)
def test_what_is_no_pair_is_refused_naming_the_table(txn: Any, method: str, rows: list[Any]) -> None:
    with pytest.raises(TypeError, match=r"table Words: .*key"):
        getattr(txn[Words], method)(rows)
    assert len(txn[Words]) == 0


def test_what_is_put_counts(db: Any) -> None:
    stats = zlmdb.TransactionStats()
    with db.begin(write=True, stats=stats) as txn:
        txn[Words].put_many({1: "a", 2: "b"})
        assert (stats.puts, stats.dels) == (2, 0)
        txn[Words].load({3: "c"})
        assert (stats.puts, stats.dels) == (3, 0)
        txn[Users].load([user(1), user(2, city=None)])  # rows, entries of by_email, and of the two for Bonn
        assert (stats.puts, stats.dels) == (3 + 2 + 2 + 2, 0)
        txn[Users].truncate()
        assert (stats.puts, stats.dels) == (9, 6)


def test_load_takes_a_composite_key_from_the_row() -> None:
    @zlmdb.table(uuid.uuid4(), pk=("city", "name"))
    class ByPlace(zlmdb.Map[tuple[str, str], Any], key=(zlmdb.String, zlmdb.String), value=zlmdb.Json):
        pass

    rows = [{"city": city, "name": name} for city in ("b", "a") for name in ("y", "x")]
    with zlmdb.open(":memory:", [ByPlace]) as db, db.begin(write=True) as txn:
        assert txn[ByPlace].load(rows) == 4
        assert list(txn[ByPlace]) == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
        assert txn[ByPlace].add({"city": "c", "name": "z"}) == ("c", "z")
        with pytest.raises(zlmdb.DuplicateKey, match=r"primary key \('c', 'z'\) already"):
            txn[ByPlace].add({"city": "c", "name": "z"})
        with pytest.raises(zlmdb.DataError, match=r"table ByPlace: .*"):
            txn[ByPlace].add({"city": "c"})
