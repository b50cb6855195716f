"""What those who are new to series get wrong: the error says what to write instead."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import zlmdb


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de690")
class Trades(zlmdb.Series[str]):
    """Trades."""

    price = zlmdb.column("f8")
    side = zlmdb.column("S1", default=b"")
    note = zlmdb.column("U4", default="")
    part = zlmdb.column("f4", default=0)


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de691")
class Books(zlmdb.MapStringTimestampNumpy):
    """Order books."""


@pytest.fixture
def txn(db: Any) -> Any:
    db.attach_tables([Trades, Books])
    with db.begin(write=True) as txn:
        txn[Trades].append("a", [1, 2], price=[1.0, 2.0])
        yield txn


def test_a_slip_in_the_name_of_a_column_that_must_be_given(txn: Any) -> None:
    with pytest.raises(
        zlmdb.ValueTypeError, match="expected columns of price, side, note, part, found 'prise'"
    ) as caught:
        txn[Trades].append("a", 3, prise=1.0)
    assert caught.value.field == "prise"
    with pytest.raises(zlmdb.ValueTypeError, match="expected a value for column price, which has no default"):
        txn[Trades].append("a", 3, side=b"B")


def test_text_for_bytes_and_bytes_for_text(txn: Any) -> None:
    for side in ("B", ["B"], np.array(["B"])):
        with pytest.raises(zlmdb.ValueTypeError, match=r"column side: .*: the column holds bytes: encode text first"):
            txn[Trades].append("a", [3], price=1.0, side=side)
    for note in (b"B", [b"B"], np.array([b"B"])):
        with pytest.raises(zlmdb.ValueTypeError, match=r"column note: .*: the column holds text: decode bytes first"):
            txn[Trades].append("a", [3], price=1.0, note=note)
    assert txn[Trades].count() == 2


def test_doubles_for_floats_and_none_for_nan(txn: Any) -> None:
    with pytest.raises(
        zlmdb.EncodeError, match=r"found 0\.1 at position 1 .*: it would be changed; \.astype\('float32'\)"
    ):
        txn[Trades].append("a", [3, 4], price=1.0, part=np.array([0.5, 0.1]))
    txn[Trades].append("a", [3, 4], price=1.0, part=np.array([0.5, 0.1]).astype("float32"))
    for given in ([None], None, np.array([None])):
        with pytest.raises(zlmdb.ValueTypeError, match=r"column price: .*: None is no value of a column; NaN is one"):
            txn[Trades].append("a", [5], price=given)
    with pytest.raises(zlmdb.ValueTypeError, match=r"column note: .*: None is no value of a column$"):
        txn[Trades].append("a", [5], price=1.0, note=[None])


def test_aggregates_are_written_into_a_map(txn: Any) -> None:
    with pytest.raises(zlmdb.SchemaError, match=r"table Trades: expected a series table to write .*, found <map Books"):
        txn[Trades].downsample(Books, "1m", price="mean")


def test_a_slice_is_asked_for_what_it_has_not(txn: Any) -> None:
    found = txn[Trades].range("a")
    for name in ("prise", 0, slice(1), found.price > 1, None):
        with pytest.raises(KeyError) as caught:
            found[name]
        assert caught.value.args[0].startswith("this slice has no column ")
        assert "; it has time, price, side, note, part; to_numpy() gives ticks by their places" in caught.value.args[0]


def test_rows_are_loaded_into_a_series(txn: Any) -> None:
    rows = [("a", 1, 1.0)]
    for given in (rows, tuple(rows), iter(rows), (row for row in rows)):
        with pytest.raises(TypeError, match=r"table Trades: load\(\) takes columns .* single ticks are appended"):
            txn[Trades].load(given)
    assert txn[Trades].load(txn[Trades].to_arrow()) == 2  # a reader is an iterator, too


def test_a_series_has_an_index() -> None:
    with pytest.raises(zlmdb.SchemaError, match="table Wrong: by_price is an index, which series do not have"):

        @zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de692")
        class Wrong(zlmdb.Series[str]):
            price = zlmdb.column("f8")
            by_price = zlmdb.index("price")
