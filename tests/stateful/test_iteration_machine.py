"""Iterators of a transaction that goes on writing: each gives next what is next then, and ends when nothing is.

Several iterators live at once, forwards and backwards, over rows and over an index, while rows before, at and after
them are put, replaced and removed, one by one and in bulk, and savepoints come and go. Values are large, so that the
rows take many pages, and pages split and merge under the iterators.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

import zlmdb
from tests.stateful.machine import TableMachine

RANGE = 120


@zlmdb.table(uuid.uuid4())
class Rows(zlmdb.Map[int, Any], key=zlmdb.Int64, value=zlmdb.Json):
    by_group = zlmdb.index("group", key=zlmdb.Int64, nullable=True)


def row_of(key: int, group: int | None, size: int) -> dict[str, Any]:
    return {"group": group, "text": f"{key} " + "x" * size}


@dataclass
class Walk:
    """An iterator, and what the model must know of it."""

    rows: Iterator[Any]
    shape: str
    reverse: bool
    #: Group of the index scan; None for all groups, "rows" for a scan of the rows.
    over: Any
    lo: int | None
    hi: int | None
    at: Any = None
    #: How many savepoints were open when it began, and when it was last advanced.
    depth: int = 0
    advanced: int = 0


class IterationMachine(TableMachine[dict[int, Any]]):
    tables = (Rows,)
    depth = 1

    def __init__(self) -> None:
        self.walks: list[Walk] = []
        super().__init__()

    def empty(self) -> dict[int, Any]:
        return {}

    def begun(self) -> None:
        self.map = self.txn[Rows]
        # An iterator that began in a savepoint ends with it; all end with the transaction.
        self.walks = [walk for walk in self.walks if walk.depth <= len(self.savepoints)]
        for walk in self.walks:
            walk.advanced = min(walk.advanced, len(self.savepoints))

    def undone(self) -> None:
        # Where an iterator stands that was advanced in what was taken back is not promised.
        self.walks = [walk for walk in self.walks if walk.advanced <= len(self.savepoints)]

    def _begin(self) -> None:
        self.walks = []
        super()._begin()

    def compare(self) -> None:
        assert list(self.map.select(reverse=True)) == sorted(self.model.items(), reverse=True)
        assert self.map.check() == []

    # -- iterators

    def following(self, walk: Walk) -> list[Any]:
        """What the model has after the place of an iterator, in its direction: (place, key)."""
        if walk.over == "rows":
            places = [
                (key, key)
                for key in self.model
                if (walk.lo is None or key >= walk.lo) and (walk.hi is None or key < walk.hi)
            ]
        else:
            places = [
                ((row["group"], key), key)
                for key, row in self.model.items()
                if row["group"] is not None and walk.over in (None, row["group"])
            ]
        places.sort(reverse=walk.reverse)
        if walk.at is None:
            return places
        return [at for at in places if (at[0] < walk.at if walk.reverse else at[0] > walk.at)]

    @precondition(lambda self: len(self.walks) < 4)
    @rule(
        shape=st.sampled_from(["items", "keys", "values"]),
        reverse=st.booleans(),
        over=st.sampled_from(["rows", "rows", None, 1]),
        lo=st.one_of(st.none(), st.integers(0, RANGE)),
        hi=st.one_of(st.none(), st.integers(0, RANGE)),
    )
    def start(self, shape: str, reverse: bool, over: Any, lo: int | None, hi: int | None) -> None:
        wanted = {"return_keys": shape != "values", "return_values": shape != "keys", "reverse": reverse}
        if over == "rows":
            rows = iter(self.map.select(lo, hi, **wanted))
        else:
            lo = hi = None
            rows = iter(self.map.by_group.select(*(() if over is None else (over,)), **wanted))
        self.walks.append(Walk(rows, shape, reverse, over, lo, hi, depth=len(self.savepoints)))

    def advance(self, walk: Walk) -> int | None:
        following = self.following(walk)
        walk.advanced = len(self.savepoints)
        if not following:
            assert next(walk.rows, "end") == "end"
            self.walks.remove(walk)
            return None
        walk.at, key = following[0]
        expected = {"items": (key, self.model[key]), "keys": key, "values": self.model[key]}
        assert next(walk.rows) == expected[walk.shape]
        return int(key)

    @precondition(lambda self: self.walks)
    @rule(number=st.integers(0, 3), steps=st.integers(1, 30))
    def go_on(self, number: int, steps: int) -> None:
        walk = self.walks[number % len(self.walks)]
        for _ in range(steps):
            if self.advance(walk) is None:
                return

    # -- writes

    def put(self, key: int, group: int | None, size: int) -> None:
        self.map[key] = self.model[key] = row_of(key, group, size)

    def remove(self, key: int) -> None:
        assert self.map.delete(key) is (self.model.pop(key, None) is not None)

    @rule(
        lo=st.integers(0, RANGE),
        number=st.integers(1, 60),
        step=st.integers(1, 3),
        group=st.sampled_from([None, 0, 1, 2]),
        size=st.sampled_from([0, 100, 700]),
        bulk=st.booleans(),
    )
    def put_some(self, lo: int, number: int, step: int, group: int | None, size: int, bulk: bool) -> None:
        keys = range(lo, min(lo + number * step, RANGE), step)
        if bulk:
            rows = {key: row_of(key, group, size) for key in keys}
            self.map.put_many(rows)
            self.model.update(rows)
        else:
            for key in keys:
                self.put(key, group, size)

    @rule(lo=st.integers(0, RANGE), number=st.integers(1, 60), backwards=st.booleans())
    def remove_some(self, lo: int, number: int, backwards: bool) -> None:
        keys = range(lo, min(lo + number, RANGE))
        for key in reversed(keys) if backwards else keys:
            self.remove(key)

    @precondition(lambda self: self.walks)
    @rule(
        number=st.integers(0, 3),
        what=st.lists(
            st.sampled_from(
                [
                    "remove",
                    "remove next",
                    "remove previous",
                    "put",
                    "put next",
                    "put previous",
                    "take away and put back",
                    "move to next",
                    "move to previous",
                    "move group",
                ]
            ),
            min_size=1,
            max_size=4,
        ),
        steps=st.integers(1, 20),
        size=st.sampled_from([0, 100, 700]),
    )
    def write_at_each_step(self, number: int, what: list[str], steps: int, size: int) -> None:
        walk = self.walks[number % len(self.walks)]
        for n in range(steps):
            key = self.advance(walk)
            if key is None:
                return
            do = what[n % len(what)]
            at = key + {"next": 1, "previous": -1}.get(do.rpartition(" ")[2], 0)
            if do.startswith("remove"):
                self.remove(at)
            elif do == "take away and put back" or (do.startswith("move to") and 0 <= at < RANGE):
                self.remove(key)
                self.put(at, n % 3, size)
            elif do == "move group" and key in self.model:
                group = self.model[key]["group"]
                self.put(key, None if group == 2 else 1 if group is None else group + 1, size)
            elif do.startswith("put") and 0 <= at < RANGE:
                self.put(at, n % 3, size)

    @rule()
    def truncate(self) -> None:
        self.map.clear()
        self.model.clear()


def test_iterators_go_on_while_the_transaction_writes() -> None:
    profile = settings(max_examples=max(40, settings.default.max_examples), stateful_step_count=40)
    run_state_machine_as_test(IterationMachine, settings=profile)
