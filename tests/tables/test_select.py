"""Ranges: every shape, bound and prefix of ``select()``, in both spellings."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

import zlmdb
from tests.tables.people import Users, oid, user


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c01")
class Numbers(zlmdb.Map[int, str], key=zlmdb.Int64, value=zlmdb.String):
    pass


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c02")
class Words(zlmdb.MapStringString):
    pass


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c03")
class Days(zlmdb.Map[tuple[str, int], str], key=(zlmdb.String, zlmdb.Int64), value=zlmdb.String):
    pass


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c04")
class Names(zlmdb.Map[tuple[int, str], str], key=(zlmdb.Int64, zlmdb.String), value=zlmdb.String):
    pass


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c05")
class Counts(zlmdb.MapStringOidOid):
    pass


ROWS = [(n, f"value {n}") for n in (-5, -1, 0, 3, 7, 2**40)]


@pytest.fixture
def db() -> Iterator[Any]:
    with zlmdb.open(":memory:", [Words, Numbers, Days, Names, Counts, Users]) as database:
        with database.begin(write=True) as txn:
            txn[Numbers].put_many(ROWS)
            # Neighbours' rows on both sides of every slot.
            txn[Words].put_many([(word, word) for word in ("", "a", "ab", "abc", "b", "\U0010ffff")])
        yield database


@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
@pytest.mark.parametrize("buffers", [False, True], ids=["copies", "buffers"])
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_the_four_shapes(db: Any, write: bool, buffers: bool, reverse: bool) -> None:
    rows = ROWS[::-1] if reverse else ROWS
    handle = db.attach_table(Numbers)
    with db.begin(write=write, buffers=buffers) as txn:
        for limit in (None, 0, 1, 4, 100):
            shown = rows[:limit]
            for want_keys, want_values in itertools.product((True, False), repeat=2):
                wanted = {
                    "return_keys": want_keys,
                    "return_values": want_values,
                    "reverse": reverse,
                    "limit": limit,
                }
                expected = {
                    (True, True): shown,
                    (True, False): [key for key, _ in shown],
                    (False, True): [value for _, value in shown],
                    (False, False): [None] * len(shown),
                }[want_keys, want_values]
                assert list(txn[Numbers].select(**wanted)) == expected
                assert list(handle.select(txn, **wanted)) == expected


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [("[)", [-1, 0, 3]), ("[]", [-1, 0, 3, 7]), ("(]", [0, 3, 7]), ("()", [0, 3])],
)
def test_bounds_are_inclusive_or_not_by_choice(db: Any, bounds: Any, expected: list[int]) -> None:
    with db.begin() as txn:
        numbers = txn[Numbers]
        assert list(numbers.select(-1, 7, bounds=bounds, return_values=False)) == expected
        assert list(numbers.select(-1, 7, bounds=bounds, return_values=False, reverse=True)) == expected[::-1]
        assert numbers.count_range(-1, 7, bounds=bounds) == len(expected)


def test_bounds_need_not_be_keys_of_the_table(db: Any) -> None:
    with db.begin() as txn:
        numbers = txn[Numbers]
        assert [key for key, _ in numbers.select(-4, 5)] == [-1, 0, 3]
        assert [key for key, _ in numbers.select(-(2**70), 2**70)] == [key for key, _ in ROWS]
        assert list(numbers.select(2**70)) == []
        assert list(numbers.select(None, -(2**70), bounds="[]")) == []
        assert list(numbers.select(7, -1)) == []
        assert [key for key, _ in numbers.select(0, None)] == [0, 3, 7, 2**40]
        assert [key for key, _ in numbers.select(None, 0)] == [-5, -1]


def test_falsy_bounds_are_bounds(db: Any) -> None:
    handle, words = db.attach_table(Numbers), db.attach_table(Words)
    with db.begin() as txn:
        assert [key for key, _ in handle.select(txn, to_key=0)] == [-5, -1]
        assert handle.count_range(txn, None, 0) == 2
        assert list(words.select(txn, to_key="")) == []
        assert words.count_range(txn, "", "a") == 1


def test_the_earlier_spelling_takes_its_arguments_by_position(db: Any) -> None:
    handle = db.attach_table(Numbers)
    with db.begin() as txn:
        assert list(handle.select(txn, 0, 7, True, False, True, 1)) == [3]
        assert next(handle.select(txn, return_keys=False)) == "value -5"
        assert handle.count(txn) == 6
        assert handle.count_range(txn, from_key=-1, to_key=3) == 2


def test_a_selection_starts_anew_each_time(db: Any) -> None:
    with db.begin() as txn:
        selection = txn[Numbers].select(0, return_values=False)
        assert list(selection) == list(selection) == [0, 3, 7, 2**40]
        assert list(zip(selection, selection, strict=True))[1] == (3, 3)
        assert next(selection) == 0
        assert next(selection) == 3
        assert list(selection) == [0, 3, 7, 2**40]
        assert next(selection) == 7
        assert [next(selection), next(selection, "end"), next(selection, "end")] == [2**40, "end", "end"]
        assert list(selection) == [0, 3, 7, 2**40]
    with pytest.raises(zlmdb.TransactionClosed):
        list(selection)


def test_a_scan_stays_in_its_slot(db: Any) -> None:
    with db.begin() as txn:
        for table in (Days, Names, Counts):
            assert list(txn[table]) == list(reversed(txn[table])) == []
            assert (txn[table].first(), txn[table].last(), len(txn[table])) == (None, None, 0)
        assert txn[Words].last() == ("\U0010ffff", "\U0010ffff")
        assert txn[Numbers].first() == ROWS[0]


def test_prefixes_of_text(db: Any) -> None:
    with db.begin() as txn:
        words = txn[Words]
        assert [key for key, _ in words.select(prefix="a")] == ["a", "ab", "abc"]
        assert [key for key, _ in words.select(prefix="a", reverse=True, limit=2)] == ["abc", "ab"]
        assert words.count(prefix="ab") == 2
        assert words.count(prefix="x") == 0
        assert words.count(prefix="") == words.count(prefix=None) == 6
        assert words.count(prefix="\U0010ffff") == 1
        handle = db.attach_table(Words)
        assert [handle.count(txn, prefix) for prefix in ("ab", "", None)] == [2, 6, 6]


def test_prefixes_of_composite_keys(db: Any) -> None:
    days = [(city, day) for city in ("", "B", "Bo", "Bonn", "B\0") for day in (-1, 0, 1)]
    with db.begin(write=True) as txn:
        txn[Days].put_many([(key, "") for key in days])
        assert list(txn[Days].select(prefix=("Bo",), return_values=False)) == [("Bo", -1), ("Bo", 0), ("Bo", 1)]
        assert txn[Days].count(prefix=("Bo", 0)) == 1
        assert txn[Days].count(prefix=("",)) == 3
        assert txn[Days].count(prefix="B") == 12
        assert txn[Days].count(prefix=()) == 15
        txn[Names].put_many([((number, name), "") for number in (1, 2) for name in ("", "a", "ab", "b")])
        assert txn[Names].count(prefix=(1,)) == 4
        assert list(txn[Names].select(prefix=(1, "a"), return_values=False)) == [(1, "a"), (1, "ab")]
        assert txn[Names].count(prefix=(1, "")) == 4


def test_a_shorter_tuple_stands_before_all_keys_that_begin_with_it(db: Any) -> None:
    keys = sorted(
        ((city, day) for city in ("", "B", "Bo") for day in (-1, 1)), key=lambda key: (key[0].encode(), key[1])
    )
    with db.begin(write=True) as txn:
        txn[Days].put_many([(key, "") for key in keys])
        for bounds, expected in (("[)", keys[2:4]), ("[]", keys[2:]), ("()", []), ("(]", keys[4:])):
            found = list(txn[Days].select(("B",), ("Bo",), bounds=bounds, return_values=False))
            assert found == expected, bounds


@pytest.mark.parametrize(
    ("bounds", "expected"), [("[)", ["B", "Bo"]), ("[]", ["B", "Bo", "Bonn"]), ("()", ["Bo"]), ("(]", ["Bo", "Bonn"])]
)
def test_a_shorter_tuple_ends_its_own_text_only(db: Any, bounds: Any, expected: list[str]) -> None:
    """In the layout that writes the text and the number side by side, nothing marks the end of the text."""
    with db.begin(write=True) as txn:
        for city in ("A", "B", "Bo", "Bonn", "Bonne"):
            txn[Counts].update({(city, 0): 1, (city, 2**53): 2})
        found = list(txn[Counts].select(("B",), ("Bonn",), bounds=bounds, return_values=False))
        assert found == [(city, number) for city in expected for number in (0, 2**53)]


def test_a_bound_beyond_the_number_of_an_earlier_layout_is_accepted(db: Any) -> None:
    with db.begin(write=True) as txn:
        txn[Counts].update({("a", 0): 1, ("a", 2**53): 2, ("b", 0): 3})
        rows = list(db.attach_table(Counts).select(txn, from_key=("a", 1), to_key=("a", 2**53 + 1)))
    assert rows == [(("a", 2**53), 2)]


BAD = {
    "bound of another type": (lambda rows: rows.select("x"), zlmdb.KeyTypeError, "table Numbers: expected int .*'x'"),
    "bounds": (lambda rows: rows.select(1, 2, bounds="[["), ValueError, r"expected one of \[\), .* found '\[\['"),
    "limit": (lambda rows: rows.select(limit=-1), ValueError, "limit: expected .* at least 0.* found -1"),
    "limit of keys": (
        lambda rows: rows.select(return_values=False, limit=-1),
        ValueError,
        "limit: expected .* at least 0.* found -1",
    ),
    "limit of nothing": (
        lambda rows: rows.select(return_keys=False, return_values=False, limit="2"),
        ValueError,
        "limit: expected .* found '2'",
    ),
    "prefix and bounds": (lambda rows: rows.select(1, prefix=2), ValueError, "bounds or a prefix, found both"),
    "prefix of another type": (lambda rows: rows.count(prefix="x"), zlmdb.KeyTypeError, "table Numbers: expected int"),
    "range of another type": (lambda rows: rows.count_range(1, "x"), zlmdb.KeyTypeError, "table Numbers: .*'x'"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_wrong_range_is_refused_at_once(db: Any, what: str) -> None:
    ask, error, message = BAD[what]
    with db.begin() as txn, pytest.raises(error, match=message):
        ask(txn[Numbers])


def test_index_ranges(db: Any) -> None:
    with db.begin(write=True) as txn:
        users = txn[Users]
        for number, city in enumerate(["Ulm", "Bonn", None, "Bonn", "Köln"]):
            users.add(user(number, city))
        assert [u.city for u in users.by_city.select()] == ["Bonn", "Bonn", "Köln", "Ulm"]
        assert list(users.by_city.keys("Bonn")) == [oid(1), oid(3)]
        assert list(users.by_city.select(lo="Bonn", hi="Köln", bounds="(]", return_keys=True)) == [
            (oid(4), user(4, "Köln"))
        ]
        assert list(users.by_city.select("Bonn", reverse=True, limit=1)) == [user(3)]
        assert list(users.by_city_name.keys("Bonn", "name 3")) == [oid(3)]
        assert list(users.by_city_name.select("Bonn", lo="name 2")) == [user(3)]
        assert list(users.by_city_name.select(lo=("Bonn", "name 2"), hi=("Köln", "name 4"))) == [user(3)]
        assert users.by_city_name.count("Bonn", hi="name 2") == 1
        assert [u.oid for u in users.by_email.select(lo="1", hi="3")] == [oid(1), oid(2)]
        assert (len(users.by_city), next(iter(users.by_city))) == (4, user(1))
        assert ("Bonn" in users.by_city, "Rom" in users.by_city, ("Ulm", "name 0") in users.by_city_name) == (
            True,
            False,
            True,
        )
        with pytest.raises(zlmdb.KeyTypeError, match="table Users, index by_city_name: expected at most 2 values"):
            users.by_city_name.select("Bonn", "a", "b")
        with pytest.raises(zlmdb.KeyTypeError, match=r"Users, index by_city: .*expected str .*found int 5"):
            users.by_city.select(5)
        with pytest.raises(zlmdb.KeyTypeError, match=r"Users, index by_email: .*expected str .*found int 5"):
            users.by_email[5]
        with pytest.raises(ValueError, match=r"limit: expected .* at least 0.* found -1"):
            users.by_city.select(limit=-1)


def test_new_keys_are_fresh_and_fit() -> None:
    for table in (
        zlmdb.MapUuidCbor,
        zlmdb.MapOidJson,
        zlmdb.MapStringJson,
        zlmdb.MapBytes20Uuid,
        zlmdb.MapUuidStringUuid,
    ):
        keys = [table.new_key() for _ in range(20)]
        assert len(set(keys)) == 20
        owner: Any = zlmdb.table(uuid.uuid4())(type("Fresh", (table,), {}))
        with zlmdb.open(":memory:", [owner]) as db, db.begin(write=True) as txn:
            assert [key in txn[owner] for key in keys] == [False] * 20
