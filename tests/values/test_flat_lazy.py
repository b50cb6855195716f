"""Lazy objects: they pass for instances of their class, cannot be changed, and end with their transaction."""

from __future__ import annotations

import copy
import dataclasses
import enum
import functools
import gc
import pickle
import uuid
from typing import Annotated, Any, ClassVar

import attrs
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

import zlmdb
from zlmdb import fbs
from zlmdb.values import FlatBuffers
from zlmdb.values.flat.lazy import FlatView, detach


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@attrs.define(order=True)
class Note:
    text: str
    stars: int = 0


@attrs.define
class Trade:
    """A trade."""

    KIND: ClassVar[str] = "trade"

    oid: uuid.UUID
    price: float
    symbol: str
    note: Note | None = None
    notes: list[Note] = attrs.Factory(list)
    samples: npt.NDArray[np.float64] = attrs.field(factory=lambda: np.zeros(0), eq=False)

    @property
    def double(self) -> float:
        return self.price * 2

    def title(self, mark: str = "!") -> str:
        return f"{self.symbol}{mark}"

    @classmethod
    def kind(cls) -> str:
        return cls.KIND

    @staticmethod
    def static() -> int:
        return 5

    def __len__(self) -> int:
        return len(self.notes)


@dataclasses.dataclass(frozen=True)
class Point:
    x: int = 0
    y: int = 0

    @functools.cached_property
    def total(self) -> int:
        return self.x + self.y


class Item(msgspec.Struct, frozen=True):
    name: str
    count: int = 1


def lazy(value: Any) -> Any:
    codec: FlatBuffers[Any] = FlatBuffers(type(value))
    found = codec.decode(codec.encode(value))
    assert isinstance(found, FlatView)
    return found


def trade(**changes: Any) -> Trade:
    given: dict[str, Any] = {"oid": uuid.UUID(int=5), "price": 1.5, "symbol": "ETH", **changes}
    return Trade(**given)


def test_it_passes_for_an_instance_of_its_class() -> None:
    plain = trade(note=Note("n"), notes=[Note("a"), Note("b", 2)])
    row = lazy(plain)
    assert isinstance(row, Trade)
    assert row.__class__ is Trade
    assert row == plain
    assert plain == row
    assert row == lazy(plain)
    assert row != trade()
    assert row != 5
    assert repr(row) == repr(plain)
    assert (row.double, row.title(), row.title(mark="?"), row.kind(), row.static(), row.KIND, len(row)) == (
        3.0, "ETH!", "ETH?", "trade", 5, "trade", 2,
    )  # fmt: skip
    assert row.note == Note("n")
    assert row.notes[0] < row.notes[1]
    match row:
        case Trade(price=price, note=Note(text=text)):
            assert (price, text) == (1.5, "n")
        case _:
            raise AssertionError
    with pytest.raises(AttributeError, match="'Trade' object has no attribute 'missing'"):
        _ = row.missing
    with pytest.raises(TypeError, match="unhashable"):
        hash(row)


def test_other_kinds_of_classes() -> None:
    point = lazy(Point(3, 4))
    assert (point, hash(point), point.total, repr(point)) == (Point(3, 4), hash(Point(3, 4)), 7, repr(Point(3, 4)))
    assert dataclasses.replace(point, x=5) == Point(5, 4)
    assert dataclasses.asdict(point) == {"x": 3, "y": 4}
    assert {point: 1}[Point(3, 4)] == 1
    item = lazy(Item("x", 2))
    assert (item, hash(item), item.name) == (Item("x", 2), hash(Item("x", 2)), "x")
    assert Item("x", 2) == item
    assert msgspec.json.encode(detach(item)) == b'{"name":"x","count":2}'


def test_it_cannot_be_changed_and_tells_how_to() -> None:
    row = lazy(trade())
    for name in ("price", "note", "unknown", "__dict__"):
        with pytest.raises(AttributeError):
            setattr(row, name, 5)
    with pytest.raises(AttributeError, match=r"price: this Trade is read from stored bytes .* zlmdb\.fbs\.detach"):
        row.price = 5.0
    with pytest.raises(AttributeError):
        del row.price
    changed = attrs.evolve(row, price=2.5)
    assert type(changed) is Trade
    assert changed == trade(price=2.5)
    assert attrs.asdict(row)["price"] == 1.5


def test_copies_are_plain() -> None:
    plain = trade(note=Note("n"), notes=[Note("a")])
    row = lazy(plain)
    for made in (detach(row), copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert type(made) is Trade
        assert made == plain
        assert type(made.note) is Note
        assert type(made.notes[0]) is Note
        made.price = 9.0
    assert row.price == 1.5
    assert detach(plain) is plain
    assert detach(5) == 5
    # Lists are made anew at each access.
    row.notes.append(Note("lost"))
    assert row.notes == [Note("a")]


# -- in a database


@zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a3101", pk="oid")
class Trades(zlmdb.MapUuidFlatBuffers[Trade]):
    """Trades."""

    by_symbol = zlmdb.index("symbol", "price")
    by_note = zlmdb.index("note.text", nullable=True)
    by_double = zlmdb.index(lambda row: row.double, key=zlmdb.Float64)


@pytest.fixture
def trades(db: Any) -> Any:
    db.attach_table(Trades)
    with db.begin(write=True) as txn:
        for number in range(10):
            txn[Trades].add(
                Trade(
                    uuid.UUID(int=number),
                    float(number),
                    f"S{number % 3}",
                    Note("n", number) if number % 2 else None,
                    [Note("a", number)] * number,
                    np.arange(float(number)),
                )
            )
    return db


def test_the_compiled_source_shows_how_values_are_built_and_read() -> None:
    text = zlmdb.compiled_source(Trades)
    assert "# Trades: values" in text
    assert "def build(o):" in text


def test_indexes_read_lazy_rows(trades: Any) -> None:
    with trades.begin(write=True) as txn:
        table = txn[Trades]
        assert [row.price for row in table.by_symbol.select("S1")] == [1.0, 4.0, 7.0]
        assert [row.price for row in table.by_note.select("n")] == [1.0, 3.0, 5.0, 7.0, 9.0]
        assert [row.price for row in table.by_double.select(4.0)] == [2.0]
        row = table[uuid.UUID(int=1)]
        table.put(attrs.evolve(row, symbol="S9", note=None))
        table.put(row.oid, attrs.evolve(row, symbol="S8"))
        table.put(table[uuid.UUID(int=2)])  # as it was read
        del table[uuid.UUID(int=4)]
        assert [row.price for row in table.by_symbol.select("S1")] == [7.0]
        assert [row.price for row in table.by_symbol.select("S8")] == [1.0]
        assert table.check() == []
    with trades.begin(buffers=True) as txn:
        table = txn[Trades]
        assert [row.price for row in table.by_symbol.select("S1")] == [7.0]
        assert [row.samples.sum() for row in table.select(return_keys=False)][-1] == 36.0


@dataclasses.dataclass
class Wide:
    oid: fbs.uint64
    small: Annotated[fbs.uint8 | None, fbs.Field(was="tiny")] = None
    name: Annotated[str | None, fbs.Field(name="Name")] = None
    level: Annotated[Level, fbs.Field(default=Level.LOW)] = Level.HIGH


def test_indexes_over_fields_with_words_beside_their_types(db: Any) -> None:
    @zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a3102", pk="oid")
    class Wides(zlmdb.Map[int, Wide], key=zlmdb.Uint64, value=zlmdb.FlatBuffers):
        by_oid = zlmdb.index("oid", unique=True)
        by_small = zlmdb.index("small", "name", nullable=True)
        by_level = zlmdb.index("level")

    indexes = {index.name: index.key.name for index in Wides._zlmdb_definition.indexes}
    assert indexes == {"by_oid": "uint64", "by_small": "(uint8,string)", "by_level": "int64"}
    db.attach_table(Wides)
    with db.begin(write=True) as txn:
        txn[Wides].add(Wide(2**64 - 1, 255, "x"))
        txn[Wides].add(Wide(5, None, "y", Level.LOW))
        assert txn[Wides].by_oid[2**64 - 1].small == 255
        assert [row.oid for row in txn[Wides].by_small.select(255)] == [2**64 - 1]
        assert [row.oid for row in txn[Wides].by_level.select(Level.LOW)] == [5]
        assert txn[Wides].check() == []


def test_a_wrong_field_is_named_with_its_table(trades: Any) -> None:
    with trades.begin(write=True) as txn:
        with pytest.raises(zlmdb.ValueTypeError) as caught:
            txn[Trades].add(trade(price="x"))
        assert str(caught.value) == "table Trades: field price of Trade: expected float, found str 'x'"
        assert (caught.value.table, caught.value.field) == ("Trades", "price")
        assert len(txn[Trades]) == 10


def test_rows_that_are_no_flatbuffers_are_named(trades: Any) -> None:
    key = uuid.UUID(int=3)
    with trades.begin(write=True) as txn:
        slot = trades.attach_table(Trades)._slot.to_bytes(2, "big")
        data = txn.get(slot + key.bytes)
        txn.put(slot + key.bytes, data[:20])
        with pytest.raises(zlmdb.DecodeError, match=r"table Trades, key .*: expected a FlatBuffer of Trade"):
            txn[Trades][key]
        with pytest.raises(zlmdb.DecodeError):
            txn[Trades].put(trade(oid=key))
        assert len(list(txn[Trades].select(hi=key))) == 3
        txn.put(slot + key.bytes, data)


def ended(function: Any) -> None:
    with pytest.raises(zlmdb.ViewExpired, match="its transaction has ended"):
        function()


@pytest.mark.parametrize("end", ["leave", "abort", "raise", "close"])
def test_what_reads_the_map_ends_with_its_transaction(trades: Any, end: str) -> None:
    key = uuid.UUID(int=9)
    environment = trades._environment()
    with trades.begin(buffers=True) as txn:
        row = txn[Trades][key]
        note, notes, samples = row.note, row.notes, row.samples
        assert (row.price, note.stars, len(notes), samples[3], row.symbol) == (9.0, 9, 9, 3.0, "S0")
        kept = detach(row)
        if end == "abort":
            txn.abort()
        elif end == "close":
            trades.close()
        elif end == "raise":
            pass
    for read in (
        lambda: row.price,
        lambda: row.symbol,
        lambda: row.note,
        lambda: row.notes,
        lambda: row.samples,
        lambda: row.double,
        lambda: note.text,
        lambda: notes[0].stars,
        lambda: detach(row),
        lambda: row == kept,
        lambda: hash(note),
        lambda: copy.copy(row),
        lambda samples=samples: samples.sum(),
    ):
        ended(read)
    assert "its transaction has ended" in repr(row)
    assert kept.notes == [Note("a", 9)] * 9
    assert type(kept.samples) is np.ndarray
    assert kept.samples.sum() == 36.0
    # The array alone keeps the snapshot, and lets it go.
    assert len(environment.pinned) == 1
    del samples, read
    gc.collect()
    environment.release_pins()
    assert environment.pinned == []


def test_lazy_rows_do_not_hold_the_snapshot(trades: Any) -> None:
    held = []
    for _ in range(50):
        with trades.begin(buffers=True) as txn:
            held.append(txn[Trades][uuid.UUID(int=9)])
            assert held[-1].price == 9.0
    assert trades._environment().pinned == []
    for row in held:
        ended(lambda row=row: row.price)


def test_without_buffers_rows_stay(trades: Any) -> None:
    with trades.begin() as txn:
        rows = list(txn[Trades].select(return_keys=False))
    with trades.begin(write=True) as txn:
        txn[Trades].clear()
    assert [row.price for row in rows] == [float(n) for n in range(10)]
    assert rows[9].samples.sum() == 36.0


def test_a_write_transaction_lends_nothing(trades: Any) -> None:
    with trades.begin(write=True, buffers=True) as txn:
        row = txn[Trades][uuid.UUID(int=9)]
        txn[Trades].put(attrs.evolve(row, price=10.0))
        assert (row.price, txn[Trades][uuid.UUID(int=9)].price) == (9.0, 10.0)
    assert row.price == 9.0


@pytest.mark.parametrize("kind", ["attrs", "dataclass", "struct"])
@pytest.mark.parametrize("other", [zlmdb.Cbor, zlmdb.Json])
def test_lazy_rows_go_into_tables_of_other_formats(kind: str, other: Any) -> None:
    if kind == "attrs":
        leaf: Any = attrs.make_class("Leaf", {"s": attrs.field(type=str)})
        row: Any = attrs.make_class("Row", {"n": attrs.field(type=int), "leaves": attrs.field(type=list[leaf])})
    elif kind == "dataclass":
        leaf = dataclasses.make_dataclass("Leaf", [("s", str)])
        row = dataclasses.make_dataclass("Row", [("n", int), ("leaves", list[leaf])])
    else:
        leaf = msgspec.defstruct("Leaf", [("s", str)])
        row = msgspec.defstruct("Row", [("n", int), ("leaves", list[leaf])])
    codec: FlatBuffers[Any] = FlatBuffers(row)
    plain = row(1, [leaf("a"), leaf("b")])
    lazy = codec.decode(codec.encode(plain))
    into = other(row)
    for given in (lazy, row(1, lazy.leaves), row(1, [leaf("a"), lazy.leaves[1]])):
        assert into.decode(into.encode(given)) == plain
        assert into.encode(given) == into.encode(plain)
    with pytest.raises(zlmdb.errors.ValueTypeError):
        other(leaf).encode(lazy)


@attrs.define
class Busy:
    """Much beside its fields."""

    name: str
    limit: ClassVar[int] = 5

    @functools.cached_property
    def loud(self) -> list[str]:
        """Kept by plain objects, made anew by lazy ones."""
        return [self.name.upper()]

    @property
    def first(self) -> str:
        return self.name[0]

    @first.setter
    def first(self, value: str) -> None:
        self.name = value + self.name[1:]

    @classmethod
    def kind(cls) -> type:
        return cls

    def __getattr__(self, name: str) -> str:
        if name.startswith("say_"):
            return f"{self.name} says {name[4:]}"
        raise AttributeError(f"nothing to {name}")


class Noisy:
    """What dataclasses inherit."""

    mood = "calm"

    def greet(self) -> str:
        return f"hello {self.name}"  # type: ignore[attr-defined]


@dataclasses.dataclass(eq=False)
class Heir(Noisy):
    name: str
    numbers: npt.NDArray[np.int64]

    def greet(self) -> str:
        return super().greet() + self.__mark()

    def __mark(self) -> str:
        return "!"


@attrs.define
class Detached:
    detach: int


def test_whatever_a_class_has_beside_its_fields() -> None:
    row, plain = lazy(Busy("ann")), Busy("ann")
    for name in ("loud", "first", "limit", "say_hi"):
        assert getattr(row, name) == getattr(plain, name)
    assert row.kind() is Busy
    for nothing in (row, plain):
        with pytest.raises(AttributeError, match="nothing to do"):
            _ = nothing.do
    with pytest.raises(AttributeError, match=r"first: this Busy is read from stored bytes"):
        row.first = "x"
    heir = lazy(Heir("bob", np.arange(3)))
    assert (heir.greet(), heir.mood) == ("hello bob!", "calm")


def test_objects_of_classes_without_equality_are_equal_to_themselves() -> None:
    given = Heir("bob", np.arange(3))
    row, other = lazy(given), lazy(given)
    assert row == row
    assert row != other
    assert row != given
    assert {row: 1, other: 2}[row] == 1
    assert hash(row) == hash(row)
    loose = lazy(msgspec.defstruct("Loose", [("n", int)], eq=False)(1))
    assert loose == loose
    assert {loose: 1}[loose] == 1


def test_a_row_detaches_itself_unless_a_field_has_that_name() -> None:
    row = lazy(Busy("ann"))
    assert type(row.detach()) is Busy
    assert row.detach() == row
    kept = lazy(Detached(5))
    assert kept.detach == 5
    assert type(detach(kept)) is Detached
