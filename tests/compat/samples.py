"""What each named map of the earlier release stores: its key parts, its value type and sample data.

Shared by `make_vectors.py` and `files/make_files.py`, which run with the earlier release, and by the tests,
which run with ours. It therefore imports nothing of either package at module level.
"""

import uuid
from typing import Any

import numpy as np

#: name of a map -> (key parts, value type); exactly the maps that the earlier release exports.
MAPS: dict[str, tuple[tuple[str, ...], str]] = {
    "MapBytes16FlatBuffers": (("Bytes16",), "FlatBuffers"),
    "MapBytes16TimestampUuid": (("Bytes16", "Timestamp"), "Uuid"),
    "MapBytes16TimestampUuidFlatBuffers": (("Bytes16", "Timestamp", "Uuid"), "FlatBuffers"),
    "MapBytes20Bytes16": (("Bytes20",), "Bytes16"),
    "MapBytes20Bytes20": (("Bytes20",), "Bytes20"),
    "MapBytes20Bytes20FlatBuffers": (("Bytes20", "Bytes20"), "FlatBuffers"),
    "MapBytes20Bytes20Timestamp": (("Bytes20",), "Bytes20Timestamp"),
    "MapBytes20FlatBuffers": (("Bytes20",), "FlatBuffers"),
    "MapBytes20StringFlatBuffers": (("Bytes20", "String"), "FlatBuffers"),
    "MapBytes20TimestampBytes20": (("Bytes20", "Timestamp"), "Bytes20"),
    "MapBytes20TimestampUuid": (("Bytes20", "Timestamp"), "Uuid"),
    "MapBytes20Uuid": (("Bytes20",), "Uuid"),
    "MapBytes32Bytes32": (("Bytes32",), "Bytes32"),
    "MapBytes32Bytes32FlatBuffers": (("Bytes32", "Bytes32"), "FlatBuffers"),
    "MapBytes32FlatBuffers": (("Bytes32",), "FlatBuffers"),
    "MapBytes32StringFlatBuffers": (("Bytes32", "String"), "FlatBuffers"),
    "MapBytes32Timestamp": (("Bytes32",), "Timestamp"),
    "MapBytes32Uuid": (("Bytes32",), "Uuid"),
    "MapBytes32UuidFlatBuffers": (("Bytes32", "Uuid"), "FlatBuffers"),
    "MapOid3FlatBuffers": (("Oid", "Oid", "Oid"), "FlatBuffers"),
    "MapOidCbor": (("Oid",), "Cbor"),
    "MapOidFlatBuffers": (("Oid",), "FlatBuffers"),
    "MapOidJson": (("Oid",), "Json"),
    "MapOidOid": (("Oid",), "Oid"),
    "MapOidOidFlatBuffers": (("Oid", "Oid"), "FlatBuffers"),
    "MapOidOidOid": (("Oid", "Oid"), "Oid"),
    "MapOidOidSet": (("Oid",), "OidSet"),
    "MapOidPickle": (("Oid",), "Pickle"),
    "MapOidString": (("Oid",), "String"),
    "MapOidStringOid": (("Oid", "String"), "Oid"),
    "MapOidTimestampFlatBuffers": (("Oid", "Timestamp"), "FlatBuffers"),
    "MapOidTimestampOid": (("Oid", "Timestamp"), "Oid"),
    "MapOidTimestampStringOid": (("Oid", "Timestamp", "String"), "Oid"),
    "MapOidUuid": (("Oid",), "Uuid"),
    "MapSlotUuidUuid": (("Uint16", "Uuid"), "Uuid"),
    "MapStringCbor": (("String",), "Cbor"),
    "MapStringFlatBuffers": (("String",), "FlatBuffers"),
    "MapStringJson": (("String",), "Json"),
    "MapStringOid": (("String",), "Oid"),
    "MapStringOidOid": (("String", "Oid"), "Oid"),
    "MapStringPickle": (("String",), "Pickle"),
    "MapStringString": (("String",), "String"),
    "MapStringStringStringUuid": (("String", "String", "String"), "Uuid"),
    "MapStringStringUuid": (("String", "String"), "Uuid"),
    "MapStringTimestampCbor": (("String", "Timestamp"), "Cbor"),
    "MapStringUuid": (("String",), "Uuid"),
    "MapTimestampBytes32FlatBuffers": (("Timestamp", "Bytes32"), "FlatBuffers"),
    "MapTimestampFlatBuffers": (("Timestamp",), "FlatBuffers"),
    "MapTimestampStringCbor": (("Timestamp", "String"), "Cbor"),
    "MapTimestampStringFlatBuffers": (("Timestamp", "String"), "FlatBuffers"),
    "MapTimestampUuidCbor": (("Timestamp", "Uuid"), "Cbor"),
    "MapTimestampUuidFlatBuffers": (("Timestamp", "Uuid"), "FlatBuffers"),
    "MapTimestampUuidStringFlatBuffers": (("Timestamp", "Uuid", "String"), "FlatBuffers"),
    "MapUint16UuidTimestampFlatBuffers": (("Uint16", "Uuid", "Timestamp"), "FlatBuffers"),
    "MapUint64TimestampUuid": (("Uint64", "Timestamp"), "Uuid"),
    "MapUuidBytes20Bytes20Uint8UuidFlatBuffers": (
        ("Uuid", "Bytes20", "Bytes20", "Uint8", "Uuid"),
        "FlatBuffers",
    ),
    "MapUuidBytes20Uint8FlatBuffers": (("Uuid", "Bytes20", "Uint8"), "FlatBuffers"),
    "MapUuidBytes20Uint8UuidFlatBuffers": (("Uuid", "Bytes20", "Uint8", "Uuid"), "FlatBuffers"),
    "MapUuidBytes32FlatBuffers": (("Uuid", "Bytes32"), "FlatBuffers"),
    "MapUuidCbor": (("Uuid",), "Cbor"),
    "MapUuidFlatBuffers": (("Uuid",), "FlatBuffers"),
    "MapUuidJson": (("Uuid",), "Json"),
    "MapUuidOid": (("Uuid",), "Oid"),
    "MapUuidPickle": (("Uuid",), "Pickle"),
    "MapUuidString": (("Uuid",), "String"),
    "MapUuidStringFlatBuffers": (("Uuid", "String"), "FlatBuffers"),
    "MapUuidStringOid": (("Uuid", "String"), "Oid"),
    "MapUuidStringUuid": (("Uuid", "String"), "Uuid"),
    "MapUuidTimestampBytes32": (("Uuid", "Timestamp"), "Bytes32"),
    "MapUuidTimestampCbor": (("Uuid", "Timestamp"), "Cbor"),
    "MapUuidTimestampFlatBuffers": (("Uuid", "Timestamp"), "FlatBuffers"),
    "MapUuidTimestampUuid": (("Uuid", "Timestamp"), "Uuid"),
    "MapUuidTimestampUuidFlatBuffers": (("Uuid", "Timestamp", "Uuid"), "FlatBuffers"),
    "MapUuidUuid": (("Uuid",), "Uuid"),
    "MapUuidUuidCbor": (("Uuid", "Uuid"), "Cbor"),
    "MapUuidUuidFlatBuffers": (("Uuid", "Uuid"), "FlatBuffers"),
    "MapUuidUuidSet": (("Uuid",), "UuidSet"),
    "MapUuidUuidStringFlatBuffers": (("Uuid", "Uuid", "String"), "FlatBuffers"),
    "MapUuidUuidStringUuid": (("Uuid", "Uuid", "String"), "Uuid"),
    "MapUuidUuidUuid": (("Uuid", "Uuid"), "Uuid"),
    "MapUuidUuidUuidStringUuid": (("Uuid", "Uuid", "Uuid", "String"), "Uuid"),
    "MapUuidUuidUuidUuid": (("Uuid", "Uuid", "Uuid"), "Uuid"),
    "MapUuidUuidUuidUuidUuid": (("Uuid", "Uuid", "Uuid", "Uuid"), "Uuid"),
}


def _u(n: int) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"sample {n}")


def _ns(n: int) -> "np.datetime64":
    return np.datetime64(n, "ns")


def _b(width: int, first: int) -> bytes:
    return bytes((first + 7 * i) % 256 for i in range(width))


#: Three different samples of each key part; the third holds the edge that the type allows.
KEY_SAMPLES: dict[str, tuple[Any, Any, Any]] = {
    "Oid": (1, 3_000_000_000, 2**53),
    "String": ("a", "Bonn am Rhein", "zü€𝄞"),
    "Uuid": (_u(1), _u(2), uuid.UUID(int=2**128 - 1)),
    "Timestamp": (_ns(1), _ns(1_600_000_000_123_456_789), _ns(4_102_444_800_000_000_000)),
    "Bytes16": (_b(16, 1), _b(16, 90), b"\xff" * 16),
    "Bytes20": (_b(20, 1), _b(20, 90), b"\xff" * 20),
    "Bytes32": (_b(32, 1), _b(32, 90), b"\xff" * 32),
    "Uint8": (1, 100, 255),
    "Uint16": (1, 300, 65535),
    "Uint64": (1, 2**40 + 5, 2**64 - 1),
}

#: One more of each, that no table of the kept files holds.
KEY_EXTRA: dict[str, Any] = {
    "Oid": 5,
    "String": "one more",
    "Uuid": _u(9),
    "Timestamp": _ns(1_700_000_000_000_000_009),
    "Bytes16": _b(16, 200),
    "Bytes20": _b(20, 200),
    "Bytes32": _b(32, 200),
    "Uint8": 9,
    "Uint16": 999,
    "Uint64": 2**50,
}

VALUE_SAMPLES: dict[str, tuple[Any, Any, Any]] = {
    "Oid": (1, 77, 2**53),
    "String": ("one", "two lines\nof text", "drei: zü€𝄞"),
    "Uuid": (_u(11), _u(12), uuid.UUID(int=2**128 - 1)),
    "Timestamp": (_ns(1), _ns(1_600_000_000_123_456_789), _ns(4_102_444_800_000_000_000)),
    "Bytes16": (_b(16, 3), _b(16, 80), b"\xff" * 16),
    "Bytes20": (_b(20, 3), _b(20, 80), b"\xff" * 20),
    "Bytes32": (_b(32, 3), _b(32, 80), b"\xff" * 32),
    "Bytes20Timestamp": (
        (_b(20, 3), _ns(1)),
        (_b(20, 80), _ns(1_600_000_000_123_456_789)),
        (b"\xff" * 20, _ns(5)),
    ),
    "OidSet": ({1}, {1, 2, 3}, {2**53, 9}),
    "UuidSet": ({_u(11)}, {_u(11), _u(12), _u(13)}, {_u(14), _u(15)}),
    "Json": ({"a": 1, "b": [1, 2.5, None, True]}, {"name": "zü€𝄞", "nested": {"x": {}}}, [1, "two"]),
    "Cbor": ({"a": 1, "b": [1, 2.5, None, True]}, {"name": "zü€𝄞", "raw": b"\x00\xff"}, [1, "two"]),
    "Pickle": ({"a": 1, "b": (1, 2.5, None)}, [1, "two"], "text"),
    "FlatBuffers": ({"oid": 1, "name": "one"}, {"oid": 2**40, "name": "zü€𝄞"}, {"oid": 7, "name": None}),
}


def keys_of(parts: tuple[str, ...]) -> list[Any]:
    """Three keys for these parts, the first two sharing their first part where there is more than one."""
    if len(parts) == 1:
        return list(KEY_SAMPLES[parts[0]])
    shared = [KEY_SAMPLES[parts[0]][0]]
    rows = [tuple(shared + [KEY_SAMPLES[part][n] for part in parts[1:]]) for n in (0, 1)]
    return [*rows, tuple(KEY_SAMPLES[part][2] for part in parts)]


def extra_key_of(parts: tuple[str, ...]) -> Any:
    """A key for these parts that is none of `keys_of`."""
    key = tuple(KEY_EXTRA[part] for part in parts)
    return key if len(key) > 1 else key[0]


def build(value: dict[str, Any], builder: Any) -> int:
    """Write `value` as the table {oid: int64, name: string} and return its offset."""
    name = None if value["name"] is None else builder.CreateString(value["name"])
    builder.StartObject(2)
    builder.PrependInt64Slot(0, value["oid"], 0)
    if name is not None:
        builder.PrependUOffsetTRelativeSlot(1, name, 0)
    offset: int = builder.EndObject()
    return offset


def cast(data: Any) -> dict[str, Any]:
    """The table {oid: int64, name: string} in `data`, as a dict."""
    import flatbuffers
    from flatbuffers.number_types import Int64Flags

    data = bytes(data)
    table = flatbuffers.table.Table(data, flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0))
    oid = table.Offset(4)
    name = table.Offset(6)
    return {
        "oid": table.Get(Int64Flags, oid + table.Pos) if oid else 0,
        "name": table.String(name + table.Pos).decode() if name else None,
    }


def same(value: Any) -> Any:
    """The value itself: JSON and CBOR tables of the earlier release insist on marshal and parse."""
    return value


def codec_arguments(value_type: str) -> dict[str, Any]:
    """The keyword arguments that `@table` needs for this value type."""
    if value_type in ("Json", "Cbor"):
        return {"marshal": same, "parse": same}
    if value_type == "FlatBuffers":
        return {"build": build, "cast": cast}
    return {}


def to_json(value: Any) -> Any:
    """`value` in JSON, with a one-key object for each type that JSON lacks."""
    if isinstance(value, uuid.UUID):
        return {"$uuid": str(value)}
    if isinstance(value, np.datetime64):
        return {"$ns": int(value.astype("datetime64[ns]").astype("int64"))}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": bytes(value).hex()}
    if isinstance(value, set | frozenset):
        return {"$set": sorted((to_json(v) for v in value), key=repr)}
    if isinstance(value, tuple):
        return {"$tuple": [to_json(v) for v in value]}
    if isinstance(value, list):
        return [to_json(v) for v in value]
    if isinstance(value, dict):
        return {k: to_json(v) for k, v in value.items()}
    return value


def from_json(value: Any) -> Any:
    """The inverse of `to_json`."""
    if isinstance(value, list):
        return [from_json(v) for v in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((tag, inner),) = value.items()
        if tag == "$uuid":
            return uuid.UUID(inner)
        if tag == "$ns":
            return np.datetime64(inner, "ns")
        if tag == "$bytes":
            return bytes.fromhex(inner)
        if tag == "$set":
            return {from_json(v) for v in inner}
        if tag == "$tuple":
            return tuple(from_json(v) for v in inner)
    return {k: from_json(v) for k, v in value.items()}
