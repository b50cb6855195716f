"""Named maps whose keys begin with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from zlmdb._typing import V
from zlmdb.maps._named import earlier, keys, upstream, values
from zlmdb.tables.map import Map

if TYPE_CHECKING:
    # Named in the type parameters below, as text.
    from typing import Any  # noqa: F401

    from numpy import datetime64, ndarray  # noqa: F401

__all__ = [
    "MapSlotUuidNumpy",
    "MapSlotUuidUuid",
    "MapUint16UuidTimestampFlatBuffers",
    "MapUint16UuidTimestampNumpy",
    "MapUint64TimestampNumpy",
    "MapUint64TimestampUuid",
]


# -- uint16, UUID


class MapSlotUuidUuid(
    Map[tuple[int, UUID], UUID], key=earlier(keys.Uint16, keys.Uuid), value=values.Uuid, earlier=True
):
    """(uint16, UUID) -> UUID."""


class MapSlotUuidNumpy(
    Map[tuple[int, UUID], "ndarray[Any, Any]"], key=earlier(keys.Uint16, keys.Uuid), value=values.Numpy
):
    """(uint16, UUID) -> NumPy arrays."""


# -- uint16, UUID, time


class MapUint16UuidTimestampFlatBuffers(
    Map["tuple[int, UUID, datetime64]", V],
    key=earlier(keys.Uint16, keys.Uuid, keys.Timestamp),
    value=values.FlatBuffers,
    earlier_key=upstream.Uint16UuidTimestamp,
    earlier=True,
):
    """(uint16, UUID, time) -> FlatBuffers."""


class MapUint16UuidTimestampNumpy(
    Map["tuple[int, UUID, datetime64]", "ndarray[Any, Any]"],
    key=earlier(keys.Uint16, keys.Uuid, keys.Timestamp),
    value=values.Numpy,
    earlier_key=upstream.Uint16UuidTimestamp,
):
    """(uint16, UUID, time) -> NumPy arrays."""


# -- uint64, time


class MapUint64TimestampUuid(
    Map["tuple[int, datetime64]", UUID], key=earlier(keys.Uint64, keys.Timestamp), value=values.Uuid, earlier=True
):
    """(uint64, time) -> UUID."""


class MapUint64TimestampNumpy(
    Map["tuple[int, datetime64]", "ndarray[Any, Any]"], key=earlier(keys.Uint64, keys.Timestamp), value=values.Numpy
):
    """(uint64, time) -> NumPy arrays."""
