"""Wrong keys, wrong values, broken bytes, the wrong transaction: what is said, and that nothing is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from tests.tables.people import User, Users, oid, raw, raw_in, slot, user


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c41")
class Days(zlmdb.Map[tuple[str, int], str], key=(zlmdb.String, zlmdb.Int64), value=zlmdb.String):
    pass


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c42")
class Small(zlmdb.Map[int, int], key=zlmdb.Uint8, value=zlmdb.Oid):
    pass


TABLES = [Users, Days, Small]


@pytest.fixture
def db(tmp_db_path: Path) -> Iterator[Any]:
    with zlmdb.open(tmp_db_path, TABLES) as database:
        with database.begin(write=True) as txn:
            txn[Users].load([user(1), user(2)])
            txn[Days]["Bonn", 1] = "rain"
            txn[Small][1] = 1
        yield database
        assert database.verify() == []


KEYS: dict[str, tuple[Any, Any, type[Exception], str]] = {
    "another type": (Users, "x", zlmdb.KeyTypeError, "table Users: expected uuid.UUID as key, found str 'x'"),
    "None": (Users, None, zlmdb.KeyTypeError, "table Users: expected uuid.UUID as key, found NoneType None"),
    "a tuple for a single key": (
        Users,
        (oid(1),),
        zlmdb.KeyTypeError,
        r"table Users: expected uuid.UUID as key, found tuple \(UUID",
    ),
    "too short a tuple": (
        Days,
        ("Bonn",),
        zlmdb.KeyTypeError,
        r"table Days: expected 2 components \(string,int64\) as key, found 1: \('Bonn',\)",
    ),
    "too long a tuple": (
        Days,
        ("Bonn", 1, 2),
        zlmdb.KeyTypeError,
        r"table Days: expected 2 components \(string,int64\) as key, found 3",
    ),
    "no tuple": (Days, "xy", zlmdb.KeyTypeError, r"table Days: expected a tuple \(str, int\).* found str 'xy'"),
    "a part of another type": (
        Days,
        ("Bonn", "1"),
        zlmdb.KeyTypeError,
        r"table Days: component 2 \(int64\): expected int as key, found str '1'",
    ),
    "a part that is None": (
        Days,
        (None, 1),
        zlmdb.KeyTypeError,
        r"table Days: component 1 \(string\): expected str as key, found NoneType None",
    ),
    "a number out of range": (
        Small,
        256,
        zlmdb.KeyValueError,
        "table Small: expected int as key, found 256: the range of uint8 is 0 to 255",
    ),
    "a float": (Small, 1.0, zlmdb.KeyTypeError, "table Small: expected int as key, found float 1.0"),
    "a surrogate": (Days, ("\ud800", 1), zlmdb.KeyValueError, r"table Days: component 1 \(string\): "),
}
GOOD = {Users: user(9), Days: "sun", Small: 7}


@pytest.mark.parametrize("what", KEYS)
def test_a_wrong_key_is_refused_wherever_it_is_given(db: Any, what: str) -> None:
    table, key, error, message = KEYS[what]
    value = GOOD[table]
    handle = db.attach_table(table)
    with db.begin(write=True) as txn:
        rows, before = txn[table], raw_in(txn)
        calls: list[Callable[[], Any]] = [
            lambda: rows[key],
            lambda: rows.get(key),
            lambda: key in rows,
            lambda: rows.__setitem__(key, value),
            lambda: rows.put(key, value),
            lambda: rows.delete(key),
            lambda: rows.__delitem__(key),
            lambda: rows.pop(key, None),
            lambda: rows.setdefault(key, value),
            lambda: rows.get_many([key]),
            lambda: rows.put_many({key: value}),
            lambda: rows.load({key: value}),
            lambda: handle[txn, key],
            lambda: (txn, key) in handle,
            lambda: handle.__setitem__((txn, key), value),
            lambda: handle.__delitem__((txn, key)),
            lambda: handle.get((txn, key)),
        ]
        for number, call in enumerate(calls):
            with pytest.raises(error, match=message) as caught:
                call()
            assert getattr(caught.value, "table", None) == table.__name__, number
            assert isinstance(caught.value, zlmdb.DataError)
            assert raw_in(txn) == before
        rows[rows.first()[0]] = rows.first()[1]  # the transaction goes on
    assert raw(db) == before


ROWS: dict[str, tuple[Any, type[Exception], str, tuple[Any, ...]]] = {
    "a field of another type": (
        User(oid(5), 1, "e"),  # type: ignore[arg-type]
        zlmdb.ValueTypeError,
        "table Users: field name of User: expected str, found int 1",
        ("Users", "name", "str", "int 1"),
    ),
    "a field that is None": (
        User(oid(5), "n", None),  # type: ignore[arg-type]
        zlmdb.ValueTypeError,
        "table Users: field email of User: expected str, found NoneType None",
        ("Users", "email", "str", "NoneType None"),
    ),
    "an optional field of another type": (
        User(oid(5), "n", "e", 5),  # type: ignore[arg-type]
        zlmdb.ValueTypeError,
        "table Users: field city of User: expected .*str.*found int 5",
        ("Users", "city", None, "int 5"),
    ),
    "a key field of another type": (
        User("x", "n", "e"),  # type: ignore[arg-type]
        zlmdb.KeyTypeError,
        "table Users: expected uuid.UUID as key, found str 'x'",
        ("Users", None, None, None),
    ),
    "no such row": (
        5,
        zlmdb.ValueTypeError,
        "table Users: expected a User .*oid.*found int 5",
        ("Users", "oid", None, None),
    ),
    "None": (None, zlmdb.ValueTypeError, "table Users: expected a User .*found NoneType", ("Users", "oid", None, None)),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_wrong_row_is_refused_naming_table_field_expected_and_found(db: Any, what: str) -> None:
    row, error, message, (table, field, expected, found) = ROWS[what]
    with db.begin(write=True) as txn:
        users, before = txn[Users], raw_in(txn)
        for write in (users.add, users.put, lambda row: users.put_many([row]), lambda row: users.load([row])):
            with pytest.raises(error, match=message) as caught:
                write(row)
            assert isinstance(caught.value, zlmdb.ZlmdbError)
            assert (caught.value.table, caught.value.field) == (table, field)
            assert expected is None or caught.value.expected == expected
            assert found is None or caught.value.found == found
            assert raw_in(txn) == before
    assert raw(db) == before


@pytest.mark.parametrize(
    ("table", "key", "value", "message"),
    [
        (Users, oid(5), {"name": "n"}, "table Users: .*expected User, found dict"),
        (Users, oid(5), None, "table Users: .*expected User, found NoneType None"),
        (Days, ("Bonn", 1), 5, "table Days: expected str, found int 5"),
        (Days, ("Bonn", 1), b"x", "table Days: expected str, found bytes b'x'"),
        (Small, 1, "1", "table Small: expected int.* found str '1'"),
    ],
)
def test_a_wrong_value_is_refused(db: Any, table: Any, key: Any, value: Any, message: str) -> None:
    handle = db.attach_table(table)
    with db.begin(write=True) as txn:
        rows, before = txn[table], raw_in(txn)
        for write in (
            lambda: rows.__setitem__(key, value),
            lambda: rows.put(key, value),
            lambda: rows.update({key: value}),
            lambda: rows.put_many([(key, value)] if table is not Users else {key: value}),
            lambda: handle.__setitem__((txn, key), value),
        ):
            with pytest.raises(zlmdb.ValueTypeError, match=message) as caught:
                write()
            assert caught.value.table == table.__name__
            assert raw_in(txn) == before
    assert raw(db) == before


def test_rows_without_a_declared_key_need_one(db: Any) -> None:
    with db.begin(write=True) as txn:
        for write in (txn[Days].add, txn[Days].put):
            with pytest.raises(zlmdb.SchemaError, match=r'table Days: .*pk="...", or give the key: put\(key, row\)'):
                write("rain")
        with pytest.raises(TypeError, match=r"put\(\): expected a row, or a key and a row, found 3"):
            txn[Days].put(1, 2, 3)


# -- bytes that cannot be decoded


def test_a_row_that_cannot_be_decoded_is_named_and_the_rest_stays_readable(db: Any) -> None:
    prefix = slot(db, "Users")
    with db.begin(write=True) as txn:
        txn.put(prefix + oid(1).bytes, b'{"oid":"')
    handle = db.attach_table(Users)
    message = f"table Users, key UUID\\('{oid(1)}'\\): "
    with db.begin() as txn:
        users = txn[Users]
        reads: list[Callable[[], Any]] = [
            lambda: users[oid(1)],
            lambda: users.get(oid(1)),
            lambda: handle[txn, oid(1)],
            lambda: users.get_many([oid(2), oid(1)]),
            lambda: list(users.select()),
            lambda: list(users.select(reverse=True)),
            lambda: list(users.select(return_keys=False)),
            lambda: users.first(),
            lambda: users.by_email["1@example.com"],
            lambda: list(users.by_city.select("Bonn")),
        ]
        for read in reads:
            with pytest.raises(zlmdb.DecodeError, match=message) as caught:
                read()
            assert (caught.value.table, caught.value.key) == ("Users", oid(1))
        assert users[oid(2)] == user(2)
        assert list(users) == [oid(1), oid(2)]
        assert users.last() == (oid(2), user(2))
        assert users.by_email["2@example.com"] == user(2)
        assert list(users.by_city.keys("Bonn")) == [oid(1), oid(2)]
        assert len(users) == users.count() == 2
    before = raw(db)
    with db.begin(write=True) as txn:
        users = txn[Users]
        for write in (
            lambda: users.put(user(1, "Ulm")),
            lambda: users.delete(oid(1)),
            lambda: users.pop(oid(1)),
            lambda: users.rebuild_index("by_email"),
        ):
            with pytest.raises(zlmdb.DecodeError, match=message):
                write()
            assert raw_in(txn) == before
        assert any("Users" in problem and str(oid(1)) in problem for problem in users.check())
        users.put(user(2, "Ulm"))
        assert txn.delete(prefix + oid(1).bytes) is True
        users.rebuild_indexes()
        assert users.check() == []
        assert list(users.values()) == [user(2, "Ulm")]


def test_a_key_that_cannot_be_decoded_is_named(db: Any) -> None:
    prefix = slot(db, "Days")
    with db.begin(write=True) as txn:
        txn.put(prefix + b"no end", b"x")
    with db.begin() as txn:
        for read in (lambda: list(txn[Days]), lambda: list(txn[Days].items()), lambda: txn[Days].last()):
            with pytest.raises(
                zlmdb.DecodeError, match=f"table Days: the stored key {b'no end'.hex()} cannot be decoded"
            ):
                read()
        assert txn[Days]["Bonn", 1] == "rain"
        assert txn[Days].first() == (("Bonn", 1), "rain")
        assert txn[Days].count() == 2
    with db.begin(write=True) as txn:
        txn.delete(prefix + b"no end")


def test_keys_before_one_that_cannot_be_decoded_are_given(db: Any) -> None:
    prefix = slot(db, "Days")
    with db.begin(write=True) as txn:
        txn[Days].update({("a", n): "x" for n in range(100)})
        txn.put(prefix + b"no end", b"x")
    for write in (False, True):
        with db.begin(write=write) as txn:
            keys = iter(txn[Days])
            assert [next(keys) for _ in range(101)] == [("Bonn", 1), *(("a", n) for n in range(100))]
            with pytest.raises(zlmdb.DecodeError, match=f"table Days: the stored key {b'no end'.hex()}"):
                next(keys)
    with db.begin(write=True) as txn:
        txn.delete(prefix + b"no end")


@pytest.mark.parametrize("base", [zlmdb.MapOidJson, zlmdb.MapOidCbor])
def test_an_exception_of_a_parse_function_is_wrapped_and_named(base: Any) -> None:
    def parse(value: Any) -> Any:
        return value["there"]

    @zlmdb.table(uuid.uuid4(), marshal=dict, parse=parse)
    class Parsed(base):
        pass

    with zlmdb.open(":memory:", [Parsed]) as db, db.begin(write=True) as txn:
        txn[Parsed][1], txn[Parsed][2] = {"there": 5}, {}
        assert txn[Parsed][1] == 5
        reads: list[Callable[[], Any]] = [
            lambda: txn[Parsed][2],
            lambda: txn[Parsed].get(2),
            lambda: txn[Parsed].get_many([1, 2]),
            lambda: list(txn[Parsed].items()),
            lambda: list(txn[Parsed].select(reverse=True, return_keys=False)),
        ]
        for read in reads:
            with pytest.raises(zlmdb.DecodeError, match=r"table Parsed, key 2: .*KeyError.*there") as caught:
                read()
            assert isinstance(caught.value.__cause__, Exception)
        assert 2 in txn[Parsed]


# -- pickles


def test_pickles_are_read_only_with_leave(tmp_db_path: Path) -> None:
    oid = uuid.uuid4()

    def pickled(allow: bool | None) -> Any:
        return zlmdb.table(oid, allow_pickle=allow)(type("Pickled", (zlmdb.MapOidPickle,), {}))

    table = pickled(None)
    with zlmdb.open(tmp_db_path, [table]) as db:
        with db.begin(write=True) as txn:
            txn[table][1] = {"a": 1}
        with db.begin() as txn:
            for read in (
                lambda: txn[table][1],
                lambda: list(txn[table].values()),
                lambda: txn[table].get_many([1]),
                lambda: txn[table].first(),
            ):
                with pytest.raises(zlmdb.PickleNotAllowed, match=r"table Pickled.*allow_pickle=True") as caught:
                    read()
                assert caught.value.table == "Pickled"
            assert list(txn[table]) == [1]
    with zlmdb.open(tmp_db_path, [table], allow_pickle=True) as db, db.begin() as txn:
        assert txn[table][1] == {"a": 1}
    table = pickled(True)
    with zlmdb.open(tmp_db_path, [table]) as db, db.begin() as txn:
        assert list(txn[table].items()) == [(1, {"a": 1})]


# -- transactions


def users_calls(users: Any) -> dict[str, Callable[[], Any]]:
    return {
        "add": lambda: users.add(user(5)),
        "put": lambda: users.put(user(1, "Ulm")),
        "put of a new row": lambda: users.put(user(6)),
        "setitem": lambda: users.__setitem__(oid(5), user(5)),
        "setdefault": lambda: users.setdefault(oid(5), user(5)),
        "update": lambda: users.update({oid(5): user(5)}),
        "delete": lambda: users.delete(oid(1)),
        "delitem": lambda: users.__delitem__(oid(1)),
        "pop": lambda: users.pop(oid(1)),
        "popitem": lambda: users.popitem(),
        "put_many": lambda: users.put_many([user(5)]),
        "load": lambda: users.load([user(5)]),
        "truncate": lambda: users.truncate(),
        "clear": lambda: users.clear(),
        "rebuild_index": lambda: users.rebuild_index("by_email"),
        "rebuild_indexes": lambda: users.rebuild_indexes(),
    }


READS: dict[str, Callable[[Any], Any]] = {
    "getitem": lambda users: users[oid(1)],
    "get": lambda users: users.get(oid(1)),
    "contains": lambda users: oid(1) in users,
    "get_many": lambda users: users.get_many([oid(1)]),
    "len": len,
    "bool": bool,
    "iter": list,
    "items": lambda users: list(users.items()),
    "select": lambda users: list(users.select()),
    "keys": lambda users: list(users.select(return_values=False)),
    "count": lambda users: users.count(),
    "count_range": lambda users: users.count_range(oid(1), oid(2)),
    "first": lambda users: users.first(),
    "check": lambda users: users.check(),
    "index": lambda users: users.by_email["1@example.com"],
    "index get": lambda users: users.by_email.get("1@example.com"),
    "index select": lambda users: list(users.by_city.select("Bonn")),
    "index count": lambda users: users.by_city.count("Bonn"),
    "index contains": lambda users: "Bonn" in users.by_city,
}


def test_a_write_in_a_read_transaction(db: Any) -> None:
    before = raw(db)
    handle = db.attach_table(Users)
    with db.begin() as txn:
        calls = users_calls(txn[Users]) | {
            "earlier setitem": lambda: handle.__setitem__((txn, oid(5)), user(5)),
            "earlier delitem": lambda: handle.__delitem__((txn, oid(1))),
            "earlier truncate": lambda: handle.truncate(txn),
            "earlier rebuild": lambda: handle.rebuild_index(txn, "by_email"),
            "raw put": lambda: txn.put(b"\x00\x09", b""),
            "raw delete": lambda: txn.delete(before[0][0]),
        }
        for name, call in calls.items():
            with pytest.raises(zlmdb.ReadOnlyTransaction, match=r"write.*read transaction.*begin\(write=True\)"):
                print(name, call())  # shown if it was not refused
        assert txn[Users][oid(1)] == user(1)  # which goes on
    assert raw(db) == before


@pytest.mark.parametrize("write", [False, True], ids=["reading", "writing"])
@pytest.mark.parametrize("end", ["commit", "abort", "exception"])
def test_a_finished_transaction(db: Any, write: bool, end: str) -> None:
    before = raw(db)
    handle = db.attach_table(Users)
    txn = db.begin(write=write)
    try:
        with txn:
            users = txn[Users]
            users.by_email, users.by_city  # noqa: B018 so that they are kept
            walk = iter(users.select())
            assert next(walk) == (oid(1), user(1))
            if end == "commit":
                txn.commit()
            elif end == "abort":
                txn.abort()
            else:
                raise InterruptedError
    except InterruptedError:
        pass
    calls = users_calls(users) | {
        "table": lambda: txn[Users],
        "earlier getitem": lambda: handle[txn, oid(1)],
        "earlier setitem": lambda: handle.__setitem__((txn, oid(1)), user(1)),
        "earlier select": lambda: list(handle.select(txn)),
        "earlier count": lambda: handle.count(txn),
        "raw get": lambda: txn.get(b"\0\1"),
        "raw put": lambda: txn.put(b"\0\1", b""),
        "raw delete": lambda: txn.delete(b"\0\1"),
        "cursor": lambda: txn.cursor(),
        "id": lambda: txn.id(),
        "commit": lambda: txn.commit(),
        "abort": lambda: txn.abort(),
        "savepoint": lambda: txn.savepoint().__enter__(),
        "walk": lambda: next(walk),
    }
    for name, call in calls.items():
        with pytest.raises(zlmdb.TransactionClosed, match="this transaction has ended"):
            print(name, call())  # shown if it was not refused
    for name, read in READS.items():
        with pytest.raises(zlmdb.TransactionClosed, match="this transaction has ended"):
            print(name, read(users))
    assert raw(db) == before


def test_what_was_never_a_transaction(db: Any) -> None:
    handle = db.attach_table(Users)
    unbegun = db.begin()
    with pytest.raises(zlmdb.TransactionClosed, match="has not begun: use it in a with block"):
        handle[unbegun, oid(1)]
    with pytest.raises(zlmdb.TransactionError, match=r"table Users: .*map\[txn, key\].*txn\[Users\]"):
        handle[oid(1)]
    with pytest.raises(zlmdb.TransactionError, match=r"table Users: expected a transaction as first argument"):
        handle.select(None)
    with pytest.raises(zlmdb.TransactionError, match=r"map.select\(txn\).*txn\[Users\]"):
        list(handle)

    @zlmdb.table(uuid.uuid4())
    class Elsewhere(zlmdb.MapOidOid):
        pass

    with db.begin() as txn:
        with pytest.raises(zlmdb.TableNotAttached, match="table Elsewhere is not attached to"):
            txn[Elsewhere]
        with pytest.raises(zlmdb.TableNotAttached):
            txn[int]


def test_a_row_under_another_key_than_it_holds_is_refused() -> None:
    @zlmdb.table(uuid.uuid4(), pk="oid")
    class Plain(zlmdb.MapOidJson):
        pass

    @zlmdb.table(uuid.uuid4(), pk=("city", "number"))
    class Indexed(zlmdb.Map[tuple[str, int], Any], key=(zlmdb.String, zlmdb.Int64), value=zlmdb.Json):
        by_name = zlmdb.index("name", key=zlmdb.String)

    row = {"city": "Bonn", "number": 1, "name": "a"}
    with zlmdb.open(":memory:", [Plain, Indexed]) as db, db.begin(write=True) as txn:
        for table, key, wrong, value in (
            (txn[Plain], 1, 2, {"oid": 1}),
            (txn[Indexed], ("Bonn", 1), ("Bonn", 2), row),
        ):
            table[key] = value
            for write in (
                lambda table=table, wrong=wrong, value=value: table.__setitem__(wrong, value),
                lambda table=table, wrong=wrong, value=value: table.put(wrong, value),
                lambda table=table, wrong=wrong, value=value: table.put_many({wrong: value}),
                lambda table=table, wrong=wrong, value=value: table.load({wrong: value}),
            ):
                with pytest.raises(zlmdb.KeyValueError, match=r"expected a row whose .* found .*put\(row\)"):
                    write()
            assert dict(table.items()) == {key: value}
            assert table.check() == []
