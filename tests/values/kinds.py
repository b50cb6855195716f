"""Record classes of every kind, and strategies of their values, shared by the tests beside this file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, TypedDict

import attrs
import msgspec
import numpy as np
import pytest
from hypothesis import strategies as st

from zlmdb.values import Cbor, Json

#: The codecs that store records by their fields.
CODECS = (Json, Cbor)
both = pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Size(enum.StrEnum):
    SMALL = "s"
    LARGE = "l"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


UserId = NewType("UserId", int)
Small = Annotated[int, msgspec.Meta(ge=0, le=10)]


@attrs.define
class Address:
    street: str
    zip: str | None = None


@attrs.define
class Everything:
    none: None
    flag: bool
    number: int
    ratio: float
    text: str
    data: bytes
    oid: uuid.UUID
    naive: dt.datetime
    day: dt.date
    clock: dt.time
    span: dt.timedelta
    price: Decimal
    when: np.datetime64
    color: Color
    size: Size
    level: Level
    kind: Literal["a", "b", 3]
    user: UserId
    small: Small
    either: int | str
    address: Address
    maybe: Address | None
    tags: list[str]
    lines: list[Address]
    oids: list[uuid.UUID]
    times: list[np.datetime64]
    pair: tuple[int, str]
    many: tuple[float, ...]
    names: set[str]
    frozen: frozenset[int]
    counts: dict[str, int]
    homes: dict[str, Address]
    by_oid: dict[uuid.UUID, int]
    by_number: dict[int, str]
    anything: Any
    maybe_oid: uuid.UUID | None = None
    maybe_text: str | None = None
    maybe_data: bytes | None = None
    maybe_number: int | None = None
    maybe_ratio: float | None = None
    maybe_when: np.datetime64 | None = None
    maybe_color: Color | None = None
    maybe_tags: list[str] | None = None


@attrs.define(frozen=True, kw_only=True)
class Frozen:
    _private: int
    name: str = attrs.field(default="x", alias="called")
    made: str = attrs.field(init=False, default="made")
    items: list[int] = attrs.Factory(list)


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5
    total: int = dataclasses.field(default=0, init=False)
    rest: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True, frozen=True)
class Node:
    name: str
    children: list[Node] = dataclasses.field(default_factory=list)
    parent: Node | None = None


class Order(msgspec.Struct, rename="camel", tag="order"):
    order_id: int
    line_items: list[str] = []
    note: str | None = None


class Row(msgspec.Struct, array_like=True):
    a: int
    b: str = "b"


class Movie(TypedDict):
    title: str
    year: int


class Partial(TypedDict):
    title: str
    year: NotRequired[int]


class Pair(NamedTuple):
    left: int
    right: str = "r"


class Cat(msgspec.Struct, tag=True):
    lives: int


class Dog(msgspec.Struct, tag=True):
    name: str


class Own:
    """Not a record class: neither zlmdb nor msgspec knows it."""


@dataclasses.dataclass
class WithPet:
    pet: Cat | Dog
    pets: list[Cat | Dog]


@attrs.define(init=False)
class OwnInit:
    a: int
    b: int = 7

    def __init__(self, both: int) -> None:
        self.a = self.b = both


text = st.text(st.characters(codec="utf-8"), max_size=40)
numbers = st.integers() | st.sampled_from(
    [-1, 0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63, 2**64, -(2**64)]
)
floats = st.floats(allow_nan=False, allow_infinity=False)
ns = st.integers(-(2**63) + 1, 2**63 - 1).map(lambda n: np.datetime64(n, "ns"))
naive = st.datetimes()
addresses = st.builds(Address, text, st.none() | text)
plain = st.recursive(
    st.none() | st.booleans() | numbers | floats | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
decimals = st.decimals(allow_nan=False)

everything = st.builds(
    Everything,
    none=st.none(),
    flag=st.booleans(),
    number=numbers,
    ratio=floats,
    text=text | st.integers(250, 260).map("x".__mul__) | st.just("x" * 70000),
    data=st.binary(max_size=300),
    oid=st.uuids(),
    naive=naive | st.datetimes(timezones=st.timezones()) | st.datetimes(timezones=st.just(dt.UTC)),
    day=st.dates(),
    clock=st.times(),
    span=st.timedeltas(dt.timedelta(days=-1000), dt.timedelta(days=100000)),
    price=decimals,
    when=ns,
    color=st.sampled_from(Color),
    size=st.sampled_from(Size),
    level=st.sampled_from(Level),
    kind=st.sampled_from(["a", "b", 3]),
    user=numbers,
    small=st.integers(0, 10),
    either=numbers | text,
    address=addresses,
    maybe=st.none() | addresses,
    tags=st.lists(text, max_size=3),
    lines=st.lists(addresses, max_size=3),
    oids=st.lists(st.uuids(), max_size=3),
    times=st.lists(ns, max_size=3),
    pair=st.tuples(numbers, text),
    many=st.lists(floats, max_size=3).map(tuple),
    names=st.sets(text, max_size=3),
    frozen=st.frozensets(numbers, max_size=3),
    counts=st.dictionaries(text, numbers, max_size=3),
    homes=st.dictionaries(text, addresses, max_size=3),
    by_oid=st.dictionaries(st.uuids(), numbers, max_size=3),
    by_number=st.dictionaries(st.integers(-(2**63), 2**63 - 1), text, max_size=3),
    anything=plain,
    maybe_oid=st.none() | st.uuids(),
    maybe_text=st.none() | text,
    maybe_data=st.none() | st.binary(max_size=300),
    maybe_number=st.none() | numbers,
    maybe_ratio=st.none() | floats,
    maybe_when=st.none() | ns,
    maybe_color=st.none() | st.sampled_from(Color),
    maybe_tags=st.none() | st.lists(text, max_size=3),
)


def sample(**changed: Any) -> Everything:
    """A value of Everything, with some fields changed."""
    value = Everything(
        none=None,
        flag=True,
        number=1,
        ratio=1.5,
        text="text",
        data=b"data",
        oid=uuid.UUID(int=1),
        naive=dt.datetime(2020, 1, 2, 3, 4, 5, 6),
        day=dt.date(2020, 1, 2),
        clock=dt.time(1, 2, 3, 4),
        span=dt.timedelta(days=-1, microseconds=5),
        price=Decimal("1.10"),
        when=np.datetime64(5, "ns"),
        color=Color.RED,
        size=Size.LARGE,
        level=Level.HIGH,
        kind="a",
        user=UserId(5),
        small=3,
        either="e",
        address=Address("street", "zip"),
        maybe=None,
        tags=["a", "b"],
        lines=[Address("one"), Address("two", "2")],
        oids=[uuid.UUID(int=2)],
        times=[np.datetime64(1, "ns")],
        pair=(1, "one"),
        many=(1.0, 2.0),
        names={"x", "y"},
        frozen=frozenset({1, 2}),
        counts={"a": 1},
        homes={"h": Address("home")},
        by_oid={uuid.UUID(int=3): 3},
        by_number={-1: "minus"},
        anything={"a": [1, None, {"b": 2.5}]},
    )
    return attrs.evolve(value, **changed)
