"""Rows that are read by key get the key that the program asked with, where they hold the same; and no other."""

from __future__ import annotations

import dataclasses
import typing
import uuid
from collections.abc import Iterator
from typing import Any

import attrs
import cbor2
import msgspec
import pytest

import zlmdb
from tests.tables.people import oid, slot


@attrs.define(kw_only=True)
class OfAttrs:
    name: str
    oid: uuid.UUID
    other: uuid.UUID | None = None


@dataclasses.dataclass
class OfDataclass:
    oid: uuid.UUID
    name: str
    other: uuid.UUID | None = None


class OfStruct(msgspec.Struct, rename={"oid": "id"}):
    oid: uuid.UUID
    name: str
    other: uuid.UUID | None = None


class OfDict(typing.TypedDict):
    oid: uuid.UUID
    name: str
    other: uuid.UUID | None


class Subclass(uuid.UUID):
    """A UUID that is not just one."""


@zlmdb.table("5a0f3a52-8d0e-4b0c-9d0f-0c6b8f6f7a01", pk="oid")
class Attrs(zlmdb.MapUuidCbor[OfAttrs]):
    """With keywords."""

    by_name = zlmdb.index("name")


@zlmdb.table("5a0f3a52-8d0e-4b0c-9d0f-0c6b8f6f7a02", pk="oid")
class Dataclasses(zlmdb.MapUuidCbor[OfDataclass]):
    """By position."""


@zlmdb.table("5a0f3a52-8d0e-4b0c-9d0f-0c6b8f6f7a03", pk="oid")
class Structs(zlmdb.MapUuidCbor[OfStruct]):
    """Stored under another name."""


@zlmdb.table("5a0f3a52-8d0e-4b0c-9d0f-0c6b8f6f7a04", pk="oid")
class Dicts(zlmdb.MapUuidCbor[OfDict]):
    """Of TypedDicts."""


KINDS: list[tuple[Any, Any]] = [(Attrs, OfAttrs), (Dataclasses, OfDataclass), (Structs, OfStruct), (Dicts, OfDict)]


@pytest.fixture(params=KINDS, ids=lambda kind: kind[0].__name__)
def kind(request: Any) -> Any:
    return request.param


@pytest.fixture
def filled(kind: Any) -> Iterator[tuple[Any, Any, Any]]:
    """A database with three rows, its table, and their class."""
    table, record = kind
    with zlmdb.open(":memory:", [table]) as db:
        with db.begin(write=True) as txn:
            for number in (1, 2, 3):
                txn[table].put(record(oid=oid(number), name=f"n{number}", other=oid(number)))
        yield db, table, record


def field(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def test_the_row_has_the_key_itself_and_makes_what_only_equals_it(filled: Any) -> None:
    db, table, record = filled
    handle = db.attach_table(table)
    wanted = record(oid=oid(2), name="n2", other=oid(2))
    for options in ({}, {"buffers": True}, {"write": True}):
        with db.begin(**options) as txn:
            key = oid(2)
            rows = [txn[table][key], txn[table].get(key), handle[txn, key], *txn[table].get_many([key])]
            assert rows == [wanted] * 4
            assert all(field(row, "oid") is key for row in rows)
            assert all(type(field(row, "other")) is uuid.UUID and field(row, "other") is not key for row in rows)
            assert txn[table].get_many([oid(9), oid(3)])[0] is None
            assert txn[table].get(oid(9)) is None


def test_scans_give_rows_that_have_the_key_beside_them(filled: Any) -> None:
    db, table, record = filled
    wanted = [(oid(number), record(oid=oid(number), name=f"n{number}", other=oid(number))) for number in (1, 2, 3)]
    for options in ({}, {"buffers": True}, {"write": True}):
        with db.begin(**options) as txn:
            rows = txn[table]
            for found in (
                list(rows.select()),
                list(rows.select(reverse=True))[::-1],
                list(rows.items()),
                list(rows.by_name.select(return_keys=True)) if table is Attrs else list(rows.items()),
                list(db.attach_table(table).select(txn)),
            ):
                assert found == wanted
                assert all(field(row, "oid") is key for key, row in found)
            assert list(rows.select(return_keys=False)) == [row for _, row in wanted]


def test_a_key_of_a_subclass_does_not_come_back_as_one(filled: Any) -> None:
    db, table, _ = filled
    key = Subclass(int=3)
    with db.begin() as txn:
        for row in (txn[table][key], txn[table].get(key), *txn[table].get_many([oid(1), key])[1:]):
            assert type(field(row, "oid")) is uuid.UUID
            assert field(row, "oid") == key


def test_a_row_that_holds_another_key_gives_what_it_holds(filled: Any) -> None:
    db, table, _ = filled
    stored = "id" if table is Structs else "oid"
    strange = cbor2.dumps({stored: oid(7).bytes, "name": "x", "other": None})
    broken = cbor2.dumps({stored: list(oid(3).bytes), "name": "x", "other": None})
    with db.begin(write=True) as txn:
        prefix = slot(db, table.__name__)
        txn.put(prefix + oid(1).bytes, strange)
        txn.put(prefix + oid(3).bytes, broken)
        rows = txn[table]
        for row in (rows[oid(1)], rows.get(oid(1)), *rows.get_many([oid(1)])):
            assert field(row, "oid") == oid(7)
        assert [(key, field(row, "oid")) for key, row in rows.select(hi=oid(3))] == [(oid(1), oid(7)), (oid(2), oid(2))]
        with pytest.raises(zlmdb.DecodeError, match=rf"{table.__name__}.*oid"):
            list(rows.select())
        for read in (rows.__getitem__, rows.get, lambda key: rows.get_many([key])):
            with pytest.raises(zlmdb.DecodeError, match=rf"{table.__name__}.*oid"):
                read(oid(3))
        assert field(rows[oid(2)], "name") == "n2"
        txn.abort()


def test_what_was_read_by_key_can_be_changed_and_written(filled: Any) -> None:
    db, table, record = filled
    with db.begin(write=True) as txn:
        row = txn[table][oid(2)]
        if table is Dicts:
            row["name"] = "new"
        else:
            row.name = "new"
        txn[table][field(row, "oid")] = row
    with db.begin() as txn:
        assert txn[table][oid(2)] == record(oid=oid(2), name="new", other=oid(2))
        if table is Attrs:
            assert [found.oid for found in txn[Attrs].by_name.select("new")] == [oid(2)]
            assert list(txn[Attrs].by_name.select("n2")) == []
    assert db.verify() == []


def test_the_functions_of_the_values_are_in_the_compiled_source(kind: Any) -> None:
    table, _ = kind
    source = zlmdb.compiled_source(table)
    assert "decode_cbor_of(data, kb, key)" in source
    values = source.split(f"# {table.__name__}: values")[1]
    assert "def decode(data, kb, key):" in values
    assert "def decode(data):" in values


def test_keys_that_are_no_uuids_are_read_from_the_value() -> None:
    @dataclasses.dataclass
    class Named:
        name: str
        oid: uuid.UUID

    @zlmdb.table("5a0f3a52-8d0e-4b0c-9d0f-0c6b8f6f7a05", pk="name")
    class ByName(zlmdb.MapStringCbor[Named]):
        """Keys that cost nothing to decode."""

    with zlmdb.open(":memory:", [ByName]) as db, db.begin(write=True) as txn:
        txn[ByName].put(Named("a", oid(1)))
        assert txn[ByName]["a"] == Named("a", oid(1))
        assert "decode_cbor_of" not in zlmdb.compiled_source(ByName)
