"""Numpy arrays: every type and shape, headers that lie, and views that end with their transaction."""

from __future__ import annotations

import copy
import pickle
import types
import warnings
from collections.abc import Callable
from typing import Any

import hypothesis.extra.numpy as hn
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zlmdb.errors import DecodeError, EncodeError, ValueTypeError, ViewExpired
from zlmdb.values import Numpy, lease_view

CODEC = Numpy()

DTYPES: list[Any] = [
    "?", "i1", ">i2", "<u8", "f2", "f4", ">f8", "g", "F", ">c16", "G", "S5", "S0", "U3", ">U2", "V7", "V0",
    "M8[ns]", "M8[25s]", ">M8[us]", "m8", "m8[D]", "M8",
    [("a", "i4"), ("b", ">f8", (2, 3))],
    [(("title", "n"), "u1")],
    [("n", [("é", "f4"), ("z", "M8[us]")])],
    np.dtype([("a", "u1"), ("b", "f8")], align=True),
    np.dtype({"names": ["x", "y"], "formats": ["i4", "u2"], "offsets": [4, 4], "itemsize": 16}),
    [],
]  # fmt: skip
shapes = hn.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def elements(array: Any) -> Any:
    """The bytes of the elements, without those between the fields of a structure, which mean nothing."""
    if array.dtype.names:
        return [elements(array[name]) for name in array.dtype.names]
    return array.tobytes()


def check(array: Any) -> None:
    data = CODEC.encode(array)
    array = np.asarray(array)
    assert (len(data) - array.nbytes) % 16 == 0, "the elements start at a multiple of 16"
    assert data[len(data) - array.nbytes :] == array.tobytes()
    for found in (CODEC.decode(data), CODEC.decode(memoryview(data))):
        assert type(found) is np.ndarray
        assert found.dtype == array.dtype
        assert found.dtype.isalignedstruct == array.dtype.isalignedstruct
        assert found.shape == array.shape
        assert elements(found) == elements(array)
    assert CODEC.decode(data).flags.writeable
    assert not CODEC.decode(memoryview(bytearray(data))).flags.writeable


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)], ids=str)
def test_every_type_and_shape(dtype: Any, shape: tuple[int, ...]) -> None:
    array = np.zeros(shape, dtype)
    if array.nbytes:
        array = np.frombuffer(bytes(range(1, 200)) * 20, np.uint8)[: array.nbytes].view(array.dtype).reshape(shape)
    check(array)


types_of_elements = hn.scalar_dtypes() | hn.array_dtypes() | hn.nested_dtypes()


@given(hn.arrays(types_of_elements, shapes))
def test_arrays_come_back(array: Any) -> None:
    check(array)


@given(hn.arrays(hn.integer_dtypes(), hn.array_shapes(min_dims=2, max_dims=3)), st.data())
def test_any_order_of_elements_is_stored_as_c_order(array: Any, data: st.DataObject) -> None:
    for strange in (np.asfortranarray(array), array.T, array[::-1], array[..., ::2]):
        found = CODEC.decode(CODEC.encode(strange))
        assert np.array_equal(found, strange)
        assert found.flags.c_contiguous


def test_the_header_is_as_documented() -> None:
    data = CODEC.encode(np.arange(6, dtype="<i2").reshape(2, 3))
    assert data[:4] == b"\x89ZNA"
    assert data[4:8] == bytes([1, 2, 0, 0])
    assert data[8:12] == (48).to_bytes(4, "big")
    assert data[12:16] == (3).to_bytes(4, "big")
    assert data[16:32] == (2).to_bytes(8, "big") + (3).to_bytes(8, "big")
    assert data[32:48] == b"<i2" + bytes(13)
    assert data[48:] == np.arange(6, dtype="<i2").tobytes()


def test_scalars_are_arrays_without_dimension() -> None:
    check(np.float32(1.5))
    assert CODEC.decode(CODEC.encode(np.datetime64(5, "ns"))).shape == ()  # type: ignore[arg-type]


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (np.array([None]), ValueTypeError, r"expected an array of numbers.*found an array of object"),
    (np.zeros(2, [("a", "O")]), ValueTypeError, "Python objects have no bytes"),
    (np.ma.masked_array([1], [True]), ValueTypeError, "expected numpy.ndarray without a mask"),
    ([1, 2], ValueTypeError, r"expected numpy.ndarray, found list \[1, 2\]"),
    (None, ValueTypeError, "expected numpy.ndarray, found NoneType"),
    (np.empty((1 << 25,), "V0"), EncodeError, "elements without a size"),
]


@pytest.mark.parametrize(("value", "error", "message"), REFUSED, ids=lambda case: str(case)[:20])
def test_refusals(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CODEC.encode(value)


def test_types_of_extensions_are_refused() -> None:
    with pytest.raises((ValueTypeError, EncodeError)):
        CODEC.encode(np.array(["a"], dtype=np.dtypes.StringDType()))


def header(dtype: bytes, shape: tuple[int, ...], body: bytes = b"", start: int | None = None) -> bytes:
    fixed = 16 + 8 * len(shape) + len(dtype)
    at = fixed + -fixed % 16 if start is None else start
    head = b"\x89ZNA" + bytes([1, len(shape), 0, 0]) + at.to_bytes(4, "big") + len(dtype).to_bytes(4, "big")
    return (head + b"".join(n.to_bytes(8, "big") for n in shape) + dtype).ljust(at, b"\0") + body


LIES = {
    "empty": b"",
    "magic": b"\x88ZNA" + bytes(60),
    "version": b"\x89ZNA\x02" + bytes(59),
    "dimensions": b"\x89ZNA\x01\xff" + bytes(58),
    "start": header(b"<i4", (1,), b"1234", start=1 << 20)[:64],
    "uneven start": header(b"<i4", (1,), b"1234", start=33),
    "giant": header(b"<i4", (2**62, 2**62)),
    "giant times nothing": header(b"<i4", (2**63, 0)),
    "giant nothing": header(b"|V0", (2**40,)),
    "giant element": header(b"|S9999999999", (1,)),
    "giant subarray": header(b'{"names":["a"],"formats":[["<i4",[99999,99999]]],"offsets":[0],"itemsize":4}', (1,)),
    "too short": header(b"<i4", (3,), b"1234"),
    "too long": header(b"<i4", (1,), b"12345678"),
    "object": header(b"|O", (1,), b"12345678"),
    "object field": header(b'{"names":["a"],"formats":["|O"],"offsets":[0],"itemsize":8}', (1,), b"12345678"),
    "commas": header(b"i4,i4", (1,), b"12345678"),
    "no type": header(b"", (1,), b"1"),
    "not json": header(b"{", (1,), b"1"),
    "deep json": header(b'{"names":' + b"[" * 100_000, (1,), b"1"),
    "offset beyond": header(b'{"names":["a"],"formats":["<i8"],"offsets":[8],"itemsize":8}', (1,), b"12345678"),
    "negative": header(b'{"names":["a"],"formats":["<i4"],"offsets":[-4],"itemsize":8}', (1,), b"12345678"),
    "not text": header(b"\xff\xff", (1,), b"1"),
}


@pytest.mark.parametrize("data", LIES.values(), ids=LIES.keys())
def test_headers_that_lie(data: bytes) -> None:
    for buffer in (data, memoryview(data)):
        with pytest.raises(DecodeError, match="expected a numpy array, found"):
            CODEC.decode(buffer)


@given(st.sampled_from(DTYPES), st.data())
def test_changed_bytes_do_no_harm(dtype: Any, data: st.DataObject) -> None:
    good = bytearray(CODEC.encode(np.zeros((2, 3), dtype)))
    for _ in range(data.draw(st.integers(1, 3))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy warns of odd types; what matters is what it does
            found = CODEC.decode(bytes(good))
    except DecodeError as error:
        assert str(error).startswith("expected a numpy array")  # noqa: PT017 that nothing else is raised is the point
    else:
        assert found.nbytes <= len(good)


# --- views ---


def leased(array: Any) -> tuple[Any, Any, memoryview]:
    lease = types.SimpleNamespace(alive=True)
    data = memoryview(CODEC.encode(array))
    return CODEC.decode_leased(data, lease), lease, data


def is_guarded(array: Any) -> bool:
    return type(array).__name__ == "MappedArray" and array.__dict__.get("lease") is not None


TABLE = np.arange(12.0).reshape(3, 4)
VIEWS: dict[str, Callable[[Any], Any]] = {
    "row": lambda v: v[1],
    "slice": lambda v: v[1:, ::2],
    "transposed": lambda v: v.T,
    "reshape": lambda v: v.reshape(4, 3),
    "np.reshape": lambda v: np.reshape(v, -1),
    "ravel": lambda v: v.ravel(),
    "view": lambda v: v.view("i8"),
    "real": lambda v: v.real,
    "split": lambda v: np.split(v, 3)[1],
    "broadcast": lambda v: np.broadcast_to(v, (2, 3, 4)),
    "iteration": lambda v: next(iter(v)),
    "swapaxes": lambda v: v.swapaxes(0, 1),
    "row of row": lambda v: v[1:][0][1:],
}
COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": lambda v: v.copy(),
    "astype": lambda v: v.astype("f4"),
    "flatten": lambda v: v.flatten(),
    "sum": lambda v: v + 1,
    "right sum": lambda v: 1 + v,
    "product": lambda v: v @ v.T,
    "mean": lambda v: v.mean(axis=1),
    "np.mean": lambda v: np.mean(v, axis=0),
    "concatenate": lambda v: np.concatenate([v, v]),
    "sort": lambda v: np.sort(v),
    "fancy": lambda v: v[[0, 1]],
    "mask": lambda v: v[v > 3],
    "take": lambda v: v.take([0, 1]),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda v: pickle.loads(pickle.dumps(v)),
    "np.array": np.array,
    "reduce": lambda v: np.add.reduce(v),
    "where": lambda v: np.where(v > 3, v, 0),
}
TOUCHES: dict[str, Callable[[Any], Any]] = {
    **VIEWS,
    **{name: call for name, call in COPIES.items() if name != "np.array"},
    "item": lambda v: v[0, 0],
    "set": lambda v: v.__setitem__(0, 1),
    "len": len,
    "list": list,
    "repr": repr,
    "str": str,
    "format": "{}".format,
    "in": lambda v: 1 in v,
    "bool": bool,
    "float": float,
    "int": int,
    "equal": lambda v: v == 1,
    "shape": lambda v: v.shape,
    "dtype": lambda v: v.dtype,
    "tolist": lambda v: v.tolist(),
    "tobytes": lambda v: v.tobytes(),
    "data": lambda v: v.data,
    "flat": lambda v: v.flat,
    "ufunc": np.isnan,
    "ufunc out": lambda v: np.add(1, 1, out=v),
    "norm": np.linalg.norm,
    "copyto": lambda v: np.copyto(np.empty((3, 4)), v),
    "interface": lambda v: v.__array_interface__,
}


@pytest.mark.parametrize("make", VIEWS.values(), ids=VIEWS.keys())
def test_views_are_guarded_too(make: Callable[[Any], Any]) -> None:
    view, lease, _ = leased(TABLE)
    part = make(view)
    assert is_guarded(part)
    assert np.array_equal(np.asarray(part), np.asarray(make(TABLE)))
    lease.alive = False
    with pytest.raises(ViewExpired):
        part.sum()


@pytest.mark.parametrize("make", COPIES.values(), ids=COPIES.keys())
def test_results_are_plain_arrays_that_stay(make: Callable[[Any], Any]) -> None:
    view, lease, _ = leased(TABLE)
    result = make(view)
    lease.alive = False
    assert type(result) is np.ndarray
    assert np.array_equal(result, make(TABLE))


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES.keys())
def test_every_use_after_the_transaction_raises(touch: Callable[[Any], Any]) -> None:
    view, lease, _ = leased(TABLE)
    lease.alive = False
    with pytest.raises(ViewExpired, match=r"take a copy with \.copy\(\) inside the transaction"):
        touch(view)


def test_results_are_what_plain_arrays_give() -> None:
    view, _, _ = leased(TABLE)
    assert (view.sum(), len(view), view.shape, view.tolist()) == (66.0, 3, (3, 4), TABLE.tolist())
    assert repr(view) == repr(TABLE)
    assert 5.0 in view
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1
    with pytest.raises(ValueError, match="ambiguous"):
        bool(view)


def test_a_row_of_a_structured_array_is_a_copy() -> None:
    view, lease, data = leased(np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")]))
    row = view[0]
    lease.alive = False
    del view
    data.release()
    assert row["b"] == 2.5


def test_the_memory_stays_exported_while_any_array_over_it_lives() -> None:
    view, _, data = leased(TABLE)
    for escaped in (view, view[1:], np.asarray(view), np.asarray(view)[1:].T, memoryview(view)):
        with pytest.raises(BufferError, match="exported"):
            data.release()
        del view
        view = escaped
    del view, escaped
    data.release()


def test_a_lease_on_any_array() -> None:
    lease = types.SimpleNamespace(alive=True)
    view = lease_view(np.arange(3), lease)
    assert is_guarded(view[1:])
    lease.alive = False
    with pytest.raises(ViewExpired):
        view[0]
