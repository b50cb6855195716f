"""Named maps whose keys are UUIDs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from zlmdb._typing import V
from zlmdb.maps._named import keys, values
from zlmdb.tables.map import Map

if TYPE_CHECKING:
    # Named in the type parameters below, as text.
    from typing import Any  # noqa: F401

    from numpy import datetime64, ndarray  # noqa: F401

__all__ = [
    "MapUuidCbor",
    "MapUuidFlatBuffers",
    "MapUuidJson",
    "MapUuidNumpy",
    "MapUuidOid",
    "MapUuidPickle",
    "MapUuidString",
    "MapUuidUuid",
    "MapUuidUuidSet",
]


# -- UUID


class MapUuidString(Map[UUID, str], key=keys.Uuid, value=values.String, earlier=True):
    """UUID -> text."""


class MapUuidOid(Map[UUID, int], key=keys.Uuid, value=values.Oid, earlier=True):
    """UUID -> OID."""


class MapUuidUuid(Map[UUID, UUID], key=keys.Uuid, value=values.Uuid, earlier=True):
    """UUID -> UUID."""


class MapUuidUuidSet(Map[UUID, set[UUID]], key=keys.Uuid, value=values.UuidSet, earlier=True):
    """UUID -> sets of UUIDs."""


class MapUuidJson(Map[UUID, V], key=keys.Uuid, value=values.Json, earlier=True):
    """UUID -> JSON."""


class MapUuidCbor(Map[UUID, V], key=keys.Uuid, value=values.Cbor, earlier=True):
    """UUID -> CBOR."""


class MapUuidPickle(Map[UUID, V], key=keys.Uuid, value=values.Pickle, earlier=True):
    """UUID -> pickles."""


class MapUuidFlatBuffers(Map[UUID, V], key=keys.Uuid, value=values.FlatBuffers, earlier=True):
    """UUID -> FlatBuffers."""


class MapUuidNumpy(Map[UUID, "ndarray[Any, Any]"], key=keys.Uuid, value=values.Numpy):
    """UUID -> NumPy arrays."""
