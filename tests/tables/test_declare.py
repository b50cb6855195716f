"""Declaring tables: what ``@table`` accepts and refuses, the definition as data, and the source it is compiled to."""

from __future__ import annotations

import linecache
import traceback
import types
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple, TypedDict

import attrs
import pytest

import zlmdb
from tests.tables.people import User, Users, user
from zlmdb.tables.map import definition_of


def table_class(base: Any = zlmdb.MapOidJson, **body: Any) -> Any:
    return types.new_class("Bad", (base,), {}, lambda namespace: namespace.update(body))


def declared(base: Any = zlmdb.MapOidJson, body: dict[str, Any] | None = None, **options: Any) -> Any:
    return zlmdb.table(uuid.uuid4(), **options)(table_class(base, **(body or {})))


@attrs.define
class Record:
    oid: int
    name: str
    size: complex = 0j


class Named(NamedTuple):
    oid: int


class Keyed(TypedDict):
    oid: int


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "an oid that is no UUID": (lambda: zlmdb.table("nope"), r"expected a UUID .* found 'nope'"),
    "an oid of another type": (lambda: zlmdb.table(5), r"expected a UUID .* found 5"),  # type: ignore[arg-type]
    "no map": (lambda: zlmdb.table(uuid.uuid4())(dict), r"expected a class derived from a map .* 'dict'"),
    "no class": (lambda: zlmdb.table(uuid.uuid4())(5), r"expected a class derived from a map .* found 5"),  # type: ignore[type-var]
    "a primary key of too many fields": (
        lambda: declared(pk=("a", "b")),
        r"table Bad: expected 1 field.* as primary key.* found 2: \('a', 'b'\)",
    ),
    "a primary key that is no field": (
        lambda: declared(zlmdb.MapOidJson[Record], pk="nam"),
        r"table Bad, primary key: expected a field of Record \(oid, name, size\), found 'nam'; name one",
    ),
    "a primary key of another type": (
        lambda: declared(zlmdb.MapUuidJson[Record], pk="name"),
        r"table Bad: its primary key names 'name', a field of type str, but the key is uuid, which does not take that",
    ),
    "a part of a primary key of another type": (
        lambda: declared(zlmdb.MapUuidTimestampCbor[Record], pk=("oid", "name")),
        r"table Bad: its primary key names 'oid', a field of type int, but the key is uuid, .* such keys in that place",
    ),
    **{
        f"FlatBuffers of {kind!r}": (
            lambda kind=kind: declared(zlmdb.MapOidFlatBuffers[kind]),
            r"table Bad: its FlatBuffers can be neither .* expected an attrs class, .* found .*; .* give build=",
        )
        for kind in (Named, Keyed, Record | None, int)
    },
    "an index of no field": (
        lambda: declared(zlmdb.MapOidJson[Record], {"by": zlmdb.index("nam")}),
        r"table Bad, index by: expected a field of Record \(oid, name, size\), found 'nam'; name a field, or give key=",
    ),
    "an index of a type without key codec": (
        lambda: declared(zlmdb.MapOidJson[Record], {"by": zlmdb.index("size")}),
        r"table Bad, index by: there is no key codec for field 'size' .*complex",
    ),
    "an index over nothing": (lambda: zlmdb.index(), r"index\(\): expected the names of fields, or one function"),
    "an index over fields and a function": (
        lambda: zlmdb.index("name", len, key=zlmdb.Int64),
        r"index\(\): expected the names of fields, or one function",
    ),
    "an index over a function of unknown type": (
        lambda: declared(body={"by": zlmdb.index(len)}),
        r"table Bad, index by: an index over a function needs key=",
    ),
    "an index over a field of unknown type": (
        lambda: declared(body={"by": zlmdb.index("name")}),
        r"table Bad, index by: rows have no declared type .*'name'.* give key=",
    ),
    "an index key of another length": (
        lambda: declared(body={"by": zlmdb.index("a", "b", key=zlmdb.String)}),
        r"table Bad, index by: expected a key of 2 parts.* found 1",
    ),
    "an index key that is no codec": (
        lambda: declared(body={"by": zlmdb.index("a", key=str)}),
        r"table Bad, index by: expected a key codec such as zlmdb.Uuid, .* found <class 'str'>",
    ),
    "build for JSON": (
        lambda: declared(build=lambda value, builder: 0),
        r"table Bad: build cannot be given for values of Json; .*build and cast with FlatBuffers",
    ),
    "marshal for text": (
        lambda: declared(zlmdb.MapOidString, marshal=str),
        r"table Bad: marshal cannot be given for values of String",
    ),
    "an unknown compression": (lambda: declared(compress="lzma"), r"'zlib', 'zstd' or 'snappy'.* found 'lzma'"),
    "an unknown compression number": (lambda: declared(compress=7), r"'zlib', 'zstd' or 'snappy'.* found 7"),
    "a key that is no codec": (
        lambda: zlmdb.table(uuid.uuid4())(types.new_class("Bad", (zlmdb.Map,), {"key": int, "value": zlmdb.Json})),
        r"table Bad: expected a key codec such as zlmdb.Uuid, .* found <class 'int'>",
    ),
    "a value that is no codec": (
        lambda: zlmdb.table(uuid.uuid4())(types.new_class("Bad", (zlmdb.Map,), {"key": zlmdb.Oid, "value": dict})),
        r"table Bad: expected a value codec such as zlmdb.Cbor, found <class 'dict'>",
    ),
    "values of a codec for keys only": (
        lambda: zlmdb.table(uuid.uuid4())(
            types.new_class("Bad", (zlmdb.Map,), {"key": zlmdb.Oid, "value": zlmdb.Int64})
        ),
        r"table Bad: Int64 is a key codec, and cannot store values",
    ),
    "values without keys": (
        lambda: zlmdb.table(uuid.uuid4())(types.new_class("Bad", (zlmdb.Map,), {"value": zlmdb.Json})),
        r"table Bad: .*key",
    ),
    "keys without values": (
        lambda: zlmdb.table(uuid.uuid4())(types.new_class("Bad", (zlmdb.Map,), {"key": zlmdb.Oid})),
        r"table Bad: .*value",
    ),
    "an index under the name of a method": (
        lambda: declared(body={"count": zlmdb.index("a", key=zlmdb.String)}),
        r"table Bad.*count",
    ),
    "an index under the name of a method of the attached map": (
        lambda: declared(body={"detach_index": zlmdb.index("a", key=zlmdb.String)}),
        r"table Bad: an index cannot be called 'detach_index'.* call it by_detach_index",
    ),
    "an index under a name that the map class has": (
        lambda: declared(body={"new_key": zlmdb.index("a", key=zlmdb.String)}),
        r"table Bad: an index cannot be called 'new_key'",
    ),
    "an index under a private name": (
        lambda: declared(body={"_txn": zlmdb.index("a", key=zlmdb.String)}),
        r"table Bad: an index cannot be called '_txn'.* call it by_txn",
    ),
    "an index of rows that no function chooses": (
        lambda: zlmdb.index("a", where=3),  # type: ignore[arg-type]
        r"index\(\): expected a function of the row as where, or None, found 3",
    ),
    "an index of a version that is no number": (
        lambda: zlmdb.index("a", version="2"),  # type: ignore[arg-type]
        r"index\(\): expected a whole number as version, found '2'",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_declaration_that_does_not_fit_is_refused_with_a_sentence(what: str) -> None:
    declare, message = REFUSED[what]
    with pytest.raises(zlmdb.SchemaError, match=message) as caught:
        declare()
    assert len(str(caught.value)) < 400, "a message is for people to read"


def test_the_decorator_returns_the_class_and_registers_it(monkeypatch: pytest.MonkeyPatch) -> None:
    registry: dict[uuid.UUID, Any] = {}
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", registry)
    cls = table_class()
    oid = uuid.uuid4()
    assert zlmdb.table(str(oid))(cls) is cls
    assert registry == {oid: cls}
    assert zlmdb.table(oid)(cls) is cls  # again, with the same arguments
    with pytest.raises(zlmdb.SchemaError, match=r"Bad is declared as table .* already, with another compress"):
        zlmdb.table(oid, compress="zlib")(cls)
    assert registry == {oid: cls}


def people_again(**index: Any) -> Any:
    @zlmdb.table("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01", pk="oid")
    class Users(zlmdb.MapUuidJson[User]):
        """People who may log in."""

        by_email = zlmdb.index("email", unique=True, **index)
        by_city = zlmdb.index("city", nullable=True)
        by_city_name = zlmdb.index("city", "name", nullable=True)

    return definition_of(Users)


def test_a_definition_is_plain_data() -> None:
    definition = definition_of(Users)
    assert definition.name == "Users"
    assert definition.oid == uuid.UUID("6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01")
    assert definition.description == "People who may log in."
    assert definition.pk == ("oid",)
    assert definition.key.name == "uuid"
    assert definition.value.record is User
    assert [index.name for index in definition.indexes] == ["by_email", "by_city", "by_city_name"]
    email, city, both = definition.indexes
    assert (email.fields, email.unique, email.nullable, email.key.name) == (("email",), True, False, "string")
    assert (city.fields, city.unique, city.nullable, city.key.name) == (("city",), False, True, "string")
    assert (both.fields, both.key.name) == (("city", "name"), "(string,string)")
    with pytest.raises(AttributeError, match=r"TableDefinition.name cannot be set"):
        definition.name = "Other"  # type: ignore[misc]


def test_a_definition_can_be_printed() -> None:
    text = repr(definition_of(Users))
    for word in ("Users", "6e2ba8ad-7a5b-4b7c-9e0e-8d2b6d3d1a01", "uuid", "by_email", "'city', 'name'", "User"):
        assert word in text
    assert " object at 0x" not in text


def test_definitions_can_be_compared() -> None:
    assert people_again() == definition_of(Users)
    assert people_again(nullable=True) != definition_of(Users)
    assert people_again(version=1) != definition_of(Users)


def test_indexes_are_inherited_and_can_be_taken_away() -> None:
    class Named(zlmdb.Map[int, Any], key=zlmdb.Oid, value=zlmdb.Json):
        by_name = zlmdb.index("name", key=zlmdb.String)
        by_size = zlmdb.index("size", key=zlmdb.Int64)

    @zlmdb.table(uuid.uuid4())
    class Things(Named):
        by_size = None  # type: ignore[assignment]

    assert [index.name for index in definition_of(Things).indexes] == ["by_name"]
    with zlmdb.open(":memory:", [Things]) as db, db.begin(write=True) as txn:
        txn[Things][1] = {"name": "a", "size": 5}
        assert txn[Things].indexes() == ["by_name"]
        assert list(txn[Things].by_name.keys("a")) == [1]


def test_an_index_is_reached_through_a_transaction_only() -> None:
    assert Users.by_email.unique is True  # on the class: the declaration
    with zlmdb.open(":memory:", [Users]) as db:
        handle = db.attach_table(Users)
        with pytest.raises(zlmdb.TransactionError, match=r"Users: index by_email .*txn\[Users\].by_email"):
            print(handle.by_email)


def test_the_compiled_source_can_be_read() -> None:
    source = zlmdb.compiled_source(Users)
    compile(source, "compiled_source", "exec")
    for function in ("__getitem__", "__setitem__", "__delitem__", "get_many", "_scan_items_reverse_"):
        assert f"def {function}(" in source
    assert "row.email" in source
    with zlmdb.open(":memory:", [Users]) as db:
        assert zlmdb.compiled_source(db.attach_table(Users)) == source
    with pytest.raises(zlmdb.SchemaError, match=r"expected a table class or an attached map, found <class 'dict'>"):
        zlmdb.compiled_source(dict)


def test_tracebacks_show_the_generated_lines() -> None:
    with zlmdb.open(":memory:", [Users]) as db, db.begin(write=True) as txn:
        try:
            txn[Users].add(user(1, email=5))  # type: ignore[arg-type]
        except zlmdb.ValueTypeError as error:
            frames = traceback.extract_tb(error.__traceback__)
            text = "".join(traceback.format_exception(error))
        generated = [frame for frame in frames if frame.filename.startswith("<zlmdb ")]
        assert len(generated) == 1
        assert f"Users.{generated[0].name}" in generated[0].filename
        assert generated[0].line
        assert generated[0].line in zlmdb.compiled_source(Users)
        assert generated[0].line in text
        linecache.checkcache()  # which forgets the files that are no longer there
        assert linecache.getline(generated[0].filename, generated[0].lineno or 0).strip() == generated[0].line
