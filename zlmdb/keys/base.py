"""The contract of key codecs.

A key codec turns values of one type into bytes and back, so that for all keys a and b of the type

* ``decode(encode(a)) == a``;
* ``a < b`` if and only if ``encode(a) < encode(b)`` (bytes compare as unsigned, the way LMDB sorts).

A codec is stateless and knows no engine. Beside the two functions it may offer *expressions*: source text
that the table compiler writes straight into the function it generates, so that the common case costs no
Python call. An expression must raise (AttributeError, TypeError, ValueError, OverflowError ...) or give the
right bytes for any argument, never wrong bytes: the compiler catches the exception and calls
:meth:`KeyCodec.encode`, which then either raises a clear error or returns the bytes after all (numpy integers
for an integer key, for example). In the same way an expression for decoding raises any `Exception`
(`struct.error`, IndexError, ...) for bytes that the codec does not write, and :meth:`KeyCodec.decode` says
what is wrong. Every expression can stand in a sum or a tuple without brackets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from zlmdb._typing import Buffer, Names
from zlmdb.errors import KeyTypeError, KeyValueError, SchemaError, short

T = TypeVar("T")

__all__ = ["KeyCodec", "codec_instance", "successor", "wrong_bytes", "wrong_type", "wrong_value"]


class KeyCodec(Generic[T]):
    """Base class of key codecs; subclasses define `name`, `width`, :meth:`encode` and :meth:`decode`.

    >>> import zlmdb
    >>> codec: zlmdb.KeyCodec = zlmdb.Uint16()
    >>> codec.name, codec.width, codec.encode(258).hex(), codec.decode(bytes([1, 2]))
    ('uint16', 2, '0102', 258)
    """

    #: Identity of the byte layout, stored in the file; two codecs with one name write the same bytes.
    name: str
    #: Length of every encoded key in bytes, or None when it varies.
    width: int | None = None
    #: What a person should pass, for messages: ``"uuid.UUID"``.
    expects: str = "a value"
    #: False where the bytes do not sort like the values: some layouts of existing files. Then a range is one
    #: of bytes.
    ordered: bool = True

    def encode(self, value: T) -> bytes:
        """The bytes of a key.

        Args:
            value: the key; see the codec for what it accepts beside its own type.

        Raises:
            KeyTypeError: if the type is wrong.
            KeyValueError: if the value is outside the codec's range.
        """
        raise NotImplementedError

    def decode(self, data: Buffer) -> T:
        """The key of some bytes: exactly those that :meth:`encode` wrote.

        Args:
            data: bytes or memoryview, without slot prefix. Nothing of it is kept.

        Raises:
            KeyValueError: if no value of this codec encodes to these bytes.
        """
        raise NotImplementedError

    def null(self) -> bytes:
        """The bytes that stand for None in a composite key of the earlier layouts: zeros, or empty text."""
        return b"\0" * (self.width or 0)

    def decode_many(self, data: Sequence[Buffer]) -> list[T]:
        """The keys of many encoded keys, in their order; where possible faster than one :meth:`decode` each.

        Args:
            data: the encoded keys, each as for :meth:`decode`.

        Raises:
            KeyValueError: if any of them is not what this codec writes.
        """
        decode = self.decode
        return [decode(item) for item in data]

    def encode_bound(self, value: T) -> bytes:
        """The bytes where keys of at least `value` begin: like :meth:`encode`, but clamped beyond the range.

        For every key k, ``k >= value`` if and only if ``encode(k) >= encode_bound(value)``. A number above
        the range gives bytes that are greater than every key, one below it gives ``b""``.

        Args:
            value: the bound; of the type that the codec takes.

        Raises:
            KeyTypeError: if the type is wrong.
            KeyValueError: if there is no such place (a time finer than the codec's unit, broken text).
        """
        return self.encode(value)

    def partial(self, start: Any) -> bytes:
        """The bytes with which the keys begin whose value begins with `start`; for text and bytes only.

        Args:
            start: text for text keys, bytes for byte keys; empty for all.

        Raises:
            KeyTypeError: if values of this codec have no beginnings, or `start` is of another type.
            KeyValueError: if `start` cannot be encoded, or is longer than a key can be.
        """
        raise KeyTypeError(
            f"keys of type {self.name} cannot be sought by a beginning, found {short(start)}: give all of it",
            expected="a whole key",
            found=type(start).__name__,
        )

    def encode_expr(self, var: str, names: Names) -> str:
        """Source of an expression that gives the bytes of the local variable `var`, used at will."""
        return f"{names.add(self.encode, 'encode_key')}({var})"

    def decode_expr(self, data: str, names: Names) -> str:
        """Source of an expression that gives the key of `data`, a slice of bytes or memoryview, used once."""
        return f"{names.add(self.decode, 'decode_key')}({data})"

    def decode_source(self, var: str, start: int, names: Names) -> str:
        """Source of an expression that gives the key in the local variable `var` from `start` to its end."""
        return self.decode_expr(f"{var}[{start}:]", names)

    def decode_lines(self, var: str, start: int, names: Names) -> tuple[list[str], str]:
        """The same as statements, which may set a local variable ``key``, and an expression that follows them.

        Where keys are read by the thousand this saves the call of a function.
        """
        return [], self.decode_source(var, start, names)

    def held_expr(self, held: str, var: str, start: int, names: Names) -> str | None:
        """Source of a test whether the object `held` is the key in the local variable `var` from `start` to its end.

        None where that takes as long as decoding the key. A row that was just read holds its key, mostly.
        """
        return None

    def __repr__(self) -> str:
        return f"<key codec {self.name}>"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), self.name))


def codec_instance(spec: Any) -> KeyCodec[Any]:
    """The codec that is given, or one made from the codec class that is given.

    Raises:
        SchemaError: if it is neither, or the class needs arguments.
    """
    if isinstance(spec, KeyCodec):
        return spec
    if isinstance(spec, type) and issubclass(spec, KeyCodec):
        try:
            return spec()
        except TypeError:
            raise SchemaError(
                f"expected a key codec, found the class {spec.__name__}, which needs arguments: give an instance",
                expected="a key codec",
                found=spec.__name__,
            ) from None
    raise SchemaError(
        f"expected a key codec such as zlmdb.Uuid, found {short(spec)}",
        expected="a key codec",
        found=short(spec),
    )


def wrong_type(codec: KeyCodec[Any], value: object) -> KeyTypeError:
    """The error for a key of another type than the codec takes."""
    found = type(value).__name__
    return KeyTypeError(
        f"expected {codec.expects} as key, found {found} {short(value)}", expected=codec.expects, found=found
    )


def wrong_value(codec: KeyCodec[Any], value: object, why: str) -> KeyValueError:
    """The error for a key of the right type that the codec cannot hold; `why` ends the sentence."""
    return KeyValueError(
        f"expected {codec.expects} as key, found {short(value)}: {why}",
        expected=codec.expects,
        found=type(value).__name__,
    )


def wrong_bytes(codec: KeyCodec[Any], data: Buffer, why: str) -> KeyValueError:
    """The error for bytes that the codec does not write; `why` ends the sentence."""
    raw = bytes(data[:33])
    shown = raw[:32].hex() + ("..." if len(raw) > 32 else "")
    return KeyValueError(
        f"expected the bytes of a key of type {codec.name}, found {len(data)} bytes {shown!r}: {why}",
        expected=f"bytes of {codec.name}",
        found=f"{len(data)} bytes",
    )


def successor(prefix: bytes) -> bytes | None:
    """The smallest bytes greater than all that begin with `prefix`: the end of a prefix scan, exclusive.

    Args:
        prefix: any bytes.

    Returns:
        The bytes, or None if there are none: `prefix` is empty or all FF, and the scan goes to the end.

    >>> successor(b"ab"), successor(b"a\\xff"), successor(b"\\xff")
    (b'ac', b'b', None)
    """
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None
