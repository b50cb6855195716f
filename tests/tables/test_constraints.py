"""What an index and a key forbid: the sentence, the attributes, and that nothing was written."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import pytest

import zlmdb
from tests.tables.people import User, Users, oid, raw_in, user


@pytest.fixture
def txn() -> Iterator[Any]:
    with zlmdb.open(":memory:", [Users]) as db, db.begin(write=True) as transaction:
        transaction[Users].add(user(1))
        transaction[Users].add(user(2))
        yield transaction


def test_a_second_row_under_a_unique_key(txn: Any) -> None:
    users = txn[Users]
    before = raw_in(txn)
    message = (
        r"table Users, index by_email: there is a row under '1@example.com' already, with primary key "
        rf"{uuid.UUID(int=1)!r}, so the row with primary key {uuid.UUID(int=3)!r} was not written".replace("(", r"\(")
    ).replace(")", r"\)")
    for write in (users.add, users.put, lambda row: users.__setitem__(row.oid, row)):
        with pytest.raises(zlmdb.UniqueViolation, match=message) as caught:
            write(user(3, email="1@example.com"))
        assert (caught.value.table, caught.value.index) == ("Users", "by_email")
        assert caught.value.key == "1@example.com"
        assert raw_in(txn) == before
    with pytest.raises(zlmdb.UniqueViolation):
        users.put(user(2, email="1@example.com"))  # a change of a row that is there
    assert raw_in(txn) == before
    users.put(user(1, "Ulm"))  # its own entry is no one else's
    users.delete(oid(1))
    users.add(user(3, email="1@example.com"))
    assert users.by_email["1@example.com"] == user(3, email="1@example.com")
    assert users.check() == []


def test_add_of_a_row_that_exists(txn: Any) -> None:
    before = raw_in(txn)
    with pytest.raises(zlmdb.DuplicateKey, match=r"table Users: .*already; put\(\) replaces it") as caught:
        txn[Users].add(user(1, "Ulm", "new@example.com"))
    assert (caught.value.table, caught.value.key) == ("Users", oid(1))
    assert raw_in(txn) == before


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c31")
class Nulls(zlmdb.MapOidJson):
    must = zlmdb.index("must", key=zlmdb.String)
    both = zlmdb.index("a", "b", key=(zlmdb.String, zlmdb.Int64))
    may = zlmdb.index("may", "may2", unique=True, nullable=True, key=(zlmdb.String, zlmdb.Int64))
    made = zlmdb.index(lambda row: row["made"], key=zlmdb.Int64)


GOOD = {"must": "m", "a": "a", "b": 1, "may": "x", "may2": 1, "made": 5}


@pytest.mark.parametrize(("field", "index"), [("must", "must"), ("a", "both"), ("b", "both"), ("made", "made")])
def test_none_is_refused_where_an_index_is_not_nullable(field: str, index: str) -> None:
    with zlmdb.open(":memory:", [Nulls]) as db, db.begin(write=True) as txn:
        rows = txn[Nulls]
        rows[1] = GOOD
        before = raw_in(txn)
        for key in (1, 2):
            with pytest.raises(
                zlmdb.NullValueConstraint, match=f"table Nulls, index {index}: .*None.*not nullable.*nullable=True"
            ) as caught:
                rows[key] = {**GOOD, "may": None, field: None}
            assert (caught.value.table, caught.value.index) == ("Nulls", index)
            assert isinstance(caught.value, RuntimeError)
            assert raw_in(txn) == before


@pytest.mark.parametrize("missing", [{"may": None}, {"may2": None}, {"may": None, "may2": None}], ids=repr)
def test_none_in_any_part_leaves_the_row_out_of_a_nullable_index(missing: dict[str, None]) -> None:
    with zlmdb.open(":memory:", [Nulls]) as db, db.begin(write=True) as txn:
        rows = txn[Nulls]
        for key in (1, 2):  # two rows without a key are no violation
            rows[key] = {**GOOD, **missing}
        assert (len(rows.may), rows.check()) == (0, [])
        rows[1] = GOOD
        assert (list(rows.may.keys()), rows.check()) == ([1], [])
        rows[1] = {**GOOD, **missing}
        assert (len(rows.may), rows.check()) == (0, [])
        rows[2] = GOOD
        del rows[1]
        assert (list(rows.may.keys()), rows.rebuild_index("may"), rows.check()) == ([2], (1, 1), [])
        del rows[2]
        assert (len(rows.may), rows.check()) == (0, [])


class Note(TypedDict):
    oid: int
    topic: NotRequired[str]


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c32", pk="oid")
class Notes(zlmdb.MapOidJson[Note]):
    by_topic = zlmdb.index("topic", nullable=True)


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c33", pk="oid")
class Plain(zlmdb.MapOidJson):
    by_topic = zlmdb.index("topic", nullable=True, key=zlmdb.String)


@pytest.mark.parametrize("table", [Notes, Plain])
def test_a_field_that_a_dict_need_not_have_counts_as_none(table: Any) -> None:
    with zlmdb.open(":memory:", [table]) as db, db.begin(write=True) as txn:
        rows = txn[table]
        rows.add({"oid": 1})
        rows.add({"oid": 2, "topic": "t"})
        assert list(rows.by_topic.keys()) == [2]
        rows.put({"oid": 2})
        rows.put({"oid": 1, "topic": "s"})
        assert rows[2] == {"oid": 2}
        assert list(rows.by_topic.keys()) == [1]
        del rows[2]
        assert rows.check() == []


# -- a row that is written unchanged


def test_an_unchanged_row_writes_nothing() -> None:
    stats = zlmdb.TransactionStats()
    with zlmdb.open(":memory:", [Users]) as db, db.begin(write=True, stats=stats) as txn:
        users = txn[Users]
        users.add(user(1))
        assert (stats.puts, stats.dels) == (4, 0)
        stats.reset()
        users.put(user(1))
        users[oid(1)] = user(1)
        users.put(users[oid(1)])
        assert (stats.puts, stats.dels) == (0, 0)
        users.put(User(oid(1), "other", "1@example.com", "Bonn"))  # the row, and by_city_name
        assert (stats.puts, stats.dels) == (2, 1)
        stats.reset()
        users.put(User(oid(1), "other", "1@example.com", None))  # the row; two entries go
        assert (stats.puts, stats.dels) == (1, 2)
        stats.reset()
        users.delete(oid(1))  # the row, and by_email
        assert (stats.puts, stats.dels) == (0, 2)


@pytest.mark.parametrize(
    "write",
    [
        lambda users: users.add(user(3, email="1@example.com")),
        lambda users: users.add(user(1)),
        lambda users: users.put(user(2, email="1@example.com")),
        lambda users: users.add(User(oid(3), "n", None)),  # type: ignore[arg-type]
    ],
    ids=["unique", "duplicate", "unique by change", "wrong type"],
)
def test_what_is_refused_is_not_counted(write: Callable[[Any], Any]) -> None:
    stats = zlmdb.TransactionStats()
    with zlmdb.open(":memory:", [Users]) as db, db.begin(write=True, stats=stats) as txn:
        txn[Users].put_many([user(1), user(2)])
        stats.reset()
        with pytest.raises(zlmdb.ZlmdbError):
            write(txn[Users])
        assert stats.puts == stats.dels  # whatever was written was taken back


# -- functions of the program that fail


def test_a_function_that_fails_leaves_the_row_alone() -> None:
    failing = False

    def name(row: Any) -> str:
        if failing:
            raise ValueError("cannot say")
        return str(row["name"])

    @zlmdb.table(uuid.uuid4())
    class Things(zlmdb.MapOidJson):
        by_name = zlmdb.index(name, key=zlmdb.String)

    with zlmdb.open(":memory:", [Things]) as db, db.begin(write=True) as txn:
        things = txn[Things]
        things[1] = {"name": "a"}
        before = raw_in(txn)
        failing = True
        for write in (
            lambda: things.__setitem__(1, {"name": "b"}),
            lambda: things.__setitem__(2, {"name": "b"}),
            lambda: things.delete(1),
            lambda: things.pop(1),
            lambda: things.put_many([(2, {"name": "b"})]),
            lambda: things.load([(2, {"name": "b"})]),
        ):
            with pytest.raises((ValueError, zlmdb.ZlmdbError), match="cannot say"):
                write()
            assert raw_in(txn) == before
        failing = False
        assert things.check() == []


# -- lengths


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c34")
class Long(zlmdb.MapStringJson):
    unique = zlmdb.index("unique", unique=True, nullable=True, key=zlmdb.String)
    many = zlmdb.index("many", nullable=True, key=zlmdb.String)


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c35")
class LongPlain(zlmdb.MapStringString):
    pass


@pytest.mark.parametrize(("lib_version", "limit"), [("0.9", 511), ("1.0", 1978)])
def test_keys_up_to_the_limit_of_the_format(tmp_db_path: Path, lib_version: str, limit: int) -> None:
    most = limit - 2  # the slot takes two bytes
    with zlmdb.open(tmp_db_path, [Long, LongPlain], lib_version=lib_version) as db:
        with db.begin(write=True) as txn:
            rows, plain = txn[Long], txn[LongPlain]
            for table, value in ((rows, {"unique": None, "many": None}), (plain, "v")):
                table["x" * most] = value
                table["é" * (most // 2)] = value
                before = raw_in(txn)
                for write in (
                    lambda key, table=table, value=value: table.__setitem__(key, value),
                    lambda key, table=table, value=value: table.put(key, value),
                    lambda key, table=table, value=value: table.put_many([("a", value), (key, value)]),
                    lambda key, table=table, value=value: table.load([("a", value), (key, value)]),
                ):
                    for key in ("x" * (most + 1), "é" * most):
                        with pytest.raises(
                            zlmdb.KeyTooLong, match=rf"key of at most {most} bytes .*found {len(key.encode())}"
                        ) as caught:
                            write(key)
                        assert caught.value.table in ("Long", "LongPlain")
                        assert raw_in(txn) == before
                        # There is no row under such a key.
                        assert (table.get(key), key in table, table.delete(key)) == (None, False, False)
                        assert table.get_many([key]) == [None]
                        assert (list(table.select(key, key + "x")), table.count(prefix=key)) == ([], 0)
                        with pytest.raises(KeyError):
                            table[key]
            # Index keys: the unique one takes slot and text; the other text, its end, and the primary key.
            rows["k"] = {"unique": "u" * most, "many": "m" * (most - 2 - 1)}
            before = raw_in(txn)
            for index, value, length in (("unique", "u" * (most + 1), most + 1), ("many", "m" * (most - 2), most + 1)):
                for key in ("k", "j"):
                    with pytest.raises(
                        zlmdb.KeyTooLong,
                        match=rf"table Long, index {index}: .*at most {most} bytes .*found {length}; nothing",
                    ) as found:
                        rows[key] = {"unique": None, "many": None, index: value}
                    assert found.value.index == index
                    assert raw_in(txn) == before
            assert rows.unique["u" * most] == rows["k"]
            assert list(rows.many.keys("m" * (most - 3))) == ["k"]
            assert rows.unique.get("u" * 5000) is None
            assert rows.many.count("m" * 5000) == 0
        with db.begin() as txn:
            assert txn[Long].check() == []
            assert list(txn[LongPlain]) == ["x" * most, "é" * (most // 2)]
