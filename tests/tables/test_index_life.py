"""Indexes and time: declared later, changed, taken away and declared again; built at attach, or nothing changes."""

from __future__ import annotations

import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from tests.tables.people import raw, slot

OID = "0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c21"


def lower(row: Any) -> str:
    return str(row["name"]).lower()


def upper(row: Any) -> str:
    return str(row["name"]).upper()


def things(**indexes: Any) -> Any:
    """The table with these indexes, declared as a later release of a program would."""
    cls = types.new_class("Things", (zlmdb.MapOidJson,), {}, lambda body: body.update(indexes))
    return zlmdb.table(OID)(cls)


def text(*fields: Any, **options: Any) -> Any:
    return zlmdb.index(*fields, key=zlmdb.String if len(fields) == 1 else (zlmdb.String,) * len(fields), **options)


ROWS = {n: {"name": f"Name{n % 4}", "mail": f"{n}@x", "city": None if n % 3 else "Bonn"} for n in range(20)}


@pytest.fixture
def path(tmp_db_path: Path) -> Path:
    """A file that holds the rows, and no index."""
    table = things()
    with zlmdb.open(tmp_db_path, [table]) as db, db.begin(write=True) as txn:
        txn[table].put_many(ROWS)
    return tmp_db_path


def entries(db: Any, name: str) -> dict[bytes, bytes]:
    prefix = slot(db, f"Things.{name}")
    return {key[2:]: value for key, value in raw(db) if key[:2] == prefix}


def oid_bytes(number: int) -> bytes:
    return number.to_bytes(8, "big")


def test_an_index_that_is_declared_later_is_built(path: Path) -> None:
    table = things(
        by_mail=text("mail", unique=True),
        by_name=text("name"),
        by_city=text("city", nullable=True),
        by_lower=text(lower, where=lambda row: row["city"] is not None),
    )
    with zlmdb.open(path, [table]) as db:
        assert db.verify() == []
        assert entries(db, "by_mail") == {f"{n}@x".encode(): oid_bytes(n) for n in ROWS}
        assert entries(db, "by_name") == {
            f"Name{n % 4}".encode() + b"\0\x01" + oid_bytes(n): oid_bytes(n) for n in ROWS
        }
        assert len(entries(db, "by_city")) == len(entries(db, "by_lower")) == 7
        with db.begin() as txn:
            assert list(txn[table].by_name.keys("Name1")) == [1, 5, 9, 13, 17]
            assert list(txn[table].by_lower.keys("name0")) == [0, 12]
            assert dict(txn[table]) == ROWS
        before = raw(db)
    with zlmdb.open(path, [table]) as db:  # and is not built again
        assert raw(db) == before


def test_building_tells_how_far_it_is(tmp_db_path: Path) -> None:
    number = 2500
    table = things()
    with zlmdb.open(tmp_db_path, [table]) as db, db.begin(write=True) as txn:
        txn[table].load((n, {"name": f"{n}"}) for n in range(number))
    told: list[tuple[str, int]] = []
    with zlmdb.open(tmp_db_path) as db:
        db.attach_tables([things(by_name=text("name"))], progress=lambda name, done: told.append((name, done)))
        assert {name for name, _ in told} == {"Things.by_name"}
        assert [done for _, done in told] == sorted({done for _, done in told})
        assert 0 < told[0][1] < number
        told.clear()
        db.attach_tables([things(by_name=text("name"))], progress=lambda name, done: told.append((name, done)))
        assert told == []


CHANGES: dict[str, tuple[Callable[[], Any], Callable[[], Any], dict[bytes, bytes]]] = {
    "its fields": (
        lambda: text("name"),
        lambda: text("mail"),
        {f"{n}@x".encode() + b"\0\x01" + oid_bytes(n): oid_bytes(n) for n in ROWS},
    ),
    "its uniqueness": (
        lambda: text("mail"),
        lambda: text("mail", unique=True),
        {f"{n}@x".encode(): oid_bytes(n) for n in ROWS},
    ),
    "its key": (
        lambda: text("mail", unique=True),
        lambda: zlmdb.index(lambda row: int(row["mail"][:-2]), unique=True, key=zlmdb.Uint8),
        {bytes([n]): oid_bytes(n) for n in ROWS},
    ),
    "its function, by version": (
        lambda: text(lower),
        lambda: text(upper, version=1),
        {f"NAME{n % 4}".encode() + b"\0\x01" + oid_bytes(n): oid_bytes(n) for n in ROWS},
    ),
    "its condition": (
        lambda: text("mail", unique=True),
        lambda: text("mail", unique=True, where=lambda row: row["name"] == "Name1"),
        {f"{n}@x".encode(): oid_bytes(n) for n in (1, 5, 9, 13, 17)},
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_declaration_builds_the_index_anew(path: Path, what: str) -> None:
    before, after, expected = CHANGES[what]
    with zlmdb.open(path, [things(by=before())]) as db:
        assert entries(db, "by") != expected
        number = slot(db, "Things.by")
    table = things(by=after())
    with zlmdb.open(path, [table]) as db:
        assert entries(db, "by") == expected
        assert slot(db, "Things.by") == number  # in the place it had
        assert db.verify() == []
        with db.begin() as txn:
            assert dict(txn[table]) == ROWS


def test_the_same_declaration_builds_nothing(path: Path) -> None:
    with zlmdb.open(path, [things(by=text(lower))]) as db:
        before = entries(db, "by")
    # Another function of the same version is taken for the same.
    with zlmdb.open(path, [things(by=text(upper))]) as db:
        assert entries(db, "by") == before


def test_an_index_declared_again_after_a_while_is_built_anew(path: Path) -> None:
    with zlmdb.open(path, [things(by_mail=text("mail", unique=True))]) as db:
        number = slot(db, "Things.by_mail")
    table = things()
    with zlmdb.open(path, [table]) as db, db.begin(write=True) as txn:
        assert txn[table].indexes() == []
        txn[table][1] = {**ROWS[1], "mail": "new@x"}
        del txn[table][2]
        txn[table][99] = {**ROWS[3], "mail": "99@x"}
    table = things(by_mail=text("mail", unique=True))
    with zlmdb.open(path, [table]) as db:
        mails = {f"{n}@x": n for n in (0, *range(3, 20), 99)} | {"new@x": 1}
        assert entries(db, "by_mail") == {mail.encode(): oid_bytes(n) for mail, n in mails.items()}
        assert slot(db, "Things.by_mail") == number
        assert db.verify() == []


REFUSED = {
    "unique": (lambda: text("name", unique=True), zlmdb.UniqueViolation, "Things, index by: .*under 'Name0' already"),
    "null": (lambda: text("city"), zlmdb.NullValueConstraint, "Things, index by: field city is None"),
    "type": (
        lambda: zlmdb.index("mail", key=zlmdb.Int64),
        zlmdb.KeyTypeError,
        "Things, index by: .*expected int .*found str '0@x'",
    ),
    "no such field": (lambda: text("nam"), zlmdb.NullValueConstraint, "Things, index by: field nam"),
    "too long": (
        lambda: text(lambda row: "x" * 3000),
        zlmdb.KeyTooLong,
        "Things, index by: expected an index key of at most 1976 bytes .*found 3",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_rows_that_do_not_fit_a_new_index_leave_the_file_as_it_was(path: Path, what: str) -> None:
    declare, error, message = REFUSED[what]
    with zlmdb.open(path) as db:
        before, slots = raw(db), db.stats(include_slots=True)["slots"]
    with pytest.raises(error, match=message) as caught:
        zlmdb.open(path, [things(by=declare())])
    assert (caught.value.table, caught.value.index) == ("Things", "by")
    with zlmdb.open(path) as db:  # the path is not blocked
        assert raw(db) == before
        assert db.stats(include_slots=True)["slots"] == slots
    table = things()
    with zlmdb.open(path, [table]) as db, db.begin() as txn:
        assert dict(txn[table]) == ROWS


def test_a_changed_index_that_rows_do_not_fit_stays_as_it_was(path: Path) -> None:
    with zlmdb.open(path, [things(by=text("name"))]) as db:
        before = raw(db)
    with pytest.raises(zlmdb.UniqueViolation, match="Things, index by"):
        zlmdb.open(path, [things(by=text("name", unique=True))])
    table = things(by=text("name"))
    with zlmdb.open(path, [table]) as db:
        assert raw(db) == before
        assert db.verify() == []


def test_a_read_only_database_cannot_build(path: Path) -> None:
    with pytest.raises(zlmdb.ReadOnlyDatabase, match=r"table Things .*indexes have changed; open it once for writing"):
        zlmdb.open(path, [things(by=text("name"))], readonly=True)
    table = things()
    with zlmdb.open(path, [table], readonly=True) as db, db.begin() as txn:
        assert dict(txn[table]) == ROWS


def test_a_new_index_waits_for_no_open_write_transaction_of_its_thread(path: Path) -> None:
    table, later = things(), things(by=text("name"))
    with zlmdb.open(path, [table]) as db, db.begin(write=True) as txn:
        txn[table][100] = ROWS[0]
        with pytest.raises(zlmdb.TransactionError, match="this thread has a write transaction"):
            db.attach_table(later)
        assert txn[table][100] == ROWS[0]


def test_rebuilding_and_checking_by_hand(path: Path) -> None:
    table = things(by_mail=text("mail", unique=True), by_name=text("name"))
    with zlmdb.open(path, [table]) as db:
        prefix = slot(db, "Things.by_mail")
        with db.begin(write=True) as txn:
            txn.delete(prefix + b"1@x")
            txn.put(prefix + b"2@x", oid_bytes(3))
            txn.put(prefix + b"nobody", oid_bytes(77))
            problems = txn[table].check()
            assert all(problem.startswith("table Things, index by_mail: ") for problem in problems)
            assert any("missing" in problem for problem in problems)
            assert any("points to" in problem for problem in problems)
            with pytest.raises(
                zlmdb.DatabaseError, match=r"by_mail: the entry of 'nobody' .*rebuild_index\('by_mail'\)"
            ):
                txn[table].by_mail["nobody"]
            assert txn[table].rebuild_index("by_mail") == (20, 20)
            assert txn[table].check() == []
            assert txn[table].rebuild_indexes() == (40, 40)
        assert entries(db, "by_mail") == {f"{n}@x".encode(): oid_bytes(n) for n in ROWS}
        no_index = pytest.raises(zlmdb.SchemaError, match=r'table Things: no index "nope".*by_mail, by_name')
        with db.begin(write=True) as txn, no_index:
            txn[table].rebuild_index("nope")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, TimeoutError])
def test_a_rebuilding_through_a_writable_map_that_breaks_off_can_only_be_aborted(tmp_path: Path, kind: Any) -> None:
    broken = False

    def name_of(row: Any) -> str:
        if broken and row["mail"] == "7@x":
            raise kind
        return str(row["name"])

    table = things(by_name=zlmdb.index(name_of, key=zlmdb.String))
    with zlmdb.open(str(tmp_path / "db"), [table], writemap=True, lib_version="0.9") as db:
        with db.begin(write=True) as txn:
            txn[table].put_many(ROWS)
        before = list(raw(db))
        txn = db.begin(write=True)
        txn.__enter__()
        broken = True
        with pytest.raises((kind, zlmdb.SchemaError)):
            txn[table].rebuild_index("by_name")
        with pytest.raises(zlmdb.TransactionError, match="broke off a write"):
            txn.commit()
        assert list(raw(db)) == before
        broken = False
        with db.begin(write=True) as txn:
            assert txn[table].rebuild_index("by_name") == (20, 20)


def test_a_left_over_entry_is_found_even_if_another_is_missing(path: Path) -> None:
    table = things(by_mail=text("mail", unique=True))
    with zlmdb.open(path, [table]) as db, db.begin(write=True) as txn:
        prefix = slot(db, "Things.by_mail")
        txn.delete(prefix + b"1@x")
        txn.put(prefix + b"nobody", oid_bytes(77))
        problems = txn[table].check()
        assert any("missing" in problem for problem in problems)
        assert any("nobody" in problem or b"nobody".hex() in problem for problem in problems)
