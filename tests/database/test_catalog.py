"""The catalog: its bytes, the slots it gives, and what happens when one of its records is broken."""

import types
import uuid
from typing import Any

import cbor2
import pytest
from dbsupport import Counters, Notes, People, Users, declare, everything, last_txnid, user

import zlmdb
from zlmdb.database.catalog import REMEMBERED, Catalog, Slot

OID = uuid.UUID("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a1001")


def record(slot: int, /, **changes: Any) -> bytes:
    fields = {"oid": str(uuid.UUID(int=slot)), "name": f"Filler{slot}", "creator": "unknown", "slot": slot}
    return cbor2.dumps({**fields, **changes})


def key(slot: int) -> bytes:
    return b"\0\0" + slot.to_bytes(2, "big")


def write_catalog(db: Any, records: dict[int, bytes]) -> None:
    with db.begin(write=True) as txn:
        for slot, data in records.items():
            txn.put(key(slot), data)


def catalog(db: Any) -> dict[int, bytes]:
    return {int.from_bytes(k[2:], "big"): v for k, v in everything(db) if k[:2] == b"\0\0"}


# -- bytes


def test_a_record_is_what_earlier_releases_write(db: Any) -> None:
    table = type("T", (zlmdb.MapOidString,), {"__doc__": "d"})
    zlmdb.table(OID)(table)
    db.attach_table(table)
    text = str(OID).encode().hex()
    expected = (
        f"a5636f69647824{text}646e616d6561546b6465736372697074696f6e61646763726561746f7267756e6b6e6f776e64736c6f7401"
    )
    assert [(k.hex(), v.hex()) for k, v in everything(db)] == [("00000001", expected)]


@pytest.mark.parametrize(
    ("docstring", "description"),
    [
        ("Words.", "Words."),
        ("\n    First line.\n\n        indented\n    ", "First line.\n\n        indented"),
        ("", None),
        (None, None),
        ("  \n ", None),
        ("Größe ☃", "Größe ☃"),
    ],
    ids=repr,
)
def test_the_docstring_is_the_description(db: Any, docstring: Any, description: Any) -> None:
    table = zlmdb.table(OID)(type("Table", (zlmdb.MapOidString,), {"__doc__": docstring}))
    db.attach_table(table)
    fields = cbor2.loads(catalog(db)[1])
    expected = {"oid": str(OID), "name": "Table", "description": description, "creator": "unknown", "slot": 1}
    assert fields == {name: value for name, value in expected.items() if value is not None}
    assert list(fields) == [name for name in expected if expected[name] is not None]
    (slot,) = db._get_slots().values()
    assert (slot.oid, slot.slot, slot.name, slot.description, slot.creator) == (OID, 1, "Table", description, "unknown")
    (told,) = db.stats(include_slots=True)["slots"]
    assert told == {"oid": str(OID), "slot": 1, "name": "Table", "description": description, "records": 0}


def test_the_first_attach_names_a_table_for_good(path: str) -> None:
    for name in ("First", "Second"):
        table = zlmdb.table(OID)(type(name, (zlmdb.MapOidString,), {"__doc__": name}))
        with zlmdb.open(path, [table]) as db:
            assert cbor2.loads(catalog(db)[1])["name"] == "First"


def test_each_index_has_a_slot_and_a_record_of_its_own(db: Any) -> None:
    db.attach_table(Users)
    slots = db._get_slots()
    table = Users._zlmdb_oid
    assert slots[table].slot == 1
    indexes = [slots[uuid.uuid5(table, name)].slot for name in ("by_email", "by_city", "by_city_name")]
    assert sorted(indexes) == [2, 3, 4]
    assert len(slots) == db.stats()["num_slots"] == 4


def test_an_earlier_style_table_leaves_nothing_but_its_record(db: Any) -> None:
    for cls in (Notes, Counters, declare(zlmdb.MapUuidUuidCbor), declare(zlmdb.MapStringJson)):
        db.attach_table(cls)
    assert [k for k, _ in everything(db)] == [key(slot) for slot in (1, 2, 3, 4)]


# -- slots


def test_slots_count_up_from_one(db: Any) -> None:
    tables = [db.attach_table(declare()) for _ in range(5)]
    assert [table._slot for table in tables] == [1, 2, 3, 4, 5]


def test_a_new_table_gets_the_highest_slot_and_one(db: Any) -> None:
    write_catalog(db, {7: record(7), 300: record(300)})
    assert db.attach_table(Notes)._slot == 301
    assert db.attach_table(Users)._slot == 302


def test_a_gap_is_used_when_the_highest_slot_is_taken(db: Any) -> None:
    write_catalog(db, {1: record(1), 3: record(3), 65534: record(65534)})
    assert db.attach_table(Notes)._slot == 2
    assert db.attach_table(Counters)._slot == 4
    with db.begin(write=True) as txn:
        txn.put(b"\xff\xfe row of slot 65534", b"kept")
        txn[Notes][1] = "one"
    with db.begin() as txn:
        assert (len(txn[Notes]), len(txn[Counters])) == (1, 0)
        assert zlmdb.PersistentMap(65534).count(txn) == 1


def test_a_table_in_the_last_slot_ends_before_the_named_databases(path: str) -> None:
    with zlmdb.open(path, [Users]) as db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(1))
        write_catalog(db, {65533: record(65533)})
        last = db.attach_table(Notes)
        assert last._slot == 65534
        with db.begin(write=True) as txn:
            for number in range(5):
                txn[Notes][number] = "x"
            assert list(txn[Notes].select(reverse=True, return_values=False)) == [4, 3, 2, 1, 0]
            assert (len(txn[Notes]), txn[Notes].last()) == (5, (4, "x"))
            txn[Notes].clear()
    with zlmdb.open(path, [Users, Notes]) as db, db.begin() as txn:
        assert (len(txn[Users]), len(txn[Notes])) == (1, 0)
        assert db.verify() == []


def test_when_all_slots_are_taken_it_says_so(path: str) -> None:
    with zlmdb.open(path) as db:
        db.attach_table(Notes)
        write_catalog(db, {slot: record(slot) for slot in range(2, 65535)})
        before = everything(db)
        with pytest.raises(zlmdb.CatalogError, match="all 65534 slots are taken") as caught:
            db.attach_table(Counters)
        assert path in str(caught.value)
        assert everything(db) == before
        assert db.attach_table(Notes)._slot == 1
        with db.begin(write=True) as txn:
            txn[Notes][1] = "still works"


# -- broken records

BROKEN = {
    "no CBOR": b"\xff\x00garbage",
    "empty": b"",
    "cut short": record(2)[:-3],
    "no map": cbor2.dumps([1, 2]),
    "no oid": cbor2.dumps({"name": "Table", "creator": "unknown", "slot": 2}),
    "oid is no UUID": record(2, oid="not a UUID"),
    "oid is a number": record(2, oid=7),
    "no name": cbor2.dumps({"oid": str(OID), "creator": "unknown", "slot": 2}),
    "slot of another": record(2, slot=3),
    "slot is text": record(2, slot="2"),
    "name is a number": record(2, name=5),
    "deeply nested": b"\x81" * 5000 + b"\x01",
    "begins well": record(2, oid=str(Counters._zlmdb_oid), name=5),
    "begins well, and is cut short": record(2, oid=str(Counters._zlmdb_oid))[:-3],
}


@pytest.fixture
def half_broken(path: str, request: pytest.FixtureRequest) -> Any:
    """Notes in slot 1, a table with a broken record in slot 2, and rows in both."""
    with zlmdb.open(path, [Notes, Counters]) as db:
        with db.begin(write=True) as txn:
            txn[Notes][1] = "one"
            txn[Counters]["many"] = 5
        write_catalog(db, {2: request.param})
    with zlmdb.open(path) as db:
        yield db


@pytest.mark.parametrize("half_broken", list(BROKEN.values()), ids=list(BROKEN), indirect=True)
def test_a_broken_record_harms_no_other_table(half_broken: Any) -> None:
    db = half_broken
    before = everything(db)
    notes = db.attach_table(Notes)
    assert notes._slot == 1
    with db.begin() as txn:
        assert dict(txn[Notes].items()) == {1: "one"}
    for cls in (Counters, declare(), Users):
        with pytest.raises(zlmdb.CatalogError, match="slot 2 cannot be understood") as caught:
            db.attach_table(cls)
        assert db.dbpath in str(caught.value)
    with pytest.raises(zlmdb.CatalogError, match="slot 2"):
        zlmdb.open(db.dbpath, People)
    assert everything(db) == before
    with db.begin(write=True) as txn:
        txn[Notes][2] = "two"
    assert [problem for problem in db.verify() if "slot 2" in problem and "cannot be understood" in problem]
    assert db.stats()["num_slots"] == 2
    records = [(slot["slot"], slot["records"]) for slot in db.stats(include_slots=True)["slots"]]
    assert records == [(1, 2), (2, 1)]
    assert {slot.slot for slot in db._get_slots().values()} == {1, 2}
    # Restored, the table is what it was.
    write_catalog(db, {2: next(data for k, data in WHOLE if k == key(2))})
    assert db.verify() == []
    counters = db.attach_table(Counters)
    with db.begin() as txn:
        assert (counters._slot, dict(txn[Counters].items())) == (2, {"many": 5})


def test_a_record_is_found_by_its_identity_however_that_is_spelled(db: Any) -> None:
    table = declare()
    oid = table._zlmdb_oid
    write_catalog(db, {7: record(7, oid=str(oid).upper()), 8: cbor2.dumps({"slot": 8, "name": "x", "oid": str(OID)})})
    assert db.attach_table(table)._slot == 7
    table = types.new_class("T", (zlmdb.MapOidString,))
    assert db.attach_table(zlmdb.table(OID)(table))._slot == 8
    assert len(catalog(db)) == 2


def test_only_the_records_of_what_is_attached_are_decoded(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    decode = Slot.decode
    with zlmdb.open(path, [Notes, Counters, Users]) as db:
        write_catalog(db, {slot: record(slot) for slot in range(100, 200)})
    monkeypatch.setattr(Slot, "decode", lambda slot, data: decoded.append(slot) or decode(slot, data))
    with zlmdb.open(path, Counters) as db:
        assert decoded == [2]
        db.attach_tables([Notes, Counters])
        assert decoded == [2, 1]
        assert db.attach_table(declare())._slot == 200
        assert sorted(decoded) == sorted(catalog(db).keys() - {200})


def test_of_two_records_of_one_identity_the_last_holds_however_they_are_spelled(db: Any) -> None:
    table = declare()
    oid = str(table._zlmdb_oid)
    write_catalog(db, {7: record(7, oid=oid), 8: record(8, oid=oid.upper()), 9: record(9, oid=f"{{{oid}}}")})
    assert db.attach_table(table)._slot == 9


class Interrupted(dict[int, bytes]):
    """Records; while they are looked at, another thread reads the catalog."""

    meanwhile: Any = None

    def get(self, *arguments: Any) -> Any:
        self.meanwhile()
        return super().get(*arguments)

    def copy(self) -> Any:
        self.meanwhile()
        return super().copy()


def test_a_catalog_may_be_read_by_one_thread_while_another_copies_it() -> None:
    found = Catalog(Interrupted({slot: record(slot) for slot in range(1, 4)}), {})
    found._data.meanwhile = lambda: found.find(OID)  # type: ignore[attr-defined]
    assert len(found.copy().slots()) == 3


def test_a_catalog_may_be_read_by_one_thread_while_another_reads_what_followed_it() -> None:
    found = Catalog({slot: record(slot) for slot in range(1, 4)}, {})
    assert found.find(uuid.UUID(int=1)) is not None
    data = Interrupted({slot: record(slot) for slot in range(1, 5)})
    data.meanwhile = lambda: found.find(uuid.UUID(int=2))
    assert found.followed_by(data).find(uuid.UUID(int=1)) is found.find(uuid.UUID(int=1))


@pytest.fixture(autouse=True, scope="module")
def _whole() -> None:
    with zlmdb.open(":memory:", [Notes, Counters]) as db:
        WHOLE.extend(everything(db))


WHOLE: list[tuple[bytes, bytes]] = []


@pytest.mark.parametrize("half_broken", [BROKEN["no CBOR"]], indirect=True, ids=["no CBOR"])
def test_a_broken_record_may_be_removed_with_its_rows(half_broken: Any) -> None:
    with half_broken.begin(write=True) as txn:
        zlmdb.PersistentMap(2).truncate(txn)
        txn.delete(key(2))
    counters = half_broken.attach_table(Counters)
    with half_broken.begin() as txn:
        assert len(txn[Counters]) == 0
        assert counters.count(txn) == 0
    assert half_broken.verify() == []


def misshapen(**changes: Any) -> bytes:
    return cbor2.dumps({"format": 1, "key": "oid", "value": "json", "pk": ["oid"], "layout": "ordered", **changes})


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"",
        cbor2.dumps([1]),
        cbor2.dumps({"key": "oid"}),
        b"\x81" * 5000,
        misshapen(key=5),
        misshapen(value=[]),
        misshapen(pk="oid"),
        misshapen(pk=[["oid"]]),
        misshapen(layout="ebrlier"),
        misshapen(layout=[]),
        misshapen(indexes=[]),
        misshapen(indexes=None),
        misshapen(indexes={1: {}, "by_city": {}}),
    ],
)
def test_what_is_remembered_of_a_table_may_be_broken_too(path: str, data: bytes) -> None:
    with zlmdb.open(path, [Users, Notes]) as db:
        with db.begin(write=True) as txn:
            txn[Users].add(user(1))
            txn[Notes][1] = "one"
        remember(db, data)
    with zlmdb.open(path) as db:
        before = last_txnid(db)
        with pytest.raises(zlmdb.CatalogError, match=r"remembers of table .* cannot be understood") as caught:
            db.attach_table(Users)
        assert str(Users._zlmdb_oid) in str(caught.value)
        db.attach_table(Notes)
        assert last_txnid(db) == before
        with db.begin(write=True) as txn:
            txn[Notes][2] = "two"
        assert remembered(db) == data


def test_what_a_newer_release_remembers_is_left_alone(path: str) -> None:
    with zlmdb.open(path, [Users, Notes]) as db:
        remember(db, cbor2.dumps({"format": 99, "what": "ever"}))
    with zlmdb.open(path) as db:
        with pytest.raises(zlmdb.CatalogError, match="newer release") as caught:
            db.attach_table(Users)
        assert "99" in str(caught.value)
        db.attach_table(Notes)
        assert remembered(db) == cbor2.dumps({"format": 99, "what": "ever"})


def named(db: Any) -> Any:
    raw = db._environment().raw
    name = next(k for k, _ in everything(db) if k.startswith(REMEMBERED)).rstrip(b"\0")
    return raw, raw.open_db(name, create=False)


def remember(db: Any, data: bytes) -> None:
    raw, handle = named(db)
    with raw.begin(write=True) as txn:
        txn.put(Users._zlmdb_oid.bytes, data, db=handle)


def remembered(db: Any) -> bytes:
    raw, handle = named(db)
    with raw.begin() as txn:
        return bytes(txn.get(Users._zlmdb_oid.bytes, db=handle))


def test_records_of_others_in_the_catalogs_slot_are_no_tables(db: Any) -> None:
    with db.begin(write=True) as txn:
        for other in (b"\0\0", b"\0\0\1", b"\0\0\0\1\2", b"\0\0 of another program"):
            txn.put(other, b"kept")
    assert db._get_slots() == {}
    assert db.attach_table(Notes)._slot == 1
    assert db.stats()["num_slots"] == 1
    with db.begin() as txn:
        assert txn.get(b"\0\0\0\1\2") == txn.get(b"\0\0\1") == b"kept"
