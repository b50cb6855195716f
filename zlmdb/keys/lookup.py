"""From a Python type, or from what a declaration says, to its key codec."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

from zlmdb import keys
from zlmdb._typing import Buffer
from zlmdb.errors import SchemaError, short
from zlmdb.keys.base import KeyCodec, codec_instance, wrong_bytes, wrong_type
from zlmdb.keys.composite import Composite

__all__ = ["EnumKey", "as_codec", "for_type"]


class EnumKey(KeyCodec[Any]):
    """A member of an enumeration, written as its value: str as String, int as Int64.

    The layout bears the name of the value's own, so that a table of text keys can become one of an
    enumeration.

    Args:
        kind: the Enum class; the values of its members are all str, or all int.

    Raises:
        SchemaError: if they are not.

    >>> class Side(enum.Enum):
    ...     BUY = "buy"
    ...     SELL = "sell"
    >>> EnumKey(Side).encode(Side.BUY), EnumKey(Side).decode(b"sell")
    (b'buy', <Side.SELL: 'sell'>)
    """

    def __init__(self, kind: type[enum.Enum]) -> None:
        inner = _enum_values(kind)
        if inner is None:
            raise SchemaError(
                f"expected an enumeration whose values are all str or all int, found {kind.__name__} with "
                f"{short([member.value for member in kind])}",
                expected="values all str or all int",
            )
        self.kind = kind
        self.inner = inner
        self.name = inner.name
        self.width = inner.width
        self.expects = f"a member of {kind.__name__}"

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, self.kind):
            raise wrong_type(self, value)
        return self.inner.encode(value.value)

    def decode(self, data: Buffer) -> Any:
        value = self.inner.decode(data)
        try:
            member = self.kind(value)
        except ValueError:
            member = None
        # An enumeration may put a default in place of what it does not know; that is not the key that was
        # written.
        if member is None or member.value != value:
            raise wrong_bytes(self, data, f"{self.kind.__name__} has no member of value {short(value)}")
        return member

    def partial(self, start: Any) -> bytes:
        return self.inner.partial(start)


def _enum_values(kind: type[enum.Enum]) -> KeyCodec[Any] | None:
    """The codec of the members' values."""
    values = [member.value for member in kind]
    if values and all(isinstance(value, str) for value in values):
        return keys.String()
    if values and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return keys.Int64()
    return None


def _named(module: str, name: str) -> Callable[[Any], bool]:
    # By name: whoever holds the class has imported its module, and nobody else should have to.
    return lambda kind: isinstance(kind, type) and (kind.__module__, kind.__qualname__) == (module, name)


def _from_enum(kind: Any) -> KeyCodec[Any] | None:
    return EnumKey(kind) if _enum_values(kind) else None


def _from_tuple(kind: Any) -> KeyCodec[Any] | None:
    # An Ellipsis has no codec, and the tuple then has none.
    parts = [for_type(item) for item in get_args(kind)]
    found = [part for part in parts if part is not None]
    return Composite(found) if parts and len(found) == len(parts) else None


# The first predicate that holds decides. Types are compared by identity: a subclass may mean something else
# (bool is an int, datetime is a date).
_RULES: list[tuple[Callable[[Any], bool], Callable[[Any], KeyCodec[Any] | None]]] = [
    (lambda kind: kind is UUID, lambda _: keys.Uuid()),
    (lambda kind: kind is str, lambda _: keys.String()),
    (lambda kind: kind is bool, lambda _: keys.Bool()),
    (lambda kind: kind is int, lambda _: keys.Int64()),
    (lambda kind: kind is float, lambda _: keys.Float64()),
    (lambda kind: kind is bytes, lambda _: keys.Bytes()),
    (_named("datetime", "date"), lambda _: keys.Date()),
    (_named("datetime", "datetime"), lambda _: keys.Datetime()),
    (_named("numpy", "datetime64"), lambda _: keys.Timestamp()),
    (lambda kind: isinstance(kind, type) and issubclass(kind, enum.Enum), _from_enum),
    (lambda kind: get_origin(kind) is tuple, _from_tuple),
]


def _is_codec(value: Any) -> bool:
    return isinstance(value, KeyCodec) or (isinstance(value, type) and issubclass(value, KeyCodec))


def for_type(kind: Any) -> KeyCodec[Any] | None:
    """The key codec of a Python type, or None if there is none.

    NewType is looked through, and ``Annotated[int, Oid]`` gives the codec that it names.

    Args:
        kind: a type as it stands in an annotation: uuid.UUID, str, bool, int (Int64), float, bytes,
            datetime.date, datetime.datetime, numpy.datetime64, an Enum of str or int values, or a tuple of
            such with fixed length.

    >>> for_type(UUID), for_type(tuple[str, int]), for_type(list)
    (<key codec uuid>, <key codec (string,int64)>, None)
    """
    while True:
        if get_origin(kind) is Annotated:
            for note in kind.__metadata__:
                if _is_codec(note):
                    return codec_instance(note)
            kind = kind.__origin__
        elif hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        elif type(kind).__name__ == "TypeAliasType":
            kind = kind.__value__
        else:
            break
    for holds, codec in _RULES:
        if holds(kind):
            return codec(kind)
    return None


def as_codec(spec: Any) -> KeyCodec[Any]:
    """The key codec that a declaration means.

    Args:
        spec: a codec, a codec class, a Python type (see :func:`for_type`), or a tuple or list of such for a
            composite.

    Raises:
        SchemaError: if it is none of these.

    >>> as_codec((keys.Uuid, str))
    <key codec (uuid,string)>
    """
    if _is_codec(spec):
        return codec_instance(spec)
    if isinstance(spec, tuple | list) and spec:
        return Composite([as_codec(item) for item in spec])
    found = for_type(spec)
    if found is None:
        raise SchemaError(
            "expected a key codec such as zlmdb.Uuid, a Python type that has one, or a tuple of such, "
            f"found {short(spec)}",
            expected="a key codec",
            found=short(spec),
        )
    return found
