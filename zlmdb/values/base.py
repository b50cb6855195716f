"""The contract of value codecs: ``decode(encode(x)) == x``, in type and value, or encode refuses.

A value codec is immutable after construction and knows no engine. It may be bound to a *record type* (an
attrs class, dataclass, msgspec Struct, TypedDict or any other type that msgspec understands); then it checks
on write and builds objects of that type on read.

As with key codecs, the two expressions are what the table compiler writes into generated functions. Both must
be self-contained calls; `encode_expr` may raise anything for input that is not of the common kind, whereupon
the compiler calls :meth:`ValueCodec.encode`, which either raises a clear error or returns the bytes after
all. `decode_expr` raises what :meth:`ValueCodec.decode` raises, or anything else for bytes (or by a function of
the program) that `decode` refuses: then the compiler calls that for the error.
"""

from __future__ import annotations

import typing
from typing import Any, Generic, Protocol, TypeVar

from zlmdb._typing import Buffer, Names
from zlmdb.errors import DecodeError, ValueTypeError, short

T = TypeVar("T")

__all__ = ["Lease", "ValueCodec", "is_plain", "undecodable", "wrong_type"]


_PLAIN = (None, Any, object, dict, list, typing.Dict, typing.List)  # noqa: UP006 as users may spell them


def is_plain(record: Any) -> bool:
    """True if `record` declares nothing beyond the values of the format: None, Any, object, dict, list."""
    return any(record is plain for plain in _PLAIN)


class Lease(Protocol):
    """How long memory of the map may be looked at; owned by the transaction that handed it out."""

    #: False once the transaction has ended.
    alive: bool


class ValueCodec(Generic[T]):
    """Base class of value codecs.

    Args:
        record: the type of the values; None for plain values of the format.

    >>> import zlmdb
    >>> codec: zlmdb.ValueCodec = zlmdb.Json()
    >>> codec.encode({"a": 1}), codec.decode(b'{"a":1}')
    (b'{"a":1}', {'a': 1})
    """

    #: Identity of the format, stored in the file.
    name: str
    #: True if decoded values keep reading the memoryview they were decoded from (arrays, FlatBuffers).
    zero_copy: bool = False
    #: True if a row that is read may differ from the one that was written, for those who look closely: a float of 32
    #: bits is rounded, an int that was given for a float is a float. What does not, :meth:`keeps` tells.
    rebuilt: bool = False

    def __init__(self, record: Any = None) -> None:
        self.record = record

    def encode(self, value: T) -> bytes:
        """The bytes of a value.

        Raises:
            ValueTypeError: if the value, or a field of it, has another type than declared; names it.
            EncodeError: if the format cannot hold the value (too deep, NaN in JSON, ...).
        """
        raise NotImplementedError

    def decode(self, data: Buffer) -> T:
        """The value of some bytes.

        Args:
            data: bytes, or a memoryview over the map. Unless `zero_copy`, nothing of it is kept.

        Raises:
            DecodeError: if the bytes are not what this codec writes. Never another exception, and never a crash.
            PickleNotAllowed: from the pickle codec, if reading was not asked for.
        """
        raise NotImplementedError

    def decode_leased(self, data: memoryview, lease: Lease) -> T:
        """The value of some bytes of the map, which watches `lease` where it keeps reading the map.

        Args:
            data: a memoryview over the map.
            lease: ``alive`` until the transaction ends. Afterwards a value that reads the map (see
                `zero_copy`) raises :class:`zlmdb.errors.ViewExpired` instead; other codecs ignore it.
        """
        return self.decode(data)

    def _decode_early(self, data: Buffer) -> T:
        """What :meth:`decode` gives; it may take more time, if less has to be made ready for it."""
        return self.decode(data)

    def keeps(self, path: str) -> bool:
        """True if a field of a row that is read makes the same key as that of the row that was written."""
        return not self.rebuilt

    def encode_expr(self, var: str, names: Names) -> str:
        """Source of an expression that gives the bytes of the local variable `var`."""
        return f"{names.add(self.encode, self._hint('encode'))}({var})"

    def decode_expr(self, var: str, names: Names) -> str:
        """Source of an expression that gives the value of the local variable `var` (bytes or memoryview)."""
        return f"{names.add(self.decode, self._hint('decode'))}({var})"

    def _decode_keyed_expr(self, var: str, field: str, kb: str, key: str, names: Names) -> str | None:
        """The same for a record whose key is a UUID and is known: its `field` may be that object.

        Reading by key is the commonest thing to do, and making the like of an object that is there takes long.

        Args:
            var: the variable with the value's bytes.
            field: that holds the key.
            kb: the variable with the key's bytes; or with None, if the key is to be taken from the value as ever.
            key: the variable with the key.
            names: as above.

        Returns:
            None where this gains nothing.
        """
        return None

    def source(self) -> str:
        """The text of the functions that were generated for the record type; "" if there are none."""
        return ""

    def _hint(self, verb: str) -> str:
        return f"{verb}_{self.name.replace('+', '_')}"

    #: Attributes that, beside the record type, say what a codec does: two codecs that agree in them are equal.
    _options: tuple[str, ...] = ("marshal", "parse", "build", "cast", "allow_pickle", "codec", "method")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        names = ("name", "record", *self._options)
        return all(getattr(self, name, None) == getattr(other, name, None) for name in names)

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        record = "" if self.record is None else f" of {getattr(self.record, '__name__', self.record)}"
        return f"<value codec {self.name}{record}>"


def wrong_type(expected: str, value: object) -> ValueTypeError:
    """The error for a value of another type than the codec stores."""
    found = f"{type(value).__name__} {short(value)}"
    return ValueTypeError(f"expected {expected}, found {found}", expected=expected, found=found)


def undecodable(what: str, data: Buffer, reason: object) -> DecodeError:
    """The error for bytes that are not what the codec writes.

    Args:
        what: the format, in words.
        data: the bytes; the message shows how many there are and how they begin.
        reason: a sentence, or the exception of the format's own decoder.
    """
    if isinstance(reason, BaseException):
        reason = f"{type(reason).__name__}: {reason}" if str(reason) else type(reason).__name__
    size = len(data)
    head = bytes(data[:12]).hex(" ")
    return DecodeError(
        f"expected {what}, found {size} bytes{f' that begin {head}' if size else ''}: {str(reason)[:300]}",
        expected=what,
        found=f"{size} bytes",
    )
