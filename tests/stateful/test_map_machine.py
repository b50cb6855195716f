"""A map against a sorted dict: every method, bound and shape, through savepoints, aborts and reopened files."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

import zlmdb
from tests.stateful.machine import TableMachine


@dataclass(frozen=True)
class Kind:
    """A map to test, how its keys are ordered, and what it holds."""

    map: type[Any]
    keys: st.SearchStrategy[Any]
    values: st.SearchStrategy[Any]
    order: Callable[[Any], Any]
    #: Number of parts of a composite key; 0 for a single one.
    arity: int = 0
    #: Whether shorter tuples are tried as bounds.
    shorter: bool = True
    #: Prefixes to ask for, and whether a key begins so.
    prefixes: st.SearchStrategy[Any] | None = None
    begins: Callable[[Any, Any], bool] | None = None
    options: tuple[tuple[str, Any], ...] = ()


UUIDS = [uuid.UUID(int=n) for n in (0, 1, 255, 256, 2**64, 2**127, 2**128 - 2, 2**128 - 1)]
TEXTS = ["", "a", "aa", "ab", "a\0", "a\x01", "b", "ÿ", "é", "\U0010ffff", "\uffff", "zz"]
PLAIN_TEXTS = [text for text in TEXTS if "\0" not in text]
NUMBERS = [-(2**63), -256, -1, 0, 1, 255, 256, 2**53, 2**63 - 1]
OIDS = [0, 1, 255, 256, 2**32, 2**53]
TIMES = [np.datetime64(n, "ns") for n in (0, 1, 255, 256, 1_700_000_000_000_000_000, 2**62)]


def utf8(text: str) -> bytes:
    return text.encode()


def nanoseconds(time: np.datetime64) -> int:
    return int(time.astype("int64"))


def by_part(*orders: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Order of composite keys, complete or not."""
    return lambda key: tuple(order(part) for order, part in zip(orders, key, strict=False))


def starts(key: Any, prefix: Any) -> bool:
    """Whether a composite key whose last part is text begins so: its last part may be begun only."""
    if isinstance(prefix, str):
        return bool(key[0].startswith(prefix))
    if len(prefix) == len(key):
        return bool(key[:-1] == prefix[:-1] and key[-1].startswith(prefix[-1]))
    return bool(key[: len(prefix)] == prefix)


def leads(key: Any, prefix: Any) -> bool:
    """Whether a composite key has these parts first."""
    return bool(key[0].startswith(prefix) if isinstance(prefix, str) else key[: len(prefix)] == prefix)


def pairs(first: list[Any], second: list[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.tuples(st.sampled_from(first), st.sampled_from(second))


JSON = st.one_of(st.integers(-3, 3), st.text("aé\0", max_size=3), st.booleans(), st.lists(st.floats(-1, 1), max_size=2))
CBOR = st.one_of(JSON, st.binary(max_size=3), st.none(), st.dictionaries(st.integers(0, 2), st.booleans()))


class _Composite(zlmdb.Map[tuple[str, int], Any], key=(zlmdb.String, zlmdb.Int64), value=zlmdb.Json):
    pass


class _NumberText(zlmdb.Map[tuple[int, str], str], key=(zlmdb.Int64, zlmdb.String), value=zlmdb.String):
    pass


class _Numbers(zlmdb.Map[int, bytes], key=zlmdb.Int64, value=zlmdb.values.Bytes):
    pass


KINDS = {
    "uuid-cbor": Kind(zlmdb.MapUuidCbor, st.sampled_from(UUIDS), CBOR, lambda key: key.bytes),
    "string-json": Kind(
        zlmdb.MapStringJson,
        st.one_of(st.sampled_from(TEXTS), st.text(max_size=3)),
        JSON,
        utf8,
        prefixes=st.sampled_from(TEXTS),
        begins=str.startswith,
    ),
    "string-string-zlib": Kind(
        zlmdb.MapStringString,
        st.sampled_from(TEXTS),
        st.text(max_size=9),
        utf8,
        prefixes=st.sampled_from(TEXTS),
        begins=str.startswith,
        options=(("compress", "zlib"),),
    ),
    "int64-bytes": Kind(_Numbers, st.sampled_from(NUMBERS), st.binary(max_size=9), lambda key: key),
    "(string,int64)-json": Kind(
        _Composite,
        pairs(TEXTS, NUMBERS),
        JSON,
        by_part(utf8, int),
        arity=2,
        prefixes=st.one_of(st.sampled_from(TEXTS), st.sampled_from(TEXTS).map(lambda text: (text,))),
        begins=leads,
    ),
    "(int64,string)-string": Kind(
        _NumberText,
        pairs(NUMBERS, TEXTS),
        st.text(max_size=3),
        by_part(int, utf8),
        arity=2,
        prefixes=st.one_of(pairs(NUMBERS, TEXTS), st.sampled_from(NUMBERS).map(lambda n: (n,))),
        begins=starts,
    ),
    "named (string,string)-uuid": Kind(
        zlmdb.MapStringStringUuid,
        pairs(PLAIN_TEXTS, TEXTS),
        st.sampled_from(UUIDS),
        by_part(utf8, utf8),
        arity=2,
        prefixes=st.one_of(
            st.sampled_from(PLAIN_TEXTS),
            pairs(PLAIN_TEXTS, TEXTS),
            st.sampled_from(PLAIN_TEXTS).map(lambda t: (t,)),
        ),
        begins=starts,
    ),
    "named (string,oid)-oid": Kind(
        zlmdb.MapStringOidOid,
        pairs(PLAIN_TEXTS, OIDS),
        st.sampled_from(OIDS),
        by_part(utf8, int),
        arity=2,
        shorter=False,  # nothing marks the end of the text in this layout; tests/tables/test_select.py asks
        prefixes=st.sampled_from(PLAIN_TEXTS),
        begins=leads,
    ),
    "named (oid,time)-oid": Kind(
        zlmdb.MapOidTimestampOid,
        pairs(OIDS, TIMES),
        st.sampled_from(OIDS),
        by_part(int, nanoseconds),
        arity=2,
        prefixes=st.sampled_from(OIDS).map(lambda oid: (oid,)),
        begins=leads,
    ),
}
BOUNDS = st.sampled_from(["[)", "[]", "(]", "()"])
LIMITS = st.one_of(st.none(), st.integers(0, 4))


def machine(kind: Kind) -> type[TableMachine[dict[Any, Any]]]:
    table = zlmdb.table(uuid.uuid4(), **dict(kind.options))(type("Rows", (kind.map,), {}))
    other = zlmdb.table(uuid.uuid4())(type("Before", (zlmdb.MapOidOid,), {}))
    later = zlmdb.table(uuid.uuid4())(type("Behind", (zlmdb.MapOidOid,), {}))
    keys, values, order = kind.keys, kind.values, kind.order
    bounds = keys if not (kind.arity and kind.shorter) else st.one_of(keys, keys.map(lambda key: key[:1]))
    rows = st.lists(st.tuples(keys, values), max_size=6)

    class MapMachine(TableMachine[dict[Any, Any]]):
        tables = (other, table, later)

        def empty(self) -> dict[Any, Any]:
            return {}

        def begun(self) -> None:
            self.map = self.txn[table]
            for neighbour in (other, later):
                # Ends of the neighbours' ranges: a scan that leaves its slot meets them.
                self.txn[neighbour].update({0: 7, 2**53: 9})

        def sorted(self) -> list[tuple[Any, Any]]:
            return sorted(self.model.items(), key=lambda row: order(row[0]))

        def compare(self) -> None:
            assert list(self.map.items()) == self.sorted()
            assert len(self.map) == len(self.model)

        # -- single rows

        @rule(key=keys, value=values, how=st.sampled_from(["setitem", "put", "update"]))
        def put(self, key: Any, value: Any, how: str) -> None:
            if how == "setitem":
                self.map[key] = value
            elif how == "put":
                assert self.map.put(key, value) == key
            else:
                self.map.update({key: value})
            self.model[key] = value

        @rule(key=keys, value=values)
        def setdefault(self, key: Any, value: Any) -> None:
            assert self.map.setdefault(key, value) == self.model.setdefault(key, value)

        @rule(key=keys, how=st.sampled_from(["delitem", "delete", "pop", "pop-default"]))
        def delete(self, key: Any, how: str) -> None:
            there = key in self.model
            value = self.model.pop(key, "nothing")
            if how == "delete":
                assert self.map.delete(key) is there
            elif how == "pop-default":
                assert self.map.pop(key, "nothing") == value
            elif not there:
                with pytest.raises(KeyError) as caught:
                    self.map.__delitem__(key) if how == "delitem" else self.map.pop(key)
                assert caught.value.args == (key,)
            elif how == "delitem":
                del self.map[key]
            else:
                assert self.map.pop(key) == value

        @rule()
        def popitem(self) -> None:
            if not self.model:
                with pytest.raises(KeyError):
                    self.map.popitem()
                return
            last = self.sorted()[-1]
            assert self.map.popitem() == last
            del self.model[last[0]]

        @rule(key=keys)
        def get(self, key: Any) -> None:
            assert (key in self.map) is (key in self.model)
            assert self.map.get(key) == self.model.get(key)
            assert self.map.get(key, "nothing") == self.model.get(key, "nothing")
            if key in self.model:
                found = self.map[key]
                assert (type(found), found) == (type(self.model[key]), self.model[key])
            else:
                with pytest.raises(KeyError) as caught:
                    self.map[key]
                assert caught.value.args == (key,)

        # -- many rows

        @rule(rows=rows, mapping=st.booleans())
        def put_many(self, rows: list[Any], mapping: bool) -> None:
            given = dict(rows) if mapping else rows
            assert self.map.put_many(given) == len(given)
            self.model.update(rows)

        @rule(rows=rows, stop=st.integers(0, 6))
        def put_many_that_fails(self, rows: list[Any], stop: int) -> None:
            def given() -> Any:
                yield from rows[:stop]
                raise LookupError

            with pytest.raises(LookupError):
                self.map.put_many(given())

        @rule(rows=rows, in_order=st.booleans())
        def load(self, rows: list[Any], in_order: bool) -> None:
            if in_order:
                rows = sorted(rows, key=lambda row: order(row[0]))
            given = [key for key, _ in rows]
            taken = [key for key in given if key in self.model or given.count(key) > 1]
            if not taken:
                assert self.map.load(rows, sorted=in_order) == len(rows)
                self.model.update(rows)
                return
            with pytest.raises(zlmdb.DuplicateKey):  # of which key, tests/tables/test_bulk.py asks
                self.map.load(rows, sorted=in_order)

        @rule(wanted=st.lists(keys, max_size=6))
        def get_many(self, wanted: list[Any]) -> None:
            assert self.map.get_many(wanted) == [self.model.get(key) for key in wanted]

        @rule(clear=st.booleans())
        def truncate(self, clear: bool) -> None:
            removed = self.map.clear() if clear else self.map.truncate()
            assert removed == (None if clear else len(self.model))
            self.model.clear()

        # -- ranges

        def between(self, lo: Any, hi: Any, ends: str) -> list[tuple[Any, Any]]:
            """The model's rows of a range. A shorter tuple stands for all keys that begin with it."""

            def inside(key: Any) -> bool:
                if lo is not None:
                    at, bound = order(key), order(lo)
                    at = at[: len(lo)] if kind.arity else at
                    if at < bound or (at == bound and ends[0] == "("):
                        return False
                if hi is not None:
                    at, bound = order(key), order(hi)
                    at = at[: len(hi)] if kind.arity else at
                    if at > bound or (at == bound and ends[1] == ")"):
                        return False
                return True

            return [row for row in self.sorted() if inside(row[0])]

        @rule(
            lo=st.one_of(st.none(), bounds),
            hi=st.one_of(st.none(), bounds),
            ends=BOUNDS,
            reverse=st.booleans(),
            limit=LIMITS,
            want_keys=st.booleans(),
            want_values=st.booleans(),
        )
        def select(
            self,
            lo: Any,
            hi: Any,
            ends: str,
            reverse: bool,
            limit: int | None,
            want_keys: bool,
            want_values: bool,
        ) -> None:
            expected = self.between(lo, hi, ends)
            assert self.map.count_range(lo, hi, bounds=ends) == len(expected)
            wanted = expected[::-1][:limit] if reverse else expected[:limit]
            shaped = [
                row if want_keys and want_values else row[0] if want_keys else row[1] if want_values else None
                for row in wanted
            ]
            found = self.map.select(
                lo,
                hi,
                bounds=ends,
                reverse=reverse,
                limit=limit,
                return_keys=want_keys,
                return_values=want_values,
            )
            assert list(found) == shaped
            assert list(found) == shaped  # from the start again

        @precondition(lambda self: kind.prefixes is not None)
        @rule(prefix=st.none() if kind.prefixes is None else kind.prefixes, reverse=st.booleans(), limit=LIMITS)
        def select_prefix(self, prefix: Any, reverse: bool, limit: int | None) -> None:
            assert kind.begins is not None
            expected = [row for row in self.sorted() if kind.begins(row[0], prefix)]
            assert self.map.count(prefix=prefix) == len(expected)
            wanted = expected[::-1][:limit] if reverse else expected[:limit]
            assert list(self.map.select(prefix=prefix, reverse=reverse, limit=limit)) == wanted

        @invariant()
        def ends_agree(self) -> None:
            rows = self.sorted()
            assert self.map.first() == (rows[0] if rows else None)
            assert self.map.last() == (rows[-1] if rows else None)
            assert self.map.count() == len(rows)
            assert bool(self.map) is bool(rows)
            assert list(self.map) == list(self.map.keys()) == [key for key, _ in rows]
            assert list(reversed(self.map)) == [key for key, _ in reversed(rows)]
            assert list(self.map.values()) == [value for _, value in rows]
            assert list(reversed(self.map.items())) == rows[::-1]

        @rule()
        def a_reader_sees_the_last_commit(self) -> None:
            expected = sorted(self.committed.items(), key=lambda row: order(row[0]))
            with self.db.begin() as txn:
                rows = txn[table]
                assert list(rows.select()) == expected
                assert list(rows.select(return_values=False)) == [key for key, _ in expected]
                assert len(rows) == len(expected)

    return MapMachine


@pytest.mark.parametrize("name", KINDS)
def test_a_map_is_a_sorted_dict(name: str) -> None:
    profile = settings(stateful_step_count=30)
    run_state_machine_as_test(machine(KINDS[name]), settings=profile)
