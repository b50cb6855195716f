"""Records with a field for every kind of column, tables of them in both formats, and strategies of their values."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import attrs
import msgspec
import numpy as np
from hypothesis import strategies as st

import zlmdb


class Side(enum.Enum):
    BUY = "buy"
    SELL = "sell"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Shape(enum.Enum):
    ROUND = (1, 2)
    FLAT = (3, 4)


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"


class Flags(enum.Flag):
    A = 1
    B = 2


@attrs.define
class Place:
    street: str
    number: int | None = None


@attrs.define
class Every:
    oid: uuid.UUID
    flag: bool
    number: int
    ratio: float
    text: str
    data: bytes
    other: uuid.UUID
    moment: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    wall: Annotated[dt.datetime, msgspec.Meta(tz=False)]
    when: np.datetime64
    day: dt.date
    clock: Annotated[dt.time, msgspec.Meta(tz=False)]
    span: dt.timedelta
    price: Decimal
    side: Side
    level: Level
    word: Literal["a", "b"]
    place: Place
    tags: list[str]
    places: list[Place]
    pair: tuple[int, str]
    row: tuple[float, ...]
    names: set[str]
    counts: dict[str, int]
    homes: dict[str, Place]
    spots: list[uuid.UUID | None]
    maybe_flag: bool | None = None
    maybe_number: int | None = None
    maybe_ratio: float | None = None
    maybe_text: str | None = None
    maybe_data: bytes | None = None
    maybe_other: uuid.UUID | None = None
    maybe_when: np.datetime64 | None = None
    maybe_day: dt.date | None = None
    maybe_price: Decimal | None = None
    maybe_side: Side | None = None
    maybe_place: Place | None = None
    maybe_tags: list[str] | None = None
    maybe_counts: dict[str, int] | None = None


@zlmdb.table("c01a0000-0000-4000-8000-000000000001", pk="oid")
class EveryJson(zlmdb.MapUuidJson[Every]):
    """In JSON."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000002", pk="oid")
class EveryCbor(zlmdb.MapUuidCbor[Every]):
    """In CBOR."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000003", pk="oid", compress="zlib")
class EveryPacked(zlmdb.MapUuidCbor[Every]):
    """In CBOR, compressed."""


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5


class Trade(msgspec.Struct, array_like=True):
    symbol: str
    price: float
    size: int = 0


class Order(msgspec.Struct, rename="camel", tag="order"):
    order_id: int
    line_items: list[str] = []
    note: str | None = None


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


@zlmdb.table("c01a0000-0000-4000-8000-000000000004")
class Points(zlmdb.Map[tuple[str, int], Point], key=(zlmdb.String, zlmdb.Int32), value=zlmdb.Json):
    """A key that the rows do not hold."""

    by_x = zlmdb.index("x")


@zlmdb.table("c01a0000-0000-4000-8000-000000000005", pk=("symbol", "size"))
class Trades(zlmdb.Map[tuple[str, int], Trade], key=(zlmdb.String, zlmdb.Uint64), value=zlmdb.Json):
    """Arrays in JSON."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000006", pk="order_id")
class Orders(zlmdb.Map[int, Order], key=zlmdb.Int64, value=zlmdb.Json):
    """Other names in the file."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000007")
class Movies(zlmdb.MapOidCbor[Movie]):
    """Dicts of a declared type, under a number."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000008")
class Loose(zlmdb.MapStringJson):
    """Values of no declared type."""


INT64 = st.integers(-(2**63), 2**63 - 1)
text = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(["", "it's", '"', "\0", "é", "NULL"])
floats = st.floats(allow_nan=False, allow_infinity=False)
times = st.integers(-(2**63) + 1, 2**63 - 1).map(lambda n: np.datetime64(n, "ns"))
places = st.builds(Place, text, st.none() | INT64)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=4)

every = st.builds(
    Every,
    oid=st.uuids(),
    flag=st.booleans(),
    number=INT64,
    ratio=floats,
    text=text,
    data=st.binary(max_size=20),
    other=st.uuids(),
    moment=st.datetimes(timezones=st.just(dt.UTC)),
    wall=st.datetimes(),
    when=times,
    day=st.dates(),
    clock=st.times(),
    span=st.timedeltas(dt.timedelta(days=-1000), dt.timedelta(days=100_000)),
    price=decimals,
    side=st.sampled_from(Side),
    level=st.sampled_from(Level),
    word=st.sampled_from(["a", "b"]),
    place=places,
    tags=st.lists(text, max_size=3),
    places=st.lists(places, max_size=3),
    pair=st.tuples(INT64, text),
    row=st.lists(floats, max_size=3).map(tuple),
    names=st.sets(text, max_size=3),
    counts=st.dictionaries(text, INT64, max_size=3),
    homes=st.dictionaries(text, places, max_size=3),
    spots=st.lists(st.none() | st.uuids(), max_size=3),
    maybe_flag=st.none() | st.booleans(),
    maybe_number=st.none() | INT64,
    maybe_ratio=st.none() | floats,
    maybe_text=st.none() | text,
    maybe_data=st.none() | st.binary(max_size=20),
    maybe_other=st.none() | st.uuids(),
    maybe_when=st.none() | times,
    maybe_day=st.none() | st.dates(),
    maybe_price=st.none() | decimals,
    maybe_side=st.none() | st.sampled_from(Side),
    maybe_place=st.none() | places,
    maybe_tags=st.none() | st.lists(text, max_size=2),
    maybe_counts=st.none() | st.dictionaries(text, INT64, max_size=2),
)
#: Lists of rows with different keys.
rows = st.lists(every, max_size=6, unique_by=lambda row: row.oid)


def plain(value: Any) -> Any:
    """What Arrow's to_pylist() is to give for a value."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Place):
        return {"street": value.street, "number": value.number}
    if isinstance(value, (list, set)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return [(key, plain(item)) for key, item in value.items()]
    return value
