"""zlmdb: a schema-first, typed ORM over a memory-mapped key-value store (LMDB).

Declare a table as a typed map; zlmdb keeps its rows in order, its indexes up to date, and its types checked.

>>> import zlmdb
>>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de003")
... class Capitals(zlmdb.MapStringString):
...     "Capital cities by country."
>>> with zlmdb.open(":memory:", [Capitals]) as db:
...     with db.begin(write=True) as txn:
...         txn[Capitals]["France"] = "Paris"
...     with db.begin() as txn:
...         print(txn[Capitals]["France"])
Paris

Names are imported when they are first used, so importing the package itself is quick.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from zlmdb._version import __version__ as __version__

if TYPE_CHECKING:
    import uuid

    from zlmdb import errors as errors
    from zlmdb import fbs as fbs
    from zlmdb import flatbuffers as flatbuffers
    from zlmdb import keys as keys
    from zlmdb import lmdb as lmdb
    from zlmdb import values as values
    from zlmdb.compat import (
        check_autobahn_flatbuffers_version_in_sync as check_autobahn_flatbuffers_version_in_sync,
    )
    from zlmdb.compat import setup_flatbuffers_import as setup_flatbuffers_import
    from zlmdb.database import Database as Database
    from zlmdb.database import Schema as Schema
    from zlmdb.database import Transaction as Transaction
    from zlmdb.database import TransactionStats as TransactionStats
    from zlmdb.database import open as open
    from zlmdb.errors import *  # noqa: F403  # a star re-exports every name to type checkers
    from zlmdb.keys import Bool as Bool
    from zlmdb.keys import Bytes as Bytes
    from zlmdb.keys import Bytes16 as Bytes16
    from zlmdb.keys import Bytes20 as Bytes20
    from zlmdb.keys import Bytes32 as Bytes32
    from zlmdb.keys import Date as Date
    from zlmdb.keys import Datetime as Datetime
    from zlmdb.keys import Float64 as Float64
    from zlmdb.keys import Int8 as Int8
    from zlmdb.keys import Int16 as Int16
    from zlmdb.keys import Int32 as Int32
    from zlmdb.keys import Int64 as Int64
    from zlmdb.keys import KeyCodec as KeyCodec
    from zlmdb.keys import Oid as Oid
    from zlmdb.keys import String as String
    from zlmdb.keys import Timestamp as Timestamp
    from zlmdb.keys import Uint8 as Uint8
    from zlmdb.keys import Uint16 as Uint16
    from zlmdb.keys import Uint32 as Uint32
    from zlmdb.keys import Uint64 as Uint64
    from zlmdb.keys import Uuid as Uuid
    from zlmdb.maps import *  # noqa: F403
    from zlmdb.tables import Index as Index
    from zlmdb.tables import Map as Map
    from zlmdb.tables import Selection as Selection
    from zlmdb.tables import UniqueIndex as UniqueIndex
    from zlmdb.tables import index as index
    from zlmdb.tables import table as table
    from zlmdb.tables.inspect import compiled_source as compiled_source

    PersistentMap = Map
    from zlmdb.series import Series as Series
    from zlmdb.series import Slice as Slice
    from zlmdb.series import column as column
    from zlmdb.values import Cbor as Cbor
    from zlmdb.values import FlatBuffers as FlatBuffers
    from zlmdb.values import Json as Json
    from zlmdb.values import Numpy as Numpy
    from zlmdb.values import OidSet as OidSet
    from zlmdb.values import Pickle as Pickle
    from zlmdb.values import StringSet as StringSet
    from zlmdb.values import UuidSet as UuidSet
    from zlmdb.values import ValueCodec as ValueCodec

_HOMES: dict[str, tuple[str, ...]] = {
    "zlmdb.database": ("Database", "Schema", "Transaction", "TransactionStats", "open"),
    "zlmdb.tables": ("Index", "Map", "Selection", "UniqueIndex", "index", "table"),
    "zlmdb.series": ("Series", "Slice", "column"),
    "zlmdb.tables.inspect": ("compiled_source",),
    "zlmdb.compat": ("check_autobahn_flatbuffers_version_in_sync", "setup_flatbuffers_import"),
    "zlmdb.keys": (
        "Bool",
        "Bytes",
        "Bytes16",
        "Bytes20",
        "Bytes32",
        "Date",
        "Datetime",
        "Float64",
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "KeyCodec",
        "Oid",
        "String",
        "Timestamp",
        "Uint8",
        "Uint16",
        "Uint32",
        "Uint64",
        "Uuid",
    ),
    "zlmdb.values": (
        "Cbor",
        "FlatBuffers",
        "Json",
        "Numpy",
        "OidSet",
        "Pickle",
        "StringSet",
        "UuidSet",
        "ValueCodec",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("errors", "fbs", "flatbuffers", "keys", "lmdb", "maps", "testing", "values")

#: Table classes by identity: filled by ``@table``. Programs may put another dictionary in its place.
TABLES_BY_UUID: dict[uuid.UUID, Any] = {}


if not TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            value = getattr(importlib.import_module(_HOME[name]), name)
        elif name == "PersistentMap":
            value = importlib.import_module("zlmdb.tables").Map
        elif name in _MODULES:
            value = importlib.import_module(f"zlmdb.{name}")
        elif name.startswith("Map"):
            value = getattr(importlib.import_module("zlmdb.maps"), name)
        elif name == "__all__":
            value = _exported()
        else:
            errors = importlib.import_module("zlmdb.errors")
            if name not in errors.__all__:
                raise AttributeError(f"module 'zlmdb' has no attribute {name!r}")
            value = getattr(errors, name)
        setattr(sys.modules[__name__], name, value)
        return value


def _exported() -> list[str]:
    """What ``from zlmdb import *`` gives."""
    errors, maps = importlib.import_module("zlmdb.errors"), importlib.import_module("zlmdb.maps")
    mine = ["PersistentMap", "TABLES_BY_UUID", "__version__", *_HOME, *_MODULES]
    return sorted({*mine, *errors.__all__, *maps.__all__} - {"testing"})


def __dir__() -> list[str]:
    return sorted({*globals(), *_exported()})
