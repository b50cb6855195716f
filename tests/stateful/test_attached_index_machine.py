"""Index tables attached by hand, beside a declared index: they equal the rows after every step, in both spellings."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

import zlmdb
from tests.stateful.machine import TableMachine

KEYS = [uuid.UUID(int=n) for n in (0, 1, 2, 2**64, 2**128 - 1)]
ROWS = st.fixed_dictionaries(
    {
        "email": st.sampled_from(["a@x", "b@x", "c@x", "", None]),
        "nick": st.sampled_from([None, None, "n", "m"]),
        "city": st.sampled_from([None, "Bonn", "Bo", ""]),
        "age": st.integers(0, 2),
    }
)


@zlmdb.table(uuid.uuid4())
class People(zlmdb.MapUuidJson):
    by_age = zlmdb.index("age", key=zlmdb.Int64)


@zlmdb.table(uuid.uuid4())
class ByEmail(zlmdb.MapStringUuid):
    pass


@zlmdb.table(uuid.uuid4(), compress="zlib")
class ByNick(zlmdb.MapStringUuid):
    pass


@zlmdb.table(uuid.uuid4())
class ByCity(zlmdb.Map[tuple[str, uuid.UUID], uuid.UUID], key=(zlmdb.String, zlmdb.Uuid), value=zlmdb.Uuid):
    pass


@zlmdb.table(uuid.uuid4())
class LastInCity(zlmdb.MapStringUuid):
    pass


def city_and_oid(row: Any) -> tuple[str, uuid.UUID] | None:
    return None if row["city"] is None else (row["city"], uuid.UUID(row["oid"]))


#: index -> (its table, index key of a row, nullable, unique)
ATTACHED: dict[str, Any] = {
    "email": (ByEmail, lambda row: row["email"], False, True),
    "nick": (ByNick, lambda row: row["nick"], True, True),
    "city": (ByCity, city_and_oid, True, True),
    "last": (LastInCity, lambda row: row["city"], True, False),
}


class AttachedIndexMachine(TableMachine[Any]):
    """The model is the rows, and the row that each city's entry points to: the last one that was put there."""

    tables = (People, ByEmail, ByNick, ByCity, LastInCity)

    def empty(self) -> Any:
        return {}, {}

    def opened(self) -> None:
        self.people = self.db.attach_table(People)
        self.maps = {name: self.db.attach_table(table) for name, (table, *_) in ATTACHED.items()}
        for name in ATTACHED:
            self.attach(name)

    def attach(self, name: str) -> None:
        _, function, nullable, unique = ATTACHED[name]
        self.people.attach_index(name, self.maps[name], function, nullable=nullable, unique=unique)

    def compare(self) -> None:
        rows, holders = self.model
        assert dict(self.people.select(self.txn)) == rows
        for name, (_, function, *_) in ATTACHED.items():
            expected = {function(row): oid for oid, row in rows.items() if function(row) is not None}
            if name == "last":
                assert expected.keys() >= holders.keys()
                expected = holders
            assert dict(self.maps[name].select(self.txn)) == expected, name
        ages = sorted((row["age"], oid.bytes) for oid, row in rows.items())
        found = self.txn[People].by_age.select(return_keys=True, return_values=False)
        assert [oid.bytes for oid in found] == [oid for _, oid in ages]
        if all(holders.get(row["city"]) == oid for oid, row in rows.items() if row["city"] is not None):
            assert self.txn[People].check() == []

    def teardown(self) -> None:
        # A city's entry that points to one of several rows is right, but not what verify() looks for.
        self._leave_savepoints()
        self.people.detach_index("last")
        self.txn.commit()
        self._begin()
        super().teardown()

    def fault(self, oid: uuid.UUID, row: Any) -> type[Exception] | None:
        rows, _ = self.model
        if row["email"] is None:
            return zlmdb.NullValueConstraint
        for name in ("email", "nick"):
            if row[name] is not None and any(other[name] == row[name] for there, other in rows.items() if there != oid):
                return zlmdb.UniqueViolation
        return None

    def written(self, oid: uuid.UUID, row: Any) -> None:
        rows, holders = self.model
        old = rows.get(oid)
        if old != row and (old is None or old["city"] != row["city"]):
            self.left(oid, old)
            if row["city"] is not None:
                holders[row["city"]] = oid
        rows[oid] = row

    def left(self, oid: uuid.UUID, old: Any) -> None:
        holders = self.model[1]
        if old is not None and old["city"] is not None and holders.get(old["city"]) == oid:
            del holders[old["city"]]

    @contextmanager
    def expecting(self, wrong: type[Exception] | None) -> Iterator[None]:
        if wrong is None:
            yield
            return
        before = [(bytes(key), bytes(value)) for key, value in self.txn.cursor()]
        with pytest.raises(wrong) as caught:
            yield
        assert isinstance(caught.value, zlmdb.ConstraintError)
        assert caught.value.index in ATTACHED
        assert [(bytes(key), bytes(value)) for key, value in self.txn.cursor()] == before

    @rule(oid=st.sampled_from(KEYS), row=ROWS, earlier=st.booleans())
    def put(self, oid: uuid.UUID, row: Any, earlier: bool) -> None:
        row = {**row, "oid": str(oid)}
        wrong = self.fault(oid, row)
        with self.expecting(wrong):
            if earlier:
                self.people[self.txn, oid] = row
            else:
                self.txn[People][oid] = row
        if wrong is None:
            self.written(oid, row)

    @rule(oid=st.sampled_from(KEYS), earlier=st.booleans())
    def delete(self, oid: uuid.UUID, earlier: bool) -> None:
        if earlier:
            del self.people[self.txn, oid]
            assert (self.txn, oid) not in self.people
        else:
            assert self.txn[People].delete(oid) is (oid in self.model[0])
        self.left(oid, self.model[0].pop(oid, None))

    @rule(rows=st.lists(st.tuples(st.sampled_from(KEYS), ROWS), max_size=3, unique_by=lambda row: row[0]))
    def load(self, rows: list[Any]) -> None:
        rows = [(oid, {**row, "oid": str(oid)}) for oid, row in rows]
        fits = all(oid not in self.model[0] and row["email"] is not None for oid, row in rows)
        for name in ("email", "nick"):
            held = [row[name] for row in (*self.model[0].values(), *(row for _, row in rows))]
            held = [value for value in held if value is not None]
            fits = fits and len(set(held)) == len(held)
        cities = [row["city"] for _, row in rows if row["city"] is not None]
        if not fits or len(set(cities)) < len(cities):
            return
        assert self.txn[People].load(rows) == len(rows)
        for oid, row in rows:
            self.written(oid, row)

    @rule(name=st.sampled_from(["email", "nick", "city"]))
    def rebuild(self, name: str) -> None:
        size = self.maps[name].count(self.txn)
        self.maps[name].truncate(self.txn)
        assert self.people.rebuild_index(self.txn, name) == (0, size)
        assert self.people.rebuild_index(self.txn, name) == (size, size)

    @rule(name=st.sampled_from(sorted(ATTACHED)))
    def attach_again(self, name: str) -> None:
        assert self.maps[name].is_index() is True
        assert self.people.indexes() == ["by_age", "city", "email", "last", "nick"]
        self.people.detach_index(name)
        assert self.maps[name].is_index() is False
        assert name not in self.people.indexes()
        self.attach(name)
        assert self.maps[name].is_index() is True
        # The map of a transaction has the indexes of the time when it was first asked for.
        self.txn._table = self.txn._maps = None

    @rule()
    def truncate(self) -> None:
        rows, holders = self.model
        self.people.truncate(self.txn)
        rows.clear()
        holders.clear()
        assert [pmap.count(self.txn) for pmap in self.maps.values()] == [0, 0, 0, 0]

    @rule(email=st.sampled_from(["a@x", "b@x", "c@x", ""]))
    def look_up(self, email: str) -> None:
        oid = self.maps["email"][self.txn, email]
        holders = [oid for oid, row in self.model[0].items() if row["email"] == email]
        assert [oid] == (holders or [None])


def test_attached_indexes_equal_their_rows() -> None:
    profile = settings(max_examples=max(25, settings.default.max_examples), stateful_step_count=30)
    run_state_machine_as_test(AttachedIndexMachine, settings=profile)
