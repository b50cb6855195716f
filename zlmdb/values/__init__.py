"""Value codecs: one file per format, all of them a :class:`ValueCodec`.

Importing this package imports none of numpy, msgspec, cbor2, flatbuffers; each is imported when a codec first
needs it.
"""

from __future__ import annotations

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
