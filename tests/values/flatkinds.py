"""Record classes that FlatBuffers can store, whole or made up at random, and strategies of their values."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import itertools
import uuid
from typing import Annotated, Any, get_args, get_origin

import attrs
import msgspec
import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.hints import unwrap
from zlmdb.values.flat.model import Scalar
from zlmdb.values.records import describe


class Color(enum.Enum):
    RED = 1
    BLUE = 7


@fbs.enum(base=fbs.uint8)
class Side(enum.IntEnum):
    BUY = 1
    SELL = 2


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2
    BOTH = 3


@fbs.struct
@dataclasses.dataclass
class Inner:
    number: fbs.uint8
    oid: uuid.UUID
    color: Color


@fbs.struct(force_align=16)
@attrs.define(frozen=True)
class Point:
    x: float
    flag: bool
    y: fbs.float32
    inner: Inner
    at: np.datetime64
    numbers: Annotated[list[fbs.int16], fbs.Length(3)]
    digest: Annotated[bytes, fbs.Length(5)]
    inners: Annotated[tuple[Inner, ...], fbs.Length(2)]
    levels: Annotated[npt.NDArray[np.float32], fbs.Length(2)]


@attrs.define
class Address:
    street: str
    zip: str | None = None


@dataclasses.dataclass(frozen=True)
class Cat:
    lives: int = 9


class Dog(msgspec.Struct, kw_only=True):
    name: str
    friends: list[Dog] = []
    chases: Cat | None = None


class Empty(msgspec.Struct):
    pass


@attrs.define
class Everything:
    flag: bool
    number: int
    ratio: float
    text: str
    data: bytes
    oid: uuid.UUID
    moment: dt.datetime
    day: dt.date
    span: dt.timedelta
    when: np.datetime64
    color: Color
    side: Side
    rights: Rights
    tiny: fbs.int8
    small: fbs.uint16
    wide: fbs.uint64
    short: fbs.float32
    point: Point
    address: Address
    pet: Cat | Dog | str
    tags: list[str]
    lines: list[Address]
    pets: tuple[Cat | Dog | Point | str, ...]
    oids: list[uuid.UUID]
    points: list[Point]
    moments: list[dt.datetime]
    times: tuple[np.datetime64, ...]
    colors: list[Color]
    flags: list[bool]
    shorts: tuple[fbs.int16, ...]
    floats: npt.NDArray[np.float64]
    bytes_: npt.NDArray[np.uint8]
    stamps: npt.NDArray[np.datetime64]
    maybe_flag: bool | None = None
    maybe_number: int | None = None
    maybe_text: str | None = None
    maybe_data: bytes | None = None
    maybe_oid: uuid.UUID | None = None
    maybe_moment: dt.datetime | None = None
    maybe_when: np.datetime64 | None = None
    maybe_color: Color | None = None
    maybe_point: Point | None = None
    maybe_pet: Cat | Dog | None = None
    maybe_pets: list[Cat | Dog] | None = None
    maybe_tags: list[str] | None = None
    maybe_floats: npt.NDArray[np.float32] | None = None
    level: fbs.int32 = 5
    name: str = "nobody"
    again: Everything | None = None


_moments = st.datetimes(timezones=st.just(dt.UTC))
_when = st.integers(-(2**63) + 1, 2**63 - 1).map(lambda ns: np.datetime64(ns, "ns"))
_text = st.text(st.characters(codec="utf-8"), max_size=9)


def _ints(name: str) -> Any:
    bits = int(name.lstrip("uint"))
    return st.integers(0, 2**bits - 1) if name[0] == "u" else st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


_SIMPLE: list[tuple[Any, Any]] = [
    (bool, st.booleans()),
    (int, _ints("int64")),
    (float, st.floats()),
    (str, _text),
    (bytes, st.binary(max_size=9)),
    (uuid.UUID, st.uuids()),
    (dt.datetime, _moments),
    (dt.date, st.dates()),
    (dt.timedelta, st.timedeltas(dt.timedelta(days=-106751990), dt.timedelta(days=106751990))),
    (np.datetime64, _when),
    (Color, st.sampled_from(Color)),
    (Side, st.sampled_from(Side)),
    (Rights, st.sampled_from([Rights(n) for n in range(4)])),
    (fbs.float32, st.floats(width=32)),
]


def values_of(hint: Any, depth: int = 0) -> Any:
    """A strategy of the values of a declared type."""
    for known, strategy in _SIMPLE:
        if hint == known:
            return strategy
    if type(get_origin(hint)).__name__ == "TypeAliasType":
        hint = unwrap(hint)[0]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        length = next((word.length for word in hint.__metadata__ if isinstance(word, fbs.Length)), None)
        if length is not None:
            return _fixed(arguments[0], length, depth)
        width = next((word.name for word in hint.__metadata__ if isinstance(word, Scalar)), None)
        if width is None:
            return values_of(arguments[0], depth)
        return st.floats(width=32) if width == "float32" else _ints(width)
    if origin in (list, tuple):
        if depth > 1 and describe(arguments[0]) is not None:
            return st.just(origin())
        return st.lists(values_of(arguments[0], depth + 1), max_size=4).map(origin)
    if origin is np.ndarray:
        return st.integers(0, 5).flatmap(lambda n: _fixed(hint, n, depth))
    if describe(hint) is not None:
        return objects_of(hint, depth + 1)
    parts = [part for part in arguments if part is not type(None)]
    if depth > 1 and len(parts) < len(arguments):
        return st.none()
    options = [values_of(part, depth) for part in parts]
    return st.one_of(*([st.none()] if len(parts) < len(arguments) else []), *options)


def _fixed(hint: Any, length: int, depth: int) -> Any:
    if hint is bytes:
        return st.binary(min_size=length, max_size=length)
    hint = unwrap(hint)[0]
    arguments = get_args(hint)
    if get_origin(hint) is np.ndarray:
        scalar = get_args(arguments[1])[0]
        dtype = np.dtype("M8[ns]") if scalar is np.datetime64 else np.dtype(scalar)
        size = dtype.itemsize * length
        return st.binary(min_size=size, max_size=size).map(lambda data: np.frombuffer(data, dtype).copy())
    return st.lists(values_of(arguments[0], depth), min_size=length, max_size=length).map(get_origin(hint))


def objects_of(record: Any, depth: int = 0) -> Any:
    """A strategy of the objects of a record class."""
    info = describe(record)
    assert info is not None
    parts = {field.argument or "": values_of(field.type, depth) for field in info.fields.values()}
    return st.builds(lambda **given: record(**given), **parts)


_HINTS: list[Any] = [
    *[hint for hint, _ in _SIMPLE],
    *(fbs.int8, fbs.uint8, fbs.int16, fbs.uint16, fbs.int32, fbs.uint32, fbs.int64, fbs.uint64),
    *(Point, Inner, Address, Cat, Dog, Cat | Dog, Cat | Point | str),
    *(list[str], list[bool], list[fbs.int16], tuple[float, ...], list[uuid.UUID], list[dt.date], list[Side]),
    *(list[Address], tuple[Dog, ...], list[Inner], tuple[Point, ...], list[Cat | Dog], list[str | Cat]),
    *(npt.NDArray[np.int8], npt.NDArray[np.float32], npt.NDArray[np.uint64], npt.NDArray[np.datetime64]),
]
_numbers = itertools.count()


@st.composite
def record_classes(draw: Any) -> Any:
    """A strategy of record classes of all three kinds, with any fields."""
    hints = draw(st.lists(st.sampled_from(_HINTS), max_size=8))
    fields = [(f"f{at}", hint | None if draw(st.booleans()) else hint) for at, hint in enumerate(hints)]
    if draw(st.booleans()):
        order = draw(st.permutations(range(len(fields))))
        numbers, following = {}, 0
        for at in order:
            union = get_origin(fields[at][1]) is not Annotated and _takes_two(fields[at][1])
            numbers[at] = following + union
            following += 1 + union
        fields = [(name, Annotated[hint, fbs.Field(id=numbers[at])]) for at, (name, hint) in enumerate(fields)]
    name = f"Record{next(_numbers)}"
    make = draw(st.sampled_from(("attrs", "dataclass", "struct")))
    if make == "attrs":
        cls = attrs.make_class(name, {key: attrs.field(type=hint) for key, hint in fields}, slots=draw(st.booleans()))
    elif make == "dataclass":
        cls = dataclasses.make_dataclass(name, fields)
    else:
        cls = msgspec.defstruct(name, fields)
    return draw(st.just(fbs.table(file_identifier="TEST")(cls))) if draw(st.booleans()) else cls


def _takes_two(hint: Any) -> bool:
    parts = [part for part in get_args(hint) if part is not type(None)]
    if get_origin(hint) in (list, tuple):
        return len(get_args(parts[0])) > 1 and get_origin(parts[0]) is not Annotated
    if len(parts) == 1 and get_origin(hint) is not Annotated and type(None) in get_args(hint):
        return _takes_two(parts[0])
    return len(parts) > 1 and get_origin(hint) not in (np.ndarray, Annotated)


def same(one: Any, other: Any) -> bool:
    """Equal in value and in type, all the way down, NaN and signs of zero included."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and repr(one.tolist()) == repr(other.tolist())  # any NaN is like any other
    if one.__class__ is not other.__class__:
        return False
    info = describe(one.__class__)
    if info is not None:
        return all(same(getattr(one, name), getattr(other, name)) for name in info.fields)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.datetime64):
        return one.dtype == other.dtype and one.astype("i8") == other.astype("i8")
    if isinstance(one, float):
        return repr(one) == repr(other)
    return bool(one == other)
