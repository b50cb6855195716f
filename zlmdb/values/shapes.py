"""What a type annotation means for a format: a shape for every type, found through a visible list.

A shape has two functions. `norm` takes a value, checks all of it, and returns what the format's encoder is to
write; `build` takes what CBOR's decoder returned and makes the value (JSON is decoded by msgspec, which
builds by itself). Both raise a Fault at the place where something is not as declared.

==================  =====================================  ==========================
type                CBOR                                   JSON
==================  =====================================  ==========================
None bool int str   themselves                             themselves
float               8 bytes                                a number; not NaN, infinity
bytes bytearray     byte string                            base64
UUID                byte string of 16                      text
datetime            aware: tag 0; naive: ISO text          RFC 3339 text
date                tag 1004                               text
time                ISO text                               text
timedelta           integer microseconds                   ISO 8601 duration
Decimal             tag 4; NaN, infinity, -0: text         text
np.datetime64       integer nanoseconds                    integer nanoseconds
Enum                its value; its name if not a scalar    its value
Literal             themselves                             themselves
list tuple sets     array                                  array
dict                map                                    object
records             map of their fields                    object of their fields
Any                 whatever CBOR knows                    whatever JSON knows
==================  =====================================  ==========================

Everything else that msgspec understands (unions of records, constrained types, ...) goes through msgspec.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable
from typing import Any

from zlmdb.errors import EncodeError, short
from zlmdb.values.faults import Fault
from zlmdb.values.scalars import uuid_from_bytes
from zlmdb.values.times import datetime64_from_ns, datetime64_to_ns

__all__ = [
    "SCALARS",
    "Shape",
    "datetime64_shape",
    "enum_shape",
    "exact_shape",
    "literal_shape",
    "optional_shape",
    "scalar_shape",
]

Norm = Callable[[Any], Any]


class Shape:
    """How values of one type are checked, written and built."""

    __slots__ = ("build", "cls", "deep", "expected", "faithful", "inner", "kind", "norm")

    def __init__(
        self,
        kind: str,
        expected: str,
        norm: Norm,
        build: Norm,
        cls: Any = None,
        inner: tuple[Shape, ...] = (),
        deep: bool = False,
        faithful: bool = True,
    ) -> None:
        #: ``"str"``, ``"optional"``, ``"record"``, ...: what the code generators look at.
        self.kind = kind
        #: The type in words.
        self.expected = expected
        #: Value to plain value.
        self.norm = norm
        #: Plain value to value.
        self.build = build
        #: The class itself (enum, record), or the shapes of the parts.
        self.cls = cls
        self.inner = inner
        #: True if what `norm` returns may be nested without bound.
        self.deep = deep
        #: False if msgspec does not write the value as `norm` would have it.
        self.faithful = faithful


def exact_shape(kind: type, expected: str, convert: Norm | None = None) -> Shape:
    """A type that both formats know; values of subclasses are written as what they derive from."""

    def norm(value: Any) -> Any:
        if type(value) is kind:
            return value
        if isinstance(value, kind) and convert is not None:
            return convert(value)
        raise Fault(expected, value)

    def build(plain: Any) -> Any:
        if type(plain) is kind:
            return plain
        raise Fault(expected, plain)

    return Shape(kind.__name__, expected, norm, build, kind)


def _int(json: bool) -> Shape:
    def norm(value: Any) -> int:
        if type(value) is int:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
        raise Fault("int", value)

    shape = exact_shape(int, "int")
    shape.norm = norm
    return shape


def _float(json: bool) -> Shape:
    def norm(value: Any) -> float:
        if type(value) is not float:
            if not isinstance(value, (float, int)) or isinstance(value, bool):
                raise Fault("float", value)
            try:
                number = float(value)
            except OverflowError:
                raise Fault("a float", value, EncodeError) from None
            if isinstance(value, int) and number != value:
                raise Fault("float, or an int that a float can hold exactly", value, EncodeError)
            value = number
        if json and value - value != 0.0:
            raise Fault("a finite float (JSON has no NaN and no infinities)", value, EncodeError)
        return float(value)

    def build(plain: Any) -> float:
        if type(plain) is float:
            return plain
        if type(plain) is int:
            return float(plain)
        raise Fault("float", plain)

    return Shape("float", "float", norm, build, float)


def _str(json: bool) -> Shape:
    def norm(value: Any) -> str:
        if not isinstance(value, str):
            raise Fault("str", value)
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise Fault("text that UTF-8 can hold (no lone surrogates)", value, EncodeError) from None
        return str.__str__(value)

    shape = exact_shape(str, "str")
    shape.norm = norm
    return shape


def _bytearray(json: bool) -> Shape:
    def norm(value: Any) -> Any:
        if isinstance(value, bytearray):
            return bytes(value)
        raise Fault("bytearray", value)

    def build(plain: Any) -> bytearray:
        if type(plain) is bytes:
            return bytearray(plain)
        raise Fault("bytearray", plain)

    return Shape("bytearray", "bytearray", norm, build, bytearray)


def _uuid(json: bool) -> Shape:
    def norm(value: Any) -> Any:
        if not isinstance(value, uuid.UUID):
            raise Fault("uuid.UUID", value)
        if json:
            return value if type(value) is uuid.UUID else uuid.UUID(int=value.int)
        return value.bytes

    def build(plain: Any) -> uuid.UUID:
        if type(plain) is bytes and len(plain) == 16:
            return uuid_from_bytes(plain)
        if type(plain) is uuid.UUID:  # written by a program that used CBOR's own tag for UUIDs
            return plain
        raise Fault("uuid.UUID (16 bytes)", plain)

    return Shape("uuid", "uuid.UUID", norm, build, uuid.UUID)


#: Types that are themselves: for each, what makes its shape. The argument is True for JSON. Those of datetime and
#: decimal are in :mod:`zlmdb.values.libraryshapes`.
SCALARS: dict[Any, Callable[[bool], Shape]] = {
    type(None): lambda json: exact_shape(type(None), "None"),
    bool: lambda json: exact_shape(bool, "bool"),
    int: _int,
    float: _float,
    str: _str,
    bytes: lambda json: exact_shape(bytes, "bytes", bytes),
    bytearray: _bytearray,
    uuid.UUID: _uuid,
}


def scalar_shape(kind: type, json: bool) -> Shape | None:
    """The shape of a type that is itself; None for any other."""
    make = SCALARS.get(kind)
    if make is None and kind.__module__ in ("datetime", "decimal"):
        # Whoever declares such a type has imported its module; nobody else should have to.
        from zlmdb.values.libraryshapes import SHAPES

        make = SHAPES.get(kind)
    return None if make is None else make(json)


def datetime64_shape(cls: Any, json: bool) -> Shape:
    """The shape of np.datetime64, whose class is not imported here."""

    def norm(value: Any) -> int:
        try:
            return datetime64_to_ns(value)
        except TypeError:
            raise Fault("numpy.datetime64", value) from None
        except ValueError:
            raise Fault("a time in whole nanoseconds between 1678 and 2262", value, EncodeError) from None

    def build(plain: Any) -> Any:
        if type(plain) is int and -(2**63) <= plain < 2**63:
            return datetime64_from_ns(plain)
        raise Fault("numpy.datetime64 (integer nanoseconds)", plain)

    return Shape("datetime64", "numpy.datetime64", norm, build, cls)


def enum_shape(cls: type[enum.Enum], json: bool) -> Shape:
    """The shape of an enumeration."""
    plain_types = (str, int, float, bool, bytes, type(None))
    by_value = all(type(member.value) in plain_types for member in cls)

    def norm(value: Any) -> Any:
        if type(value) is not cls:
            raise Fault(cls.__qualname__, value)
        if json:
            return value
        return value.value if by_value else value.name

    def build(plain: Any) -> Any:
        try:
            return cls(plain) if by_value else cls[plain]
        except (ValueError, KeyError, TypeError):
            raise Fault(f"a {'value' if by_value else 'name'} of {cls.__qualname__}", plain) from None

    return Shape("enum", cls.__qualname__, norm, build, cls)


def literal_shape(values: tuple[Any, ...]) -> Shape:
    """The shape of a Literal."""
    allowed = {(type(value), value): value for value in values}
    expected = " or ".join(short(value) for value in values)

    def same(value: Any) -> Any:
        try:
            return allowed[type(value), value]
        except (KeyError, TypeError):
            raise Fault(expected, value) from None

    return Shape("literal", expected, same, same)


def optional_shape(inner: Shape) -> Shape:
    """The shape of a type or None."""
    expected = f"{inner.expected} or None"

    def norm(value: Any) -> Any:
        if value is None:
            return None
        try:
            return inner.norm(value)
        except Fault as fault:
            raise _widened(fault) from None

    def build(plain: Any) -> Any:
        if plain is None:
            return None
        try:
            return inner.build(plain)
        except Fault as fault:
            raise _widened(fault) from None

    def _widened(fault: Fault) -> Fault:
        if not fault.path and fault.expected == inner.expected:
            fault.expected = expected
        return fault

    return Shape("optional", expected, norm, build, None, (inner,), inner.deep, inner.faithful)
