"""FlatBuffers of record classes: objects come back, and the FlatBuffers runtime reads and writes the same."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.values import flatkinds
from tests.values.flatkinds import Address, Cat, Color, Dog, Empty, Everything, Inner, Point, objects_of, same
from tests.values.flatruntime import Runtime
from zlmdb.errors import DecodeError, EncodeError, SchemaError, ValueTypeError
from zlmdb.testing import ValueCodecSuite
from zlmdb.values import FlatBuffers
from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.declared import declare
from zlmdb.values.flat.kinds import Declared, Kind, Record
from zlmdb.values.flat.lazy import FlatView, detach

# Objects of so many parts take minutes to be made smaller, and a failure says which field it is about.
relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate))
EVERYTHING: FlatBuffers[Everything] = FlatBuffers(Everything)


class Alive:
    """A lease that lasts."""

    alive = True


def plain(record: Record, value: Any) -> Any:
    """An object as the runtime's twin writes it."""
    if record.struct:
        return [_plain(item.kind, getattr(value, item.name)) for item in record.items]
    fields = ((item.field.name, item.kind, getattr(value, item.name)) for item in record.items)
    return {name: _plain(kind, field) for name, kind, field in fields if field is not None}


def _plain(kind: Kind, value: Any) -> Any:
    if kind.scalar_value:
        return kind.number(value)
    if kind.record is not None:
        return plain(kind.record, value)
    if kind.name == "uuid":
        return [list(value.bytes)]
    if kind.name == "bytes":
        return list(value)
    if kind.name == "ndarray":
        return value.view("i8").tolist() if value.dtype.kind == "M" else value.tolist()
    if kind.name == "list":
        return [_plain(kind.inner(), one) for one in value]
    if kind.name == "union":
        cls = str if isinstance(value, str) else value.__class__
        number, member = next(
            (number, member)
            for number, member in kind.members
            if (str if member.record is None else member.record.info.type) is cls
        )
        return number, _plain(member, value)
    return value


def check(codec: Any, value: Any) -> None:
    """All laws for one object."""
    declared: Declared = codec.declared
    runtime = Runtime(declared.schema)
    data = codec.encode(value)
    expected = plain(declared.root, value)
    assert repr(runtime.read(data)) == repr(expected)  # NaN is like itself in text
    foreign = runtime.write(expected)
    for buffer in (data, foreign):
        for found in (
            codec.decode(buffer),
            codec.decode(memoryview(buffer)),
            codec.decode_leased(memoryview(buffer), Alive()),
        ):
            assert isinstance(found, FlatView)
            assert isinstance(found, codec.record)
            assert same(found, value)
            assert same(detach(found), value)
            assert type(detach(found)) is codec.record
            # What was read can be written, without a detour; through the runtime one NaN may have become another.
            again = codec.encode(found)
            assert again == data if buffer is data else same(codec.decode(again), value)


@relaxed
@given(value=objects_of(Everything))
def test_every_kind_of_field(value: Everything) -> None:
    check(EVERYTHING, value)


@relaxed
@given(data=st.data())
def test_any_record_class(data: Any) -> None:
    record = data.draw(flatkinds.record_classes())
    codec: Any = FlatBuffers(record)
    for _ in range(3):
        check(codec, data.draw(objects_of(record)))


@pytest.mark.parametrize("value", [Empty(), Cat(), Cat(-1), Dog(name="ü" * 1000, friends=[Dog(name="x")] * 300)])
def test_small_and_large(value: Any) -> None:
    check(FlatBuffers(type(value)), value)


class TestEverything(ValueCodecSuite):
    """The laws of all codecs."""

    codec = EVERYTHING
    rejects = (None, 5, {}, Cat(), Everything)
    garbage = (b"", b"\0", bytes(7), bytes(100), b"\xff" * 100)

    def values(self) -> Any:
        return objects_of(Everything)

    def same(self, one: Any, other: Any) -> bool:
        return same(one, detach(other))


class TestDog(ValueCodecSuite):
    """The laws of all codecs, of a recursive Struct."""

    codec: Any = FlatBuffers(Dog)
    rejects = (None, {"name": "x"}, Dog(name=5), Dog(name="x", friends=[Cat()]))  # type: ignore[arg-type, list-item]

    def values(self) -> Any:
        return objects_of(Dog)

    def same(self, one: Any, other: Any) -> bool:
        return same(one, detach(other))


def test_tables_whose_vtables_come_up_often() -> None:
    codec: FlatBuffers[Dog] = FlatBuffers(Dog)
    runtime = Runtime(codec.declared.schema)
    plains = [
        Dog(name=f"dog {n}", friends=[Dog(name="x", chases=Cat(n))] * (n % 3), chases=Cat(n) if n % 2 else None)
        for n in range(200)
    ]
    for plain_dog in plains:
        foreign = runtime.write(plain(codec.declared.root, plain_dog))
        for data in (foreign, codec.encode(plain_dog)):
            for found in (codec.decode(data), codec.decode_leased(memoryview(bytearray(data)), Alive())):
                assert same(found, plain_dog)
    assert len(codec._compiled.reader._classes) < 20


def test_equal_vtables_are_written_once() -> None:
    one = len(FlatBuffers(Dog).encode(Dog(name="x", friends=[Dog(name="abc")])))
    two = len(FlatBuffers(Dog).encode(Dog(name="x", friends=[Dog(name="abc"), Dog(name="abd")])))
    many = len(FlatBuffers(Dog).encode(Dog(name="x", friends=[Dog(name="abc")] * 102)))
    assert (many - two) == 100 * (two - one)
    # An offset to it, one to its vtable, three offsets within, a string of three, a vector of none.
    assert two - one == 4 + 4 + 12 + 8 + 4


def test_what_looks_like_the_common_kind_is_written_in_its_form() -> None:
    class Text(str):
        pass

    @attrs.define
    class Loose:
        ratio: float
        number: int
        text: str
        times: list[float]
        when: np.datetime64
        array: np.ndarray[Any, np.dtype[np.int32]]

    codec: FlatBuffers[Loose] = FlatBuffers(Loose)
    array: Any = np.arange(6, dtype=">i4")[::2]
    value = Loose(3, Color.BLUE.value, Text("a"), [1, 2.5], np.datetime64(1, "s"), array)
    found = detach(codec.decode(codec.encode(value)))
    assert same(found, Loose(3.0, 7, "a", [1.0, 2.5], np.datetime64(10**9, "ns"), np.array([0, 2, 4], "<i4")))


def test_arrays_read_bytes_in_place_and_only_read() -> None:
    @attrs.define
    class Samples:
        values: np.ndarray[Any, np.dtype[np.float64]]

    codec: FlatBuffers[Samples] = FlatBuffers(Samples)
    data = codec.encode(Samples(np.arange(1000.0)))
    row = codec.decode(data)
    assert row.values.base is not None
    assert np.shares_memory(row.values, np.frombuffer(data, "u1"))
    with pytest.raises(ValueError, match="read-only"):
        row.values[0] = 1.0
    plain = detach(row)
    plain.values[0] = 1.0
    assert row.values[0] == 0.0
    assert row.values.ctypes.data % 8 == np.frombuffer(data, "u1").ctypes.data % 8


def test_structs_of_structs_lie_where_the_format_says() -> None:
    inner = Inner(1, flatkinds.uuid.UUID(int=2), Color.RED)
    digest = b"12345"
    point = Point(1.5, True, 0.5, inner, np.datetime64(3, "ns"), [1, 2, 3], digest, (inner, inner), np.zeros(2, "f4"))

    @attrs.define
    class Holder:
        small: bool
        point: Point
        address: Address | None = None

    check(FlatBuffers(Holder), Holder(True, point))
    check(FlatBuffers(Holder), Holder(False, point, Address("x")))


ZERO = uuid.UUID(int=0)


@attrs.define
class Mixed:
    """Kinds for which other objects might be taken."""

    text: str = ""
    texts: list[str] = attrs.field(factory=list)
    oid: uuid.UUID = ZERO
    small: list[fbs.float32] = attrs.field(factory=list)
    array: npt.NDArray[np.float64] | None = None


MIXED: FlatBuffers[Mixed] = FlatBuffers(Mixed)


class Likeness:
    """Has what a text and a UUID have."""

    int = 5

    def encode(self) -> bytes:
        return b"zz"


class Text(str):
    """A text that would write itself otherwise."""

    def encode(self, *_: Any) -> bytes:
        return b"\xff"


class Identity(uuid.UUID):
    """A derived class."""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", Likeness()),
        ("texts", [Likeness()]),
        ("oid", Likeness()),
        ("small", [1.0, 1e300]),
        ("small", [float("inf"), -1e39]),
        ("array", np.ma.masked_array([1.0, 2.0], mask=[0, 1])),
    ],
)
def test_what_only_looks_like_a_value_is_refused(field: str, value: Any) -> None:
    with pytest.raises((EncodeError, ValueTypeError), match=f"field {field}"):
        MIXED.encode(Mixed(**{field: value}))


def test_derived_values_are_stored_as_what_they_are_derived_from() -> None:
    row = detach(MIXED.decode(MIXED.encode(Mixed(text=Text("a"), texts=[Text("b")], oid=Identity(int=7)))))
    assert row == Mixed(text="a", texts=["b"], oid=uuid.UUID(int=7))
    assert type(row.oid) is uuid.UUID
    infinite = [float("inf"), -float("inf"), 1.5]
    assert MIXED.decode(MIXED.encode(Mixed(small=infinite))).small == infinite

    class Array(np.ndarray[Any, Any]):
        """A derived class of arrays."""

    array = np.arange(3.0).view(Array)
    assert MIXED.decode(MIXED.encode(Mixed(array=array))).array.tolist() == [0.0, 1.0, 2.0]  # type: ignore[union-attr]


def test_a_default_that_is_made_of_the_object_is_none_for_rows_without_it() -> None:
    made = attrs.make_class(
        "Row", {"n": attrs.field(type=int), "s": attrs.field(type=str, default=attrs.Factory(lambda self: "s", True))}
    )
    codec: FlatBuffers[Any] = FlatBuffers(made)
    assert codec.decode(codec.encode(made(1))).s == "s"
    older: FlatBuffers[Any] = FlatBuffers(attrs.make_class("Row", {"n": attrs.field(type=int)}))
    row = codec.decode(older.encode(older.record(1)))
    assert row.n == 1
    with pytest.raises(DecodeError, match=r"stored field s of Row: .*absent"):
        _ = row.s
    gone = Annotated[str, fbs.Field(deprecated=True)]
    with pytest.raises(SchemaError, match=r"Row\.s: .*cannot be made of the object"):
        declare(attrs.make_class("Row", {"s": attrs.field(type=gone, default=made.__attrs_attrs__[1].default)}))
