"""A second look at a value that the quick builder did not take: what is wrong with it, or how to write it after all.

The second happens with what is equal to the common kind without being it: an int where a float is declared, an int of
numpy's, a text of a derived class. It is put into the common form, field by field, for the quick builder to take.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from zlmdb.errors import EncodeError
from zlmdb.values.faults import MISSING, Fault
from zlmdb.values.flat.kinds import Item, Kind, Record
from zlmdb.values.flat.layout import MAX_DEPTH
from zlmdb.values.shapes import SCALARS

__all__ = ["normal"]

_PLAIN: dict[str, Any] = {kind.__name__: SCALARS[kind](False).norm for kind in (str, bytes)}


class _Normal:
    """Stands for a record, with its fields in their common form."""

    def __init__(self, cls: type, fields: dict[str, Any]) -> None:
        self.__dict__ = fields
        fields["_Normal__class"] = cls

    if not TYPE_CHECKING:  # which knows no class that tells another

        @property
        def __class__(self) -> Any:  # what the builder looks at
            return self.__dict__["_Normal__class"]


def normal(record: Record, value: Any, depth: int = 1) -> Any:
    """A record with its fields in the form that the quick builder takes.

    Raises:
        Fault: at the first field that is not as declared.
    """
    from typing import get_origin

    cls = get_origin(record.info.type) or record.info.type
    if value.__class__ is not cls:
        raise Fault(record.info.name, value)
    if depth > MAX_DEPTH and not record.struct:
        raise Fault(f"records nested at most {MAX_DEPTH} deep", value, EncodeError)
    fields = {item.name: _field(item, value, depth) for item in record.items}
    return _Normal(cls, fields)


def _field(item: Item, owner: Any, depth: int) -> Any:
    try:
        try:
            value = getattr(owner, item.name)
        except AttributeError:
            raise Fault(item.kind.expected, MISSING) from None
        if value is None and item.optional:
            return None
        try:
            return _value(item.kind, value, depth)
        except Fault as fault:
            if item.optional and not fault.path and fault.expected == item.kind.expected:
                fault.expected += " or None"
            raise
    except Fault as fault:
        raise fault.at(f".{item.name}") from None


def _value(kind: Kind, value: Any, depth: int) -> Any:
    if kind.scalar_value:
        number = kind.number(value)
        return value if kind.name == "enum" else kind.value(number)
    if kind.record is not None:
        return normal(kind.record, value, depth + 1)
    if kind.name == "list":
        return _list(kind, value, depth)
    if kind.name == "ndarray":
        return _ndarray(kind, value)
    if kind.name == "union":
        return _union(kind, value, depth)
    if kind.name == "uuid":
        if not isinstance(value, uuid.UUID):
            raise Fault("uuid.UUID", value)
        return uuid.UUID(int=value.int)
    plain = _PLAIN[kind.name](value)
    if kind.length is not None and len(plain) != kind.length:
        raise Fault(kind.expected, value, EncodeError)
    return plain


def _list(kind: Kind, value: Any, depth: int) -> Any:
    if not isinstance(value, kind.cls):
        raise Fault(kind.expected, value)
    if kind.length is not None and len(value) != kind.length:
        raise Fault(kind.expected, value, EncodeError)
    element = kind.inner()
    plain = []
    for at, one in enumerate(value):
        try:
            plain.append(_value(element, one, depth))
        except Fault as fault:
            raise fault.at(f"[{at}]") from None
    return kind.cls(plain)


def _ndarray(kind: Kind, value: Any) -> Any:
    import numpy as np

    wanted = np.dtype(kind.cls)
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        raise Fault(kind.expected, value)
    if value.dtype.newbyteorder("<") != wanted:
        raise Fault(f"{kind.expected} (convert it with .astype({str(wanted)!r}))", value)
    if value.ndim != 1 or (kind.length is not None and len(value) != kind.length):
        raise Fault(f"{kind.expected}, of one dimension", value, EncodeError)
    return np.ascontiguousarray(value, wanted).view(np.ndarray)


def _union(kind: Kind, value: Any, depth: int) -> Any:
    from typing import get_origin

    for _, member in kind.members:
        if member.record is None:
            if isinstance(value, str):
                return _value(member, value, depth)
        elif value.__class__ is (get_origin(member.record.info.type) or member.record.info.type):
            return _value(member, value, depth)
    raise Fault(kind.expected, value)
