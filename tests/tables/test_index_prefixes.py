"""Index entries by the beginning of a field: the rows that a loop over all of them finds, in the index's order."""

from __future__ import annotations

import uuid
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import zlmdb
from tests.tables.people import oid


@attrs.define(order=True)
class Word:
    oid: uuid.UUID
    text: str
    data: bytes
    number: int = 0


@zlmdb.table("5a0f3a52-8d0e-4b0c-9d0f-0c6b8f6f7b01", pk="oid")
class Words(zlmdb.MapUuidCbor[Word]):
    """Text and byte strings in all places of an index."""

    by_text = zlmdb.index("text")
    by_data = zlmdb.index("data")
    by_unique_text = zlmdb.index("text", "oid", unique=True)
    by_number_text = zlmdb.index("number", "text")
    by_text_number = zlmdb.index("text", "number")


TEXTS = st.text("aä\0\x01\uffff\U0010ffff", max_size=3)
BYTES = st.binary(max_size=3).map(lambda data: bytes(value % 3 * 127 + value % 2 for value in data))


def found(selection: Any) -> list[uuid.UUID]:
    return [row.oid for row in selection]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(TEXTS, BYTES, st.integers(-1, 1)), max_size=12),
    text=TEXTS,
    data=BYTES,
    number=st.integers(-1, 1),
)
def test_they_are_the_rows_whose_field_begins_so(
    rows: list[tuple[str, bytes, int]], text: str, data: bytes, number: int
) -> None:
    words = [Word(oid(at), *row) for at, row in enumerate(rows)]
    with zlmdb.open(":memory:", [Words]) as db:
        with db.begin(write=True) as txn:
            txn[Words].put_many(words)
        with db.begin() as txn:
            table = txn[Words]
            begins = sorted(
                (word for word in words if word.text.startswith(text)), key=lambda w: (w.text.encode(), w.oid)
            )
            wanted = [word.oid for word in begins]
            assert found(table.by_text.select(prefix=text)) == wanted
            assert found(table.by_text.select(prefix=text, reverse=True)) == wanted[::-1]
            assert list(table.by_text.select(prefix=text, return_keys=True, return_values=False, limit=2)) == wanted[:2]
            assert table.by_text.count(prefix=text) == len(wanted)
            assert found(table.by_unique_text.select(prefix=text)) == wanted
            assert found(table.by_number_text.select(number, prefix=text)) == [
                word.oid for word in begins if word.number == number
            ]
            assert sorted(found(table.by_text_number.select(prefix=text))) == sorted(wanted)
            assert found(table.by_data.select(prefix=data)) == [
                word.oid for word in sorted(words, key=lambda w: (w.data, w.oid)) if word.data.startswith(data)
            ]


def test_what_cannot_be_a_beginning_is_refused() -> None:
    with zlmdb.open(":memory:", [Words]) as db, db.begin(write=True) as txn:
        table = txn[Words]
        table.put(Word(oid(1), "a", b"a"))
        with pytest.raises(zlmdb.KeyTypeError, match=r"Words, index by_text: .*str"):
            table.by_text.select(prefix=b"a")
        with pytest.raises(zlmdb.KeyTypeError, match=r"Words, index by_number_text: .*cannot be sought by a beginning"):
            table.by_number_text.select(prefix="a")
        with pytest.raises(zlmdb.KeyTypeError, match=r"Words, index by_number_text: .*int"):
            table.by_number_text.select("a", prefix="a")
        with pytest.raises(zlmdb.KeyTypeError, match="expected fewer than 1 values before a prefix, found 1"):
            table.by_text.count("a", prefix="a")
        with pytest.raises(ValueError, match="expected bounds or a prefix, found both"):
            table.by_text.select(lo="a", prefix="a")
        assert found(table.by_text.select(prefix="a")) == [oid(1)]
