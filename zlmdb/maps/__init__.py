# ruff: noqa: F405  # the names in __all__ come from the star imports below
"""The named maps: ``Map`` + parts of the key + kind of the value; declarations only.

Those that earlier releases have are marked ``earlier=True``: their tables need no more than a catalog record, and their
key layouts are those of existing files. A map for any other combination needs no name:
``class Trades(zlmdb.Map[tuple[UUID, int], Trade], key=(zlmdb.Uuid, zlmdb.Int64), value=zlmdb.Cbor)``.

They lie in one module for each kind of first part, which is loaded when a map of it is first named; those of UUIDs, the
most used, apart from those of tuples that begin with one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zlmdb.maps.digests import *  # noqa: F403
    from zlmdb.maps.numbers import *  # noqa: F403
    from zlmdb.maps.oids import *  # noqa: F403
    from zlmdb.maps.texts import *  # noqa: F403
    from zlmdb.maps.times import *  # noqa: F403
    from zlmdb.maps.uuid_tuples import *  # noqa: F403
    from zlmdb.maps.uuids import *  # noqa: F403

#: What a single UUID is the key of.
_OF_UUIDS = ("Cbor", "FlatBuffers", "Json", "Numpy", "Oid", "Pickle", "String", "Uuid", "UuidSet")
#: Where the maps lie, by how their names begin.
_HOMES = {
    "MapOid": "oids",
    "MapString": "texts",
    "MapUuid": "uuid_tuples",
    "MapSlot": "numbers",
    "MapUint": "numbers",
    "MapTimestamp": "times",
    "MapBytes": "digests",
}

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


if not TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name: str) -> Any:
        home = next((home for beginning, home in _HOMES.items() if name.startswith(beginning)), None)
        if home == "uuid_tuples" and name.removeprefix("MapUuid") in _OF_UUIDS:
            home = "uuids"
        value = None if home is None else getattr(importlib.import_module(f"zlmdb.maps.{home}"), name, None)
        if value is None:
            hint = (
                ": there is no map of that name; any key and value combine without one, such as "
                "zlmdb.Map[str, set[UUID]] with key=zlmdb.String, value=zlmdb.UuidSet"
                if name.startswith("Map")
                else ""
            )
            raise AttributeError(f"module 'zlmdb.maps' has no attribute {name!r}{hint}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
