"""Values as JSON text: compact, UTF-8, not ASCII-escaped.

- plain values: the bytes of ``json.dumps(value, separators=(",", ":"), ensure_ascii=False)``
- records: an object with the record's fields, written and read by msgspec; see :mod:`zlmdb.values.typed`
- with `marshal` and `parse`: what `marshal` returns, as a plain value
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.errors import DecodeError, EncodeError, ValueTypeError, ZlmdbError
from zlmdb.values.base import T, ValueCodec, is_plain, undecodable
from zlmdb.values.limits import MAX_DEPTH

__all__ = ["Json"]


class Json(ValueCodec[T]):
    """A codec that stores values as JSON.

    Args:
        record: an attrs class, dataclass, msgspec Struct, TypedDict or other type that msgspec knows: fields
            are checked on write, and values of that type come back. None, ``dict``, ``list`` or ``Any``:
            plain values.
        marshal: called on write with the value; returns the plain value to store. Takes precedence over `record`.
        parse: called on read with the plain value; returns the value.

    NaN and infinities are written in plain values (as Python's json does) and refused in records.

    >>> codec = Json()
    >>> codec.encode({"name": "Zoë", "tags": [1, None]}).decode()
    '{"name":"Zoë","tags":[1,null]}'
    >>> codec.decode(b'{"a":1}')
    {'a': 1}
    """

    name = "json"
    #: Text of the generated functions, once made.
    _text = ""

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
        if not is_plain(record) and (marshal is None or parse is None):
            # Loaded where the program imports its tables, not when it reads its first row.
            from zlmdb.values import quickjson, typed  # noqa: F401

    # The working functions are made on first use and put into the instance, over these two.

    def encode(self, value: T) -> bytes:
        """The JSON text of a value; see :meth:`ValueCodec.encode`."""
        return self._encoder()(value)

    def decode(self, data: Buffer) -> T:
        """The value of a JSON text; see :meth:`ValueCodec.decode`."""
        return self._decoder()(data)

    def encode_expr(self, var: str, names: Names) -> str:
        self._encoder()
        return super().encode_expr(var, names)

    def decode_expr(self, var: str, names: Names) -> str:
        if self.parse is not None:
            # A call less than :meth:`decode` takes, which the functions of a table ask if this raises.
            return f"{names.add(self.parse, 'parse')}({names.add(_plain_decoder(None), 'decode_json')}({var}))"
        self._decoder()
        return super().decode_expr(var, names)

    def source(self) -> str:
        self._encoder()
        return self._text

    def _encoder(self) -> Callable[[T], bytes]:
        encode: Callable[[T], bytes] | None = self.__dict__.get("encode")
        if encode is None:
            if self.marshal is not None or is_plain(self.record):
                encode = _plain_encoder(self.marshal)
            else:
                from zlmdb.values.typed import json_encoder

                encode, self._text = json_encoder(self.record)
            self.__dict__["encode"] = encode
        return encode

    def _decoder(self) -> Callable[[Buffer], T]:
        decode: Callable[[Buffer], T] | None = self.__dict__.get("decode")
        if decode is None:
            if self.parse is not None or is_plain(self.record):
                decode = _plain_decoder(self.parse)
            else:
                from zlmdb.values.typed import json_decoder

                decode = json_decoder(self.record)
            self.__dict__["decode"] = decode
        return decode


def _plain_encoder(marshal: Callable[[Any], Any] | None) -> Callable[[Any], bytes]:
    from json import JSONEncoder

    from zlmdb.values.depth import check_depth

    text = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode

    def encode_json(value: Any) -> bytes:
        try:
            data = text(value).encode()
        except TypeError as error:
            raise _unknown(error) from error
        except RecursionError as error:
            raise EncodeError(f"expected containers nested at most {MAX_DEPTH} deep, found a deeper value") from error
        except (ValueError, OverflowError) as error:
            # a value within itself, text with lone surrogates, an integer of too many digits
            raise EncodeError(f"expected a value that JSON can hold: {error}") from error
        if len(data) > 2 * MAX_DEPTH and data.count(b"[") + data.count(b"{") > MAX_DEPTH:
            check_depth(value)
        return data

    if marshal is None:
        return encode_json
    return lambda value: encode_json(marshal(value))


def _unknown(error: TypeError) -> ValueTypeError:
    return ValueTypeError(
        f"expected a value that JSON can hold (dict with text keys, list, str, int, float, bool, None): {error};"
        " declare the record type, give marshal= and parse=, or choose another codec",
        expected="a value that JSON can hold",
        found=str(error),
    )


def _plain_decoder(parse: Callable[[Any], Any] | None) -> Callable[[Buffer], Any]:
    from msgspec.json import decode

    def decode_json(data: Buffer) -> Any:
        try:
            return decode(data)
        except Exception as error:
            return _decode_slowly(data, error)

    if parse is None:
        return decode_json

    def parse_json(data: Buffer) -> Any:
        plain = decode_json(data)
        try:
            return parse(plain)
        except ZlmdbError:
            raise
        except Exception as error:
            raise DecodeError(f"parse() refused the stored value: {type(error).__name__}: {error}") from error

    return parse_json


def _decode_slowly(data: Buffer, error: Exception) -> Any:
    # What Python's json writes and the quick decoder refuses: NaN, Infinity, 1e999, lone surrogates as
    # escapes.
    from json import loads

    try:
        return loads(bytes(data))
    except Exception:
        raise undecodable("JSON text", data, error) from error
