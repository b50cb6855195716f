"""Maps of NumPy arrays as columns, and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import zlmdb
from zlmdb import errors


@zlmdb.table("c01a0000-0000-4000-8000-000000000060")
class Grids(zlmdb.MapOidNumpy):
    """Arrays."""


@pytest.fixture
def txn(db: Any) -> Any:
    db.attach_table(Grids)
    with db.begin(write=True) as txn:
        yield txn


def back(txn: Any, arrays: list[Any]) -> list[Any]:
    table = txn[Grids]
    table.clear()
    table.update(dict(enumerate(arrays)))
    columns = table.to_arrow().read_all()
    columns.validate(full=True)
    table.clear()
    assert table.load(columns) == len(arrays)
    return list(table.values())


STRUCT = np.dtype([("a", "i2"), ("b", "f4", (2, 3)), ("c", [("d", "M8[ms]")]), ("s", "S3"), ("v", "V2")])


@pytest.mark.parametrize(
    "arrays",
    [
        [np.arange(6).reshape(2, 3), np.arange(4).reshape(4, 1)],
        [np.arange(24.0).reshape(2, 3, 4)],
        [np.array(5), np.array(-1)],
        [np.array("2020-01-01", "M8[ns]"), np.array("NaT", "M8[ns]")],
        [np.arange(3, dtype="f2"), np.array([], "f2")],
        [np.array([True, False])],
        [np.array(["2020-01-01", "NaT"], "M8[D]")],
        [np.array(["ab", "c"]), np.array(["abcd"])],
        [np.array([b"ab", b"c"])],
        [np.array([[b"ab"], [b"cd"]], "V2")],
        [np.array([(1, np.ones((2, 3)), ("2020-01-01",), b"abc", b"xy")], STRUCT), np.zeros(0, STRUCT)],
        [np.zeros((2, 2), [("x", "f8"), ("y", "u1")])],
        [np.arange(6)[::2]],
        [np.asfortranarray(np.arange(6).reshape(2, 3))],
        [],
    ],
)
def test_arrays_come_back(txn: Any, arrays: list[Any]) -> None:
    for found, want in zip(back(txn, arrays), arrays, strict=True):
        assert found.dtype == want.dtype or want.size == 0
        assert found.shape == want.shape
        assert found.tobytes() == want.tobytes() or repr(found) == repr(want)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_arrays_of_every_shape_come_back(txn: Any, data: Any) -> None:
    dtype = data.draw(st.sampled_from(["f2", "f4", "f8", "i1", "i4", "u8", "?", "M8[us]", "m8[ns]"]))
    dimensions = data.draw(st.integers(0, 3))
    shapes = hnp.array_shapes(min_dims=dimensions, max_dims=dimensions, min_side=1, max_side=3)
    arrays = data.draw(st.lists(hnp.arrays(dtype, shapes if dimensions else ()), max_size=4))
    for found, want in zip(back(txn, arrays), arrays, strict=True):
        assert found.dtype == want.dtype
        np.testing.assert_array_equal(found, want)


def test_what_changes_on_the_way(txn: Any) -> None:
    (found,) = back(txn, [np.arange(3, dtype=">i4")])
    assert found.dtype == "i4"
    assert found.tolist() == [0, 1, 2]
    (found,) = back(txn, [np.array(["a"], "U9")])
    assert found.dtype == "U1"
    (found,) = back(txn, [np.zeros((0, 3))])
    assert found.shape == (0, 0)


def test_what_is_no_array_is_refused(txn: Any) -> None:
    table = txn[Grids]
    for values, match in [
        ([[[1, 2], [3]]], "row 1, column value: expected lists of one length"),
        ([[1], None], "row 2, column value: expected numpy.ndarray, found None"),
        ([[1, None]], "column value: expected an array without nulls"),
        ([[[1], None]], "column value: expected numpy.ndarray, found None"),
    ]:
        with pytest.raises(errors.ValueTypeError, match=match):
            table.load(pa.table({"key": list(range(len(values))), "value": values}))
    numbers = pa.array([[Decimal(1)]], pa.list_(pa.decimal128(5, 2)))
    with pytest.raises(errors.ValueTypeError, match="elements of decimal"):
        table.load(pa.table({"key": [1], "value": numbers}))
    assert len(table) == 0
    for wrong in (np.array([1j]), np.array(["2020-01-01T00"], "M8[h]")):
        table[1] = wrong
        with pytest.raises(errors.ValueTypeError, match="column value: expected an array of a type that Arrow has"):
            table.to_arrow()
        assert table.to_numpy()["value"].tolist() == [wrong.tolist()]
