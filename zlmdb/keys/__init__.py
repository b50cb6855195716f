"""Key codecs: ordered bytes of typed keys.

For all keys a and b of a codec, ``decode(encode(a)) == a``, and ``a < b`` if and only if
``encode(a) < encode(b)``.
The byte layouts are in the documentation, page "Key encoding", with test vectors.

Importing this package imports none of its modules: that of a codec is imported when the codec is first named.

>>> import uuid
>>> from zlmdb.keys import Composite, String, Uuid
>>> key = Composite((Uuid, String))
>>> key.encode((uuid.UUID(int=1), "ab")).hex()
'000000000000000000000000000000016162'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zlmdb._lazy import names_of

if TYPE_CHECKING:
    from zlmdb.keys import upstream
    from zlmdb.keys.base import KeyCodec, successor
    from zlmdb.keys.composite import Composite
    from zlmdb.keys.fixed import Bytes16, Bytes20, Bytes32
    from zlmdb.keys.lookup import EnumKey, as_codec, for_type
    from zlmdb.keys.scalars import Bool, Float64, Int8, Int16, Int32, Int64, Oid, Uint8, Uint16, Uint32, Uint64
    from zlmdb.keys.text import Bytes, String
    from zlmdb.keys.times import Date, Datetime
    from zlmdb.keys.timestamps import Timestamp
    from zlmdb.keys.uuids import Uuid, uuid_from_bytes

__all__ = [
    "Bool",
    "Bytes",
    "Bytes16",
    "Bytes20",
    "Bytes32",
    "Composite",
    "Date",
    "Datetime",
    "EnumKey",
    "Float64",
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "KeyCodec",
    "Oid",
    "String",
    "Timestamp",
    "Uint8",
    "Uint16",
    "Uint32",
    "Uint64",
    "Uuid",
    "as_codec",
    "for_type",
    "successor",
    "upstream",
    "uuid_from_bytes",
]

_HOMES = {
    "base": ("KeyCodec", "successor"),
    "composite": ("Composite",),
    "fixed": ("Bytes16", "Bytes20", "Bytes32"),
    "lookup": ("EnumKey", "as_codec", "for_type"),
    "scalars": ("Bool", "Float64", "Int8", "Int16", "Int32", "Int64", "Oid", "Uint8", "Uint16", "Uint32", "Uint64"),
    "text": ("Bytes", "String"),
    "times": ("Date", "Datetime"),
    "timestamps": ("Timestamp",),
    "upstream": (),
    "uuids": ("Uuid", "uuid_from_bytes"),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, _HOMES, __all__)
