"""Values as CBOR (RFC 8949).

- plain values: what ``cbor2.dumps`` writes
- records: a map from field name to value; UUIDs as 16 bytes, np.datetime64 as integer nanoseconds, enums by
  value; see :mod:`zlmdb.values.typed`
- with `marshal` and `parse`: what `marshal` returns, as a plain value
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from zlmdb._typing import Buffer, Names
from zlmdb.errors import DecodeError, EncodeError, ValueTypeError, ZlmdbError
from zlmdb.values.base import T, ValueCodec, is_plain, undecodable

if TYPE_CHECKING:
    from zlmdb.values.shapes import Shape

__all__ = ["Cbor"]


class Cbor(ValueCodec[T]):
    """A codec that stores values as CBOR.

    Args:
        record: an attrs class, dataclass, msgspec Struct, TypedDict or other type that msgspec knows: fields
            are checked on write, and values of that type come back. None, ``dict``, ``list`` or ``Any``:
            plain values.
        marshal: called on write with the value; returns the plain value to store. Takes precedence over `record`.
        parse: called on read with the plain value; returns the value.

    >>> codec = Cbor()
    >>> codec.encode({"a": [1, b"x"]}).hex()
    'a1616182014178'
    >>> codec.decode(bytes.fromhex("a1616182014178"))
    {'a': [1, b'x']}
    """

    name = "cbor"

    def __init__(
        self,
        record: Any = None,
        *,
        marshal: Callable[[T], Any] | None = None,
        parse: Callable[[Any], T] | None = None,
    ) -> None:
        super().__init__(record)
        self.marshal = marshal
        self.parse = parse
        #: Texts of the generated functions, by what they do.
        self._texts: dict[str, str] = {}
        #: Decoders for records whose key is known, by the field that holds it.
        self._keyed: dict[str, Callable[[Buffer, Any, Any], T] | None] = {}
        if not is_plain(record) and (marshal is None or parse is None):
            # Loaded where the program imports its tables, not when it reads its first row.
            from zlmdb.values import quickcbor, typed  # noqa: F401

    # The working functions are made on first use and put into the instance, over these two.

    def encode(self, value: T) -> bytes:
        """The CBOR bytes of a value; see :meth:`ValueCodec.encode`."""
        return self._encoder()(value)

    def decode(self, data: Buffer) -> T:
        """The value of some CBOR bytes; see :meth:`ValueCodec.decode`."""
        return self._decoder()(data)

    def _decode_early(self, data: Buffer) -> T:
        # Nothing is generated for it.
        if "decode" in self.__dict__ or self.parse is not None or is_plain(self.record):
            return self.decode(data)
        return self._careful_decoder(data)  # type: ignore[no-any-return]

    def encode_expr(self, var: str, names: Names) -> str:
        self._encoder()
        return super().encode_expr(var, names)

    def decode_expr(self, var: str, names: Names) -> str:
        if self.parse is not None:
            from cbor2 import loads

            # A call less than :meth:`decode` takes, which the functions of a table ask if this raises.
            return f"{names.add(self.parse, 'parse')}({names.add(loads, 'loads')}({var}))"
        self._decoder()
        return super().decode_expr(var, names)

    def _decode_keyed_expr(self, var: str, field: str, kb: str, key: str, names: Names) -> str | None:
        if type(self) is not Cbor or self.parse is not None or is_plain(self.record):
            return None
        if field not in self._keyed:
            from zlmdb.values.typed import cbor_keyed_decoder

            decode, text = cbor_keyed_decoder(self.record, self._shape, field)
            self._keyed[field] = decode
            self._texts[f"decode of {field}"] = text
        known = self._keyed[field]
        return None if known is None else f"{names.add(known, 'decode_cbor_of')}({var}, {kb}, {key})"

    def source(self) -> str:
        self._encoder()
        self._decoder()
        return "\n".join(text for _, text in sorted(self._texts.items()) if text)

    def _encoder(self) -> Callable[[T], bytes]:
        encode: Callable[[T], bytes] | None = self.__dict__.get("encode")
        if encode is None:
            if self.marshal is not None or is_plain(self.record):
                encode = _plain_encoder(self.marshal)
            else:
                from zlmdb.values.typed import cbor_encoder

                encode, self._texts["encode"] = cbor_encoder(self.record, self._shape)
            self.__dict__["encode"] = encode
        return encode

    def _decoder(self) -> Callable[[Buffer], T]:
        decode: Callable[[Buffer], T] | None = self.__dict__.get("decode")
        if decode is None:
            if self.parse is not None or is_plain(self.record):
                decode = _plain_decoder(self.parse)
            else:
                from zlmdb.values.typed import cbor_decoder

                decode, self._texts["decode"] = cbor_decoder(self.record, self._shape)
            self.__dict__["decode"] = decode
        return decode

    @cached_property
    def _careful_decoder(self) -> Callable[[Buffer], Any]:
        from zlmdb.values.typed import careful_cbor_decoder

        return careful_cbor_decoder(self.record, self._shape)

    @cached_property
    def _shape(self) -> Shape:
        from zlmdb.values.typed import cbor_shape

        return cbor_shape(self.record)


def _plain_encoder(marshal: Callable[[Any], Any] | None) -> Callable[[Any], bytes]:
    from cbor2 import CBOREncodeError, dumps

    from zlmdb.values.depth import SAFE_DEPTH, check_depth, check_readable

    def encode_cbor(value: Any) -> bytes:
        depth = check_depth(value)
        try:
            data = dumps(value)
        except CBOREncodeError as error:
            if "cannot encode type" in str(error):
                raise _unknown(error) from error
            raise EncodeError(f"expected a value that CBOR can hold: {error}") from error
        except TypeError as error:
            raise _unknown(error) from error
        except (ValueError, OverflowError, RecursionError) as error:
            raise EncodeError(f"expected a value that CBOR can hold: {error}") from error
        if depth > SAFE_DEPTH:
            check_readable(data)
        return data

    if marshal is None:
        return encode_cbor
    return lambda value: encode_cbor(marshal(value))


def _unknown(error: Exception) -> ValueTypeError:
    return ValueTypeError(
        f"expected a value that CBOR can hold: {error};"
        " declare the record type, give marshal= and parse=, or choose another codec",
        expected="a value that CBOR can hold",
        found=str(error),
    )


def _plain_decoder(parse: Callable[[Any], Any] | None) -> Callable[[Buffer], Any]:
    from cbor2 import loads

    def decode_cbor(data: Buffer) -> Any:
        try:
            return loads(data)
        except Exception as error:
            raise undecodable("CBOR", data, error) from error

    if parse is None:
        return decode_cbor

    def parse_cbor(data: Buffer) -> Any:
        try:
            plain = loads(data)
        except Exception as error:
            raise undecodable("CBOR", data, error) from error
        try:
            return parse(plain)
        except ZlmdbError:
            raise
        except Exception as error:
            raise DecodeError(f"parse() refused the stored value: {type(error).__name__}: {error}") from error

    return parse_cbor
