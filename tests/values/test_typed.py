"""Records: they come back equal in type and value, and nothing else gets in."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import uuid
from decimal import Decimal
from typing import Any

import attrs
import cbor2
import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.values import kinds
from tests.values.kinds import (
    CODECS,
    Address,
    Color,
    Everything,
    Frozen,
    Level,
    Movie,
    Node,
    Order,
    Pair,
    Partial,
    Point,
    Row,
    both,
)
from zlmdb.errors import EncodeError, SchemaError, ValueTypeError
from zlmdb.values import Cbor, Json, describe

CACHED = {(codec, record): codec(record) for codec in CODECS for record in (Everything,)}


def moment(value: dt.datetime) -> tuple[bool, dt.timedelta]:
    """What can be compared of a time: `==` is false between zones where a clock was set forward or back (PEP 495)."""
    offset = value.utcoffset()
    return offset is None, value.replace(tzinfo=None) - dt.datetime.min - (offset or dt.timedelta())


def same(one: Any, other: Any) -> bool:
    """Equal in value and in type, all the way down; the time zone of a moment may have another name."""
    if type(one) is not type(other):
        return False
    if attrs.has(type(one)):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in attrs.fields(type(one)))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one), list(other)) and same(list(one.values()), list(other.values()))
    if isinstance(one, np.datetime64):
        return one.dtype == other.dtype and one == other
    if isinstance(one, dt.datetime):
        return moment(one) == moment(other)
    if isinstance(one, float):
        return math.copysign(1, one) == math.copysign(1, other) and one == other
    if isinstance(one, Decimal):
        return one.as_tuple() == other.as_tuple()
    return bool(one == other)


@both
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=kinds.everything)
def test_every_kind_of_field_comes_back_equal_in_type_and_value(codec: Any, value: Everything) -> None:
    subject = CACHED[codec, Everything]
    data = subject.encode(value)
    assert same(subject.decode(data), value)
    assert same(subject.decode(memoryview(data)), value)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=kinds.everything)
def test_without_the_generated_decoder_every_kind_of_field_comes_back_the_same(value: Everything) -> None:
    subject = Cbor(Everything)
    data = CACHED[Cbor, Everything].encode(value)
    assert same(subject._decode_early(data), value)
    assert same(subject._decode_early(memoryview(data)), value)
    assert not {"decode", "encode"} & vars(subject).keys()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=kinds.everything)
def test_the_generated_cbor_encoder_writes_what_cbor2_writes(value: Everything) -> None:
    data = CACHED[Cbor, Everything].encode(value)
    assert cbor2.dumps(cbor2.loads(data)) == data


CASES: list[tuple[Any, Any]] = [
    (Frozen, Frozen(private=1)),
    (Frozen, Frozen(private=1, called="n", items=[1, 2])),
    (Point, Point(1, 2.5, ["a"])),
    (Node, Node("root", [Node("leaf", [], Node("up"))])),
    (Order, Order(1, ["a"], "n")),
    (Row, Row(1, "x")),
    (Movie, Movie(title="t", year=1)),
    (Partial, Partial(title="t")),
    (Partial, Partial(title="t", year=2)),
    (Pair, Pair(1, "x")),
    (kinds.WithPet, kinds.WithPet(kinds.Dog("rex"), [kinds.Cat(9), kinds.Dog("bo")])),
    (kinds.OwnInit, kinds.OwnInit(5)),
    (list[Point], [Point(1), Point(2)]),
    (dict[str, Address], {"a": Address("x")}),
    (Address | None, None),
    (Address | None, Address("x")),
    (int, 2**70),
    (tuple[int, ...], (1, 2)),
    (set[uuid.UUID], {uuid.UUID(int=5)}),
]


@both
@pytest.mark.parametrize(("record", "value"), CASES, ids=lambda case: str(case)[:40])
def test_kinds_of_records(codec: Any, record: Any, value: Any) -> None:
    subject = codec(record)
    found = subject.decode(subject.encode(value))
    assert type(found) is type(value)
    assert found == value


@pytest.mark.parametrize(("record", "value"), CASES, ids=lambda case: str(case)[:40])
def test_kinds_of_records_without_the_generated_decoder(record: Any, value: Any) -> None:
    found: Any = Cbor(record)._decode_early(Cbor(record).encode(value))
    assert type(found) is type(value)
    assert found == value


@both
def test_fields_that_the_constructor_does_not_take_come_back(codec: Any) -> None:
    point = Point(1)
    point.total = 9
    subject = codec(Point)
    assert subject.decode(subject.encode(point)).total == 9
    frozen = Frozen(private=5)
    object.__setattr__(frozen, "made", "elsewhere")
    found = codec(Frozen).decode(codec(Frozen).encode(frozen))
    assert (found._private, found.made) == (5, "elsewhere")


def test_the_cbor_of_a_record_is_a_map_of_its_fields() -> None:
    value = kinds.sample()
    plain = cbor2.loads(Cbor(Everything).encode(value))
    assert list(plain) == [field.name for field in attrs.fields(Everything)]
    assert plain["oid"] == value.oid.bytes
    assert plain["oids"] == [uuid.UUID(int=2).bytes]
    assert plain["when"] == 5
    assert plain["color"] == 1
    assert plain["naive"] == "2020-01-02T03:04:05.000006"
    assert plain["price"] == Decimal("1.10")
    assert plain["address"] == {"street": "street", "zip": "zip"}


def test_the_json_of_a_record_is_an_object_of_its_fields() -> None:
    value = kinds.sample()
    plain = msgspec.json.decode(Json(Everything).encode(value))
    assert plain["oid"] == str(value.oid)
    assert plain["when"] == 5
    assert plain["data"] == "ZGF0YQ=="
    assert msgspec.json.decode(Json(Order).encode(Order(1))) == {
        "type": "order",
        "orderId": 1,
        "lineItems": [],
        "note": None,
    }


@both
def test_other_units_of_datetime64_are_converted_exactly(codec: Any) -> None:
    subject = CACHED[codec, Everything]
    for value in ("2020-01-02", "2020-01-02T03:04:05", "1969-12-31T23:59:59.999999"):
        found = subject.decode(subject.encode(kinds.sample(when=np.datetime64(value))))
        assert found.when == np.datetime64(value)
        assert found.when.dtype == np.dtype("M8[ns]")
    for value in (np.datetime64(1, "ps"), np.datetime64("3000-01-01")):
        with pytest.raises(EncodeError, match="field when of Everything"):
            subject.encode(kinds.sample(when=value))


@both
@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", "-0", "-0.00", "1E+400", "0E-9"])
def test_special_decimals(codec: Any, price: str) -> None:
    subject = CACHED[codec, Everything]
    found = subject.decode(subject.encode(kinds.sample(price=Decimal(price)))).price
    assert repr(found) == repr(Decimal(price))


#: field, a wrong value, the path that the error names, what it says was expected, the type it says was found
WRONG: list[tuple[str, Any, str, str, str]] = [
    ("none", 0, "none", "None", "int"),
    ("flag", 1, "flag", "bool", "int"),
    ("flag", None, "flag", "bool", "NoneType"),
    ("number", "1", "number", "int", "str"),
    ("number", True, "number", "int", "bool"),
    ("number", 1.0, "number", "int", "float"),
    ("number", None, "number", "int", "NoneType"),
    ("number", np.int64(1), "number", "int", "int64"),
    ("ratio", "1.5", "ratio", "float", "str"),
    ("ratio", False, "ratio", "float", "bool"),
    ("text", b"x", "text", "str", "bytes"),
    ("text", 5, "text", "str", "int"),
    ("data", "x", "data", "bytes", "str"),
    ("data", bytearray(b"x"), "data", "bytes", "bytearray"),
    ("oid", str(uuid.UUID(int=1)), "oid", "uuid.UUID", "str"),
    ("oid", bytes(16), "oid", "uuid.UUID", "bytes"),
    ("oid", None, "oid", "uuid.UUID", "NoneType"),
    ("naive", "2020-01-01T00:00:00", "naive", "datetime.datetime", "str"),
    ("naive", dt.date(2020, 1, 1), "naive", "datetime.datetime", "date"),
    ("day", dt.datetime(2020, 1, 1), "day", "datetime.date", "datetime"),
    ("clock", "01:02", "clock", "datetime.time", "str"),
    ("span", 5, "span", "datetime.timedelta", "int"),
    ("price", 1.5, "price", "decimal.Decimal", "float"),
    ("price", "1.5", "price", "decimal.Decimal", "str"),
    ("when", 5, "when", "numpy.datetime64", "int"),
    ("when", dt.datetime(2020, 1, 1), "when", "numpy.datetime64", "datetime"),
    ("color", 1, "color", "Color", "int"),
    ("size", "l", "size", "Size", "str"),
    ("level", 2, "level", "Level", "int"),
    ("level", Color.RED, "level", "Level", "Color"),
    ("kind", "c", "kind", "'a' or 'b' or 3", "str"),
    ("kind", 3.0, "kind", "'a' or 'b' or 3", "float"),
    ("user", "u", "user", "int", "str"),
    ("either", 1.5, "either", "int or str", "float"),
    ("address", None, "address", "Address", "NoneType"),
    ("address", {"street": "s", "zip": None}, "address", "Address", "dict"),
    ("address", Address(5), "address.street", "str", "int"),
    ("address", Address("s", 5), "address.zip", "str or None", "int"),
    ("maybe", Address("s", b""), "maybe.zip", "str or None", "bytes"),
    ("maybe", 5, "maybe", "Address or None", "int"),
    ("tags", ("a",), "tags", "a list of str", "tuple"),
    ("tags", "ab", "tags", "a list of str", "str"),
    ("tags", ["a", "b", 3], "tags[2]", "str", "int"),
    ("lines", [Address("s"), Address("t", 1)], "lines[1].zip", "str or None", "int"),
    ("oids", [uuid.UUID(int=1), "x"], "oids[1]", "uuid.UUID", "str"),
    ("pair", [1, "x"], "pair", "a tuple of (int, str)", "list"),
    ("pair", (1, 2), "pair[1]", "str", "int"),
    ("pair", (1,), "pair", "a tuple of (int, str)", "tuple"),
    ("many", (1.0, "x"), "many[1]", "float", "str"),
    ("names", ["x"], "names", "a set of str", "list"),
    ("frozen", {1}, "frozen", "a frozenset of int", "set"),
    ("counts", {"a": "b"}, "counts['a']", "int", "str"),
    ("counts", {1: 1}, "counts[1]", "str", "int"),
    ("homes", {"h": Address(None)}, "homes['h'].street", "str", "NoneType"),
    ("by_oid", {"x": 1}, "by_oid['x']", "uuid.UUID", "str"),
    ("anything", {"a": [1, Address("x")]}, "anything['a'][1]", "a value that", "Address"),
    ("maybe_oid", "x", "maybe_oid", "uuid.UUID or None", "str"),
    ("maybe_text", 5, "maybe_text", "str or None", "int"),
    ("maybe_data", "x", "maybe_data", "bytes or None", "str"),
    ("maybe_number", True, "maybe_number", "int or None", "bool"),
    ("maybe_ratio", "x", "maybe_ratio", "float or None", "str"),
    ("maybe_color", 1, "maybe_color", "Color or None", "int"),
    ("maybe_tags", [1], "maybe_tags[0]", "str", "int"),
]


@both
@pytest.mark.parametrize(("field", "value", "path", "expected", "found"), WRONG, ids=lambda case: str(case)[:30])
def test_a_wrong_type_is_refused_by_name(
    codec: Any, field: str, value: Any, path: str, expected: str, found: str
) -> None:
    with pytest.raises(ValueTypeError) as caught:
        CACHED[codec, Everything].encode(kinds.sample(**{field: value}))
    error = caught.value
    assert error.field == path
    assert error.expected is not None
    assert error.expected.startswith(expected)
    assert error.found is not None
    assert error.found.split()[0] == found
    assert f"field {path} of Everything: expected {expected}" in str(error)
    assert str(error.located(table="T")).startswith("table T: field ")


@both
def test_a_constraint_of_msgspec_is_checked(codec: Any) -> None:
    with pytest.raises(ValueTypeError, match=r"field small of Everything: .*<= 10"):
        CACHED[codec, Everything].encode(kinds.sample(small=11))


@both
@pytest.mark.parametrize("value", [None, {}, 5, Address("x")])
def test_another_object_than_the_record_is_refused(codec: Any, value: Any) -> None:
    with pytest.raises(ValueTypeError, match="expected Everything, found"):
        CACHED[codec, Everything].encode(value)


@both
def test_a_subclass_of_the_record_is_refused(codec: Any) -> None:
    @attrs.define
    class Special(Address):
        more: int = 0

    with pytest.raises(ValueTypeError, match=r"^expected Address, found Special"):
        codec(Address).encode(Special("s"))


@both
def test_values_that_are_more_than_the_field_come_back_as_the_field(codec: Any) -> None:
    subject = CACHED[codec, Everything]
    value = kinds.sample(ratio=3, number=Level.HIGH, text=kinds.Size.SMALL, many=(np.float64(1.5),))
    found = subject.decode(subject.encode(value))
    assert [(type(v), v) for v in (found.ratio, found.number, found.text, found.many[0])] == [
        (float, 3.0),
        (int, 2),
        (str, "s"),
        (float, 1.5),
    ]


@both
def test_an_int_that_no_float_holds_is_refused(codec: Any) -> None:
    for number in (2**53 + 1, 10**400):
        with pytest.raises(EncodeError, match="field ratio of Everything"):
            CACHED[codec, Everything].encode(kinds.sample(ratio=number))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_refuses_what_it_has_no_number_for(number: float) -> None:
    for change, path in (
        ({"ratio": number}, "ratio"),
        ({"maybe_ratio": number}, "maybe_ratio"),
        ({"many": (1.0, number)}, r"many\[1\]"),
        ({"anything": {"a": [number]}}, r"anything\['a'\]\[0\]"),
    ):
        with pytest.raises(EncodeError, match=rf"field {path} of Everything: expected a finite float"):
            CACHED[Json, Everything].encode(kinds.sample(**change))


@dataclasses.dataclass
class Measures:
    values: list[float]
    by_name: dict[str, float]


@dataclasses.dataclass
class Deep:
    inner: Measures


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_json_refuses_them_on_the_generated_path_too(number: float) -> None:
    codec = Json(Deep)
    assert codec.decode(codec.encode(Deep(Measures([1.0], {"a": 2.0})))) == Deep(Measures([1.0], {"a": 2.0}))
    assert "def encode(o)" in codec.source()
    with pytest.raises(EncodeError, match=r"field inner.values\[1\] of Deep"):
        codec.encode(Deep(Measures([1.0, number], {})))
    with pytest.raises(EncodeError, match=r"field inner.by_name\['n'\] of Deep"):
        codec.encode(Deep(Measures([], {"n": number})))


@given(st.floats())
def test_cbor_holds_every_float(number: float) -> None:
    codec = Cbor(list[float])
    (found,) = codec.decode(codec.encode([number]))
    assert found == number or (math.isnan(found) and math.isnan(number))
    point = Cbor(Point)
    assert repr(point.decode(point.encode(Point(1, number))).y) == repr(number)


@both
def test_lone_surrogates_are_refused_by_name(codec: Any) -> None:
    for change, path in (({"text": "\ud800"}, "text"), ({"tags": ["a", "\ud800"]}, r"tags\[1\]")):
        with pytest.raises(EncodeError, match=f"field {path} of Everything: expected text that UTF-8 can hold"):
            CACHED[codec, Everything].encode(kinds.sample(**change))


@both
def test_keys_of_a_typed_dict(codec: Any) -> None:
    subject = codec(Movie)
    with pytest.raises(ValueTypeError) as missing:
        subject.encode({"title": "t"})
    assert (missing.value.field, missing.value.expected, missing.value.found) == ("year", "int", "nothing")
    with pytest.raises(ValueTypeError, match="field director of Movie: expected only the fields title, year"):
        subject.encode({"title": "t", "year": 1, "director": "d"})
    with pytest.raises(ValueTypeError, match="field year of Movie: expected int, found str '1'"):
        subject.encode({"title": "t", "year": "1"})


@both
def test_a_field_that_was_never_set_is_named(codec: Any) -> None:
    point = Point.__new__(Point)
    with pytest.raises(ValueTypeError, match="field x of Point: expected int, found nothing"):
        codec(Point).encode(point)


@both
def test_too_deep_and_cyclic_records_are_refused(codec: Any) -> None:
    node = Node("leaf")
    for _ in range(20000):
        node = Node("up", [node])
    with pytest.raises(EncodeError, match="deep"):
        codec(Node).encode(node)
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    with pytest.raises(EncodeError, match="deep"):
        CACHED[codec, Everything].encode(kinds.sample(anything=cyclic))
    while node.children:  # taken apart by hand: the destructor of so deep a value recurses
        node = node.children.pop()


@both
def test_what_can_be_written_can_be_read_at_the_limit(codec: Any) -> None:
    node = Node("leaf")
    written = 0
    for _ in range(250):
        node = Node("up", [node])
        try:
            data = codec(Node).encode(node)
        except EncodeError:
            break
        assert codec(Node).encode(codec(Node).decode(data)) == data
        written += 1
    assert written > 100


@both
def test_a_type_that_nobody_knows_is_refused_when_it_is_declared(codec: Any) -> None:
    @dataclasses.dataclass
    class Bad:
        own: kinds.Own

    Bad.__annotations__["own"] = kinds.Own
    with pytest.raises(SchemaError, match=r"Bad\.own: Own cannot be stored"):
        codec(Bad).encode(Bad(kinds.Own()))


@both
def test_generated_source_is_kept_for_tracebacks(codec: Any) -> None:
    import linecache

    subject = codec(Address)
    encode = subject.encode_expr("value", Names())
    subject.decode_expr("value", Names())
    assert encode.endswith("(value)")
    assert "def encode(o):" in subject.source()
    filename = subject.encode.__code__.co_filename
    assert "".join(linecache.getlines(filename)) in subject.source()


class Names:
    def add(self, value: object, hint: str) -> str:
        return hint


def test_describe_is_what_the_codecs_use() -> None:
    info = describe(Frozen)
    assert info is not None
    assert info.kind == "attrs"
    assert info.fields["_private"].argument == "private"
    assert info.fields["name"].argument == "called"
    assert info.fields["made"].argument is None
    assert info.fields["items"].factory() == []
    assert info.getter_expr("o", "_private") == "o._private"
    with pytest.raises(SchemaError, match="Frozen has no field 'nope'"):
        info.getter_expr("o", "nope")


@dataclasses.dataclass
class Loose:
    """Fields of which nothing is known: both spellings mean the same."""

    one: object
    more: list[object] = dataclasses.field(default_factory=list)
    named: dict[str, object] = dataclasses.field(default_factory=dict)
    maybe: object | None = None
    other: Any = None


@both
@pytest.mark.parametrize("value", [None, True, 1, 2.5, "text", [1, [None]], {"a": {"b": []}}], ids=repr)
def test_a_field_that_is_declared_as_an_object_holds_what_the_format_can(codec: Any, value: Any) -> None:
    subject = codec(Loose)
    row = Loose(value, [value, value], {"key": value}, value, value)
    assert same(dataclasses.astuple(subject.decode(subject.encode(row))), dataclasses.astuple(row))
    with pytest.raises(ValueTypeError, match="field one of Loose"):
        subject.encode(Loose(Loose(1)))
