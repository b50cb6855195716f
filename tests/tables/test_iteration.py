"""Writing under an iterator: what it gives next is what comes next then, whatever happened to the row it stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import zlmdb
from tests.tables.people import Users, oid, user


@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c81")
class Rows(zlmdb.Map[int, Any], key=zlmdb.Int64, value=zlmdb.Json):
    by_group = zlmdb.index("group", key=zlmdb.Int64)


ROW = {"group": 0}


@pytest.fixture
def rows() -> Iterator[Any]:
    with zlmdb.open(":memory:", [Rows]) as db, db.begin(write=True) as txn:
        yield txn[Rows]


def put(*keys: int) -> Callable[[Any], None]:
    return lambda rows: rows.update(dict.fromkeys(keys, ROW))


def remove(*keys: int) -> Callable[[Any], None]:
    return lambda rows: [rows.delete(key) for key in keys] and None


#: What is there, the direction, what is done at the first row, and what the iterator gives in all.
CASES: dict[str, tuple[list[int], bool, list[Callable[[Any], None]], list[int]]] = {
    "remove": ([0, 1, 2], False, [remove(0)], [0, 1, 2]),
    "remove the next": ([0, 1, 2], False, [remove(1)], [0, 2]),
    "remove it and the next": ([0, 1, 2], False, [remove(0, 1)], [0, 2]),
    "put the next": ([0, 2], False, [put(1)], [0, 1, 2]),
    "put a previous": ([5, 6], False, [put(1)], [5, 6]),
    "remove, put the next": ([0], False, [remove(0), put(1)], [0, 1]),
    "remove, put the next before another": ([0, 5], False, [remove(0), put(1)], [0, 1, 5]),
    "put the next, remove": ([0], False, [put(1), remove(0)], [0, 1]),
    "remove, put back": ([0, 5], False, [remove(0), put(0)], [0, 5]),
    "remove the only one, put back": ([0], False, [remove(0), put(0)], [0]),
    "remove, put a previous": ([1, 5], False, [remove(1), put(0)], [1, 5]),
    "remove all, put a later one": ([0, 1, 2], False, [remove(0, 1, 2), put(7)], [0, 7]),
    "clear, put a later one": ([0, 1, 2], False, [lambda rows: rows.clear(), put(7)], [0, 7]),
    "backwards, remove": ([0, 1, 2], True, [remove(2)], [2, 1, 0]),
    "backwards, remove the next": ([0, 1, 2], True, [remove(1)], [2, 0]),
    "backwards, put the next": ([0, 2], True, [put(1)], [2, 1, 0]),
    "backwards, put a previous": ([0, 1], True, [put(5)], [1, 0]),
    "backwards, remove, put a previous": ([0, 1], True, [remove(1), put(2)], [1, 0]),
    "backwards, remove, put the next": ([0, 3], True, [remove(3), put(2)], [3, 2, 0]),
    "backwards, remove, put back": ([0, 3], True, [remove(3), put(3)], [3, 0]),
    "backwards, remove the only one, put the next": ([3], True, [remove(3), put(2)], [3, 2]),
    "backwards, remove all, put an earlier one": ([4, 5], True, [remove(4, 5), put(1)], [5, 1]),
}


@pytest.mark.parametrize("through", ["rows", "index"])
@pytest.mark.parametrize("what", CASES)
def test_writing_at_the_row_that_an_iterator_stands_on(rows: Any, what: str, through: str) -> None:
    there, reverse, writes, expected = CASES[what]
    put(*there)(rows)
    source = rows if through == "rows" else rows.by_group
    for shape in ({"return_values": False, "return_keys": True}, {"return_values": True, "return_keys": True}):
        rows.clear()
        put(*there)(rows)
        walk = iter(source.select(reverse=reverse, **shape))
        found = [next(walk)]
        for write in writes:
            write(rows)
        for row in walk:
            found.append(row)
            assert len(found) <= 10, "an iterator that does not end"
        assert [row if isinstance(row, int) else row[0] for row in found] == expected


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("number", [1, 2, 500])
def test_each_row_is_changed_once(rows: Any, reverse: bool, number: int) -> None:
    """A row that is taken out and put back, in the same place, is given once."""
    rows.update({n: {"group": 0, "text": "x" * 100} for n in range(number)})
    seen = []
    for key, row in rows.select(reverse=reverse):
        seen.append(key)
        assert rows.pop(key) == row
        rows[key] = {"group": 1, "text": "y" * 300}
        assert len(seen) <= number, "an iterator that does not end"
    assert seen == (list(range(number))[::-1] if reverse else list(range(number)))
    assert rows.by_group.count(1) == number


def test_a_row_that_moves_away_within_its_index(rows: Any) -> None:
    rows.update({n: {"group": n % 3} for n in range(9)})
    moved = []
    for key in rows.by_group.keys(0):
        rows[key] = {"group": 5}
        moved.append(key)
    assert moved == [0, 3, 6]
    for key in rows.by_group.keys(5, reverse=True):
        rows[key] = {"group": 7}
        moved.append(key)
    assert moved == [0, 3, 6, 6, 3, 0]
    assert rows.check() == []


def test_emptying_a_table_while_walking_it(rows: Any) -> None:
    for number in (1, 3, 400):
        for reverse in (False, True):
            rows.update({n: {"group": 0, "text": "x" * 200} for n in range(number)})
            for key in rows.select(return_values=False, reverse=reverse):
                del rows[key]
            assert (len(rows), rows.by_group.count()) == (0, 0)


def test_the_key_of_a_row_is_that_of_its_record_whatever_the_row_holds() -> None:
    """A scan takes the key from the row where it holds it; programs of earlier releases store any row under any key."""
    with zlmdb.open(":memory:", [Users]) as db, db.begin(write=True) as txn:
        txn[Users].load([user(1), user(2), user(3)])
        slot = txn[Users]._p
        txn.put(slot + oid(2).bytes, txn.get(slot + oid(3).bytes))
        assert list(txn[Users].items()) == [(oid(1), user(1)), (oid(2), user(3)), (oid(3), user(3))]
        assert [key for key, _ in txn[Users].select(reverse=True)] == [oid(3), oid(2), oid(1)]
        txn.put(slot + bytes(1) + oid(1).bytes, txn.get(slot + oid(1).bytes))
        for scan in (txn[Users].items, txn[Users].keys):
            with pytest.raises(zlmdb.DecodeError, match="table Users: the stored key 000"):
                list(scan())
