"""From a declared type to the kind of its column; and, where nothing is declared, from the values."""

from __future__ import annotations

import collections.abc
import datetime as dt
import decimal
import enum
import types
import typing
import uuid
from collections.abc import Sequence
from typing import Any, Union, get_args, get_origin

from zlmdb.columns import kinds, timekinds
from zlmdb.columns.arraykind import Arrays, Vectors, is_array
from zlmdb.columns.extras import pyarrow
from zlmdb.columns.kind import Kind, Misfit, objects
from zlmdb.columns.kinds import Enum
from zlmdb.columns.nested import Listed, Mapped, Record, Tupled
from zlmdb.errors import SchemaError
from zlmdb.values.records import FieldInfo, RecordInfo, describe

__all__ = ["Loose", "Nothing", "Undeclared", "kind_of", "kind_of_values"]

_SCALARS: dict[Any, Kind] = {
    bool: kinds.BOOL,
    int: kinds.INT,
    float: kinds.FLOAT,
    str: kinds.STR,
    bytes: kinds.BYTES,
    bytearray: kinds.BYTES,
    uuid.UUID: kinds.UUID,
    dt.datetime: timekinds.DATETIME,
    dt.date: timekinds.DATE,
    dt.time: timekinds.TIME,
    dt.timedelta: timekinds.TIMEDELTA,
    decimal.Decimal: kinds.DECIMAL,
}
_LISTS: dict[Any, type] = {
    list: list,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: list,
    collections.abc.Set: set,
    collections.abc.Collection: list,
}
_MAPS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def kind_of(declared: Any, within: tuple[Any, ...] = ()) -> Kind:
    """The kind of the values of a declared type.

    Args:
        declared: the type.
        within: the records that it stands in.

    Raises:
        SchemaError: if a record holds itself: columns have an end.
    """
    origin = get_origin(declared)
    if origin is typing.Annotated:
        return _annotated(*get_args(declared), within=within)
    if hasattr(declared, "__supertype__"):  # NewType
        return kind_of(declared.__supertype__, within)
    if type(declared).__name__ == "TypeAliasType":
        return kind_of(declared.__value__, within)
    if type(origin).__name__ == "TypeAliasType":  # NDArray[np.float32] of numpy 2.5
        return kind_of(origin.__value__[get_args(declared)], within)
    if origin in (Union, types.UnionType):
        return _union(get_args(declared), within)
    if origin is typing.Literal:
        values = get_args(declared)
        alike = len({type(value) for value in values if value is not None}) == 1
        kind = kind_of(type(next(value for value in values if value is not None))) if alike else Undeclared()
        return kind.with_none() if None in values else kind
    try:
        if declared in _SCALARS:
            return _SCALARS[declared]
    except TypeError:
        return Undeclared()
    if isinstance(declared, type) and declared.__name__ == "datetime64":
        return timekinds.DATETIME64
    if isinstance(declared, type) and issubclass(declared, enum.Enum):
        return _enum(declared)
    arguments = get_args(declared)
    if getattr(origin, "__name__", "") == "ndarray":
        return _vectors(arguments)
    if origin in _LISTS and arguments:
        return Listed(_LISTS[origin], kind_of(arguments[0], within))
    if origin is tuple and arguments:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return Listed(tuple, kind_of(arguments[0], within))
        return Tupled([kind_of(item, within) for item in arguments])
    if origin in _MAPS and arguments:
        return Mapped(kind_of(arguments[0], within), kind_of(arguments[1], within))
    info = describe(declared)
    if info is not None:
        if declared in within:
            raise SchemaError(f"{info.name} holds itself, which columns cannot: leave the field out with columns=[...]")
        inner = (*within, declared)
        parts = []
        for field in info.fields.values():
            part = kind_of(field.type, inner)
            parts.append(part if field.required or info.kind != "typeddict" else part.with_none())
        return Record(info, parts)
    return Undeclared()


def _vectors(arguments: tuple[Any, ...]) -> Kind:
    """The kind of ``np.ndarray[shape, np.dtype[element]]``; that of the first array, if the elements are not named."""
    import numpy as np

    element: Any = (*get_args(arguments[-1]), Any)[0]
    if not (isinstance(element, type) and issubclass(element, np.generic)):
        return Arrays()
    return Vectors(np.dtype("M8[ns]" if element is np.datetime64 else element))


def _annotated(declared: Any, *marks: Any, within: tuple[Any, ...]) -> Kind:
    if declared is dt.datetime:
        zone = next((mark.tz for mark in marks if type(mark).__name__ == "Meta"), None)
        if zone is not None:
            return timekinds.AWARE if zone else timekinds.NAIVE
    if declared is int and any(type(mark).__name__ == "Scalar" and mark.name == "uint64" for mark in marks):
        return kinds.UINT64  # half of these numbers are beyond int64
    return kind_of(declared, within)


def _union(options: tuple[Any, ...], within: tuple[Any, ...]) -> Kind:
    some = [option for option in options if option not in (None, types.NoneType)]
    if len(some) == 1:
        return kind_of(some[0], within).with_none()
    if set(some) == {int, float}:
        return kinds.FLOAT if len(some) == len(options) else kinds.FLOAT.with_none()
    return Undeclared()


def _enum(cls: type[enum.Enum]) -> Kind:
    values = [member.value for member in cls]
    found = set(map(type, values))
    for plain, kind in ((str, kinds.STR), (int, kinds.INT), (float, kinds.FLOAT), (bytes, kinds.BYTES)):
        if found == {plain}:
            return Enum(cls, kind, False, plain is str)
    if all(type(value) in (str, int, float, bool, bytes, types.NoneType) for value in values):
        return Enum(cls, kinds.STR, True, True, plain=False)  # values of several types have no column type in common
    return Enum(cls, kinds.STR, True, True)


class Undeclared(Kind):
    """Values of any type: the first ones tell the kind."""

    optional = True
    open_ended = True
    expects = "anything"
    plain = False

    @property
    def settled(self) -> bool:
        return False

    def clean(self, values: Any) -> Any:
        return values

    def settle(self, values: Any) -> Kind:
        return kind_of_values(values)

    def from_arrow(self, array: Any) -> list[Any]:
        pa = pyarrow()
        if not pa.types.is_nested(array.type):
            return timekinds.python_values(array)
        try:
            found: list[Any] = array.to_pylist(maps_as_pydicts="strict")
        except KeyError as error:
            raise Misfit("maps with each key once", f"\0{error.args[0]}") from None
        except (OverflowError, ValueError) as error:  # a time inside
            raise Misfit("values that Python's datetime can hold", f"\0{error}") from None
        return found


class Nothing(Kind):
    """Columns of which no value has been seen."""

    optional = True
    expects = "None, as in the rows before; give the type with schema="
    types = frozenset((types.NoneType,))

    def arrow_type(self) -> Any:
        return pyarrow().null()

    def to_arrow(self, values: Any) -> Any:
        return pyarrow().nulls(len(self.clean(values)))

    def to_numpy(self, values: Any) -> Any:
        return objects(self.clean(values))


def kind_of_values(values: Sequence[Any]) -> Kind:
    """The kind that all of the values are of; the one they begin with, if there is none.

    Integers and floats together are floats. A value of another kind is found when the column is made.

    Args:
        values: objects; may be empty.
    """
    first = next((value for value in values if value is not None), None)
    if first is None:
        return Nothing()
    kind: Kind
    cls = type(first)
    if cls in (int, float) and {int, float} <= set(map(type, values)):
        kind = kinds.FLOAT
    elif isinstance(first, dict):
        kind = _kind_of_dicts([value for value in values if isinstance(value, dict)])
    elif isinstance(first, (list, tuple, set, frozenset)):
        items = [item for value in values if isinstance(value, (list, tuple, set, frozenset)) for item in value]
        kind = Listed(cls, kind_of_values(items).with_none())
    elif is_array(first):
        return Arrays().settle(values)
    else:
        kind = kind_of(cls)
        if isinstance(kind, Undeclared):
            raise Misfit("a value that a column can hold", first, next(n for n, v in enumerate(values) if v is first))
        kind = kind.settle(values)
    return kind.with_none()


def _kind_of_dicts(values: Sequence[dict[Any, Any]]) -> Kind:
    names = list(dict.fromkeys(key for value in values for key in value))
    if names and all(type(name) is str for name in names):
        columns = [[value.get(name) for value in values] for name in names]
        parts = [kind_of_values(column).with_none() for column in columns]
        fields = {name: FieldInfo(name, Any, True, False) for name in names}
        return Loose(RecordInfo(dict, "typeddict", fields), parts)
    keys = [key for value in values for key in value]
    items = [item for value in values for item in value.values()]
    return Mapped(kind_of_values(keys), kind_of_values(items).with_none())


class Loose(Record):
    """Dicts without a declared type: those of the first values tell the keys."""

    def columns(self, values: Sequence[Any]) -> list[list[Any]]:
        known = set(self.names)
        for at, value in enumerate(values):
            if not known.issuperset(value):
                unknown = next(key for key in value if key not in known)
                raise Misfit(f"a dict with the keys {', '.join(self.names)}", f"\0the key {unknown!r}", at)
        return super().columns(values)
