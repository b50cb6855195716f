"""Named maps whose keys are times, or begin with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zlmdb._typing import V
from zlmdb.maps._named import earlier, keys, values
from zlmdb.tables.map import Map

if TYPE_CHECKING:
    # Named in the type parameters below, as text.
    from typing import Any  # noqa: F401
    from uuid import UUID  # noqa: F401

    from numpy import datetime64, ndarray  # noqa: F401

__all__ = [
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
]


# -- time


class MapTimestampFlatBuffers(Map["datetime64", V], key=keys.Timestamp, value=values.FlatBuffers, earlier=True):
    """Time -> FlatBuffers."""


class MapTimestampJson(Map["datetime64", V], key=keys.Timestamp, value=values.Json):
    """Time -> JSON."""


class MapTimestampCbor(Map["datetime64", V], key=keys.Timestamp, value=values.Cbor):
    """Time -> CBOR."""


class MapTimestampPickle(Map["datetime64", V], key=keys.Timestamp, value=values.Pickle):
    """Time -> pickles."""


class MapTimestampNumpy(Map["datetime64", "ndarray[Any, Any]"], key=keys.Timestamp, value=values.Numpy):
    """Time -> NumPy arrays."""


# -- time, UUID


class MapTimestampUuidCbor(
    Map["tuple[datetime64, UUID]", V], key=earlier(keys.Timestamp, keys.Uuid), value=values.Cbor, earlier=True
):
    """(time, UUID) -> CBOR."""


class MapTimestampUuidFlatBuffers(
    Map["tuple[datetime64, UUID]", V], key=earlier(keys.Timestamp, keys.Uuid), value=values.FlatBuffers, earlier=True
):
    """(time, UUID) -> FlatBuffers."""


class MapTimestampUuidNumpy(
    Map["tuple[datetime64, UUID]", "ndarray[Any, Any]"], key=earlier(keys.Timestamp, keys.Uuid), value=values.Numpy
):
    """(time, UUID) -> NumPy arrays."""


# -- time, text


class MapTimestampStringCbor(
    Map["tuple[datetime64, str]", V], key=earlier(keys.Timestamp, keys.String), value=values.Cbor, earlier=True
):
    """(time, text) -> CBOR."""


class MapTimestampStringFlatBuffers(
    Map["tuple[datetime64, str]", V], key=earlier(keys.Timestamp, keys.String), value=values.FlatBuffers, earlier=True
):
    """(time, text) -> FlatBuffers."""


class MapTimestampStringNumpy(
    Map["tuple[datetime64, str]", "ndarray[Any, Any]"], key=earlier(keys.Timestamp, keys.String), value=values.Numpy
):
    """(time, text) -> NumPy arrays."""


# -- time, UUID, text


class MapTimestampUuidStringFlatBuffers(
    Map["tuple[datetime64, UUID, str]", V],
    key=earlier(keys.Timestamp, keys.Uuid, keys.String),
    value=values.FlatBuffers,
    earlier=True,
):
    """(time, UUID, text) -> FlatBuffers."""


class MapTimestampUuidStringNumpy(
    Map["tuple[datetime64, UUID, str]", "ndarray[Any, Any]"],
    key=earlier(keys.Timestamp, keys.Uuid, keys.String),
    value=values.Numpy,
):
    """(time, UUID, text) -> NumPy arrays."""


# -- time, 32 bytes


class MapTimestampBytes32FlatBuffers(
    Map["tuple[datetime64, bytes]", V],
    key=earlier(keys.Timestamp, keys.Bytes32),
    value=values.FlatBuffers,
    earlier=True,
):
    """(time, 32 bytes) -> FlatBuffers."""


class MapTimestampBytes32Numpy(
    Map["tuple[datetime64, bytes]", "ndarray[Any, Any]"], key=earlier(keys.Timestamp, keys.Bytes32), value=values.Numpy
):
    """(time, 32 bytes) -> NumPy arrays."""
