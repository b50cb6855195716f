"""A table with declared indexes of every kind: each index equals what its rows say, after every step.

Asked twice: by ``map.check()``, and by reading the raw records and making the entries anew here, from the byte layout
(slot | index key -> primary key; slot | index key | primary key -> primary key) alone.
"""

from __future__ import annotations

import copy
import dataclasses
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

import attrs
import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

import zlmdb
from tests.stateful.machine import TableMachine


@attrs.define
class AttrsPerson:
    oid: uuid.UUID
    email: str
    city: str | None = None
    nick: str | None = None
    age: int = 0
    active: bool = False


@dataclasses.dataclass
class DataPerson:
    oid: uuid.UUID
    email: str
    city: str | None = None
    nick: str | None = None
    age: int = 0
    active: bool = False


class StructPerson(msgspec.Struct):
    oid: uuid.UUID
    email: str
    city: str | None = None
    nick: str | None = None
    age: int = 0
    active: bool = False


class TypedPerson(TypedDict):
    oid: uuid.UUID
    email: str
    city: str | None
    nick: str | None
    age: int
    active: bool


def field(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def active(row: Any) -> bool:
    return bool(field(row, "active"))


def lower(row: Any) -> str:
    return str(field(row, "email")).lower()


def city_and_tens(row: Any) -> tuple[str, int] | None:
    city = field(row, "city")
    return None if city is None else (city, field(row, "age") // 10)


TEXT, NUMBER = zlmdb.String, zlmdb.Int64


class Indexes:
    """The indexes, for rows that declare no types: so each says what its key is."""

    by_email = zlmdb.index("email", unique=True, key=TEXT)
    by_nick = zlmdb.index("nick", unique=True, nullable=True, key=TEXT)
    by_city = zlmdb.index("city", nullable=True, key=TEXT)
    by_city_age = zlmdb.index("city", "age", nullable=True, key=(TEXT, NUMBER))
    by_city_nick = zlmdb.index("city", "nick", unique=True, nullable=True, key=(TEXT, TEXT))
    by_age = zlmdb.index("age", key=NUMBER)
    active_by_age = zlmdb.index("age", key=NUMBER, where=active)
    active_by_city = zlmdb.index("city", key=TEXT, where=active)  # not nullable: who is active has a city
    one_active_by_age = zlmdb.index("age", unique=True, key=NUMBER, where=active)
    by_lower = zlmdb.index(lower, key=TEXT)
    by_city_tens = zlmdb.index(city_and_tens, nullable=True, key=(TEXT, NUMBER))


#: name -> (index key of a row, or None if the row is not listed; unique; nullable; kinds of its parts)
SPECS: dict[str, tuple[Callable[[Any], Any], bool, bool, str]] = {
    "by_email": (lambda row: (field(row, "email"),), True, False, "t"),
    "by_nick": (lambda row: (field(row, "nick"),), True, True, "t"),
    "by_city": (lambda row: (field(row, "city"),), False, True, "t"),
    "by_city_age": (lambda row: (field(row, "city"), field(row, "age")), False, True, "tn"),
    "by_city_nick": (lambda row: (field(row, "city"), field(row, "nick")), True, True, "tt"),
    "by_age": (lambda row: (field(row, "age"),), False, False, "n"),
    "active_by_age": (lambda row: (field(row, "age"),) if active(row) else None, False, False, "n"),
    "active_by_city": (lambda row: (field(row, "city"),) if active(row) else None, False, False, "t"),
    "one_active_by_age": (lambda row: (field(row, "age"),) if active(row) else None, True, False, "n"),
    "by_lower": (lambda row: (lower(row),), False, False, "t"),
    "by_city_tens": (city_and_tens, False, True, "tn"),
}


def key_of(name: str, row: Any) -> tuple[Any, ...] | None:
    """The index key of a row, or None if the index does not list it."""
    key: tuple[Any, ...] | None = SPECS[name][0](row)
    return None if key is None or None in key else key


def entry_bytes(kinds: str, key: tuple[Any, ...], pk: bytes | None) -> bytes:
    """The bytes of an index key; with `pk`, of one that the primary key follows."""
    data = b""
    for n, (kind, part) in enumerate(zip(kinds, key, strict=True)):
        if kind == "n":
            data += (part + 2**63).to_bytes(8, "big")
        elif pk is None and n == len(kinds) - 1:
            data += part.encode()
        else:
            data += part.encode().replace(b"\0", b"\0\xff") + b"\0\x01"
    return data + (pk or b"")


FIELDS = st.fixed_dictionaries(
    {
        "email": st.sampled_from(["a@x", "A@x", "b@x", "c@x", "", "a\0", "é"]),
        "city": st.sampled_from([None, None, "", "Bonn", "Bo", "a\0b"]),
        "nick": st.sampled_from([None, None, None, "n", "m", ""]),
        "age": st.sampled_from([-1, 0, 5, 10, 15]),
        "active": st.sampled_from([False, False, True]),
    }
)
KEYS = [uuid.UUID(int=n) for n in (0, 1, 2, 2**64, 2**128 - 1)]


def plain(oid: uuid.UUID, **fields: Any) -> dict[str, Any]:
    return fields


#: style -> (base map, record, maker of a row, pk)
STYLES: dict[str, tuple[Any, Callable[..., Any], str | None]] = {
    "attrs-json": (zlmdb.MapUuidJson[AttrsPerson], AttrsPerson, "oid"),
    "attrs-cbor": (zlmdb.MapUuidCbor[AttrsPerson], AttrsPerson, "oid"),
    "dataclass-cbor": (zlmdb.MapUuidCbor[DataPerson], DataPerson, "oid"),
    "dataclass-json": (zlmdb.MapUuidJson[DataPerson], DataPerson, "oid"),
    "struct-json": (zlmdb.MapUuidJson[StructPerson], StructPerson, "oid"),
    "struct-cbor": (zlmdb.MapUuidCbor[StructPerson], StructPerson, "oid"),
    "typeddict-json": (zlmdb.MapUuidJson[TypedPerson], TypedPerson, "oid"),
    "dict-json": (zlmdb.MapUuidJson, plain, None),
    "dict-cbor": (zlmdb.MapUuidCbor, plain, None),
}


def machine(style: str) -> type[TableMachine[dict[uuid.UUID, Any]]]:
    base, make, pk = STYLES[style]

    @zlmdb.table(uuid.uuid4(), pk=pk)
    class People(Indexes, base):  # type: ignore[misc, valid-type]
        pass

    rows_of = st.lists(st.tuples(st.sampled_from(KEYS), FIELDS), max_size=5)
    one_key = st.sampled_from(KEYS)

    class IndexMachine(TableMachine[dict[uuid.UUID, Any]]):
        tables = (People,)

        def empty(self) -> dict[uuid.UUID, Any]:
            return {}

        def opened(self) -> None:
            slots = {slot.name: slot.slot for slot in self.db._get_slots().values()}
            self.slot = slots["People"]
            self.index_slots = {name: slots[f"People.{name}"] for name in SPECS}

        def begun(self) -> None:
            self.map = self.txn[People]

        # -- what the indexes must be

        def entries(self, name: str, model: dict[uuid.UUID, Any]) -> dict[bytes, bytes]:
            _, unique, _, kinds = SPECS[name]
            prefix = self.index_slots[name].to_bytes(2, "big")
            keys = {oid: key_of(name, row) for oid, row in model.items()}
            return {
                prefix + entry_bytes(kinds, key, None if unique else oid.bytes): oid.bytes
                for oid, key in keys.items()
                if key is not None
            }

        def compare(self) -> None:
            assert dict(self.map.items()) == self.model
            raw = [(bytes(key), bytes(value)) for key, value in self.txn.cursor()]
            found: dict[int, dict[bytes, bytes]] = {}
            for key, value in raw:
                found.setdefault(int.from_bytes(key[:2], "big"), {})[key] = value
            assert {key[2:] for key in found.get(self.slot, {})} == {oid.bytes for oid in self.model}
            for name, slot in self.index_slots.items():
                assert found.get(slot, {}) == self.entries(name, self.model), name
            assert self.map.check() == []

        def faults(self, model: dict[uuid.UUID, Any], oid: uuid.UUID, row: Any) -> set[type[Exception]]:
            """What may be raised for a row that is put into the model."""
            wrong: set[type[Exception]] = set()
            for name, (parts, unique, nullable, _) in SPECS.items():
                key = key_of(name, row)
                if key is None:
                    listed = not name.endswith(("active_by_age", "active_by_city")) or active(row)
                    if listed and not nullable and parts(row) is not None:
                        wrong.add(zlmdb.NullValueConstraint)
                elif unique and any(key_of(name, other) == key for there, other in model.items() if there != oid):
                    wrong.add(zlmdb.UniqueViolation)
            return wrong

        @contextmanager
        def expecting(self, wrong: set[type[Exception]]) -> Iterator[None]:
            """A block that raises one of these and writes nothing, or, if there are none, raises nothing."""
            if not wrong:
                yield
                return
            before = [(bytes(key), bytes(value)) for key, value in self.txn.cursor()]
            with pytest.raises(tuple(wrong)) as caught:
                yield
            if not isinstance(caught.value, zlmdb.DuplicateKey):
                assert caught.value.index in SPECS
            assert caught.value.table == "People"
            assert [(bytes(key), bytes(value)) for key, value in self.txn.cursor()] == before

        # -- writes

        @rule(oid=one_key, fields=FIELDS, how=st.sampled_from(["put", "setitem"]))
        def put(self, oid: uuid.UUID, fields: Any, how: str) -> None:
            row = make(oid=oid, **fields)
            wrong = self.faults(self.model, oid, row)
            with self.expecting(wrong):
                if how == "put" and pk is not None:
                    assert self.map.put(row) == oid
                else:
                    self.map[oid] = row
            if not wrong:
                self.model[oid] = row

        @precondition(lambda self: pk is not None)
        @rule(oid=one_key, fields=FIELDS)
        def add(self, oid: uuid.UUID, fields: Any) -> None:
            row = make(oid=oid, **fields)
            wrong = self.faults(self.model, oid, row)
            if oid in self.model:
                wrong.add(zlmdb.DuplicateKey)
            with self.expecting(wrong):
                assert self.map.add(row) == oid
            if not wrong:
                self.model[oid] = row

        @rule(oid=one_key, fields=FIELDS, names=st.sets(st.sampled_from(["email", "city", "nick", "age", "active"])))
        def change_what_was_read(self, oid: uuid.UUID, fields: Any, names: set[str]) -> None:
            row = self.map.get(oid)
            assert row == self.model.get(oid)
            if row is None:
                return
            for name in sorted(names):
                if isinstance(row, dict):
                    row[name] = fields[name]
                else:
                    setattr(row, name, fields[name])
            wrong = self.faults(self.model, oid, row)
            with self.expecting(wrong):
                self.map[oid] = row
            if not wrong:
                self.model[oid] = copy.deepcopy(row)

        @rule(oid=one_key)
        def write_what_was_read(self, oid: uuid.UUID) -> None:
            if oid in self.map:
                self.map[oid] = self.map[oid]

        @rule(oid=one_key, how=st.sampled_from(["delitem", "delete", "pop"]))
        def delete(self, oid: uuid.UUID, how: str) -> None:
            row = self.model.pop(oid, None)
            if how == "delete":
                assert self.map.delete(oid) is (row is not None)
            elif how == "pop":
                assert self.map.pop(oid, None) == row
            elif row is not None:
                del self.map[oid]

        @rule(rows=rows_of)
        def put_many(self, rows: list[Any]) -> None:
            made = [(oid, make(oid=oid, **fields)) for oid, fields in rows]
            model, wrong = dict(self.model), set()
            for oid, row in made:
                wrong = self.faults(model, oid, row)
                if wrong:
                    break
                model[oid] = row
            with self.expecting(wrong):
                assert self.map.put_many([row for _, row in made] if pk else made) == len(made)
            if not wrong:
                self.model = model

        @rule(rows=rows_of, in_order=st.booleans())
        def load(self, rows: list[Any], in_order: bool) -> None:
            made = [(oid, make(oid=oid, **fields)) for oid, fields in rows]
            if in_order:
                made.sort(key=lambda row: row[0].bytes)
            model, wrong = dict(self.model), set()
            for oid, row in made:
                wrong |= self.faults(model, oid, row)
                wrong |= {zlmdb.DuplicateKey} if oid in model else set()
                model.setdefault(oid, row)
            with self.expecting(wrong):
                assert self.map.load([row for _, row in made] if pk else made, sorted=in_order) == len(made)
            if not wrong:
                self.model = model

        @rule()
        def truncate(self) -> None:
            entries = sum(len(self.entries(name, self.model)) for name in SPECS)
            assert self.map.truncate() == len(self.model) + entries
            self.model.clear()

        @rule(name=st.sampled_from(sorted(SPECS)))
        def rebuild(self, name: str) -> None:
            size = len(self.entries(name, self.model))
            assert self.map.rebuild_index(name) == (size, size)

        # -- reading through the indexes

        def listed(self, name: str) -> list[tuple[tuple[Any, ...], uuid.UUID, Any]]:
            """Index key, primary key and row of all that an index lists, in its order."""
            kinds = SPECS[name][3]
            rows = [(key_of(name, row), oid, row) for oid, row in self.model.items()]
            found = [(key, oid, row) for key, oid, row in rows if key is not None]
            return sorted(found, key=lambda entry: entry_bytes(kinds, entry[0], entry[1].bytes))

        @rule(
            name=st.sampled_from(sorted(SPECS)),
            like=one_key,
            leading=st.integers(0, 2),
            reverse=st.booleans(),
            limit=st.one_of(st.none(), st.integers(0, 2)),
        )
        def select(self, name: str, like: uuid.UUID, leading: int, reverse: bool, limit: int | None) -> None:
            index = getattr(self.map, name)
            key = key_of(name, self.model[like]) if like in self.model else None
            values = () if key is None else key[:leading]
            expected = [entry for entry in self.listed(name) if entry[0][: len(values)] == values]
            assert index.count(*values) == len(expected)
            assert list(index.select(*values)) == [row for _, _, row in expected]
            assert index.first(*values) == (expected[0][2] if expected else None)
            assert index.last(*values) == (expected[-1][2] if expected else None)
            wanted = expected[::-1][:limit] if reverse else expected[:limit]
            ways = {"reverse": reverse, "limit": limit}
            assert list(index.keys(*values, **ways)) == [oid for _, oid, _ in wanted]
            pairs = index.select(*values, return_keys=True, **ways)
            assert list(pairs) == [(oid, row) for _, oid, row in wanted]

        @rule(
            name=st.sampled_from(["by_age", "active_by_age", "by_city_age"]),
            lo=st.one_of(st.none(), st.integers(-2, 16)),
            hi=st.one_of(st.none(), st.integers(-2, 16)),
            ends=st.sampled_from(["[)", "[]", "(]", "()"]),
        )
        def select_range(self, name: str, lo: int | None, hi: int | None, ends: str) -> None:
            values = ("Bonn",) if name == "by_city_age" else ()
            expected = [
                oid
                for key, oid, _ in self.listed(name)
                if key[: len(values)] == values
                and (lo is None or key[-1] > lo or (key[-1] == lo and ends[0] == "["))
                and (hi is None or key[-1] < hi or (key[-1] == hi and ends[1] == "]"))
            ]
            index = getattr(self.map, name)
            found = index.select(*values, lo=lo, hi=hi, bounds=ends, return_keys=True, return_values=False)
            assert list(found) == expected
            assert index.count(*values, lo=lo, hi=hi, bounds=ends) == len(expected)

        @invariant()
        def unique_indexes_are_dicts(self) -> None:
            for name in ("by_email", "by_nick", "by_city_nick", "one_active_by_age"):
                index = getattr(self.map, name)
                for row in self.model.values():
                    key = key_of(name, row)
                    if key is not None:
                        asked = key if len(key) > 1 else key[0]
                        assert index[asked] == index.get(asked) == row
                        assert asked in index
            assert self.map.by_email.get("nobody") is None
            with pytest.raises(KeyError):
                self.map.by_email["nobody"]

    return IndexMachine


@pytest.mark.parametrize("style", STYLES)
def test_indexes_equal_their_rows(style: str) -> None:
    profile = settings(max_examples=max(15, settings.default.max_examples // 2), stateful_step_count=25)
    run_state_machine_as_test(machine(style), settings=profile)
