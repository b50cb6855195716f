"""The public names: each resolves, none is private, and none comes or goes unnoticed."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from zlmdb import errors, keys, maps, values

#: Every public name beside the errors and the named maps, which have lists of their own below.
NAMES = re.findall(
    r"\w+",
    """
    Bool Bytes Bytes16 Bytes20 Bytes32 Cbor Database Date Datetime FlatBuffers Float64 Index Int16 Int32 Int64
    Int8 Json KeyCodec Map Numpy Oid OidSet PersistentMap Pickle Schema Selection Series Slice String StringSet
    TABLES_BY_UUID Timestamp Transaction TransactionStats Uint16 Uint32 Uint64 Uint8 UniqueIndex Uuid UuidSet
    ValueCodec __version__ check_autobahn_flatbuffers_version_in_sync column compiled_source errors fbs flatbuffers
    index
    keys lmdb maps open setup_flatbuffers_import table values
    """,
)
ERRORS = re.findall(
    r"\w+",
    """
    AlreadyOpen CatalogError ConstraintError DataError DatabaseClosed DatabaseError DatabaseFull
    DatabaseNotFound DecodeError DiskFull DuplicateKey EncodeError KeyTooLong KeyTypeError KeyValueError MissingExtra
    NullValueConstraint OldReaderWarning PickleNotAllowed QueryError ReadOnlyDatabase ReadOnlyTransaction
    ReadersFull SchemaError SchemaTextError TableMismatch TableNotAttached TransactionClosed TransactionError
    UniqueViolation ValueTypeError ViewExpired ZlmdbError
    """,
)
#: The parts of a map's name -> the values that it is there for.
MAPS = {
    "Oid": "String Oid Uuid Json Cbor Pickle FlatBuffers OidSet Numpy",
    "OidOid": "Oid FlatBuffers Numpy",
    "Oid3": "FlatBuffers Numpy",
    "OidString": "Oid Numpy",
    "OidTimestamp": "Oid FlatBuffers Numpy",
    "OidTimestampString": "Oid Numpy",
    "String": "String Oid Uuid Json Cbor Pickle FlatBuffers StringSet Numpy",
    "StringOid": "Oid Numpy",
    "StringString": "Uuid Numpy",
    "StringStringString": "Uuid Numpy",
    "StringTimestamp": "Cbor Numpy",
    "Uuid": "String Oid Uuid UuidSet Json Cbor Pickle FlatBuffers Numpy",
    "UuidUuid": "Uuid Cbor FlatBuffers Numpy",
    "UuidUuidUuid": "Uuid Numpy",
    "UuidUuidUuidUuid": "Uuid Numpy",
    "UuidString": "Uuid Oid FlatBuffers Numpy",
    "UuidUuidString": "Uuid FlatBuffers Numpy",
    "UuidUuidUuidString": "Uuid Numpy",
    "UuidTimestamp": "Uuid Bytes32 Cbor FlatBuffers Numpy",
    "UuidTimestampUuid": "FlatBuffers Numpy",
    "UuidBytes32": "FlatBuffers Numpy",
    "UuidBytes20Uint8": "FlatBuffers Numpy",
    "UuidBytes20Uint8Uuid": "FlatBuffers Numpy",
    "UuidBytes20Bytes20Uint8Uuid": "FlatBuffers Numpy",
    "SlotUuid": "Uuid Numpy",
    "Uint16UuidTimestamp": "FlatBuffers Numpy",
    "Uint64Timestamp": "Uuid Numpy",
    "Timestamp": "FlatBuffers Json Cbor Pickle Numpy",
    "TimestampUuid": "Cbor FlatBuffers Numpy",
    "TimestampString": "Cbor FlatBuffers Numpy",
    "TimestampUuidString": "FlatBuffers Numpy",
    "TimestampBytes32": "FlatBuffers Numpy",
    "Bytes32": "Uuid Timestamp Bytes32 FlatBuffers Json Cbor Pickle Numpy",
    "Bytes32Uuid": "FlatBuffers Numpy",
    "Bytes32Bytes32": "FlatBuffers Numpy",
    "Bytes32String": "FlatBuffers Numpy",
    "Bytes20": "Uuid Bytes16 Bytes20 FlatBuffers Json Cbor Pickle Numpy",
    "Bytes20Timestamp": "Bytes20 Uuid Numpy",
    "Bytes20Bytes20": "FlatBuffers Timestamp Numpy",
    "Bytes20String": "FlatBuffers Numpy",
    "Bytes16": "FlatBuffers Json Cbor Pickle Numpy",
    "Bytes16Timestamp": "Uuid Numpy",
    "Bytes16TimestampUuid": "FlatBuffers Numpy",
}
MAP_NAMES = sorted(f"Map{key}{value}" for key, found in MAPS.items() for value in found.split())


def test_the_public_names_are_these() -> None:
    assert sorted(zlmdb.__all__) == sorted([*NAMES, *ERRORS, *MAP_NAMES])
    assert len(set(zlmdb.__all__)) == len(zlmdb.__all__)


def test_the_maps_are_these() -> None:
    assert sorted(maps.__all__) == MAP_NAMES


def test_the_errors_are_these_and_are_drawn_in_their_tree() -> None:
    assert sorted(errors.__all__) == ERRORS
    tree = (errors.__doc__ or "").split(".. code-block:: text")[1].split("Every error says")[0].splitlines()
    above: dict[int, str] = {}
    drawn = {}
    for line in filter(str.strip, tree):
        indent = len(line) - len(line.lstrip(" │├└─"))
        name = line.strip(" │├└─").split()[0]
        drawn[name] = next((above[depth] for depth in sorted(above, reverse=True) if depth < indent), None)
        above = {depth: known for depth, known in above.items() if depth < indent} | {indent: name}
    assert sorted(drawn) == ERRORS
    for name, base in drawn.items():
        error = getattr(errors, name)
        assert issubclass(error, Exception)
        assert error.__doc__
        assert base is None or getattr(errors, base) in error.__bases__, name


@pytest.mark.parametrize("name", zlmdb.__all__)
def test_a_public_name_resolves(name: str) -> None:
    namespace: dict[str, Any] = {}
    exec(f"from zlmdb import {name}", namespace)
    assert namespace[name] is getattr(zlmdb, name)
    assert name in dir(zlmdb)


def test_no_name_is_private() -> None:
    assert [name for name in zlmdb.__all__ if name.startswith("_")] == ["__version__"]
    for module in (errors, keys, values, maps):
        assert [name for name in module.__all__ if name.startswith("_")] == [], module.__name__


def test_a_star_import_gives_them_all() -> None:
    namespace: dict[str, Any] = {}
    exec("from zlmdb import *", namespace)
    assert set(zlmdb.__all__) <= namespace.keys()


def test_a_name_that_does_not_exist_is_refused() -> None:
    for name in ("nothing", "MapNothing", "_private", "__wrapped__", "Mapp"):
        with pytest.raises(AttributeError, match=name):
            getattr(zlmdb, name)
        with pytest.raises(ImportError, match=name):
            exec(f"from zlmdb import {name}")
    assert not hasattr(zlmdb, "nothing")


def modules() -> list[str]:
    found = [module.name for module in pkgutil.walk_packages(zlmdb.__path__, "zlmdb.")]
    return [name for name in found if not name.endswith("__main__")]


@pytest.mark.parametrize("name", modules())
def test_what_a_module_exports_exists(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        pytest.skip(f"{name} needs what is not installed: {error}")
    for exported in getattr(module, "__all__", ()):
        assert getattr(module, exported) is not None or exported in vars(module), exported


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = """
import sys
before = set(sys.modules)
import zlmdb
names = zlmdb.__version__, zlmdb.TABLES_BY_UUID
heavy = {"numpy", "flatbuffers", "click", "msgspec", "cbor2", "lmdb", "asyncio"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


#: Modules that take long to load, and what in this package only some programs need.
DEAR = re.findall(
    r"[\w.]+",
    """
    numpy flatbuffers click msgspec asyncio typing_extensions dataclasses inspect ast tokenize hashlib _hashlib decimal
    datetime numbers json logging tempfile
    zlmdb.keys.lookup zlmdb.keys.scalars zlmdb.keys.times zlmdb.keys.timestamps zlmdb.keys.upstream
    zlmdb.values.flatbuffers zlmdb.values.numpy zlmdb.values.pickle zlmdb.values.records zlmdb.values.typed
    zlmdb.tables.bulk zlmdb.database.report zlmdb.database.migrate zlmdb.engine.contract zlmdb.maps.uuid_tuples
    """,
)
TABLE = """
@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c73")
class People(zlmdb.MapUuidCbor):
    by_city = zlmdb.index("city", key=zlmdb.String, nullable=True)
"""
USE = """
import uuid
with zlmdb.open(sys.argv[1], [People]) as db:
    with db.begin(write=True) as txn:
        txn[People][uuid.UUID(int=1)] = {"city": "Bonn"}
    with db.begin() as txn:
        assert txn[People][uuid.UUID(int=1)] == {"city": "Bonn"}
"""


def printed_by(program: str, *arguments: object) -> str:
    """What a program prints that is run by a fresh interpreter, which looks at nothing of the user's."""
    command = [sys.executable, "-I", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("program", "needed"),
    [
        ("zlmdb.open; zlmdb.table; zlmdb.index; zlmdb.MapUuidCbor; zlmdb.MapUuidJson", set()),
        (TABLE, set()),
        # Source files of compiled functions are shown by linecache, which reads them with tokenize.
        (TABLE + USE, {"tokenize"}),
    ],
    ids=["naming", "declaring", "using"],
)
def test_a_program_loads_what_its_tables_need(program: str, needed: set[str], tmp_path: Path) -> None:
    whole = f"import sys\nbefore = set(sys.modules)\nimport zlmdb\n{program}\nprint(*sorted(set(sys.modules) - before))"
    loaded = printed_by(whole, tmp_path / "db").split()
    assert set(DEAR) & set(loaded) <= needed


def test_opening_loads_nothing_that_naming_has_not_loaded(tmp_path: Path) -> None:
    program = f"""
import sys, uuid, zlmdb
{TABLE}
zlmdb.open
before = set(sys.modules)
with zlmdb.open(sys.argv[1], [People]) as db, db.begin() as txn:
    txn[People]
print(sorted(name for name in set(sys.modules) - before if name.startswith("zlmdb")))
"""
    assert printed_by(program, tmp_path / "db") == "[]"


def test_a_text_table_needs_no_numpy() -> None:
    program = """
import sys
import zlmdb
@zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c71")
class Words(zlmdb.MapStringString):
    pass
with zlmdb.open(":memory:", [Words]) as db, db.begin(write=True) as txn:
    txn[Words]["a"] = "b"
    assert list(txn[Words].items()) == [("a", "b")]
print(sorted({"numpy", "flatbuffers", "click"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_the_registry_may_be_bound_to_another_dict(monkeypatch: pytest.MonkeyPatch) -> None:
    other: dict[Any, Any] = {}
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", other)

    @zlmdb.table("0d3f1e5a-6c57-4b8a-9f61-2a9d1f0b7c72")
    class Words(zlmdb.MapStringString):
        pass

    assert list(other.values()) == [Words]
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", {})
    with zlmdb.open(":memory:", [Words]) as db, db.begin(write=True) as txn:
        txn[Words]["a"] = "b"
        assert len(txn[Words]) == 1
