"""Named maps whose keys are byte strings of 16, 20 or 32 bytes, or begin with one."""

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
]


# -- 32 bytes


class MapBytes32Uuid(Map[bytes, UUID], key=keys.Bytes32, value=values.Uuid, earlier=True):
    """32 bytes -> UUID."""


class MapBytes32Timestamp(Map[bytes, "datetime64"], key=keys.Bytes32, value=values.Timestamp, earlier=True):
    """32 bytes -> time."""


class MapBytes32Bytes32(Map[bytes, bytes], key=keys.Bytes32, value=values.Bytes32, earlier=True):
    """32 bytes -> 32 bytes."""


class MapBytes32FlatBuffers(Map[bytes, V], key=keys.Bytes32, value=values.FlatBuffers, earlier=True):
    """32 bytes -> FlatBuffers."""


class MapBytes32Json(Map[bytes, V], key=keys.Bytes32, value=values.Json):
    """32 bytes -> JSON."""


class MapBytes32Cbor(Map[bytes, V], key=keys.Bytes32, value=values.Cbor):
    """32 bytes -> CBOR."""


class MapBytes32Pickle(Map[bytes, V], key=keys.Bytes32, value=values.Pickle):
    """32 bytes -> pickles."""


class MapBytes32Numpy(Map[bytes, "ndarray[Any, Any]"], key=keys.Bytes32, value=values.Numpy):
    """32 bytes -> NumPy arrays."""


# -- 32 bytes, UUID


class MapBytes32UuidFlatBuffers(
    Map[tuple[bytes, UUID], V], key=earlier(keys.Bytes32, keys.Uuid), value=values.FlatBuffers, earlier=True
):
    """(32 bytes, UUID) -> FlatBuffers."""


class MapBytes32UuidNumpy(
    Map[tuple[bytes, UUID], "ndarray[Any, Any]"], key=earlier(keys.Bytes32, keys.Uuid), value=values.Numpy
):
    """(32 bytes, UUID) -> NumPy arrays."""


# -- 32 bytes, 32 bytes


class MapBytes32Bytes32FlatBuffers(
    Map[tuple[bytes, bytes], V], key=earlier(keys.Bytes32, keys.Bytes32), value=values.FlatBuffers, earlier=True
):
    """(32 bytes, 32 bytes) -> FlatBuffers."""


class MapBytes32Bytes32Numpy(
    Map[tuple[bytes, bytes], "ndarray[Any, Any]"], key=earlier(keys.Bytes32, keys.Bytes32), value=values.Numpy
):
    """(32 bytes, 32 bytes) -> NumPy arrays."""


# -- 32 bytes, text


class MapBytes32StringFlatBuffers(
    Map[tuple[bytes, str], V], key=earlier(keys.Bytes32, keys.String), value=values.FlatBuffers, earlier=True
):
    """(32 bytes, text) -> FlatBuffers."""


class MapBytes32StringNumpy(
    Map[tuple[bytes, str], "ndarray[Any, Any]"], key=earlier(keys.Bytes32, keys.String), value=values.Numpy
):
    """(32 bytes, text) -> NumPy arrays."""


# -- 20 bytes


class MapBytes20Uuid(Map[bytes, UUID], key=keys.Bytes20, value=values.Uuid, earlier=True):
    """20 bytes -> UUID."""


class MapBytes20Bytes16(Map[bytes, bytes], key=keys.Bytes20, value=values.Bytes16, earlier=True):
    """20 bytes -> 16 bytes."""


class MapBytes20Bytes20(Map[bytes, bytes], key=keys.Bytes20, value=values.Bytes20, earlier=True):
    """20 bytes -> 20 bytes."""


class MapBytes20FlatBuffers(Map[bytes, V], key=keys.Bytes20, value=values.FlatBuffers, earlier=True):
    """20 bytes -> FlatBuffers."""


class MapBytes20Bytes20Timestamp(
    Map[bytes, "tuple[bytes, datetime64]"], key=keys.Bytes20, value=values.Bytes20Timestamp, earlier=True
):
    """20 bytes -> pairs of 20 bytes and a time."""


class MapBytes20Json(Map[bytes, V], key=keys.Bytes20, value=values.Json):
    """20 bytes -> JSON."""


class MapBytes20Cbor(Map[bytes, V], key=keys.Bytes20, value=values.Cbor):
    """20 bytes -> CBOR."""


class MapBytes20Pickle(Map[bytes, V], key=keys.Bytes20, value=values.Pickle):
    """20 bytes -> pickles."""


class MapBytes20Numpy(Map[bytes, "ndarray[Any, Any]"], key=keys.Bytes20, value=values.Numpy):
    """20 bytes -> NumPy arrays."""


# -- 20 bytes, time


class MapBytes20TimestampBytes20(
    Map["tuple[bytes, datetime64]", bytes],
    key=earlier(keys.Bytes20, keys.Timestamp),
    value=values.Bytes20,
    earlier=True,
):
    """(20 bytes, time) -> 20 bytes."""


class MapBytes20TimestampUuid(
    Map["tuple[bytes, datetime64]", UUID], key=earlier(keys.Bytes20, keys.Timestamp), value=values.Uuid, earlier=True
):
    """(20 bytes, time) -> UUID."""


class MapBytes20TimestampNumpy(
    Map["tuple[bytes, datetime64]", "ndarray[Any, Any]"], key=earlier(keys.Bytes20, keys.Timestamp), value=values.Numpy
):
    """(20 bytes, time) -> NumPy arrays."""


# -- 20 bytes, 20 bytes


class MapBytes20Bytes20FlatBuffers(
    Map[tuple[bytes, bytes], V], key=earlier(keys.Bytes20, keys.Bytes20), value=values.FlatBuffers, earlier=True
):
    """(20 bytes, 20 bytes) -> FlatBuffers."""


class MapBytes20Bytes20Numpy(
    Map[tuple[bytes, bytes], "ndarray[Any, Any]"], key=earlier(keys.Bytes20, keys.Bytes20), value=values.Numpy
):
    """(20 bytes, 20 bytes) -> NumPy arrays."""


# -- 20 bytes, text


class MapBytes20StringFlatBuffers(
    Map[tuple[bytes, str], V], key=earlier(keys.Bytes20, keys.String), value=values.FlatBuffers, earlier=True
):
    """(20 bytes, text) -> FlatBuffers."""


class MapBytes20StringNumpy(
    Map[tuple[bytes, str], "ndarray[Any, Any]"], key=earlier(keys.Bytes20, keys.String), value=values.Numpy
):
    """(20 bytes, text) -> NumPy arrays."""


# -- 16 bytes


class MapBytes16FlatBuffers(Map[bytes, V], key=keys.Bytes16, value=values.FlatBuffers, earlier=True):
    """16 bytes -> FlatBuffers."""


class MapBytes16Json(Map[bytes, V], key=keys.Bytes16, value=values.Json):
    """16 bytes -> JSON."""


class MapBytes16Cbor(Map[bytes, V], key=keys.Bytes16, value=values.Cbor):
    """16 bytes -> CBOR."""


class MapBytes16Pickle(Map[bytes, V], key=keys.Bytes16, value=values.Pickle):
    """16 bytes -> pickles."""


class MapBytes16Numpy(Map[bytes, "ndarray[Any, Any]"], key=keys.Bytes16, value=values.Numpy):
    """16 bytes -> NumPy arrays."""


# -- 16 bytes, time


class MapBytes16TimestampUuid(
    Map["tuple[bytes, datetime64]", UUID], key=earlier(keys.Bytes16, keys.Timestamp), value=values.Uuid, earlier=True
):
    """(16 bytes, time) -> UUID."""


class MapBytes16TimestampNumpy(
    Map["tuple[bytes, datetime64]", "ndarray[Any, Any]"], key=earlier(keys.Bytes16, keys.Timestamp), value=values.Numpy
):
    """(16 bytes, time) -> NumPy arrays."""


# -- 16 bytes, time, UUID


class MapBytes16TimestampUuidFlatBuffers(
    Map["tuple[bytes, datetime64, UUID]", V],
    key=earlier(keys.Bytes16, keys.Timestamp, keys.Uuid),
    value=values.FlatBuffers,
    earlier=True,
):
    """(16 bytes, time, UUID) -> FlatBuffers."""


class MapBytes16TimestampUuidNumpy(
    Map["tuple[bytes, datetime64, UUID]", "ndarray[Any, Any]"],
    key=earlier(keys.Bytes16, keys.Timestamp, keys.Uuid),
    value=values.Numpy,
):
    """(16 bytes, time, UUID) -> NumPy arrays."""
