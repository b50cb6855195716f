"""The named maps: ``Map`` + parts of the key + kind of the value; declarations only.

Those that earlier releases have are marked ``earlier=True``: their tables need no more than a catalog record, and their
key layouts are those of existing files. A map for any other combination needs no name:
``class Trades(zlmdb.Map[tuple[UUID, int], Trade], key=(zlmdb.Uuid, zlmdb.Int64), value=zlmdb.Cbor)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from zlmdb import values
from zlmdb._typing import V
from zlmdb.keys import (
    Bytes16,
    Bytes20,
    Bytes32,
    Composite,
    KeyCodec,
    Oid,
    String,
    Timestamp,
    Uint8,
    Uint16,
    Uint64,
    Uuid,
    upstream,
)
from zlmdb.tables.map import Map

if TYPE_CHECKING:
    from numpy import datetime64, ndarray  # noqa: F401  # named in the type parameters below, as text

__all__ = [
    "MapBytes16Cbor",
    "MapBytes16FlatBuffers",
    "MapBytes16Json",
    "MapBytes16Numpy",
    "MapBytes16Pickle",
    "MapBytes16TimestampNumpy",
    "MapBytes16TimestampUuid",
    "MapBytes16TimestampUuidFlatBuffers",
    "MapBytes16TimestampUuidNumpy",
    "MapBytes20Bytes16",
    "MapBytes20Bytes20",
    "MapBytes20Bytes20FlatBuffers",
    "MapBytes20Bytes20Numpy",
    "MapBytes20Bytes20Timestamp",
    "MapBytes20Cbor",
    "MapBytes20FlatBuffers",
    "MapBytes20Json",
    "MapBytes20Numpy",
    "MapBytes20Pickle",
    "MapBytes20StringFlatBuffers",
    "MapBytes20StringNumpy",
    "MapBytes20TimestampBytes20",
    "MapBytes20TimestampNumpy",
    "MapBytes20TimestampUuid",
    "MapBytes20Uuid",
    "MapBytes32Bytes32",
    "MapBytes32Bytes32FlatBuffers",
    "MapBytes32Bytes32Numpy",
    "MapBytes32Cbor",
    "MapBytes32FlatBuffers",
    "MapBytes32Json",
    "MapBytes32Numpy",
    "MapBytes32Pickle",
    "MapBytes32StringFlatBuffers",
    "MapBytes32StringNumpy",
    "MapBytes32Timestamp",
    "MapBytes32Uuid",
    "MapBytes32UuidFlatBuffers",
    "MapBytes32UuidNumpy",
    "MapOid3FlatBuffers",
    "MapOid3Numpy",
    "MapOidCbor",
    "MapOidFlatBuffers",
    "MapOidJson",
    "MapOidNumpy",
    "MapOidOid",
    "MapOidOidFlatBuffers",
    "MapOidOidNumpy",
    "MapOidOidOid",
    "MapOidOidSet",
    "MapOidPickle",
    "MapOidString",
    "MapOidStringNumpy",
    "MapOidStringOid",
    "MapOidTimestampFlatBuffers",
    "MapOidTimestampNumpy",
    "MapOidTimestampOid",
    "MapOidTimestampStringNumpy",
    "MapOidTimestampStringOid",
    "MapOidUuid",
    "MapSlotUuidNumpy",
    "MapSlotUuidUuid",
    "MapStringCbor",
    "MapStringFlatBuffers",
    "MapStringJson",
    "MapStringNumpy",
    "MapStringOid",
    "MapStringOidNumpy",
    "MapStringOidOid",
    "MapStringPickle",
    "MapStringString",
    "MapStringStringNumpy",
    "MapStringStringSet",
    "MapStringStringStringNumpy",
    "MapStringStringStringUuid",
    "MapStringStringUuid",
    "MapStringTimestampCbor",
    "MapStringTimestampNumpy",
    "MapStringUuid",
    "MapTimestampBytes32FlatBuffers",
    "MapTimestampBytes32Numpy",
    "MapTimestampCbor",
    "MapTimestampFlatBuffers",
    "MapTimestampJson",
    "MapTimestampNumpy",
    "MapTimestampPickle",
    "MapTimestampStringCbor",
    "MapTimestampStringFlatBuffers",
    "MapTimestampStringNumpy",
    "MapTimestampUuidCbor",
    "MapTimestampUuidFlatBuffers",
    "MapTimestampUuidNumpy",
    "MapTimestampUuidStringFlatBuffers",
    "MapTimestampUuidStringNumpy",
    "MapUint16UuidTimestampFlatBuffers",
    "MapUint16UuidTimestampNumpy",
    "MapUint64TimestampNumpy",
    "MapUint64TimestampUuid",
    "MapUuidBytes20Bytes20Uint8UuidFlatBuffers",
    "MapUuidBytes20Bytes20Uint8UuidNumpy",
    "MapUuidBytes20Uint8FlatBuffers",
    "MapUuidBytes20Uint8Numpy",
    "MapUuidBytes20Uint8UuidFlatBuffers",
    "MapUuidBytes20Uint8UuidNumpy",
    "MapUuidBytes32FlatBuffers",
    "MapUuidBytes32Numpy",
    "MapUuidCbor",
    "MapUuidFlatBuffers",
    "MapUuidJson",
    "MapUuidNumpy",
    "MapUuidOid",
    "MapUuidPickle",
    "MapUuidString",
    "MapUuidStringFlatBuffers",
    "MapUuidStringNumpy",
    "MapUuidStringOid",
    "MapUuidStringUuid",
    "MapUuidTimestampBytes32",
    "MapUuidTimestampCbor",
    "MapUuidTimestampFlatBuffers",
    "MapUuidTimestampNumpy",
    "MapUuidTimestampUuid",
    "MapUuidTimestampUuidFlatBuffers",
    "MapUuidTimestampUuidNumpy",
    "MapUuidUuid",
    "MapUuidUuidCbor",
    "MapUuidUuidFlatBuffers",
    "MapUuidUuidNumpy",
    "MapUuidUuidSet",
    "MapUuidUuidStringFlatBuffers",
    "MapUuidUuidStringNumpy",
    "MapUuidUuidStringUuid",
    "MapUuidUuidUuid",
    "MapUuidUuidUuidNumpy",
    "MapUuidUuidUuidStringNumpy",
    "MapUuidUuidUuidStringUuid",
    "MapUuidUuidUuidUuid",
    "MapUuidUuidUuidUuidNumpy",
    "MapUuidUuidUuidUuidUuid",
]


def earlier(*parts: type[KeyCodec[Any]]) -> Composite:
    """A composite key as earlier releases write it: None in a part is written as zeros."""
    return Composite(parts, none_as_zeros=True)


# -- OID


class MapOidString(Map[int, str], key=Oid, value=values.String, earlier=True):
    """OID -> text."""


class MapOidOid(Map[int, int], key=Oid, value=values.Oid, earlier=True):
    """OID -> OID."""


class MapOidUuid(Map[int, UUID], key=Oid, value=values.Uuid, earlier=True):
    """OID -> UUID."""


class MapOidJson(Map[int, V], key=Oid, value=values.Json, earlier=True):
    """OID -> JSON."""


class MapOidCbor(Map[int, V], key=Oid, value=values.Cbor, earlier=True):
    """OID -> CBOR."""


class MapOidPickle(Map[int, V], key=Oid, value=values.Pickle, earlier=True):
    """OID -> pickles."""


class MapOidFlatBuffers(Map[int, V], key=Oid, value=values.FlatBuffers, earlier=True):
    """OID -> FlatBuffers."""


class MapOidOidSet(Map[int, set[int]], key=Oid, value=values.OidSet, earlier=True):
    """OID -> sets of OIDs."""


class MapOidNumpy(Map[int, "ndarray[Any, Any]"], key=Oid, value=values.Numpy):
    """OID -> NumPy arrays."""


# -- OID, OID


class MapOidOidOid(Map[tuple[int, int], int], key=earlier(Oid, Oid), value=values.Oid, earlier=True):
    """(OID, OID) -> OID."""


class MapOidOidFlatBuffers(Map[tuple[int, int], V], key=earlier(Oid, Oid), value=values.FlatBuffers, earlier=True):
    """(OID, OID) -> FlatBuffers."""


class MapOidOidNumpy(Map[tuple[int, int], "ndarray[Any, Any]"], key=earlier(Oid, Oid), value=values.Numpy):
    """(OID, OID) -> NumPy arrays."""


# -- OID, OID, OID


class MapOid3FlatBuffers(
    Map[tuple[int, int, int], V], key=earlier(Oid, Oid, Oid), value=values.FlatBuffers, earlier=True
):
    """(OID, OID, OID) -> FlatBuffers."""


class MapOid3Numpy(Map[tuple[int, int, int], "ndarray[Any, Any]"], key=earlier(Oid, Oid, Oid), value=values.Numpy):
    """(OID, OID, OID) -> NumPy arrays."""


# -- OID, text


class MapOidStringOid(Map[tuple[int, str], int], key=earlier(Oid, String), value=values.Oid, earlier=True):
    """(OID, text) -> OID."""


class MapOidStringNumpy(Map[tuple[int, str], "ndarray[Any, Any]"], key=earlier(Oid, String), value=values.Numpy):
    """(OID, text) -> NumPy arrays."""


# -- OID, time


class MapOidTimestampOid(
    Map["tuple[int, datetime64]", int],
    key=earlier(Oid, Timestamp),
    value=values.Oid,
    earlier_key=upstream.OidTimestampLE,
    earlier=True,
):
    """(OID, time) -> OID."""


class MapOidTimestampFlatBuffers(
    Map["tuple[int, datetime64]", V],
    key=earlier(Oid, Timestamp),
    value=values.FlatBuffers,
    earlier_key=upstream.OidTimestampLE,
    earlier=True,
):
    """(OID, time) -> FlatBuffers."""


class MapOidTimestampNumpy(
    Map["tuple[int, datetime64]", "ndarray[Any, Any]"],
    key=earlier(Oid, Timestamp),
    value=values.Numpy,
    earlier_key=upstream.OidTimestampLE,
):
    """(OID, time) -> NumPy arrays."""


# -- OID, time, text


class MapOidTimestampStringOid(
    Map["tuple[int, datetime64, str]", int],
    key=earlier(Oid, Timestamp, String),
    value=values.Oid,
    earlier_key=upstream.OidTimestampStringLE,
    earlier=True,
):
    """(OID, time, text) -> OID."""


class MapOidTimestampStringNumpy(
    Map["tuple[int, datetime64, str]", "ndarray[Any, Any]"],
    key=earlier(Oid, Timestamp, String),
    value=values.Numpy,
    earlier_key=upstream.OidTimestampStringLE,
):
    """(OID, time, text) -> NumPy arrays."""


# -- text


class MapStringString(Map[str, str], key=String, value=values.String, earlier=True):
    """Text -> text."""


class MapStringOid(Map[str, int], key=String, value=values.Oid, earlier=True):
    """Text -> OID."""


class MapStringUuid(Map[str, UUID], key=String, value=values.Uuid, earlier=True):
    """Text -> UUID."""


class MapStringJson(Map[str, V], key=String, value=values.Json, earlier=True):
    """Text -> JSON."""


class MapStringCbor(Map[str, V], key=String, value=values.Cbor, earlier=True):
    """Text -> CBOR."""


class MapStringPickle(Map[str, V], key=String, value=values.Pickle, earlier=True):
    """Text -> pickles."""


class MapStringFlatBuffers(Map[str, V], key=String, value=values.FlatBuffers, earlier=True):
    """Text -> FlatBuffers."""


class MapStringStringSet(Map[str, set[str]], key=String, value=values.StringSet):
    """Text -> sets of texts."""


class MapStringNumpy(Map[str, "ndarray[Any, Any]"], key=String, value=values.Numpy):
    """Text -> NumPy arrays."""


# -- text, OID


class MapStringOidOid(Map[tuple[str, int], int], key=upstream.StringOid, value=values.Oid, earlier=True):
    """(text, OID) -> OID."""


class MapStringOidNumpy(Map[tuple[str, int], "ndarray[Any, Any]"], key=upstream.StringOid, value=values.Numpy):
    """(text, OID) -> NumPy arrays."""


# -- text, text


class MapStringStringUuid(Map[tuple[str, str], UUID], key=upstream.StringString, value=values.Uuid, earlier=True):
    """(text, text) -> UUID."""


class MapStringStringNumpy(Map[tuple[str, str], "ndarray[Any, Any]"], key=upstream.StringString, value=values.Numpy):
    """(text, text) -> NumPy arrays."""


# -- text, text, text


class MapStringStringStringUuid(
    Map[tuple[str, str, str], UUID], key=upstream.StringStringString, value=values.Uuid, earlier=True
):
    """(text, text, text) -> UUID."""


class MapStringStringStringNumpy(
    Map[tuple[str, str, str], "ndarray[Any, Any]"], key=upstream.StringStringString, value=values.Numpy
):
    """(text, text, text) -> NumPy arrays."""


# -- text, time


class MapStringTimestampCbor(
    Map["tuple[str, datetime64]", V], key=upstream.StringTimestamp, value=values.Cbor, earlier=True
):
    """(text, time) -> CBOR."""


class MapStringTimestampNumpy(
    Map["tuple[str, datetime64]", "ndarray[Any, Any]"], key=upstream.StringTimestamp, value=values.Numpy
):
    """(text, time) -> NumPy arrays."""


# -- UUID


class MapUuidString(Map[UUID, str], key=Uuid, value=values.String, earlier=True):
    """UUID -> text."""


class MapUuidOid(Map[UUID, int], key=Uuid, value=values.Oid, earlier=True):
    """UUID -> OID."""


class MapUuidUuid(Map[UUID, UUID], key=Uuid, value=values.Uuid, earlier=True):
    """UUID -> UUID."""


class MapUuidUuidSet(Map[UUID, set[UUID]], key=Uuid, value=values.UuidSet, earlier=True):
    """UUID -> sets of UUIDs."""


class MapUuidJson(Map[UUID, V], key=Uuid, value=values.Json, earlier=True):
    """UUID -> JSON."""


class MapUuidCbor(Map[UUID, V], key=Uuid, value=values.Cbor, earlier=True):
    """UUID -> CBOR."""


class MapUuidPickle(Map[UUID, V], key=Uuid, value=values.Pickle, earlier=True):
    """UUID -> pickles."""


class MapUuidFlatBuffers(Map[UUID, V], key=Uuid, value=values.FlatBuffers, earlier=True):
    """UUID -> FlatBuffers."""


class MapUuidNumpy(Map[UUID, "ndarray[Any, Any]"], key=Uuid, value=values.Numpy):
    """UUID -> NumPy arrays."""


# -- UUID, UUID


class MapUuidUuidUuid(Map[tuple[UUID, UUID], UUID], key=earlier(Uuid, Uuid), value=values.Uuid, earlier=True):
    """(UUID, UUID) -> UUID."""


class MapUuidUuidCbor(Map[tuple[UUID, UUID], V], key=earlier(Uuid, Uuid), value=values.Cbor, earlier=True):
    """(UUID, UUID) -> CBOR."""


class MapUuidUuidFlatBuffers(
    Map[tuple[UUID, UUID], V], key=earlier(Uuid, Uuid), value=values.FlatBuffers, earlier=True
):
    """(UUID, UUID) -> FlatBuffers."""


class MapUuidUuidNumpy(Map[tuple[UUID, UUID], "ndarray[Any, Any]"], key=earlier(Uuid, Uuid), value=values.Numpy):
    """(UUID, UUID) -> NumPy arrays."""


# -- UUID, UUID, UUID


class MapUuidUuidUuidUuid(
    Map[tuple[UUID, UUID, UUID], UUID], key=earlier(Uuid, Uuid, Uuid), value=values.Uuid, earlier=True
):
    """(UUID, UUID, UUID) -> UUID."""


class MapUuidUuidUuidNumpy(
    Map[tuple[UUID, UUID, UUID], "ndarray[Any, Any]"], key=earlier(Uuid, Uuid, Uuid), value=values.Numpy
):
    """(UUID, UUID, UUID) -> NumPy arrays."""


# -- UUID, UUID, UUID, UUID


class MapUuidUuidUuidUuidUuid(
    Map[tuple[UUID, UUID, UUID, UUID], UUID],
    key=earlier(Uuid, Uuid, Uuid, Uuid),
    value=values.Uuid,
    earlier=True,
):
    """(UUID, UUID, UUID, UUID) -> UUID."""


class MapUuidUuidUuidUuidNumpy(
    Map[tuple[UUID, UUID, UUID, UUID], "ndarray[Any, Any]"],
    key=earlier(Uuid, Uuid, Uuid, Uuid),
    value=values.Numpy,
):
    """(UUID, UUID, UUID, UUID) -> NumPy arrays."""


# -- UUID, text


class MapUuidStringUuid(Map[tuple[UUID, str], UUID], key=earlier(Uuid, String), value=values.Uuid, earlier=True):
    """(UUID, text) -> UUID."""


class MapUuidStringOid(Map[tuple[UUID, str], int], key=earlier(Uuid, String), value=values.Oid, earlier=True):
    """(UUID, text) -> OID."""


class MapUuidStringFlatBuffers(
    Map[tuple[UUID, str], V], key=earlier(Uuid, String), value=values.FlatBuffers, earlier=True
):
    """(UUID, text) -> FlatBuffers."""


class MapUuidStringNumpy(Map[tuple[UUID, str], "ndarray[Any, Any]"], key=earlier(Uuid, String), value=values.Numpy):
    """(UUID, text) -> NumPy arrays."""


# -- UUID, UUID, text


class MapUuidUuidStringUuid(
    Map[tuple[UUID, UUID, str], UUID], key=earlier(Uuid, Uuid, String), value=values.Uuid, earlier=True
):
    """(UUID, UUID, text) -> UUID."""


class MapUuidUuidStringFlatBuffers(
    Map[tuple[UUID, UUID, str], V], key=earlier(Uuid, Uuid, String), value=values.FlatBuffers, earlier=True
):
    """(UUID, UUID, text) -> FlatBuffers."""


class MapUuidUuidStringNumpy(
    Map[tuple[UUID, UUID, str], "ndarray[Any, Any]"], key=earlier(Uuid, Uuid, String), value=values.Numpy
):
    """(UUID, UUID, text) -> NumPy arrays."""


# -- UUID, UUID, UUID, text


class MapUuidUuidUuidStringUuid(
    Map[tuple[UUID, UUID, UUID, str], UUID],
    key=earlier(Uuid, Uuid, Uuid, String),
    value=values.Uuid,
    earlier=True,
):
    """(UUID, UUID, UUID, text) -> UUID."""


class MapUuidUuidUuidStringNumpy(
    Map[tuple[UUID, UUID, UUID, str], "ndarray[Any, Any]"],
    key=earlier(Uuid, Uuid, Uuid, String),
    value=values.Numpy,
):
    """(UUID, UUID, UUID, text) -> NumPy arrays."""


# -- UUID, time


class MapUuidTimestampUuid(
    Map["tuple[UUID, datetime64]", UUID], key=earlier(Uuid, Timestamp), value=values.Uuid, earlier=True
):
    """(UUID, time) -> UUID."""


class MapUuidTimestampBytes32(
    Map["tuple[UUID, datetime64]", bytes], key=earlier(Uuid, Timestamp), value=values.Bytes32, earlier=True
):
    """(UUID, time) -> 32 bytes."""


class MapUuidTimestampCbor(
    Map["tuple[UUID, datetime64]", V], key=earlier(Uuid, Timestamp), value=values.Cbor, earlier=True
):
    """(UUID, time) -> CBOR."""


class MapUuidTimestampFlatBuffers(
    Map["tuple[UUID, datetime64]", V], key=earlier(Uuid, Timestamp), value=values.FlatBuffers, earlier=True
):
    """(UUID, time) -> FlatBuffers."""


class MapUuidTimestampNumpy(
    Map["tuple[UUID, datetime64]", "ndarray[Any, Any]"], key=earlier(Uuid, Timestamp), value=values.Numpy
):
    """(UUID, time) -> NumPy arrays."""


# -- UUID, time, UUID


class MapUuidTimestampUuidFlatBuffers(
    Map["tuple[UUID, datetime64, UUID]", V],
    key=earlier(Uuid, Timestamp, Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, time, UUID) -> FlatBuffers."""


class MapUuidTimestampUuidNumpy(
    Map["tuple[UUID, datetime64, UUID]", "ndarray[Any, Any]"],
    key=earlier(Uuid, Timestamp, Uuid),
    value=values.Numpy,
):
    """(UUID, time, UUID) -> NumPy arrays."""


# -- UUID, 32 bytes


class MapUuidBytes32FlatBuffers(
    Map[tuple[UUID, bytes], V], key=earlier(Uuid, Bytes32), value=values.FlatBuffers, earlier=True
):
    """(UUID, 32 bytes) -> FlatBuffers."""


class MapUuidBytes32Numpy(Map[tuple[UUID, bytes], "ndarray[Any, Any]"], key=earlier(Uuid, Bytes32), value=values.Numpy):
    """(UUID, 32 bytes) -> NumPy arrays."""


# -- UUID, 20 bytes, uint8


class MapUuidBytes20Uint8FlatBuffers(
    Map[tuple[UUID, bytes, int], V], key=earlier(Uuid, Bytes20, Uint8), value=values.FlatBuffers, earlier=True
):
    """(UUID, 20 bytes, uint8) -> FlatBuffers."""


class MapUuidBytes20Uint8Numpy(
    Map[tuple[UUID, bytes, int], "ndarray[Any, Any]"], key=earlier(Uuid, Bytes20, Uint8), value=values.Numpy
):
    """(UUID, 20 bytes, uint8) -> NumPy arrays."""


# -- UUID, 20 bytes, uint8, UUID


class MapUuidBytes20Uint8UuidFlatBuffers(
    Map[tuple[UUID, bytes, int, UUID], V],
    key=earlier(Uuid, Bytes20, Uint8, Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, 20 bytes, uint8, UUID) -> FlatBuffers."""


class MapUuidBytes20Uint8UuidNumpy(
    Map[tuple[UUID, bytes, int, UUID], "ndarray[Any, Any]"],
    key=earlier(Uuid, Bytes20, Uint8, Uuid),
    value=values.Numpy,
):
    """(UUID, 20 bytes, uint8, UUID) -> NumPy arrays."""


# -- UUID, 20 bytes, 20 bytes, uint8, UUID


class MapUuidBytes20Bytes20Uint8UuidFlatBuffers(
    Map[tuple[UUID, bytes, bytes, int, UUID], V],
    key=earlier(Uuid, Bytes20, Bytes20, Uint8, Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, 20 bytes, 20 bytes, uint8, UUID) -> FlatBuffers."""


class MapUuidBytes20Bytes20Uint8UuidNumpy(
    Map[tuple[UUID, bytes, bytes, int, UUID], "ndarray[Any, Any]"],
    key=earlier(Uuid, Bytes20, Bytes20, Uint8, Uuid),
    value=values.Numpy,
):
    """(UUID, 20 bytes, 20 bytes, uint8, UUID) -> NumPy arrays."""


# -- uint16, UUID


class MapSlotUuidUuid(Map[tuple[int, UUID], UUID], key=earlier(Uint16, Uuid), value=values.Uuid, earlier=True):
    """(uint16, UUID) -> UUID."""


class MapSlotUuidNumpy(Map[tuple[int, UUID], "ndarray[Any, Any]"], key=earlier(Uint16, Uuid), value=values.Numpy):
    """(uint16, UUID) -> NumPy arrays."""


# -- uint16, UUID, time


class MapUint16UuidTimestampFlatBuffers(
    Map["tuple[int, UUID, datetime64]", V],
    key=earlier(Uint16, Uuid, Timestamp),
    value=values.FlatBuffers,
    earlier_key=upstream.Uint16UuidTimestamp,
    earlier=True,
):
    """(uint16, UUID, time) -> FlatBuffers."""


class MapUint16UuidTimestampNumpy(
    Map["tuple[int, UUID, datetime64]", "ndarray[Any, Any]"],
    key=earlier(Uint16, Uuid, Timestamp),
    value=values.Numpy,
    earlier_key=upstream.Uint16UuidTimestamp,
):
    """(uint16, UUID, time) -> NumPy arrays."""


# -- uint64, time


class MapUint64TimestampUuid(
    Map["tuple[int, datetime64]", UUID], key=earlier(Uint64, Timestamp), value=values.Uuid, earlier=True
):
    """(uint64, time) -> UUID."""


class MapUint64TimestampNumpy(
    Map["tuple[int, datetime64]", "ndarray[Any, Any]"], key=earlier(Uint64, Timestamp), value=values.Numpy
):
    """(uint64, time) -> NumPy arrays."""


# -- time


class MapTimestampFlatBuffers(Map["datetime64", V], key=Timestamp, value=values.FlatBuffers, earlier=True):
    """Time -> FlatBuffers."""


class MapTimestampJson(Map["datetime64", V], key=Timestamp, value=values.Json):
    """Time -> JSON."""


class MapTimestampCbor(Map["datetime64", V], key=Timestamp, value=values.Cbor):
    """Time -> CBOR."""


class MapTimestampPickle(Map["datetime64", V], key=Timestamp, value=values.Pickle):
    """Time -> pickles."""


class MapTimestampNumpy(Map["datetime64", "ndarray[Any, Any]"], key=Timestamp, value=values.Numpy):
    """Time -> NumPy arrays."""


# -- time, UUID


class MapTimestampUuidCbor(
    Map["tuple[datetime64, UUID]", V], key=earlier(Timestamp, Uuid), value=values.Cbor, earlier=True
):
    """(time, UUID) -> CBOR."""


class MapTimestampUuidFlatBuffers(
    Map["tuple[datetime64, UUID]", V], key=earlier(Timestamp, Uuid), value=values.FlatBuffers, earlier=True
):
    """(time, UUID) -> FlatBuffers."""


class MapTimestampUuidNumpy(
    Map["tuple[datetime64, UUID]", "ndarray[Any, Any]"], key=earlier(Timestamp, Uuid), value=values.Numpy
):
    """(time, UUID) -> NumPy arrays."""


# -- time, text


class MapTimestampStringCbor(
    Map["tuple[datetime64, str]", V], key=earlier(Timestamp, String), value=values.Cbor, earlier=True
):
    """(time, text) -> CBOR."""


class MapTimestampStringFlatBuffers(
    Map["tuple[datetime64, str]", V], key=earlier(Timestamp, String), value=values.FlatBuffers, earlier=True
):
    """(time, text) -> FlatBuffers."""


class MapTimestampStringNumpy(
    Map["tuple[datetime64, str]", "ndarray[Any, Any]"], key=earlier(Timestamp, String), value=values.Numpy
):
    """(time, text) -> NumPy arrays."""


# -- time, UUID, text


class MapTimestampUuidStringFlatBuffers(
    Map["tuple[datetime64, UUID, str]", V],
    key=earlier(Timestamp, Uuid, String),
    value=values.FlatBuffers,
    earlier=True,
):
    """(time, UUID, text) -> FlatBuffers."""


class MapTimestampUuidStringNumpy(
    Map["tuple[datetime64, UUID, str]", "ndarray[Any, Any]"],
    key=earlier(Timestamp, Uuid, String),
    value=values.Numpy,
):
    """(time, UUID, text) -> NumPy arrays."""


# -- time, 32 bytes


class MapTimestampBytes32FlatBuffers(
    Map["tuple[datetime64, bytes]", V],
    key=earlier(Timestamp, Bytes32),
    value=values.FlatBuffers,
    earlier=True,
):
    """(time, 32 bytes) -> FlatBuffers."""


class MapTimestampBytes32Numpy(
    Map["tuple[datetime64, bytes]", "ndarray[Any, Any]"], key=earlier(Timestamp, Bytes32), value=values.Numpy
):
    """(time, 32 bytes) -> NumPy arrays."""


# -- 32 bytes


class MapBytes32Uuid(Map[bytes, UUID], key=Bytes32, value=values.Uuid, earlier=True):
    """32 bytes -> UUID."""


class MapBytes32Timestamp(Map[bytes, "datetime64"], key=Bytes32, value=values.Timestamp, earlier=True):
    """32 bytes -> time."""


class MapBytes32Bytes32(Map[bytes, bytes], key=Bytes32, value=values.Bytes32, earlier=True):
    """32 bytes -> 32 bytes."""


class MapBytes32FlatBuffers(Map[bytes, V], key=Bytes32, value=values.FlatBuffers, earlier=True):
    """32 bytes -> FlatBuffers."""


class MapBytes32Json(Map[bytes, V], key=Bytes32, value=values.Json):
    """32 bytes -> JSON."""


class MapBytes32Cbor(Map[bytes, V], key=Bytes32, value=values.Cbor):
    """32 bytes -> CBOR."""


class MapBytes32Pickle(Map[bytes, V], key=Bytes32, value=values.Pickle):
    """32 bytes -> pickles."""


class MapBytes32Numpy(Map[bytes, "ndarray[Any, Any]"], key=Bytes32, value=values.Numpy):
    """32 bytes -> NumPy arrays."""


# -- 32 bytes, UUID


class MapBytes32UuidFlatBuffers(
    Map[tuple[bytes, UUID], V], key=earlier(Bytes32, Uuid), value=values.FlatBuffers, earlier=True
):
    """(32 bytes, UUID) -> FlatBuffers."""


class MapBytes32UuidNumpy(Map[tuple[bytes, UUID], "ndarray[Any, Any]"], key=earlier(Bytes32, Uuid), value=values.Numpy):
    """(32 bytes, UUID) -> NumPy arrays."""


# -- 32 bytes, 32 bytes


class MapBytes32Bytes32FlatBuffers(
    Map[tuple[bytes, bytes], V], key=earlier(Bytes32, Bytes32), value=values.FlatBuffers, earlier=True
):
    """(32 bytes, 32 bytes) -> FlatBuffers."""


class MapBytes32Bytes32Numpy(
    Map[tuple[bytes, bytes], "ndarray[Any, Any]"], key=earlier(Bytes32, Bytes32), value=values.Numpy
):
    """(32 bytes, 32 bytes) -> NumPy arrays."""


# -- 32 bytes, text


class MapBytes32StringFlatBuffers(
    Map[tuple[bytes, str], V], key=earlier(Bytes32, String), value=values.FlatBuffers, earlier=True
):
    """(32 bytes, text) -> FlatBuffers."""


class MapBytes32StringNumpy(
    Map[tuple[bytes, str], "ndarray[Any, Any]"], key=earlier(Bytes32, String), value=values.Numpy
):
    """(32 bytes, text) -> NumPy arrays."""


# -- 20 bytes


class MapBytes20Uuid(Map[bytes, UUID], key=Bytes20, value=values.Uuid, earlier=True):
    """20 bytes -> UUID."""


class MapBytes20Bytes16(Map[bytes, bytes], key=Bytes20, value=values.Bytes16, earlier=True):
    """20 bytes -> 16 bytes."""


class MapBytes20Bytes20(Map[bytes, bytes], key=Bytes20, value=values.Bytes20, earlier=True):
    """20 bytes -> 20 bytes."""


class MapBytes20FlatBuffers(Map[bytes, V], key=Bytes20, value=values.FlatBuffers, earlier=True):
    """20 bytes -> FlatBuffers."""


class MapBytes20Bytes20Timestamp(
    Map[bytes, "tuple[bytes, datetime64]"], key=Bytes20, value=values.Bytes20Timestamp, earlier=True
):
    """20 bytes -> pairs of 20 bytes and a time."""


class MapBytes20Json(Map[bytes, V], key=Bytes20, value=values.Json):
    """20 bytes -> JSON."""


class MapBytes20Cbor(Map[bytes, V], key=Bytes20, value=values.Cbor):
    """20 bytes -> CBOR."""


class MapBytes20Pickle(Map[bytes, V], key=Bytes20, value=values.Pickle):
    """20 bytes -> pickles."""


class MapBytes20Numpy(Map[bytes, "ndarray[Any, Any]"], key=Bytes20, value=values.Numpy):
    """20 bytes -> NumPy arrays."""


# -- 20 bytes, time


class MapBytes20TimestampBytes20(
    Map["tuple[bytes, datetime64]", bytes],
    key=earlier(Bytes20, Timestamp),
    value=values.Bytes20,
    earlier=True,
):
    """(20 bytes, time) -> 20 bytes."""


class MapBytes20TimestampUuid(
    Map["tuple[bytes, datetime64]", UUID], key=earlier(Bytes20, Timestamp), value=values.Uuid, earlier=True
):
    """(20 bytes, time) -> UUID."""


class MapBytes20TimestampNumpy(
    Map["tuple[bytes, datetime64]", "ndarray[Any, Any]"], key=earlier(Bytes20, Timestamp), value=values.Numpy
):
    """(20 bytes, time) -> NumPy arrays."""


# -- 20 bytes, 20 bytes


class MapBytes20Bytes20FlatBuffers(
    Map[tuple[bytes, bytes], V], key=earlier(Bytes20, Bytes20), value=values.FlatBuffers, earlier=True
):
    """(20 bytes, 20 bytes) -> FlatBuffers."""


class MapBytes20Bytes20Numpy(
    Map[tuple[bytes, bytes], "ndarray[Any, Any]"], key=earlier(Bytes20, Bytes20), value=values.Numpy
):
    """(20 bytes, 20 bytes) -> NumPy arrays."""


# -- 20 bytes, text


class MapBytes20StringFlatBuffers(
    Map[tuple[bytes, str], V], key=earlier(Bytes20, String), value=values.FlatBuffers, earlier=True
):
    """(20 bytes, text) -> FlatBuffers."""


class MapBytes20StringNumpy(
    Map[tuple[bytes, str], "ndarray[Any, Any]"], key=earlier(Bytes20, String), value=values.Numpy
):
    """(20 bytes, text) -> NumPy arrays."""


# -- 16 bytes


class MapBytes16FlatBuffers(Map[bytes, V], key=Bytes16, value=values.FlatBuffers, earlier=True):
    """16 bytes -> FlatBuffers."""


class MapBytes16Json(Map[bytes, V], key=Bytes16, value=values.Json):
    """16 bytes -> JSON."""


class MapBytes16Cbor(Map[bytes, V], key=Bytes16, value=values.Cbor):
    """16 bytes -> CBOR."""


class MapBytes16Pickle(Map[bytes, V], key=Bytes16, value=values.Pickle):
    """16 bytes -> pickles."""


class MapBytes16Numpy(Map[bytes, "ndarray[Any, Any]"], key=Bytes16, value=values.Numpy):
    """16 bytes -> NumPy arrays."""


# -- 16 bytes, time


class MapBytes16TimestampUuid(
    Map["tuple[bytes, datetime64]", UUID], key=earlier(Bytes16, Timestamp), value=values.Uuid, earlier=True
):
    """(16 bytes, time) -> UUID."""


class MapBytes16TimestampNumpy(
    Map["tuple[bytes, datetime64]", "ndarray[Any, Any]"], key=earlier(Bytes16, Timestamp), value=values.Numpy
):
    """(16 bytes, time) -> NumPy arrays."""


# -- 16 bytes, time, UUID


class MapBytes16TimestampUuidFlatBuffers(
    Map["tuple[bytes, datetime64, UUID]", V],
    key=earlier(Bytes16, Timestamp, Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(16 bytes, time, UUID) -> FlatBuffers."""


class MapBytes16TimestampUuidNumpy(
    Map["tuple[bytes, datetime64, UUID]", "ndarray[Any, Any]"],
    key=earlier(Bytes16, Timestamp, Uuid),
    value=values.Numpy,
):
    """(16 bytes, time, UUID) -> NumPy arrays."""
