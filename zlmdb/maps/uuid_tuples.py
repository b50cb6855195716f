"""Named maps whose keys are tuples that begin with a UUID."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from zlmdb._typing import V
from zlmdb.maps._named import earlier, keys, values
from zlmdb.tables.map import Map

if TYPE_CHECKING:
    # Named in the type parameters below, as text.
    from typing import Any  # noqa: F401

    from numpy import datetime64, ndarray  # noqa: F401

__all__ = [
    "MapUuidBytes20Bytes20Uint8UuidFlatBuffers",
    "MapUuidBytes20Bytes20Uint8UuidNumpy",
    "MapUuidBytes20Uint8FlatBuffers",
    "MapUuidBytes20Uint8Numpy",
    "MapUuidBytes20Uint8UuidFlatBuffers",
    "MapUuidBytes20Uint8UuidNumpy",
    "MapUuidBytes32FlatBuffers",
    "MapUuidBytes32Numpy",
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
    "MapUuidUuidCbor",
    "MapUuidUuidFlatBuffers",
    "MapUuidUuidNumpy",
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


# -- UUID, UUID


class MapUuidUuidUuid(Map[tuple[UUID, UUID], UUID], key=earlier(keys.Uuid, keys.Uuid), value=values.Uuid, earlier=True):
    """(UUID, UUID) -> UUID."""


class MapUuidUuidCbor(Map[tuple[UUID, UUID], V], key=earlier(keys.Uuid, keys.Uuid), value=values.Cbor, earlier=True):
    """(UUID, UUID) -> CBOR."""


class MapUuidUuidFlatBuffers(
    Map[tuple[UUID, UUID], V], key=earlier(keys.Uuid, keys.Uuid), value=values.FlatBuffers, earlier=True
):
    """(UUID, UUID) -> FlatBuffers."""


class MapUuidUuidNumpy(
    Map[tuple[UUID, UUID], "ndarray[Any, Any]"], key=earlier(keys.Uuid, keys.Uuid), value=values.Numpy
):
    """(UUID, UUID) -> NumPy arrays."""


# -- UUID, UUID, UUID


class MapUuidUuidUuidUuid(
    Map[tuple[UUID, UUID, UUID], UUID], key=earlier(keys.Uuid, keys.Uuid, keys.Uuid), value=values.Uuid, earlier=True
):
    """(UUID, UUID, UUID) -> UUID."""


class MapUuidUuidUuidNumpy(
    Map[tuple[UUID, UUID, UUID], "ndarray[Any, Any]"], key=earlier(keys.Uuid, keys.Uuid, keys.Uuid), value=values.Numpy
):
    """(UUID, UUID, UUID) -> NumPy arrays."""


# -- UUID, UUID, UUID, UUID


class MapUuidUuidUuidUuidUuid(
    Map[tuple[UUID, UUID, UUID, UUID], UUID],
    key=earlier(keys.Uuid, keys.Uuid, keys.Uuid, keys.Uuid),
    value=values.Uuid,
    earlier=True,
):
    """(UUID, UUID, UUID, UUID) -> UUID."""


class MapUuidUuidUuidUuidNumpy(
    Map[tuple[UUID, UUID, UUID, UUID], "ndarray[Any, Any]"],
    key=earlier(keys.Uuid, keys.Uuid, keys.Uuid, keys.Uuid),
    value=values.Numpy,
):
    """(UUID, UUID, UUID, UUID) -> NumPy arrays."""


# -- UUID, text


class MapUuidStringUuid(
    Map[tuple[UUID, str], UUID], key=earlier(keys.Uuid, keys.String), value=values.Uuid, earlier=True
):
    """(UUID, text) -> UUID."""


class MapUuidStringOid(Map[tuple[UUID, str], int], key=earlier(keys.Uuid, keys.String), value=values.Oid, earlier=True):
    """(UUID, text) -> OID."""


class MapUuidStringFlatBuffers(
    Map[tuple[UUID, str], V], key=earlier(keys.Uuid, keys.String), value=values.FlatBuffers, earlier=True
):
    """(UUID, text) -> FlatBuffers."""


class MapUuidStringNumpy(
    Map[tuple[UUID, str], "ndarray[Any, Any]"], key=earlier(keys.Uuid, keys.String), value=values.Numpy
):
    """(UUID, text) -> NumPy arrays."""


# -- UUID, UUID, text


class MapUuidUuidStringUuid(
    Map[tuple[UUID, UUID, str], UUID], key=earlier(keys.Uuid, keys.Uuid, keys.String), value=values.Uuid, earlier=True
):
    """(UUID, UUID, text) -> UUID."""


class MapUuidUuidStringFlatBuffers(
    Map[tuple[UUID, UUID, str], V],
    key=earlier(keys.Uuid, keys.Uuid, keys.String),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, UUID, text) -> FlatBuffers."""


class MapUuidUuidStringNumpy(
    Map[tuple[UUID, UUID, str], "ndarray[Any, Any]"], key=earlier(keys.Uuid, keys.Uuid, keys.String), value=values.Numpy
):
    """(UUID, UUID, text) -> NumPy arrays."""


# -- UUID, UUID, UUID, text


class MapUuidUuidUuidStringUuid(
    Map[tuple[UUID, UUID, UUID, str], UUID],
    key=earlier(keys.Uuid, keys.Uuid, keys.Uuid, keys.String),
    value=values.Uuid,
    earlier=True,
):
    """(UUID, UUID, UUID, text) -> UUID."""


class MapUuidUuidUuidStringNumpy(
    Map[tuple[UUID, UUID, UUID, str], "ndarray[Any, Any]"],
    key=earlier(keys.Uuid, keys.Uuid, keys.Uuid, keys.String),
    value=values.Numpy,
):
    """(UUID, UUID, UUID, text) -> NumPy arrays."""


# -- UUID, time


class MapUuidTimestampUuid(
    Map["tuple[UUID, datetime64]", UUID], key=earlier(keys.Uuid, keys.Timestamp), value=values.Uuid, earlier=True
):
    """(UUID, time) -> UUID."""


class MapUuidTimestampBytes32(
    Map["tuple[UUID, datetime64]", bytes], key=earlier(keys.Uuid, keys.Timestamp), value=values.Bytes32, earlier=True
):
    """(UUID, time) -> 32 bytes."""


class MapUuidTimestampCbor(
    Map["tuple[UUID, datetime64]", V], key=earlier(keys.Uuid, keys.Timestamp), value=values.Cbor, earlier=True
):
    """(UUID, time) -> CBOR."""


class MapUuidTimestampFlatBuffers(
    Map["tuple[UUID, datetime64]", V], key=earlier(keys.Uuid, keys.Timestamp), value=values.FlatBuffers, earlier=True
):
    """(UUID, time) -> FlatBuffers."""


class MapUuidTimestampNumpy(
    Map["tuple[UUID, datetime64]", "ndarray[Any, Any]"], key=earlier(keys.Uuid, keys.Timestamp), value=values.Numpy
):
    """(UUID, time) -> NumPy arrays."""


# -- UUID, time, UUID


class MapUuidTimestampUuidFlatBuffers(
    Map["tuple[UUID, datetime64, UUID]", V],
    key=earlier(keys.Uuid, keys.Timestamp, keys.Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, time, UUID) -> FlatBuffers."""


class MapUuidTimestampUuidNumpy(
    Map["tuple[UUID, datetime64, UUID]", "ndarray[Any, Any]"],
    key=earlier(keys.Uuid, keys.Timestamp, keys.Uuid),
    value=values.Numpy,
):
    """(UUID, time, UUID) -> NumPy arrays."""


# -- UUID, 32 bytes


class MapUuidBytes32FlatBuffers(
    Map[tuple[UUID, bytes], V], key=earlier(keys.Uuid, keys.Bytes32), value=values.FlatBuffers, earlier=True
):
    """(UUID, 32 bytes) -> FlatBuffers."""


class MapUuidBytes32Numpy(
    Map[tuple[UUID, bytes], "ndarray[Any, Any]"], key=earlier(keys.Uuid, keys.Bytes32), value=values.Numpy
):
    """(UUID, 32 bytes) -> NumPy arrays."""


# -- UUID, 20 bytes, uint8


class MapUuidBytes20Uint8FlatBuffers(
    Map[tuple[UUID, bytes, int], V],
    key=earlier(keys.Uuid, keys.Bytes20, keys.Uint8),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, 20 bytes, uint8) -> FlatBuffers."""


class MapUuidBytes20Uint8Numpy(
    Map[tuple[UUID, bytes, int], "ndarray[Any, Any]"],
    key=earlier(keys.Uuid, keys.Bytes20, keys.Uint8),
    value=values.Numpy,
):
    """(UUID, 20 bytes, uint8) -> NumPy arrays."""


# -- UUID, 20 bytes, uint8, UUID


class MapUuidBytes20Uint8UuidFlatBuffers(
    Map[tuple[UUID, bytes, int, UUID], V],
    key=earlier(keys.Uuid, keys.Bytes20, keys.Uint8, keys.Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, 20 bytes, uint8, UUID) -> FlatBuffers."""


class MapUuidBytes20Uint8UuidNumpy(
    Map[tuple[UUID, bytes, int, UUID], "ndarray[Any, Any]"],
    key=earlier(keys.Uuid, keys.Bytes20, keys.Uint8, keys.Uuid),
    value=values.Numpy,
):
    """(UUID, 20 bytes, uint8, UUID) -> NumPy arrays."""


# -- UUID, 20 bytes, 20 bytes, uint8, UUID


class MapUuidBytes20Bytes20Uint8UuidFlatBuffers(
    Map[tuple[UUID, bytes, bytes, int, UUID], V],
    key=earlier(keys.Uuid, keys.Bytes20, keys.Bytes20, keys.Uint8, keys.Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(UUID, 20 bytes, 20 bytes, uint8, UUID) -> FlatBuffers."""


class MapUuidBytes20Bytes20Uint8UuidNumpy(
    Map[tuple[UUID, bytes, bytes, int, UUID], "ndarray[Any, Any]"],
    key=earlier(keys.Uuid, keys.Bytes20, keys.Bytes20, keys.Uint8, keys.Uuid),
    value=values.Numpy,
):
    """(UUID, 20 bytes, 20 bytes, uint8, UUID) -> NumPy arrays."""
