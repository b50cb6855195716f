"""Value codecs: one file per format, all of them a :class:`ValueCodec`.

Importing this package imports none of its modules, and none of numpy, msgspec, cbor2, flatbuffers: a codec's module
is imported when the codec is first named, and its library when the codec is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zlmdb._lazy import names_of

if TYPE_CHECKING:
    from zlmdb.values.base import Lease, ValueCodec
    from zlmdb.values.cbor import Cbor
    from zlmdb.values.compression import COMPRESS_SNAPPY, COMPRESS_ZLIB, Compressed, compressed
    from zlmdb.values.flatbuffers import FlatBuffers
    from zlmdb.values.json import Json
    from zlmdb.values.numpy import Numpy
    from zlmdb.values.pickle import Pickle
    from zlmdb.values.records import FieldInfo, RecordInfo, describe
    from zlmdb.values.scalars import (
        Bytes,
        Bytes16,
        Bytes20,
        Bytes20Timestamp,
        Bytes32,
        Oid,
        String,
        Timestamp,
        Uuid,
    )
    from zlmdb.values.sets import OidSet, StringSet, UuidSet
    from zlmdb.values.views import lease_view

__all__ = [
    "COMPRESS_SNAPPY",
    "COMPRESS_ZLIB",
    "Bytes",
    "Bytes16",
    "Bytes20",
    "Bytes20Timestamp",
    "Bytes32",
    "Cbor",
    "Compressed",
    "FieldInfo",
    "FlatBuffers",
    "Json",
    "Lease",
    "Numpy",
    "Oid",
    "OidSet",
    "Pickle",
    "RecordInfo",
    "String",
    "StringSet",
    "Timestamp",
    "Uuid",
    "UuidSet",
    "ValueCodec",
    "compressed",
    "describe",
    "lease_view",
]

_HOMES = {
    "base": ("Lease", "ValueCodec"),
    "cbor": ("Cbor",),
    "compression": ("COMPRESS_SNAPPY", "COMPRESS_ZLIB", "Compressed", "compressed"),
    "flatbuffers": ("FlatBuffers",),
    "json": ("Json",),
    "numpy": ("Numpy",),
    "pickle": ("Pickle",),
    "records": ("FieldInfo", "RecordInfo", "describe"),
    "scalars": ("Bytes", "Bytes16", "Bytes20", "Bytes20Timestamp", "Bytes32", "Oid", "String", "Timestamp", "Uuid"),
    "sets": ("OidSet", "StringSet", "UuidSet"),
    "views": ("lease_view",),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, _HOMES, __all__)
