"""Keys of several components, sorted by the first, then the second, and so on.

.. code-block:: text

    component                            written as
    of fixed length                      its bytes
    of variable length, not the last     its bytes with each 00 as 00 FF, then 00 01
    of variable length, the last         its bytes

The end mark 00 01 sorts below everything that can follow in a longer component (00 FF, or a byte from 01 on),
so a component sorts before those that it begins, and no component is read as part of its neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.errors import KeyTypeError, KeyValueError, SchemaError, short
from zlmdb.keys.base import KeyCodec, codec_instance, successor, wrong_bytes, wrong_type

__all__ = ["Composite"]

Key = tuple[Any, ...]

_END = b"\0\1"
# Greater than every key that people have: no codec but Bytes writes FF for ever.
_ABOVE_ALL = b"\xff" * 256


class Composite(KeyCodec[Key]):
    """A key that is a tuple of components; a list of the right length is accepted, and decoded to a tuple.

    Args:
        parts: one key codec (class or instance) for each component; at least one.
        none_as_zeros: True to write None in any component as zeros (empty text), as maps of the earlier
            layouts do; it is read back as the zero value. False, the default, refuses None.

    Raises:
        SchemaError: if there is no component, or one of them is no key codec.

    >>> from zlmdb.keys import String, Uint16
    >>> by_name = Composite((String, Uint16))
    >>> by_name.encode(("ab", 513))
    b'ab\\x00\\x01\\x02\\x01'
    >>> by_name.decode(b"ab\\x00\\x01\\x02\\x01")
    ('ab', 513)
    >>> by_name.encode(("ab", "cd"))
    Traceback (most recent call last):
        ...
    zlmdb.errors.KeyTypeError: component 2 (uint16): expected int as key, found str 'cd'
    """

    def __init__(self, parts: Sequence[KeyCodec[Any] | type[KeyCodec[Any]]], none_as_zeros: bool = False) -> None:
        if not parts:
            raise SchemaError("expected at least one component of a composite key, found none")
        self.parts: tuple[KeyCodec[Any], ...] = tuple(codec_instance(part) for part in parts)
        self.none_as_zeros = none_as_zeros
        self.name = f"({','.join(part.name for part in self.parts)})"
        self.expects = f"a tuple ({', '.join(part.expects for part in self.parts)})"
        self.ordered = all(part.ordered for part in self.parts)
        widths = [part.width for part in self.parts]
        self.width = None if None in widths else sum(width for width in widths if width)
        #: Where each component lies, if no component of variable length stands before another one.
        self._slices: list[tuple[int, int | None]] | None = None
        if None not in widths[:-1]:
            starts = list(accumulate((width or 0 for width in widths[:-1]), initial=0))
            # The last one reaches to the end, so that superfluous bytes do not go unnoticed.
            self._slices = [*pairwise(starts), (starts[-1], None)]

    # How a component stands in the key, and how a key is taken apart: what the earlier layouts do in another
    # way.

    def _write(self, index: int, data: bytes) -> bytes:
        """The bytes `data` of a component, as they stand in the key."""
        if index == len(self.parts) - 1 or self.parts[index].width is not None:
            return data
        return data.replace(b"\0", b"\0\xff") + _END

    def _write_expr(self, index: int, expr: str, names: Names) -> str:
        """The same as source."""
        if index == len(self.parts) - 1 or self.parts[index].width is not None:
            return expr
        return rf"{expr}.replace(b'\x00', b'\x00\xff') + b'\x00\x01'"

    def _split(self, data: Buffer) -> list[Buffer]:
        """The bytes of each component; raises KeyValueError if an end mark is missing or out of place."""
        if self._slices is not None:
            return [data[start:stop] for start, stop in self._slices]
        pieces: list[Buffer] = []
        data, start = bytes(data), 0
        for index, part in enumerate(self.parts[:-1]):
            if part.width is not None:
                stop = start + part.width
                pieces.append(data[start:stop])
                start = stop
                continue
            stop = data.find(_END, start)
            if stop < 0:
                raise wrong_bytes(self, data, f"component {index + 1} ({part.name}) has no end 00 01")
            piece = data[start:stop]
            if b"\0" in piece:
                piece = piece.replace(b"\0\xff", b"\0")
                if piece.replace(b"\0", b"\0\xff") != data[start:stop]:
                    raise wrong_bytes(self, data, f"component {index + 1} ({part.name}) has a 00 that is not 00 ff")
            pieces.append(piece)
            start = stop + 2
        pieces.append(data[start:])
        return pieces

    def _component(self, index: int, value: Any) -> bytes:
        """The bytes of one component as they stand in the key."""
        part = self.parts[index]
        try:
            data = part.null() if value is None and self.none_as_zeros else part.encode(value)
            return self._write(index, data)
        except (KeyTypeError, KeyValueError) as error:
            raise self._inside(index, error) from None

    def _inside(self, index: int, error: KeyTypeError | KeyValueError) -> KeyTypeError | KeyValueError:
        """The error of a component, saying which one it is."""
        where = f"component {index + 1} ({self.parts[index].name})"
        return type(error)(f"{where}: {error.message}", expected=error.expected, found=error.found)

    def _tuple(self, value: Any, fewer: bool) -> None:
        """Check that it is a tuple (list) of the right length; with `fewer`, of that length at most."""
        if not isinstance(value, tuple | list):
            raise wrong_type(self, value)
        arity, count = len(self.parts), len(value)
        if count > arity or (count < arity and not fewer):
            most = "at most " if fewer else ""
            raise KeyTypeError(
                f"expected {most}{arity} components {self.name} as key, found {count}: {short(value)}",
                expected=f"{most}{arity} components",
                found=f"{count} components",
            )

    def encode(self, value: Key) -> bytes:
        if value.__class__ is not tuple or len(value) != len(self.parts):
            self._tuple(value, fewer=False)
        return b"".join([self._component(index, item) for index, item in enumerate(value)])

    def decode(self, data: Buffer) -> Key:
        result = []
        for index, piece in enumerate(self._split(data)):
            try:
                result.append(self.parts[index].decode(piece))
            except KeyValueError as error:
                raise self._inside(index, error) from None
        return tuple(result)

    def null(self) -> bytes:
        return b"".join(self._write(index, part.null()) for index, part in enumerate(self.parts))

    def decode_many(self, data: Sequence[Buffer]) -> list[Key]:
        if self._slices is None:
            return [self.decode(item) for item in data]
        try:
            # Column by column, because some codecs read many keys faster than each.
            columns = [
                part.decode_many([item[start:stop] for item in data])
                for part, (start, stop) in zip(self.parts, self._slices, strict=True)
            ]
        except KeyValueError:
            return [self.decode(item) for item in data]  # raises, naming the component
        return list(zip(*columns, strict=True))

    def encode_bound(self, value: Key) -> bytes:
        """As for every codec; and a shorter tuple is accepted: it stands before all keys that begin with it.

        Args:
            value: a tuple or list of up to as many components as a key has.

        >>> from zlmdb.keys import String, Uint16
        >>> Composite((String, Uint16)).encode_bound(("ab",))
        b'ab\\x00\\x01'
        """
        self._tuple(value, fewer=True)
        done = b""
        for index, item in enumerate(value):
            part = self.parts[index]
            if part.width is None and index < len(self.parts) - 1:
                done += self._component(index, item)
                continue
            try:
                data = part.null() if item is None and self.none_as_zeros else part.encode_bound(item)
            except (KeyTypeError, KeyValueError) as error:
                raise self._inside(index, error) from None
            if part.width is not None and len(data) > part.width:
                return successor(done) or _ABOVE_ALL
            done += data
            if part.width is not None and len(data) < part.width:
                break  # below the range: before everything that begins so
        return done

    def prefix(self, values: Key) -> bytes:
        """The bytes with which exactly the keys begin whose leading components equal `values`.

        Args:
            values: the leading components, each complete; empty for all keys.

        Raises:
            KeyTypeError: if there are too many, or one has the wrong type; says which.
            KeyValueError: if one is outside the range of its codec; says which.

        >>> from zlmdb.keys import String, Uint16
        >>> Composite((Uint16, String)).prefix((513,))
        b'\\x02\\x01'
        """
        self._tuple(values, fewer=True)
        return b"".join([self._component(index, item) for index, item in enumerate(values)])

    def span(self, values: Key) -> tuple[bytes, bytes | None]:
        """Where the keys lie whose leading components equal `values`: first bytes (inclusive) and last (exclusive).

        Args:
            values: the leading components, each complete; empty for all keys.

        Returns:
            The end is None if nothing can follow.

        Raises:
            KeyTypeError, KeyValueError: as :meth:`prefix` does.
        """
        start = self.prefix(values)
        return start, successor(start)

    def text_prefix(self, values: Key, start: Any) -> bytes:
        """The bytes of all keys that begin with the components `values`, then one that begins with `start`.

        Args:
            values: the leading components, each complete; may be empty, and must leave one component.
            start: beginning of the next component: text if that is String, bytes if it is a byte string.

        Raises:
            KeyTypeError: if the next component is neither text nor a byte string.

        >>> from zlmdb.keys import String, Uint16
        >>> Composite((Uint16, String, Uint16)).text_prefix((513,), "a")
        b'\\x02\\x01a'
        """
        done = self.prefix(values)
        index = len(values)
        if index == len(self.parts):
            raise KeyTypeError(
                f"expected fewer than {index} leading components of {self.name}, found {index}",
                expected=f"fewer than {index} components",
                found=f"{index} components",
            )
        part = self.parts[index]
        try:
            data = part.partial(start)
        except (KeyTypeError, KeyValueError) as error:
            raise self._inside(index, error) from None
        if part.width is None and index < len(self.parts) - 1:
            return done + self._write_start(data)
        return done + data

    def _write_start(self, data: bytes) -> bytes:
        """The beginning of a component of variable length that is not the last, as it stands in the key."""
        return data.replace(b"\0", b"\0\xff")

    def partial(self, start: Any) -> bytes:
        return self.text_prefix((), start)

    def encode_parts(self, variables: Sequence[str], names: Names) -> list[str]:
        """Source of one expression per component, whose values, joined, are the key.

        Args:
            variables: the local variables that hold the components. That there are as many as the key has,
                and that they come from a tuple or list, is for the caller to see to: a str of two characters
                unpacks, too.
            names: where the expressions' constants go.
        """
        sources = []
        for index, (part, var) in enumerate(zip(self.parts, variables, strict=True)):
            source = self._write_expr(index, part.encode_expr(var, names), names)
            if self.none_as_zeros:
                source = f"({self._write(index, part.null())!r} if {var} is None else {source})"
            sources.append(source)
        return sources

    def decode_source(self, var: str, start: int, names: Names) -> str:
        if self._slices is None:
            return super().decode_source(var, start, names)
        sources = []
        for part, (first, stop) in zip(self.parts, self._slices, strict=True):
            end = "" if stop is None else start + stop
            sources.append(part.decode_expr(f"{var}[{start + first}:{end}]", names))
        return f"({', '.join(sources)},)"
