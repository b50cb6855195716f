"""Attaching: when it writes and when it does not, what it refuses, and that the refused changes nothing."""

import types
from dataclasses import dataclass
from typing import Any

import pytest
from dbsupport import Counters, Notes, People, User, Users, declare, everything, last_txnid, user

import zlmdb
from zlmdb.engine import Environment

OID = "3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a2001"


@dataclass
class Pair:
    """A row with two fields that could be its key."""

    first: int
    second: int


def _class(base: Any, key: Any, value: Any, attributes: dict[str, Any]) -> Any:
    return types.new_class("Things", (base,), {"key": key, "value": value}, lambda body: body.update(attributes))


def table(key: Any, value: Any, record: Any = Any, pk: Any = None, **attributes: Any) -> Any:
    """A table class, declared in any way under always the same identity."""
    return zlmdb.table(OID, pk=pk)(_class(zlmdb.Map[Any, record], key, value, attributes))


# -- what is no table

NOT_TABLES = [
    (5, "cannot attach object 5 as database table: a subclass of zlmdb.PersistentMap is required"),
    (None, "cannot attach object None as database table"),
    ("Users", "cannot attach object 'Users' as database table"),
    (int, "cannot attach object of class int as a database table: a subclass of zlmdb.PersistentMap is required"),
    (zlmdb.MapOidString(5), "as database table: a subclass of zlmdb.PersistentMap is required"),
    (type("Undecorated", (zlmdb.MapOidString,), {}), "is not decorated as table slot"),
    (zlmdb.MapOidString, "is not decorated as table slot"),
]


@pytest.mark.parametrize(("thing", "message"), NOT_TABLES, ids=[str(number) for number in range(len(NOT_TABLES))])
def test_what_is_no_table_is_refused(db: Any, thing: Any, message: str) -> None:
    for attach in (db.attach_table, lambda thing: db.attach_tables([Notes, thing])):
        with pytest.raises(TypeError) as caught:
            attach(thing)
        assert message in str(caught.value)
        assert isinstance(caught.value, zlmdb.SchemaError)
    assert everything(db) == []


@pytest.mark.parametrize("schema", [5, "book", object(), int], ids=["a number", "a text", "an object", "a class"])
def test_what_is_no_schema_is_refused(path: str, schema: Any) -> None:
    with pytest.raises((zlmdb.SchemaError, TypeError)):
        zlmdb.open(path, schema)
    with zlmdb.Database(path) as db:
        assert everything(db) == []


# -- what it gives


def test_an_attached_table_is_an_instance_of_its_class(db: Any) -> None:
    first, second = db.attach_table(Users), db.attach_table(Users)
    assert isinstance(first, Users)
    assert first is not second
    assert first._slot == second._slot == 1
    with db.begin(write=True) as txn:
        assert isinstance(txn[Users], Users)
        first[txn, 1] = user(1)
        assert second[txn, 1] == txn[Users][1] == user(1)


def test_a_subclass_without_identity_of_its_own_is_the_same_table(db: Any) -> None:
    class Special(Notes):
        pass

    db.attach_table(Notes)
    special = db.attach_table(Special)
    with db.begin(write=True) as txn:
        txn[Notes][1] = "one"
        assert special[txn, 1] == txn[Special][1] == "one"
    assert db.stats()["num_slots"] == 1


def test_schemas_of_both_styles_attach_everything(path: str) -> None:
    class Plain:
        @staticmethod
        def attach(db: Any) -> Any:
            schema = Plain()
            schema.counters = db.attach_table(Counters)  # type: ignore[attr-defined]
            return schema

    with zlmdb.open(path, People) as db:
        assert type(db.schema) is People
        assert (db.schema.db, type(db.schema.users).__mro__.count(Users)) == (db, 1)
        plain = Plain.attach(db)
        with db.begin(write=True) as txn:
            db.schema.users[txn, 1] = user(1)
            plain.counters[txn, "one"] = 1
    with zlmdb.open(path, Plain) as db, db.begin() as txn:
        assert db.schema.counters[txn, "one"] == 1
        with pytest.raises(zlmdb.TableNotAttached):
            txn[Users]
    with zlmdb.open(path, Users) as db, db.begin() as txn:
        assert txn[Users][1] == user(1)
    with zlmdb.open(path, [Users, Counters]) as db, db.begin() as txn:
        assert (txn[Users][1], txn[Counters]["one"]) == (user(1), 1)


def test_a_schema_inherits_the_tables_of_its_bases(path: str) -> None:
    class More(People):
        counters: Counters

    with zlmdb.open(path, More) as db:
        assert list(More.tables().values()) == [Users, Notes, Counters]
        with db.begin(write=True) as txn:
            db.schema.notes[txn, 1] = "one"
            db.schema.counters[txn, "one"] = 1


def test_tables_attached_together_are_attached_together_or_not_at_all(path: str) -> None:
    wrong = table(zlmdb.Uuid, zlmdb.Json)
    with zlmdb.open(path, [table(zlmdb.Oid, zlmdb.Json)]) as db:
        before = everything(db)
        with pytest.raises(zlmdb.TableMismatch):
            db.attach_tables([Notes, Users, wrong, Counters])
        assert everything(db) == before
        with db.begin() as txn, pytest.raises(zlmdb.TableNotAttached):
            txn[Notes]


# -- when it writes


def count_transactions(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The transactions that the engine begins from now on: True for those that write."""
    begun: list[bool] = []
    begin, begin_write = Environment.begin, Environment.begin_write
    monkeypatch.setattr(Environment, "begin", lambda env, buffers: begun.append(False) or begin(env, buffers))
    monkeypatch.setattr(Environment, "begin_write", lambda env: begun.append(True) or begin_write(env))
    return begun


def test_new_tables_take_one_write_transaction(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [Users, Notes, Counters, *(declare() for _ in range(17))]
    with zlmdb.open(path) as db:
        before = last_txnid(db)
        begun = count_transactions(monkeypatch)
        db.attach_tables(tables)
        assert begun.count(True) == 1
        assert len(begun) <= 2
        monkeypatch.undo()
        assert last_txnid(db) == before + 1


def test_known_tables_take_one_read_transaction_and_write_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [Users, Notes, Counters, *(declare() for _ in range(17))]
    with zlmdb.open(path, tables) as db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(1))
        before, number = everything(db), last_txnid(db)
    begun = count_transactions(monkeypatch)
    with zlmdb.open(path, tables) as db:
        assert begun == [False]
        del begun[:]
        for cls in tables:
            db.attach_table(cls)
        assert begun == [False] * 20
        monkeypatch.undo()
        assert (everything(db), last_txnid(db)) == (before, number)


def test_attaching_within_transactions(db: Any) -> None:
    with db.begin() as reader:
        db.attach_table(Notes)  # the file has it from now on, but not this snapshot
        assert list(reader[Notes]) == []
    before = everything(db)
    with db.begin(write=True) as txn:
        notes = db.attach_table(Notes)
        notes[txn, 1] = "one"
        with pytest.raises(zlmdb.TransactionError, match="attach them before it begins") as caught:
            db.attach_table(Users)
        assert db.dbpath in str(caught.value)
        assert txn[Notes][1] == "one"
    assert [k for k, _ in everything(db)] == [k for k, _ in before] + [b"\0\1" + (1).to_bytes(8, "big")]
    db.attach_table(Users)


def test_a_closed_database_attaches_nothing(path: str) -> None:
    db = zlmdb.open(path)
    db.close()
    with pytest.raises(zlmdb.DatabaseClosed, match="this handle is closed"):
        db.attach_table(Notes)


# -- read-only


def test_a_read_only_database_attaches_what_is_there(path: str) -> None:
    with zlmdb.open(path, [Users, Notes]) as db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(1))
        before = everything(db)
    with zlmdb.open(path, [Users, Notes], readonly=True) as db:
        with db.begin() as txn:
            assert txn[Users].by_email["1@example.com"] == user(1)
        with pytest.raises(zlmdb.ReadOnlyDatabase, match="database is read-only: table Counters") as caught:
            db.attach_table(Counters)
        assert str(Counters._zlmdb_oid) in str(caught.value)
        assert everything(db) == before
        assert db.verify() == []
    with pytest.raises(zlmdb.ReadOnlyDatabase, match="database is read-only"):
        zlmdb.open(path, [Counters], readonly=True)


def test_a_read_only_database_does_not_build_indexes(path: str) -> None:
    with zlmdb.open(path, [table(zlmdb.Oid, zlmdb.Json, Pair)]) as db:
        before = everything(db)
    indexed = table(zlmdb.Oid, zlmdb.Json, Pair, by_first=zlmdb.index("first"))
    with pytest.raises(zlmdb.ReadOnlyDatabase, match="its indexes have changed"):
        zlmdb.open(path, [indexed], readonly=True)
    with zlmdb.open(path) as db:
        assert everything(db) == before


def test_rows_of_an_earlier_style_table_are_read_by_a_typed_one(path: str) -> None:
    """What more is to be remembered of the table must not be a reason not to read it."""
    plain = zlmdb.table(OID)(type("Plain", (zlmdb.MapOidJson,), {}))
    typed = table(zlmdb.Oid, zlmdb.Json, Pair)
    with zlmdb.open(path, [plain]) as db, db.begin(write=True) as txn:
        txn[plain][1] = {"first": 1, "second": 2}
    with zlmdb.open(path, [typed], readonly=True) as db, db.begin() as txn:
        assert dict(txn[typed].items()) == {1: Pair(1, 2)}
    with zlmdb.open(path, [typed]) as db, db.begin() as txn:
        assert dict(txn[typed].items()) == {1: Pair(1, 2)}


# -- identity

MISMATCHES = {
    "key": ((zlmdb.Oid, zlmdb.Json), (zlmdb.Uuid, zlmdb.Json), "keys", "oid", "uuid"),
    "width of the key": ((zlmdb.Uint32, zlmdb.Json), (zlmdb.Uint64, zlmdb.Json), "keys", "uint32", "uint64"),
    "parts of the key": (
        ((zlmdb.Oid, zlmdb.String), zlmdb.Json),
        ((zlmdb.String, zlmdb.Oid), zlmdb.Json),
        "keys",
        "(oid,string)",
        "(string,oid)",
    ),
    "value": ((zlmdb.Oid, zlmdb.Json), (zlmdb.Oid, zlmdb.Cbor), "values", "json", "cbor"),
    "kind of value": ((zlmdb.Oid, zlmdb.String), (zlmdb.Oid, zlmdb.Uuid), "values", "string", "uuid"),
}


@pytest.mark.parametrize("kind", MISMATCHES)
@pytest.mark.parametrize("readonly", [False, True], ids=["writable", "readonly"])
def test_a_table_is_not_opened_as_another(path: str, kind: str, readonly: bool) -> None:
    stored, declared, what, there, here = MISMATCHES[kind]
    right, wrong = table(*stored), table(*declared)
    with zlmdb.open(path, [right, Notes]) as db:
        before, number = everything(db), last_txnid(db)
    with pytest.raises(zlmdb.TableMismatch) as caught:
        zlmdb.open(path, [wrong], readonly=readonly)
    message = str(caught.value)
    for part in ("Things", OID, path, f"stored with {what}", there, f"declared with {what}", here):
        assert part in message, part
    error = caught.value
    assert (error.table, error.expected, error.found) == ("Things", there, here)
    with zlmdb.open(path, [right, Notes], readonly=readonly) as db:
        assert (everything(db), last_txnid(db)) == (before, number)


def test_a_table_is_not_opened_with_another_primary_key(path: str) -> None:
    right, wrong = (table(zlmdb.Oid, zlmdb.Json, Pair, pk=pk) for pk in ("first", "second"))
    with zlmdb.open(path, [right]) as db:
        with db.begin(write=True) as txn:
            txn[right].add(Pair(1, 2))
        before = everything(db)
        with pytest.raises(zlmdb.TableMismatch, match="stored with primary key first, declared with second") as caught:
            db.attach_table(wrong)
        assert (caught.value.expected, caught.value.found) == ("first", "second")
        assert everything(db) == before
        with db.begin() as txn:
            assert txn[right][1] == Pair(1, 2)


def test_compression_is_part_of_the_identity(path: str) -> None:
    @zlmdb.table(OID, compress="zlib")
    class Compressed(zlmdb.Map[int, Any], key=zlmdb.Oid, value=zlmdb.Json):
        pass

    plain = table(zlmdb.Oid, zlmdb.Json)
    with zlmdb.open(path, [Compressed]) as db, db.begin(write=True) as txn:
        txn[Compressed][1] = {"a": 1}
    with pytest.raises(zlmdb.TableMismatch, match=r"stored with values of type json\+zlib"):
        zlmdb.open(path, [plain])
    with zlmdb.open(path, [Compressed]) as db, db.begin() as txn:
        assert txn[Compressed][1] == {"a": 1}


def test_another_name_another_record_type_and_no_primary_key_are_no_mismatch(path: str) -> None:
    first = table(zlmdb.Oid, zlmdb.Json, Pair, pk="first")
    renamed = zlmdb.table(OID)(_class(zlmdb.Map[Any, Any], zlmdb.Oid, zlmdb.Json, {"__doc__": "Renamed."}))
    with zlmdb.open(path, [first]) as db, db.begin(write=True) as txn:
        txn[first].add(Pair(1, 2))
    with zlmdb.open(path, [renamed]) as db, db.begin() as txn:
        assert txn[renamed][1] == {"first": 1, "second": 2}
    with zlmdb.open(path, [first]) as db, db.begin() as txn:
        assert txn[first][1] == Pair(1, 2)


# -- indexes that are declared later


def with_index(**indexes: Any) -> Any:
    return table(zlmdb.Oid, zlmdb.Json, User, pk="oid", **indexes)


def fill(path: str, cls: Any, count: int = 20) -> None:
    with zlmdb.open(path, [cls]) as db, db.begin(write=True) as txn:
        for number in range(count):
            txn[cls].add(user(number))


def test_an_index_declared_later_is_built(path: str) -> None:
    fill(path, with_index())
    later = with_index(
        by_email=zlmdb.index("email", unique=True),
        by_city=zlmdb.index("city", nullable=True),
    )
    told: list[tuple[str, int]] = []
    with zlmdb.open(path) as db:
        before = last_txnid(db)
        db.attach_tables([later], progress=lambda name, done: told.append((name, done)))
        assert last_txnid(db) == before + 1
        with db.begin() as txn:
            assert [row.oid for row in txn[later].by_city.select("city 1")] == [1, 4, 7, 13, 16, 19]
            assert txn[later].by_email["7@example.com"] == user(7)
        assert db.verify() == []
    assert {name for name, _ in told} <= {"Things.by_email", "Things.by_city"}


def test_progress_is_told_while_an_index_is_built(path: str) -> None:
    fill(path, with_index(), 2500)
    later = with_index(by_email=zlmdb.index("email", unique=True))
    told: list[tuple[str, int]] = []
    with zlmdb.open(path) as db:
        db.attach_tables([later], progress=lambda name, done: told.append((name, done)))
    assert {name for name, _ in told} == {"Things.by_email"}
    assert [done for _, done in told] == sorted(done for _, done in told)
    assert told[-1][1] in (2000, 2500)


REFUSED = {
    "unique": (zlmdb.index("name", unique=True), zlmdb.UniqueViolation, "by_bad"),
    "not null": (zlmdb.index("city"), zlmdb.NullValueConstraint, "by_bad"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_an_index_that_the_rows_do_not_fit_is_refused_and_nothing_is_built(path: str, kind: str) -> None:
    index, error, name = REFUSED[kind]
    plain = with_index()
    fill(path, plain)
    bad = with_index(by_email=zlmdb.index("email", unique=True), by_bad=index)
    with zlmdb.open(path) as db:
        before, number = everything(db), last_txnid(db)
        with pytest.raises(error, match=name):
            db.attach_table(bad)
        assert (everything(db), last_txnid(db)) == (before, number)
        db.attach_table(plain)
        with db.begin(write=True) as txn:
            txn[plain].add(user(50))


CHANGED = {
    "another field": (zlmdb.index("email"), zlmdb.index("name")),
    "unique": (zlmdb.index("email"), zlmdb.index("email", unique=True)),
    "not unique": (zlmdb.index("email", unique=True), zlmdb.index("email")),
    "one field more": (zlmdb.index("name"), zlmdb.index("name", "email")),
    "nullable": (zlmdb.index("name"), zlmdb.index("name", nullable=True)),
    "partial": (zlmdb.index("name"), zlmdb.index("name", where=lambda row: row.oid > 5)),
    "version": (
        zlmdb.index(lambda row: row.name, key=zlmdb.String),
        zlmdb.index(lambda row: row.name[::-1], key=zlmdb.String, version=1),
    ),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_a_changed_index_is_rebuilt_in_its_slot(path: str, kind: str) -> None:
    first, second = (with_index(by_it=index) for index in CHANGED[kind])
    fill(path, first)
    for cls in (second, first, second):
        with zlmdb.open(path, [cls]) as db:
            number = last_txnid(db)
            assert db.verify() == []
            assert db.stats()["num_slots"] == 2
            with db.begin() as txn:
                assert len(txn[cls]) == 20
        with zlmdb.open(path, [cls]) as db:
            assert last_txnid(db) == number  # once


def test_an_index_that_was_not_kept_for_a_while_is_rebuilt(path: str) -> None:
    indexed, plain = with_index(by_email=zlmdb.index("email", unique=True)), with_index()
    fill(path, indexed)
    with zlmdb.open(path, [plain]) as db, db.begin(write=True) as txn:
        txn[plain].put(user(1, email="changed"))
        del txn[plain][2]
        txn[plain].add(user(30))
    with zlmdb.open(path, [indexed]) as db:
        assert db.verify() == []
        with db.begin() as txn:
            by_email = txn[indexed].by_email
            assert by_email["changed"].oid == 1
            assert by_email["30@example.com"].oid == 30
            assert "2@example.com" not in by_email
            assert "1@example.com" not in by_email


def test_a_class_that_is_decorated_again_keeps_the_indexes_that_it_has_then(db: Any) -> None:
    cls = with_index()
    db.attach_table(cls)
    cls.by_city_name = index = zlmdb.index("city", "name", nullable=True)
    index.__set_name__(cls, "by_city_name")
    assert zlmdb.table(cls._zlmdb_oid, pk="oid")(cls) is cls
    attached = db.attach_table(cls)
    assert attached._definition is cls._zlmdb_definition
    with db.begin(write=True) as txn:
        txn[cls].add(user(1))
        assert list(txn[cls].by_city_name.select("city 1")) == [user(1)]
    assert db.verify() == []


def test_a_class_that_is_decorated_as_another_table_is_attached_as_that(db: Any) -> None:
    cls = declare()
    oid = cls._zlmdb_oid
    slot = db.attach_table(cls)._slot
    zlmdb.table(OID)(cls)
    attached = db.attach_table(cls)
    assert (str(attached._definition.oid), attached._slot) == (OID, slot + 1)
    zlmdb.table(oid)(cls)
    assert db.attach_table(cls)._slot == slot
