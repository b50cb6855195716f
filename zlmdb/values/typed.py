"""Codecs of records: the functions behind ``Json(User)`` and ``Cbor(User)``.

For every record two ways lead to the same bytes. The quick one is generated for the fields of the class and
does no more than a careful programmer would write by hand; whatever surprises it (a wrong type, a number too
large for its tables, a field that is not there) sends it down the slow one, which goes through the shapes of
:mod:`zlmdb.values.containers`, knows everything, and either writes the value or says exactly what is wrong
with which field. A quick way is only taken where its result is certain to be that of the slow one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer
from zlmdb.errors import DecodeError, SchemaError, ZlmdbError
from zlmdb.values.base import undecodable
from zlmdb.values.containers import Shapes, dec_hook, enc_hook
from zlmdb.values.depth import SAFE_DEPTH, check_depth, check_readable
from zlmdb.values.faults import Fault, decode_error, encode_error, unencodable
from zlmdb.values.records import describe
from zlmdb.values.shapes import Shape

__all__ = [
    "careful_cbor_decoder",
    "cbor_decoder",
    "cbor_encoder",
    "cbor_keyed_decoder",
    "cbor_shape",
    "json_decoder",
    "json_encoder",
]


def _name(record: Any) -> str:
    return str(getattr(record, "__qualname__", record))


def json_encoder(record: Any) -> tuple[Callable[[Any], bytes], str]:
    """The function that writes a record as JSON, and its source ("" if nothing was generated).

    Raises:
        SchemaError: if a field has a type that cannot be stored.
    """
    import msgspec

    from zlmdb.values.quickjson import json_quick

    json_decoder(record)  # what could not be read must not be written
    shape = Shapes(json=True).of(record)
    name = _name(record)
    write = msgspec.json.Encoder(enc_hook=enc_hook).encode

    def slow(value: Any) -> bytes:
        try:
            plain = shape.norm(value)
            if shape.deep:
                check_depth(plain)
            return write(plain)
        except Fault as fault:
            raise encode_error(fault, name) from None
        except ZlmdbError:
            raise
        except Exception as error:
            raise unencodable(error, name) from error

    return json_quick(shape, name, write, slow)


def json_decoder(record: Any) -> Callable[[Buffer], Any]:
    """The function that reads a record from JSON.

    Raises:
        SchemaError: if msgspec cannot read the type.
    """
    import msgspec

    try:
        read = msgspec.json.Decoder(record, dec_hook=dec_hook).decode
    except TypeError as error:
        raise SchemaError(f"{_name(record)} cannot be stored as JSON: {error}") from error
    name = _name(record)

    def decode(data: Buffer) -> Any:
        try:
            return read(data)
        except Exception as error:
            raise _refused(name, data, error) from error

    return decode


def _refused(name: str, data: Buffer, error: Exception) -> DecodeError:
    result = undecodable(f"{name} as JSON", data, error)
    # msgspec ends its sentences with the place: "... - at `$.lines[2].city`"
    _, mark, place = str(error).rpartition(" - at `$.")
    if mark:
        result.field = place.rstrip("`")
    elif "missing required field `" in str(error):
        result.field = str(error).split("`")[1]
    return result


def cbor_shape(record: Any) -> Shape:
    """What a record type means in CBOR.

    Raises:
        SchemaError: if a field has a type that cannot be stored.
    """
    return Shapes(json=False).of(record)


def cbor_encoder(record: Any, shape: Shape) -> tuple[Callable[[Any], bytes], str]:
    """The function that writes a record of a shape as CBOR, and its source ("" if nothing was generated)."""
    from cbor2 import dumps

    from zlmdb.values.quickcbor import cbor_quick_encoder

    name = _name(record)

    def slow(value: Any) -> bytes:
        try:
            plain = shape.norm(value)
            depth = check_depth(plain) if shape.deep else 0
            data = dumps(plain)
            if depth > SAFE_DEPTH:
                check_readable(data)
            return data
        except Fault as fault:
            raise encode_error(fault, name) from None
        except ZlmdbError:
            raise
        except Exception as error:
            raise unencodable(error, name) from error

    return cbor_quick_encoder(shape, describe(record), name, slow)


def cbor_decoder(record: Any, shape: Shape) -> tuple[Callable[[Buffer], Any], str]:
    """The function that reads a record of a shape from CBOR, and its source ("" if nothing was generated)."""
    from zlmdb.values.quickcbor import cbor_quick_decoder

    return cbor_quick_decoder(shape, describe(record), _name(record), careful_cbor_decoder(record, shape))


def cbor_keyed_decoder(record: Any, shape: Shape, field: str) -> tuple[Callable[[Buffer, Any, Any], Any] | None, str]:
    """The same for a record whose key is known and is one of its fields; None and "" if that gains nothing.

    Args:
        record: its type.
        shape: of it.
        field: that is the key.
    """
    from zlmdb.values.quickcbor import cbor_quick_decoder

    info = describe(record)
    if info is None or field not in info.fields or shape.inner[list(info.fields).index(field)].kind != "uuid":
        return None, ""
    decode, text = cbor_quick_decoder(shape, info, _name(record), careful_cbor_decoder(record, shape), field)
    return (decode, text) if text else (None, "")


def careful_cbor_decoder(record: Any, shape: Shape) -> Callable[[Buffer], Any]:
    """The slow way alone: nothing is generated for it."""
    from cbor2 import loads

    name = _name(record)

    def slow(data: Buffer) -> Any:
        try:
            plain = loads(data)
        except Exception as error:
            raise undecodable(f"{name} as CBOR", data, error) from error
        try:
            return shape.build(plain)
        except Fault as fault:
            raise decode_error(fault, name) from fault
        except Exception as error:
            raise undecodable(f"{name} as CBOR", data, error) from error

    return slow
