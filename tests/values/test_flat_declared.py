"""Classes and their schemas: what each type becomes, and what is refused, with a sentence that helps."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import typing
import uuid
from decimal import Decimal
from typing import Annotated, Any

import attrs
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

import zlmdb
from tests.values.flatkinds import Cat, Color, Dog, Everything, Point, Rights, Side
from zlmdb.errors import EncodeError, SchemaError, ValueTypeError
from zlmdb.values import FlatBuffers
from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.declared import declare
from zlmdb.values.flat.model import Array, Enum, Member, Ref, Scalar, String, Struct, Union, Vector


def make(hint: Any, default: Any = attrs.NOTHING) -> Any:
    """A class with one field."""
    return attrs.make_class("Thing", {"what": attrs.field(type=hint, default=default)})


def field(hint: Any, default: Any = attrs.NOTHING) -> Any:
    """What that field is in the schema."""
    return declare(make(hint, default)).schema.declarations["Thing"].fields[-1]  # type: ignore[union-attr]


TYPES: list[tuple[Any, Any]] = [
    (bool, Scalar("bool")),
    (int, Scalar("int64")),
    (float, Scalar("float64")),
    (fbs.int8, Scalar("int8")),
    (fbs.uint8, Scalar("uint8")),
    (fbs.int16, Scalar("int16")),
    (fbs.uint16, Scalar("uint16")),
    (fbs.int32, Scalar("int32")),
    (fbs.uint32, Scalar("uint32")),
    (fbs.int64, Scalar("int64")),
    (fbs.uint64, Scalar("uint64")),
    (fbs.float32, Scalar("float32")),
    (fbs.float64, Scalar("float64")),
    (typing.NewType("UserId", int), Scalar("int64")),
    (str, String()),
    (bytes, Vector(Scalar("uint8"))),
    (uuid.UUID, Ref("Uuid")),
    (np.datetime64, Scalar("int64")),
    (dt.datetime, Scalar("int64")),
    (dt.timedelta, Scalar("int64")),
    (dt.date, Scalar("int32")),
    (Color, Ref("Color")),
    (Rights, Ref("Rights")),
    (Cat, Ref("Cat")),
    (Point, Ref("Point")),
    (Cat | Dog, Ref("ThingWhat")),
    (list[int], Vector(Scalar("int64"))),
    (tuple[str, ...], Vector(String())),
    (list[Point], Vector(Ref("Point"))),
    (list[fbs.int8], Vector(Scalar("int8"))),
    (list[Cat | str], Vector(Ref("ThingWhat"))),
    (npt.NDArray[np.float32], Vector(Scalar("float32"))),
    (npt.NDArray[np.datetime64], Vector(Scalar("int64"))),
    (npt.NDArray[np.bool_], Vector(Scalar("bool"))),
]


@pytest.mark.parametrize(("hint", "wire"), TYPES, ids=[str(number) for number in range(len(TYPES))])
def test_what_a_type_becomes(hint: Any, wire: Any) -> None:
    assert field(hint).type == wire
    maybe = field(hint | None, None)
    assert maybe.type == wire
    assert maybe.default is None
    assert not maybe.required


def test_defaults_and_what_is_required() -> None:
    assert field(int).default == 0
    assert field(int, 5).default == 5
    assert field(float, 1).default == 1.0
    assert field(bool).default is False
    assert field(int | None, 5).default is None
    assert field(Color).default == 1
    assert field(Color, Color.BLUE).default == 7
    assert field(Rights).default == 0
    assert field(dt.date, dt.date(1970, 1, 3)).default == 2
    assert field(dt.datetime, dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)).default == 10**6
    assert field(np.datetime64, np.datetime64(1, "s")).default == 10**9
    assert field(Annotated[int, fbs.Field(default=7)], 5).default == 7
    assert field(Annotated[str, fbs.Field(default="x")], "y").default == "x"
    assert (field(int).required, field(str).required, field(str, "x").required) == (False, True, False)
    assert field(list[int], attrs.Factory(list)).required is False
    assert field(Annotated[str, fbs.Field(required=False)]).required is False
    assert field(np.datetime64).attributes == {"logical": "datetime64"}
    assert field(list[dt.date]).attributes == {"logical": "date"}


NO_RIGHTS, A_CAT = Rights(0), Cat()


def test_the_whole_of_a_schema() -> None:
    @fbs.table(name="Order", namespace="shop.v1", file_identifier="SHOP", file_extension="shop")
    @attrs.define
    class Purchase:
        """What was bought.

        By whom.
        """

        oid: uuid.UUID
        side: Side
        rights: Annotated[Rights, fbs.Field(attributes={"hash": "fnv1_32"})] = NO_RIGHTS
        pet: Annotated[Cat | Dog, fbs.UnionOf("Pet", members=("Kitty", "Doggy"), values=(2, 5))] = A_CAT
        last: Annotated[int, fbs.Field(name="Last", doc=("At the end.",))] = 0

    schema = declare(Purchase).schema
    assert (schema.root, schema.file_identifier, schema.file_extension) == ("shop.v1.Order", "SHOP", "shop")
    assert schema.attributes == ("hash",)
    assert schema.declarations["shop.v1.Uuid"] == Struct(
        "shop.v1.Uuid",
        (declare(make(uuid.UUID)).schema.declarations["Uuid"].fields[0],),  # type: ignore[union-attr]
    )
    members = (Member("READ", 1), Member("WRITE", 2))
    assert schema.declarations["shop.v1.Rights"] == Enum("shop.v1.Rights", Scalar("uint32"), members, bit_flags=True)
    assert schema.declarations["shop.v1.Side"].base == Scalar("uint8")  # type: ignore[union-attr]
    assert schema.declarations["shop.v1.Pet"] == Union(
        "shop.v1.Pet", (("Kitty", Ref("shop.v1.Cat")), ("Doggy", Ref("shop.v1.Dog"))), (2, 5)
    )
    table: Any = schema.declarations["shop.v1.Order"]
    assert table.doc == ("What was bought.", "", "By whom.")
    assert [(found.name, found.id) for found in table.fields] == [
        ("oid", 0), ("side", 1), ("rights", 2), ("pet", 4), ("Last", 5),
    ]  # fmt: skip
    assert table.fields[4].doc == ("At the end.",)
    codec: FlatBuffers[Purchase] = FlatBuffers(Purchase)
    order = Purchase(uuid.UUID(int=5), Side.SELL, pet=Dog(name="x"))
    assert codec.decode(codec.encode(order)) == order


def test_structs_are_laid_out_as_the_format_has_it() -> None:
    record = declare(make(Point)).records["Point"]
    assert (record.size, record.align) == (128, 16)
    assert record.offsets == (0, 8, 12, 16, 40, 48, 54, 60, 108)
    struct: Any = declare(make(Point)).schema.declarations["Point"]
    assert struct.force_align == 16
    assert struct.fields[5].type == Array(Scalar("int16"), 3)
    assert struct.fields[6].type == Array(Scalar("uint8"), 5)
    assert struct.fields[7].type == Array(Ref("Inner"), 2)


class Words(enum.StrEnum):
    YES = "y"


class Huge(enum.Enum):
    BIG = 2**70


class Pair(typing.NamedTuple):
    left: int


class Movie(typing.TypedDict):
    title: str


@fbs.enum(base=fbs.uint8)
class TooSmall(enum.IntEnum):
    LARGE = 256


@fbs.struct
@attrs.define
class HasText:
    text: str


@fbs.struct
@attrs.define
class HasNone:
    number: int | None


@fbs.struct
@attrs.define
class Endless:
    number: int
    more: Annotated[list[Endless], fbs.Length(2)]


REFUSED: list[tuple[Any, str]] = [
    (Endless, "a struct cannot contain itself"),
    (dict[str, int], "it has no dicts and sets: make it a list of records"),
    (set[int], "it has no dicts and sets"),
    (Decimal, "it has no decimals"),
    (dt.time, "it has no times of day"),
    (Any, "it has no such type"),
    (object, "it has no such type"),
    (Pair, "a record is an attrs class, a dataclass or a msgspec Struct"),
    (Movie, "a record is an attrs class, a dataclass or a msgspec Struct"),
    (np.float32, "annotate int or float with its width, such as zlmdb.fbs.float32"),
    (list, "say what its elements are"),
    (tuple[int, str], "the elements of a vector have one type"),
    (list[int | None], "the elements of a vector cannot be None"),
    (list[list[int]], "there are no vectors of vectors"),
    (list[bytes], "there are no vectors of vectors"),
    (np.ndarray, "say what its elements are"),
    (npt.NDArray[np.complex128], "there are no numbers of this type"),
    (npt.NDArray[np.str_], "there are no numbers of this type"),
    (int | str, "the members of a union are records (or str)"),
    (Cat | int, "the members of a union are records (or str)"),
    (Words, "expected an enumeration of integers, found <Words.YES: 'y'>"),
    (Huge, "which int32 or int64 or uint64 does not hold"),
    (TooSmall, "which uint8 does not hold"),
    (HasText, "a struct holds numbers"),
    (HasNone, "a struct holds numbers"),
    (Annotated[bytes, fbs.Length(3)], "only structs have arrays of fixed length"),
    (Annotated[int, Scalar("float32")], "float32 does not stand for int"),
    (Annotated[int, fbs.Field(required=True)], "only a field that is no scalar and not optional can be required"),
    (Annotated[int, fbs.Field(deprecated=True)], "a deprecated field reads as its default, so it needs one"),
    (Annotated[bytes, fbs.Field(default=b"x")], "only scalars, texts and vectors ([]) have a default"),
    (Annotated[int | None, fbs.Field(default=5)], "an optional field is None when it is absent"),
    (Annotated[fbs.int8, fbs.Field(default=300)], "its default is not int"),
    (Annotated[int, fbs.Field(id=1)], "expected the ids of its fields to be consecutive, found none with 0"),
    (Annotated[int, fbs.Field(name="straße")], "expected an ASCII name"),
    (Annotated[Cat | Dog, fbs.UnionOf("Pet", members=("A",))], "its 2 members need as many different names"),
    (Annotated[Cat | Dog, fbs.UnionOf("Pet", values=(1, 300))], "have numbers from 1 to 255"),
    (Annotated[Cat | Dog, fbs.UnionOf("Cat")], "would both be Cat"),
    (type(None), "there is nothing to store"),
]


@pytest.mark.parametrize(("hint", "message"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_cannot_be_stored_is_refused_where_it_is_declared(hint: Any, message: str) -> None:
    record = make(hint)
    with pytest.raises(SchemaError) as caught:
        declare(record)
    assert message in str(caught.value)
    assert any(name in str(caught.value) for name in ("Thing", "Has", "Endless"))
    import types

    with pytest.raises(SchemaError) as caught:
        zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a3009")(
            types.new_class("Things", (zlmdb.MapOidFlatBuffers[record],), {})
        )
    assert str(caught.value).startswith("table Things: ")
    assert caught.value.table == "Things"


def test_classes_that_are_no_roots() -> None:
    with pytest.raises(SchemaError, match="the root of a FlatBuffer is always a table"):
        declare(Point)
    for record in (int, dict, Pair, Movie, None):
        with pytest.raises(SchemaError, match="expected an attrs class, a dataclass or a msgspec Struct"):
            declare(record)


def test_two_fields_with_one_number() -> None:
    record = attrs.make_class(
        "Thing",
        {
            "a": attrs.field(type=Annotated[int, fbs.Field(id=0)]),
            "b": attrs.field(type=Annotated[Cat | Dog, fbs.Field(id=1)]),
        },
    )
    with pytest.raises(SchemaError, match=r"Thing\.b: expected a number of its own, found id 0, which is that of a"):
        declare(record)


def test_wrong_words() -> None:
    with pytest.raises(SchemaError, match="expected force_align to be"):
        fbs.struct(force_align=3)
    with pytest.raises(SchemaError, match="four ASCII characters"):
        fbs.table(file_identifier="abc")
    with pytest.raises(SchemaError, match="expected an integer type"):
        fbs.enum(base=fbs.float32)
    with pytest.raises(SchemaError, match="expected an integer type"):
        fbs.enum(base="int")


def test_a_map_of_another_class_stays_as_it_was() -> None:
    class Own:
        pass

    class Rows(zlmdb.MapOidFlatBuffers[Own]):
        pass

    with pytest.raises(SchemaError, match="cannot be written without build="):
        Rows(5)._definition.value.encode(Own())  # type: ignore[attr-defined]
    codec: FlatBuffers[Any] = FlatBuffers(Own)
    assert not codec.declares
    with pytest.raises(SchemaError, match="no declared schema"):
        _ = codec.declared
    assert codec.source() == ""
    with_functions: FlatBuffers[Cat] = FlatBuffers(Cat, cast=lambda data: Cat(len(data)))
    assert with_functions.decode(b"abc") == Cat(3)


# -- wrong values


def case(value: Any, **changes: Any) -> Any:
    return attrs.evolve(value, **changes)


@attrs.define
class Sample:
    flag: bool = True
    number: int = 0
    tiny: fbs.int8 = 0
    short: fbs.float32 = 0.0
    text: str = ""
    oid: uuid.UUID | None = None
    moment: dt.datetime | None = None
    when: np.datetime64 | None = None
    side: Side = Side.BUY
    tags: list[str] = attrs.Factory(list)
    numbers: tuple[fbs.uint8, ...] = ()
    pets: list[Cat | Dog] = attrs.Factory(list)
    array: npt.NDArray[np.float32] | None = None
    cat: Cat | None = None


WRONG: list[tuple[str, Any, type[Exception], str]] = [
    ("flag", 1, ValueTypeError, "field flag of Sample: expected bool, found int 1"),
    ("number", True, ValueTypeError, "field number of Sample: expected int, found bool True"),
    ("number", 1.0, ValueTypeError, "expected int, found float 1.0"),
    ("number", 2**63, EncodeError, "expected an int from -9223372036854775808"),
    ("number", None, ValueTypeError, "expected int, found NoneType None"),
    ("tiny", 128, EncodeError, "expected an int from -128 to 127 (int8), found int 128"),
    ("short", 1e300, EncodeError, "expected a float that 32 bits can hold"),
    ("short", "x", ValueTypeError, "expected float, found str 'x'"),
    ("text", b"x", ValueTypeError, "expected str, found bytes b'x'"),
    ("text", "\ud800", EncodeError, "expected text that UTF-8 can hold"),
    ("oid", "x", ValueTypeError, "field oid of Sample: expected uuid.UUID or None, found str 'x'"),
    ("moment", dt.datetime(2020, 1, 1), ValueTypeError, "timezone-aware"),
    ("moment", dt.date(2020, 1, 1), ValueTypeError, "timezone-aware"),
    ("when", 5, ValueTypeError, "expected numpy.datetime64 or None, found int 5"),
    ("when", np.datetime64(1, "ps"), EncodeError, "whole nanoseconds"),
    ("side", 1, ValueTypeError, "expected Side, found int 1"),
    ("tags", ("a",), ValueTypeError, "expected list of str, found tuple ('a',)"),
    ("tags", ["a", 5], ValueTypeError, "field tags[1] of Sample: expected str, found int 5"),
    ("numbers", (1, 256), EncodeError, "field numbers[1] of Sample: expected an int from 0 to 255"),
    ("pets", [Cat(), "x"], ValueTypeError, "field pets[1] of Sample: expected Cat or Dog, found str 'x'"),
    ("pets", [Cat(), Dog(name=5)], ValueTypeError, "field pets[1].name of Sample: expected str"),  # type: ignore[arg-type]
    ("array", [1.0], ValueTypeError, "expected numpy.ndarray of float32 or None, found list [1.0]"),
    ("array", np.zeros(3), ValueTypeError, "convert it with .astype('float32')"),
    ("array", np.zeros((2, 2), "f4"), EncodeError, "of one dimension"),
    ("cat", Dog(name="x"), ValueTypeError, "field cat of Sample: expected Cat or None, found Dog"),
    ("cat", Cat(2**70), EncodeError, "field cat.lives of Sample: expected an int from"),
]


@pytest.mark.parametrize(("name", "value", "kind", "message"), WRONG, ids=[str(number) for number in range(len(WRONG))])
def test_wrong_values_are_named(name: str, value: Any, kind: Any, message: str) -> None:
    codec: FlatBuffers[Sample] = FlatBuffers(Sample)
    with pytest.raises(kind) as caught:
        codec.encode(case(Sample(), **{name: value}))
    assert message in str(caught.value)
    assert caught.value.field.startswith(name)
    assert caught.value.expected is not None
    assert caught.value.found is not None


def test_an_object_that_lacks_a_field_is_named() -> None:
    codec: FlatBuffers[Any] = FlatBuffers(Cat)
    broken = object.__new__(Cat)
    object.__setattr__(broken, "lives", None)
    with pytest.raises(ValueTypeError, match="field lives of Cat: expected int, found NoneType"):
        codec.encode(broken)

    @attrs.define
    class Slotted:
        text: str

    bare: FlatBuffers[Slotted] = FlatBuffers(Slotted)
    with pytest.raises(ValueTypeError, match=r"field text of .*Slotted: expected str, found nothing"):
        bare.encode(object.__new__(Slotted))
    # A class of its own is another class, though it has the fields.

    @attrs.define
    class Derived(Slotted):
        pass

    with pytest.raises(ValueTypeError, match=r"expected .*Slotted, found Derived"):
        bare.encode(Derived("x"))


def test_classes_with_constructors_of_their_own() -> None:
    @attrs.define
    class Computed:
        a: int
        _private: str = attrs.field(alias="called", default="p")
        total: int = attrs.field(init=False, default=0)

        def __attrs_post_init__(self) -> None:
            self.total = self.a * 2

    codec: FlatBuffers[Computed] = FlatBuffers(Computed)
    value = Computed(4, called="x")
    value.total = 99
    found = codec.decode(codec.encode(value))
    from zlmdb.values.flat.lazy import detach

    assert (found.a, found._private, found.total) == (4, "x", 99)
    assert detach(found) == value

    @dataclasses.dataclass
    class Own:
        a: int = 0

        def __init__(self) -> None:
            self.a = 5

    own: FlatBuffers[Own] = FlatBuffers(Own)
    thing = Own()
    thing.a = 7
    assert detach(own.decode(own.encode(thing))) == thing

    class Checked(msgspec.Struct):
        a: int

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("negative")

    checked: FlatBuffers[Checked] = FlatBuffers(Checked)
    bad = Checked(1)
    bad.a = -1
    row = checked.decode(checked.encode(bad))
    assert row.a == -1
    with pytest.raises(zlmdb.DecodeError, match="negative"):
        detach(row)


def test_the_source_can_be_read() -> None:
    text = FlatBuffers(Everything).source()
    for part in ("def build(o):", "def get_0(self):", "def detach(self, left, depth):"):
        assert part in text
