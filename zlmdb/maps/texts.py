"""Named maps whose keys are texts, or begin with one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from zlmdb._typing import V
from zlmdb.maps._named import keys, upstream, values
from zlmdb.tables.map import Map

if TYPE_CHECKING:
    # Named in the type parameters below, as text.
    from typing import Any  # noqa: F401

    from numpy import datetime64, ndarray  # noqa: F401

__all__ = [
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
]


# -- text


class MapStringString(Map[str, str], key=keys.String, value=values.String, earlier=True):
    """Text -> text."""


class MapStringOid(Map[str, int], key=keys.String, value=values.Oid, earlier=True):
    """Text -> OID."""


class MapStringUuid(Map[str, UUID], key=keys.String, value=values.Uuid, earlier=True):
    """Text -> UUID."""


class MapStringJson(Map[str, V], key=keys.String, value=values.Json, earlier=True):
    """Text -> JSON."""


class MapStringCbor(Map[str, V], key=keys.String, value=values.Cbor, earlier=True):
    """Text -> CBOR."""


class MapStringPickle(Map[str, V], key=keys.String, value=values.Pickle, earlier=True):
    """Text -> pickles."""


class MapStringFlatBuffers(Map[str, V], key=keys.String, value=values.FlatBuffers, earlier=True):
    """Text -> FlatBuffers."""


class MapStringStringSet(Map[str, set[str]], key=keys.String, value=values.StringSet):
    """Text -> sets of texts."""


class MapStringNumpy(Map[str, "ndarray[Any, Any]"], key=keys.String, value=values.Numpy):
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
