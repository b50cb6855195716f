"""Named maps whose keys are OIDs, or begin with one."""

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
]


# -- OID


class MapOidString(Map[int, str], key=keys.Oid, value=values.String, earlier=True):
    """OID -> text."""


class MapOidOid(Map[int, int], key=keys.Oid, value=values.Oid, earlier=True):
    """OID -> OID."""


class MapOidUuid(Map[int, UUID], key=keys.Oid, value=values.Uuid, earlier=True):
    """OID -> UUID."""


class MapOidJson(Map[int, V], key=keys.Oid, value=values.Json, earlier=True):
    """OID -> JSON."""


class MapOidCbor(Map[int, V], key=keys.Oid, value=values.Cbor, earlier=True):
    """OID -> CBOR."""


class MapOidPickle(Map[int, V], key=keys.Oid, value=values.Pickle, earlier=True):
    """OID -> pickles."""


class MapOidFlatBuffers(Map[int, V], key=keys.Oid, value=values.FlatBuffers, earlier=True):
    """OID -> FlatBuffers."""


class MapOidOidSet(Map[int, set[int]], key=keys.Oid, value=values.OidSet, earlier=True):
    """OID -> sets of OIDs."""


class MapOidNumpy(Map[int, "ndarray[Any, Any]"], key=keys.Oid, value=values.Numpy):
    """OID -> NumPy arrays."""


# -- OID, OID


class MapOidOidOid(Map[tuple[int, int], int], key=earlier(keys.Oid, keys.Oid), value=values.Oid, earlier=True):
    """(OID, OID) -> OID."""


class MapOidOidFlatBuffers(
    Map[tuple[int, int], V], key=earlier(keys.Oid, keys.Oid), value=values.FlatBuffers, earlier=True
):
    """(OID, OID) -> FlatBuffers."""


class MapOidOidNumpy(Map[tuple[int, int], "ndarray[Any, Any]"], key=earlier(keys.Oid, keys.Oid), value=values.Numpy):
    """(OID, OID) -> NumPy arrays."""


# -- OID, OID, OID


class MapOid3FlatBuffers(
    Map[tuple[int, int, int], V], key=earlier(keys.Oid, keys.Oid, keys.Oid), value=values.FlatBuffers, earlier=True
):
    """(OID, OID, OID) -> FlatBuffers."""


class MapOid3Numpy(
    Map[tuple[int, int, int], "ndarray[Any, Any]"], key=earlier(keys.Oid, keys.Oid, keys.Oid), value=values.Numpy
):
    """(OID, OID, OID) -> NumPy arrays."""


# -- OID, text


class MapOidStringOid(Map[tuple[int, str], int], key=earlier(keys.Oid, keys.String), value=values.Oid, earlier=True):
    """(OID, text) -> OID."""


class MapOidStringNumpy(
    Map[tuple[int, str], "ndarray[Any, Any]"], key=earlier(keys.Oid, keys.String), value=values.Numpy
):
    """(OID, text) -> NumPy arrays."""


# -- OID, time


class MapOidTimestampOid(
    Map["tuple[int, datetime64]", int],
    key=earlier(keys.Oid, keys.Timestamp),
    value=values.Oid,
    earlier_key=upstream.OidTimestampLE,
    earlier=True,
):
    """(OID, time) -> OID."""


class MapOidTimestampFlatBuffers(
    Map["tuple[int, datetime64]", V],
    key=earlier(keys.Oid, keys.Timestamp),
    value=values.FlatBuffers,
    earlier_key=upstream.OidTimestampLE,
    earlier=True,
):
    """(OID, time) -> FlatBuffers."""


class MapOidTimestampNumpy(
    Map["tuple[int, datetime64]", "ndarray[Any, Any]"],
    key=earlier(keys.Oid, keys.Timestamp),
    value=values.Numpy,
    earlier_key=upstream.OidTimestampLE,
):
    """(OID, time) -> NumPy arrays."""


# -- OID, time, text


class MapOidTimestampStringOid(
    Map["tuple[int, datetime64, str]", int],
    key=earlier(keys.Oid, keys.Timestamp, keys.String),
    value=values.Oid,
    earlier_key=upstream.OidTimestampStringLE,
    earlier=True,
):
    """(OID, time, text) -> OID."""


class MapOidTimestampStringNumpy(
    Map["tuple[int, datetime64, str]", "ndarray[Any, Any]"],
    key=earlier(keys.Oid, keys.Timestamp, keys.String),
    value=values.Numpy,
    earlier_key=upstream.OidTimestampStringLE,
):
    """(OID, time, text) -> NumPy arrays."""
