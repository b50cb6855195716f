"""Record classes of FlatBuffers tables that change: old rows keep their meaning, or the change is refused."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import tempfile
import types
import uuid
from typing import Annotated, Any

import attrs
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from dbsupport import everything, last_txnid
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from tests.conftest import IN_MEMORY
from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.lazy import detach

OID = "3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a3001"


def record(name: str = "Trade", /, **fields: Any) -> Any:
    """A record class with keyword fields: a type, or a pair of type and default."""
    return attrs.make_class(
        name,
        {
            key: attrs.field(type=field[0], default=field[1]) if isinstance(field, tuple) else attrs.field(type=field)
            for key, field in fields.items()
        },
        kw_only=True,
    )


def table(cls: Any, **more: Any) -> Any:
    """A table of a record class, always under the same identity."""
    options = {"compress": more.pop("compress", None)}
    body = {"__module__": __name__, **more}
    declared = types.new_class("Trades", (zlmdb.MapOidFlatBuffers[cls],), {}, lambda space: space.update(body))
    return zlmdb.table(OID, **options)(declared)


def fill(path: str, cls: Any, *rows: Any, **more: Any) -> None:
    """Store rows under 0, 1, 2, ..."""
    made = table(cls, **more)
    with zlmdb.open(path, [made]) as db, db.begin(write=True) as txn:
        txn[made].put_many(enumerate(rows))


def rows(path: str, cls: Any, **more: Any) -> list[Any]:
    """The rows, as another class has them."""
    made = table(cls, **more)
    with zlmdb.open(path, [made]) as db, db.begin() as txn:
        return [detach(row) for row in txn[made].select(return_keys=False)]


Old = record(price=float, size=(fbs.int32, 5), note=(str | None, None), name=str)


Base = record(a=int)


def old(**changes: Any) -> Any:
    return Old(**{"price": 1.5, "size": 7, "note": "n", "name": "x", **changes})


# -- what may change


def test_fields_may_come_anywhere_and_old_rows_read_their_defaults(path: str) -> None:
    fill(path, Old, old(), old(note=None))
    New = record(  # noqa: N806
        first=(int, 3),
        price=float,
        tags=(list[str], attrs.Factory(list)),
        size=(fbs.int32, 5),
        oid=(uuid.UUID | None, None),
        note=(str | None, None),
        name=str,
        city=(str, "Bonn"),
    )
    found = rows(path, New)
    assert found[0] == New(price=1.5, size=7, note="n", name="x")
    assert (found[1].first, found[1].tags, found[1].oid, found[1].city) == (3, [], None, "Bonn")
    # Rows of both ages, by both classes.
    fill(path, New, New(price=2.5, name="y", first=9, tags=["a"], oid=uuid.UUID(int=1), city="Ulm"))
    assert rows(path, Old) == [Old(price=2.5, name="y"), old(note=None)]
    assert rows(path, New)[0].tags == ["a"]


def test_the_order_of_fields_and_the_names_of_classes_mean_nothing(path: str) -> None:
    fill(path, Old, old())
    New = record("Deal", name=str, note=(str | None, None), size=(fbs.int32, 5), price=float)  # noqa: N806
    assert rows(path, New) == [New(price=1.5, size=7, note="n", name="x")]


@pytest.mark.parametrize("kind", ["dataclass", "struct"])
def test_the_kind_of_the_class_means_nothing(path: str, kind: str) -> None:
    fill(path, Old, old())
    fields: list[Any] = [("name", str), ("price", float), ("size", fbs.int32, 5), ("note", str | None, None)]
    if kind == "dataclass":
        given = [(*field[:2], dataclasses.field(default=field[2])) if len(field) > 2 else field for field in fields]
        New: Any = dataclasses.make_dataclass("New", given)  # noqa: N806
    else:
        New = msgspec.defstruct("New", fields)  # noqa: N806
    assert rows(path, New) == [New(price=1.5, size=7, note="n", name="x")]


def test_a_field_that_goes_keeps_its_number_and_comes_back(path: str) -> None:
    fill(path, Old, old())
    Less = record(price=float, name=str)  # noqa: N806
    assert rows(path, Less) == [Less(price=1.5, name="x")]
    Other = record(price=float, name=str, other=(bytes, b"-"))  # noqa: N806
    assert rows(path, Other) == [Other(price=1.5, name="x")]
    fill(path, Other, Other(price=1.0, name="a", other=b"o"), Other(price=2.0, name="b"))
    assert [row.note for row in rows(path, Old)] == [None, None]
    Both = record(other=(bytes, b"-"), note=(str | None, None), price=float, name=str)  # noqa: N806
    fill(path, Both, Both(price=1.0, name="a", other=b"o", note="n"))
    assert rows(path, Both)[0] == Both(price=1.0, name="a", other=b"o", note="n")
    assert rows(path, Old)[0].note == "n"
    with pytest.raises(zlmdb.TableMismatch, match="the type of a field cannot change"):
        rows(path, record(price=float, name=str, note=(int, 0)))


def test_a_field_may_be_deprecated(path: str) -> None:
    fill(path, Old, old())
    New = record(  # noqa: N806
        price=float, size=(Annotated[fbs.int32, fbs.Field(deprecated=True)], 5), note=(str | None, None), name=str
    )
    assert rows(path, New) == [New(price=1.5, note="n", name="x")]
    assert rows(path, New)[0].size == 5
    fill(path, New, New(price=1.0, name="y", size=99))
    assert rows(path, Old) == [old(price=1.0, name="y", note=None, size=5)]
    gone = Annotated[str, fbs.Field(deprecated=True)]
    required = record(price=float, size=(fbs.int32, 5), note=(str | None, None), name=(gone, "?"))
    fill(path, required, required(price=1.0, name="y"))
    with pytest.raises(zlmdb.TableMismatch, match="cannot become required"):
        rows(path, Old)


def test_a_field_may_be_renamed(path: str) -> None:
    fill(path, Old, old())
    New = record(  # noqa: N806
        cost=Annotated[float, fbs.Field(was="price")], size=(fbs.int32, 5), note=(str | None, None), name=str
    )
    expected = [New(cost=1.5, size=7, note="n", name="x")]
    assert rows(path, New) == expected
    # A program that does not know of it yet goes on; and the word may go, too.
    assert rows(path, Old) == [old()]
    Plain = record(cost=float, size=(fbs.int32, 5), note=(str | None, None), name=str)  # noqa: N806
    assert rows(path, Plain) == [Plain(cost=1.5, size=7, note="n", name="x")]
    assert rows(path, New) == expected
    # A new field may have the old name.
    Again = record(cost=float, size=(fbs.int32, 5), note=(str | None, None), name=str, price=(float, 0.0))  # noqa: N806
    assert rows(path, Again) == [Again(cost=1.5, size=7, note="n", name="x", price=0.0)]


def test_a_program_older_than_the_name_of_a_required_field_goes_on(path: str) -> None:
    Older = record(price=float, name=str, kind=(Cat | Dog | None, None))  # noqa: N806
    fill(path, Older, Older(price=1.0, name="a", kind=Cat("Tom")))
    New = record(  # noqa: N806
        price=float,
        title=Annotated[str, fbs.Field(was="name")],
        pet=(Annotated[Cat | Dog | None, fbs.Field(was="kind")], None),
    )
    assert rows(path, New) == [New(price=1.0, title="a", pet=Cat("Tom"))]
    fill(path, Older, Older(price=2.0, name="b", kind=Dog(3)))
    assert rows(path, New) == [New(price=2.0, title="b", pet=Dog(3))]
    # With fields that only the older name's program has, too.
    More = record(price=float, name=str, kind=(Cat | Dog | None, None), more=(int, 4))  # noqa: N806
    fill(path, More, More(price=3.0, name="c", more=5))
    assert rows(path, New) == [New(price=3.0, title="c")]
    Newer = record(price=float, headline=Annotated[str, fbs.Field(was="title")], pet=(Cat | Dog | None, None))  # noqa: N806
    for cls in (Newer, Older, New, More):
        assert rows(path, cls)[0].price == 3.0
    # It is still the same field, which a newer class may cease to require, and not the older ones.
    assert rows(path, record(price=float))[0].price == 3.0
    with pytest.raises(zlmdb.TableMismatch, match="cannot become required"):
        rows(path, Older)


def test_a_program_that_counts_on_a_field_which_a_newer_one_drops_is_told(path: str) -> None:
    older = table(record(price=float, name=str))
    with zlmdb.open(path, [older]) as db:
        with db.begin(write=True) as txn:
            txn[older][1] = older._zlmdb_definition.value.record(price=1.0, name="a")
        newer = table(record(price=float))
        db.attach_table(newer)
        with db.begin(write=True) as txn:
            txn[newer][2] = newer._zlmdb_definition.value.record(price=2.0)
        with db.begin() as txn:
            assert txn[older][1].name == "a"
            row = txn[older][2]
            assert row.price == 2.0
            with pytest.raises(zlmdb.DecodeError, match="may have been declared otherwise") as told:
                row.name  # noqa: B018
            assert told.value.field == "name"
            with pytest.raises(zlmdb.DecodeError, match="declared otherwise"):
                detach(row)


def test_a_required_field_may_cease_to_be(path: str) -> None:
    fill(path, Old, old())
    New = record(price=float, size=(fbs.int32, 5), note=(str | None, None), name=(str, "?"))  # noqa: N806
    assert rows(path, New) == [New(price=1.5, size=7, note="n", name="x")]


class Color(enum.IntEnum):
    RED = 1
    BLUE = 2


class MoreColors(enum.IntEnum):
    GREEN = 3
    CRIMSON = 1
    BLUE = 2


@attrs.define
class Cat:
    name: str


@attrs.define
class Dog:
    age: int = 0


@attrs.define
class Bird:
    wings: int = 2


@attrs.define
class Puppy:
    age: int = 0


@attrs.define
class Text:
    text: str


def test_enums_and_unions_may_grow(path: str) -> None:
    First = record(color=Color, pet=(Cat | Dog | None, None), pets=(list[Cat | Dog], attrs.Factory(list)))  # noqa: N806
    fill(path, First, First(color=Color.RED, pet=Dog(3), pets=[Cat("a"), Dog(1)]))
    Second = record(  # noqa: N806
        pets=(list[Cat | Dog | Bird], attrs.Factory(list)), color=MoreColors, pet=(Cat | Dog | Bird | None, None)
    )
    assert rows(path, Second) == [Second(color=MoreColors.CRIMSON, pet=Dog(3), pets=[Cat("a"), Dog(1)])]
    fill(path, Second, Second(color=MoreColors.GREEN, pet=Bird(), pets=[Bird(1)]))
    assert rows(path, Second) == [Second(color=MoreColors.GREEN, pet=Bird(), pets=[Bird(1)])]
    # An older program goes on; it cannot read what it does not know.
    with pytest.raises(zlmdb.DecodeError, match="stored field color"):
        rows(path, First)
    fill(path, First, First(color=Color.RED, pet=Dog(3)))
    assert rows(path, First) == [First(color=Color.RED, pet=Dog(3))]
    assert rows(path, Second) == [Second(color=MoreColors.CRIMSON, pet=Dog(3))]
    other = record(pet=(Cat | Dog | Text | None, None))
    with pytest.raises(zlmdb.TableMismatch, match=r"cannot change|new field cannot be required"):
        rows(path, other)


def test_a_program_that_does_not_know_a_member_yet_is_told(path: str) -> None:
    First = record(color=Color, pet=(Cat | Dog | None, None), pets=(list[Cat | Dog], attrs.Factory(list)))  # noqa: N806
    Second = record(  # noqa: N806
        color=MoreColors, pet=(Cat | Dog | Bird | None, None), pets=(list[Cat | Dog | Bird], attrs.Factory(list))
    )
    one, two = table(First), table(Second)
    with zlmdb.open(path, [one]) as db:
        db.attach_table(two)
        with db.begin(write=True) as txn:
            txn[two].put(0, Second(color=MoreColors.GREEN, pet=Bird(), pets=[Bird(1)]))
            row = txn[one][0]
        for field in ("color", "pet", "pets"):
            with pytest.raises(zlmdb.DecodeError, match=f"stored field {field} of Trade"):
                getattr(row, field)


def test_tables_within_tables_change_by_the_same_rules(path: str) -> None:
    line = record("Line", text=str, count=(int, 1))
    First = record(home=line, lines=list[line], more=(line | None, None))  # noqa: N806
    fill(path, First, First(home=line(text="h"), lines=[line(text="a", count=2), line(text="b")], more=line(text="m")))
    new = record("Verse", count=(int, 1), feet=(int, 5), text=str, rhyme=(str | None, None))
    Second = record(  # noqa: N806
        extra=(new | None, None),
        lines=list[new],
        home=new,
        more=(new | None, None),
        odd=(list[Cat], attrs.Factory(list)),
    )
    expected = Second(
        home=new(text="h"), lines=[new(text="a", count=2), new(text="b")], more=new(text="m"), extra=None, odd=[]
    )
    assert rows(path, Second) == [expected]
    expected = attrs.evolve(expected, extra=new(text="e", rhyme="r"), odd=[Cat("c")])
    fill(path, Second, expected)
    assert rows(path, Second) == [expected]
    wrong = record("Line", text=bytes, count=(int, 1))
    with pytest.raises(zlmdb.TableMismatch, match=r"field Line\.text: the type of a field cannot change"):
        rows(path, record(home=wrong, lines=list[wrong], more=(wrong | None, None)))
    fill(path + "2", record(home=line, odd=(list[Cat], attrs.Factory(list))))
    both = record("Line", text=str, name=(str, ""))
    with pytest.raises(zlmdb.TableMismatch, match="one class cannot stand for two stored types"):
        rows(path + "2", record(home=both, odd=(list[both], attrs.Factory(list))))


def test_one_stored_table_may_become_two_classes(path: str) -> None:
    line = record("Line", text=str)
    First = record(home=line, work=line)  # noqa: N806
    fill(path, First, First(home=line(text="h"), work=line(text="w")))
    home = record("Home", text=str, rooms=(int, 3), both=(int, 1), pet=(Cat | Dog | None, None))
    work = record("Work", floor=(str, "?"), text=str, both=(int, 1), desks=(int, 5))
    Second = record(home=home, work=work)  # noqa: N806
    assert rows(path, Second) == [Second(home=home(text="h"), work=work(text="w"))]
    row = Second(home=home(text="h", rooms=4, both=2, pet=Dog(1)), work=work(text="w", floor="g", both=3, desks=6))
    fill(path, Second, row)
    assert rows(path, Second) == [row]
    assert rows(path, First) == [First(home=line(text="h"), work=line(text="w"))]
    other = record("Work", text=str, both=(str, ""))
    with pytest.raises(zlmdb.TableMismatch, match="the type of a field cannot change"):
        rows(path, record(home=home, work=other))


# -- what must not change

POINT = attrs.make_class("Point", {"x": attrs.field(type=float), "y": attrs.field(type=fbs.float32)})
fbs.struct(POINT)
POINT_MORE = attrs.make_class(
    "Point", {"x": attrs.field(type=float), "y": attrs.field(type=fbs.float32), "z": attrs.field(type=bool)}
)
fbs.struct(POINT_MORE)
POINT_SWAPPED = attrs.make_class("Point", {"y": attrs.field(type=fbs.float32), "x": attrs.field(type=float)})
fbs.struct(POINT_SWAPPED)
POINT_ALIGNED = attrs.make_class("Point", {"x": attrs.field(type=float), "y": attrs.field(type=fbs.float32)})
fbs.struct(force_align=16)(POINT_ALIGNED)
POINT_TABLE = attrs.make_class("Point", {"x": attrs.field(type=float), "y": attrs.field(type=fbs.float32)})


@fbs.enum(base=fbs.uint8)
class SmallColor(enum.IntEnum):
    RED = 1
    BLUE = 2


class OtherColor(enum.IntEnum):
    RED = 2
    BLUE = 1


def with_id(tp: Any, number: int) -> Any:
    return Annotated[tp, fbs.Field(id=number)]


NUMBERED: Any = Annotated[Cat | Dog | Bird, fbs.UnionOf("Pet", values=(1, 2, 3))]
LESS: Any = Annotated[Cat | Bird, fbs.UnionOf("Pet", values=(1, 3))]

REFUSED: list[tuple[str, Any, Any, str]] = [
    ("scalar", int, fbs.int32, "the type of a field cannot change"),
    ("sign", int, fbs.uint64, "the type of a field cannot change"),
    ("text", str, bytes, "the type of a field cannot change"),
    ("number to time", int, np.datetime64, "the type of a field cannot change"),
    ("time to time", dt.datetime, dt.timedelta, "the type of a field cannot change"),
    ("to a vector", str, list[str], "the type of a field cannot change"),
    ("element", list[int], list[float], "the type of a field cannot change"),
    ("array of times", npt.NDArray[np.int64], npt.NDArray[np.datetime64], "the type of a field cannot change"),
    ("table to struct", POINT_TABLE, POINT, "the type of a field cannot change"),
    ("enum to number", Color, fbs.int32, "the type of a field cannot change"),
    ("uuid", uuid.UUID, bytes, "the type of a field cannot change"),
    ("struct", POINT, POINT_MORE, "a struct never changes"),
    ("order in a struct", POINT, POINT_SWAPPED, "a struct never changes"),
    ("alignment", list[POINT], list[POINT_ALIGNED], "a struct never changes"),
    ("base of an enum", Color, SmallColor, "the base of enum SmallColor cannot change"),
    ("value of a member", Color, OtherColor, "a member of enum OtherColor keeps its value"),
    ("order of a union", Cat | Dog, Dog | Cat, "the members of a union keep their order"),
    ("member in front", Cat | Dog, Bird | Cat | Dog, "the members of a union keep their order"),
    ("member gone", Cat | Dog | Bird, Cat | Bird, "a member of a union cannot go"),
    ("member gone or renamed", Cat | Dog | Bird, Cat | Puppy, "a member of a union cannot go"),
    ("numbered member gone", NUMBERED | None, LESS | None, "a member of a union cannot go"),
    ("members of vectors", list[Cat | Dog], list[Dog | Cat], "the members of a union keep their order"),
    ("default", (int, 5), (int, 6), "the default of a scalar cannot change"),
    ("default of an enum", (Color, Color.RED), (Color, Color.BLUE), "the default of a scalar cannot change"),
    ("no default any more", (int, 5), (int | None, None), "the default of a scalar cannot change"),
    ("default out of none", (int | None, None), (int, 0), "the default of a scalar cannot change"),
    ("required", (str | None, None), str, "a field cannot become required"),
    ("required by word", (str, "x"), (Annotated[str, fbs.Field(required=True)], "x"), "a field cannot become required"),
    ("another id", with_id(int, 1), with_id(int, 2), "a field keeps its id"),
]


@pytest.mark.parametrize(("before", "after", "rule"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_change_of_meaning_is_refused_and_changes_nothing(path: str, before: Any, after: Any, rule: str) -> None:
    extra = (with_id(int, 2), 0) if rule.endswith("its id") else (int, 0)
    first = {"oid": (with_id(int, 0), 0)} if rule.endswith("its id") else {"oid": (int, 0)}
    fill(path, record(**first, what=before, extra=extra))
    with zlmdb.open(path) as db:
        kept = everything(db), last_txnid(db)
        changed = (with_id(int, 1), 0) if rule.endswith("its id") else (int, 0)
        with pytest.raises(zlmdb.TableMismatch) as caught:
            db.attach_table(table(record(**first, what=after, extra=changed)))
        error = caught.value
        assert rule in str(error)
        assert "table Trades" in str(error)
        assert "stored with" in str(error)
        assert "declared with" in str(error)
        assert error.table == "Trades"
        assert error.field is not None
        assert error.expected != error.found
        assert (everything(db), last_txnid(db)) == kept
        db.attach_table(table(record(**first, what=before, extra=extra)))
        assert last_txnid(db) == kept[1]


def test_an_id_is_not_used_again(path: str) -> None:
    fill(path, record(a=(with_id(int, 0), 0), b=(with_id(int, 1), 0)))
    with pytest.raises(zlmdb.TableMismatch, match="an id is never used again"):
        rows(path, record(a=(with_id(int, 0), 0), c=(with_id(float, 1), 0.0)))
    with pytest.raises(zlmdb.TableMismatch, match="an id is never used again"):
        rows(path, record(a=(with_id(int, 0), 0), c=(with_id(Cat | Dog | None, 2), None), b=(int, 0)))


def test_a_new_field_is_not_required(path: str) -> None:
    fill(path, Old, old())
    with pytest.raises(zlmdb.TableMismatch, match=r"Trade\.city: a new field cannot be required"):
        rows(path, record(price=float, size=(fbs.int32, 5), note=(str | None, None), name=str, city=str))


def test_a_field_cannot_become_one_that_is_there(path: str) -> None:
    fill(path, record(a=(int, 0), b=(int, 0)))
    with pytest.raises(zlmdb.TableMismatch, match="a field cannot become another one that is there"):
        rows(path, record(b=(Annotated[int, fbs.Field(was="a")], 0)))
    was_a, was_b = (Annotated[int, fbs.Field(was="a")], 0), (Annotated[int, fbs.Field(was="b")], 0)
    for wrong in (record(a=was_b, b=was_a), record(b=was_a, a=(int, 0)), record(a=(int, 0), c=was_a)):
        with pytest.raises(zlmdb.SchemaError, match=r"Trade\.[abc]: .* and there is a field of that name") as caught:
            table(wrong)
        assert caught.value.field in "abc"
    with pytest.raises(zlmdb.SchemaError, match=r"Trade\.d: it has Field\(was=\"a\"\), and so has c"):
        table(record(c=was_a, d=was_a, b=(int, 0)))
    assert rows(path, record(a=was_a, b=(int, 0))) == []


def test_the_wire_default_may_stay_where_that_of_the_class_changes(path: str) -> None:
    fill(path, Old, old())
    New = record(  # noqa: N806
        price=float, size=(Annotated[fbs.int32, fbs.Field(default=5)], 50), note=(str | None, None), name=str
    )
    assert rows(path, New) == [New(price=1.5, size=7, note="n", name="x")]
    assert New(price=1.0, name="").size == 50


def test_what_rows_lack_reads_the_same_for_ever(path: str) -> None:
    """A new field that is no scalar: its default is in no schema, so the file has to know it."""
    fill(path, Base, Base(a=1))
    by_v = {"by_v": zlmdb.index("v")}
    New = record(a=int, v=(str, "A"))  # noqa: N806
    assert rows(path, New, **by_v)[0].v == "A"
    for changed in (record(a=int, v=(str, "B")), record(a=int, v=(str | None, None))):
        with pytest.raises(zlmdb.TableMismatch, match=r"Trade\.v: the default of a field that rows lack cannot change"):
            rows(path, changed)
    Kept = record(a=int, v=(Annotated[str, fbs.Field(default="A")], "B"))  # noqa: N806
    assert rows(path, Kept, **by_v)[0].v == "A"
    assert rows(path, record(a=int, w=(list[int], attrs.Factory(list))))[0].w == []
    assert rows(path, record(a=int, w=(list[int], attrs.Factory(lambda: []))))[0].w == []
    with pytest.raises(zlmdb.TableMismatch, match="cannot change"):
        rows(path, record(a=int, w=(list[int], attrs.Factory(lambda: [1]))))
    with zlmdb.open(path) as db:
        with pytest.raises(zlmdb.TableMismatch, match="a default that is the same at each reading"):
            db.attach_table(table(record(a=int, oid=(uuid.UUID, attrs.Factory(uuid.uuid4)))))
        assert db.verify() == []


def test_defaults_of_records_are_known_by_their_fields(path: str) -> None:
    """A table within a table may get new fields, though it is the default of a field."""
    fill(path, Base, Base(a=1))
    line = record(
        "Line", text=(str, "x"), pet=(Cat | Dog, Cat("c")), when=(dt.datetime, dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    )
    First = record(a=int, line=(line, attrs.Factory(line)), lines=(list[line], attrs.Factory(lambda: [line(text="y")])))  # noqa: N806
    assert rows(path, First) == [First(a=1)]
    longer = record("Longer", more=(int, 3), pet=(Cat | Dog, Cat("c")), text=(str, "x"))
    Second = record(  # noqa: N806
        a=int, line=(longer, attrs.Factory(longer)), lines=(list[longer], attrs.Factory(lambda: [longer(text="y")]))
    )
    assert rows(path, Second) == [Second(a=1)]
    for other in ({"pet": Dog(1)}, {"text": "z"}):
        wrong = record(a=int, line=(longer, attrs.Factory(lambda other=other: longer(**other))))
        with pytest.raises(zlmdb.TableMismatch, match=r"line: the default of a field that rows lack cannot change"):
            rows(path, wrong)


def test_what_every_row_has_may_get_another_default(path: str) -> None:
    First = record(a=int, v=(str, "A"), oid=(uuid.UUID, attrs.Factory(uuid.uuid4)))  # noqa: N806
    fill(path, First, First(a=1))
    Second = record(a=int, v=(str, "B"), oid=uuid.UUID)  # noqa: N806
    with pytest.raises(zlmdb.TableMismatch, match="cannot become required"):
        rows(path, Second)
    Second = record(a=int, v=(str, "B"), oid=(uuid.UUID, attrs.Factory(uuid.uuid1)))  # noqa: N806
    assert rows(path, Second)[0].v == "A"
    # From now on there may be rows without them.
    fill(path, Base, Base(a=1))
    with pytest.raises(zlmdb.TableMismatch, match="a default that is the same at each reading"):
        rows(path, Second)
    assert rows(path, record(a=int, v=(str, "B")))[0].v == "B"
    with pytest.raises(zlmdb.TableMismatch, match="cannot change"):
        rows(path, record(a=int, v=(str, "A")))


def test_rows_of_functions_may_lack_anything(path: str) -> None:
    @zlmdb.table(OID, build=lambda value, builder: builder.StartObject(0) or builder.EndObject(), cast=bytes)
    class Earlier(zlmdb.MapOidFlatBuffers[Any]):
        pass

    with zlmdb.open(path, [Earlier]) as db, db.begin(write=True) as txn:
        txn[Earlier].put(0, b"")
    assert rows(path, record(v=(str, "A")))[0].v == "A"
    with pytest.raises(zlmdb.TableMismatch, match="cannot change"):
        rows(path, record(v=(str, "B")))


def test_a_required_field_that_a_class_drops_is_required_no_longer(path: str) -> None:
    First = record(a=str, b=str)  # noqa: N806
    fill(path, First, First(a="x", b="y"))
    Less = record(a=str)  # noqa: N806
    fill(path, Less, Less(a="z"))
    # Rows lack it now, so a program that counts on it is told before it reads any.
    for _ in range(2):
        with pytest.raises(zlmdb.TableMismatch, match=r"Trade\.b: a field cannot become required"):
            rows(path, First)
    assert rows(path, record(a=str, b=(str | None, None)))[0].b is None


def test_two_classes_of_one_stored_table_must_agree(path: str) -> None:
    line = record("Line", text=str, zip=str, town=(str, "A"))
    First = record(home=line, work=line)  # noqa: N806
    fill(path, First, First(home=line(text="h", zip="1"), work=line(text="w", zip="2")))
    less = record("Less", text=str)
    for home, work in ((less, line), (line, less)):
        for _ in range(2):
            with pytest.raises(zlmdb.TableMismatch, match=r"two classes are one stored table|cannot become required"):
                rows(path, record(home=home, work=work))
    one, two = record("One", text=str, town=(str, "A")), record("Two", text=str, town=(str, "B"))
    assert rows(path, record(home=one, work=one))[0].work.town == "A"
    three = record("Three", text=str)
    assert rows(path, record(home=one, work=three))[0].home.town == "A"
    with pytest.raises(zlmdb.TableMismatch, match="cannot change"):
        rows(path, record(home=one, work=two))


def test_the_identifier_of_rows_stays(path: str) -> None:
    First = fbs.table(file_identifier="ABCD")(record(a=int))  # noqa: N806
    fill(path, First, First(a=1))
    for wrong in (record(a=int), fbs.table(file_identifier="ABCE")(record(a=int))):
        with pytest.raises(zlmdb.TableMismatch, match="the file_identifier of rows cannot change"):
            rows(path, wrong)
    assert rows(path, First) == [First(a=1)]
    fill(path + "2", Base, Base(a=1))
    with pytest.raises(zlmdb.TableMismatch, match="the file_identifier of rows cannot change"):
        rows(path + "2", First)


@pytest.mark.parametrize("pet", [False, True])
def test_a_reader_that_may_not_write_takes_nothing_for_its_own(path: str, pet: bool) -> None:
    """The number that a new field would get is given to another field by the one who writes."""
    fill(path, Base, Base(a=1))
    Mine = record(a=int, z=(float, 1.5), **({"pet": (Cat | Dog | None, None), "s": (str, "?")} if pet else {}))  # noqa: N806
    mine = table(Mine)
    with zlmdb.open(path), zlmdb.open(path, [mine], readonly=True) as reader:
        More = record(a=int, y=(int, 0), x=(int, 7), w=(str, "w"), u=(Bird | Cat | None, None))  # noqa: N806
        fill(path, More, More(a=3, y=5, u=Bird(1)), More(a=4))
        with reader.begin() as txn:
            for key, a in enumerate((3, 4)):
                assert detach(txn[mine][key]) == Mine(a=a, z=1.5)
    fill(path, Mine, Mine(a=6, z=2.5))
    with zlmdb.open(path, [mine], readonly=True) as reader, reader.begin() as txn:
        assert detach(txn[mine][0]) == Mine(a=6, z=2.5)


def test_a_reader_that_may_not_write_takes_no_member_for_its_own(path: str) -> None:
    First = record(pet=(Cat | Dog | None, None), pets=(list[Cat | Dog], attrs.Factory(list)))  # noqa: N806
    Mine = record(pet=(Cat | Dog | Text | None, None), pets=(list[Cat | Dog | Text], attrs.Factory(list)))  # noqa: N806
    More = record(pet=(Cat | Dog | Puppy | None, None), pets=(list[Cat | Dog | Puppy], attrs.Factory(list)))  # noqa: N806
    fill(path, First, First(pet=Dog(1)))
    mine = table(Mine)
    with zlmdb.open(path), zlmdb.open(path, [mine], readonly=True) as reader:
        fill(path, More, More(pet=Dog(2), pets=[Cat("c")]), More(pet=Puppy(3), pets=[Puppy(4)]))
        with reader.begin() as txn:
            assert detach(txn[mine][0]) == Mine(pet=Dog(2), pets=[Cat("c")])
            for name in ("pet", "pets"):
                with pytest.raises(zlmdb.DecodeError, match=f"stored field {name} of Trade: .*a member 3"):
                    getattr(txn[mine][1], name)


# -- what is written when


def test_nothing_is_written_where_nothing_has_changed(path: str) -> None:
    fill(path, Old, old())
    with zlmdb.open(path) as db:
        before = last_txnid(db)
        db.attach_table(table(Old))
        db.attach_table(table(record(name=str, price=float)))
        assert last_txnid(db) == before
    with zlmdb.open(path, readonly=True) as db:
        New = record(price=float, name=str, city=(str, "Bonn"))  # noqa: N806
        made = table(New)
        db.attach_table(made)
        with db.begin() as txn:
            assert txn[made][0] == New(price=1.5, name="x")


def test_two_programs_that_add_different_fields(path: str) -> None:
    fill(path, Old, old())
    base = {"price": float, "size": (fbs.int32, 5), "note": (str | None, None), "name": str}
    A, B = record(**base, a=(int, 0)), record(b=(str, ""), **base)  # noqa: N806
    fill(path, A, A(price=1.0, name="a", a=5))
    assert rows(path, B)[0] == B(price=1.0, name="a", b="")
    fill(path, B, A(price=1.0, name="a", a=5) and B(price=1.0, name="b", b="b"))
    both = record(b=(str, ""), a=(int, 0), **base)
    assert rows(path, both) == [both(price=1.0, name="b", b="b")]


def test_a_table_of_functions_becomes_one_of_a_class(path: str) -> None:
    import flatbuffers

    def build(value: float, builder: flatbuffers.Builder) -> int:
        builder.StartObject(1)
        builder.PrependFloat64Slot(0, value, 0.0)
        return builder.EndObject()

    @zlmdb.table(OID, build=build, cast=lambda data: data)
    class Earlier(zlmdb.MapOidFlatBuffers[Any]):
        pass

    with zlmdb.open(path, [Earlier]) as db:
        with db.begin(write=True) as txn:
            txn[Earlier].put(0, 2.5)
            txn[Earlier].put(1, 0.0)
        with db.begin() as txn:
            assert txn._raw.stat(db=None)["entries"] == 3
    New = record(price=float)  # noqa: N806
    assert rows(path, New) == [New(price=2.5), New(price=0.0)]
    with pytest.raises(zlmdb.TableMismatch):
        rows(path, record(price=int))
    # And back: what the file knows stays known.
    with zlmdb.open(path, [Earlier]):
        pass
    with pytest.raises(zlmdb.TableMismatch):
        rows(path, record(price=int))


def test_indexes_and_compression_live_on(path: str) -> None:
    fill(path, Old, old(), old(price=0.5, name="y"), compress="zlib", by_price=zlmdb.index("price"))
    New = record(first=(int, 3), name=str, price=float, city=(str | None, None))  # noqa: N806
    more = {
        "by_price": zlmdb.index("price"),
        "by_city": zlmdb.index("city", "name", nullable=True),
        "by_first": zlmdb.index("first"),
    }
    made = table(New, compress="zlib", **more)
    with zlmdb.open(path, [made]) as db:
        with db.begin(write=True) as txn:
            trades = txn[made]
            assert [row.name for row in trades.by_price.select()] == ["y", "x"]
            assert len(list(trades.by_first.select(3))) == 2
            assert list(trades.by_city.select()) == []
            trades.put(0, attrs.evolve(trades[0], city="Bonn", price=0.25))
            assert trades.check() == []
            assert [row.name for row in trades.by_price.select()] == ["x", "y"]
        assert db.verify() == []


def test_what_the_file_remembers_may_be_broken(path: str) -> None:
    from zlmdb.database.catalog import Remembered

    fill(path, Old, old())
    made = table(Old)
    for schema in ({}, {"root": "Trade", "tables": {}}, 5, {"root": "Trade", "tables": {"Trade": {"price": 5}}}):
        with zlmdb.open(path) as db:
            with db.begin(write=True) as txn:
                remembered = Remembered(db._environment().raw, txn._raw, write=True)
                entry: Any = remembered.get(uuid.UUID(OID))
                entry.pop("format")
                remembered.put(uuid.UUID(OID), {**entry, "schema": schema})
            with pytest.raises(zlmdb.CatalogError, match="cannot be understood"):
                db.attach_table(made)


# -- any history

FIELDS = {
    "a": (int, 1),
    "b": (str | None, None),
    "c": (fbs.uint8, 2),
    "d": (list[int], attrs.Factory(list)),
    "e": (Cat | Dog | None, None),
    "f": (float | None, None),
    "g": (bytes, b"g"),
    "h": (list[Cat | Dog], attrs.Factory(list)),
}
VALUES: dict[str, list[Any]] = {
    "a": [1, 9],
    "b": [None, "b"],
    "c": [2, 7],
    "d": [[], [1, 2]],
    "e": [None, Cat("x"), Dog(2)],
    "f": [None, 0.5],
    "g": [b"g", b"gg"],
    "h": [[], [Dog(1), Cat("y")]],
}
versions = st.lists(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, unique=True), min_size=2, max_size=5)


@given(history=versions, data=st.data())
def test_after_any_history_every_row_has_what_was_written_into_it(history: Any, data: Any) -> None:
    """Versions of a class with any of the fields, in any order, attached one after the other, each writing a row."""
    written: list[dict[str, Any]] = []
    with zlmdb.open(":memory:") as db:
        for names in history:
            cls = record(**{name: FIELDS[name] for name in names})
            made = table(cls)
            db.attach_table(made)
            row = {name: data.draw(st.sampled_from(VALUES[name])) for name in names}
            with db.begin(write=True) as txn:
                txn[made].put(len(written), cls(**row))
            written.append(row)
            with db.begin() as txn:
                for key, expected in enumerate(written):
                    found = txn[made][key]
                    for name in names:
                        default = [] if name in "dh" else FIELDS[name][1]
                        assert getattr(found, name) == expected.get(name, default)


VARIANTS: dict[str, list[Any]] = {
    "r": [str, (str, "A"), (str, "B"), (Annotated[str, fbs.Field(default="A")], "C"), (str | None, None)],
    "u": [(uuid.UUID, attrs.Factory(uuid.uuid4)), (uuid.UUID, uuid.UUID(int=1)), (uuid.UUID | None, None), uuid.UUID],
    "n": [(int, 1), (int, 2), int, (int | None, None)],
    "d": [(list[int], attrs.Factory(list)), (list[int], attrs.Factory(lambda: [1])), list[int]],
    "p": [(Cat, Cat("a")), (Cat | None, None), Cat],
}
SOME: dict[str, list[Any]] = {
    "r": ["x", "y"], "u": [uuid.UUID(int=5)], "n": [7, 8], "d": [[5], []], "p": [Cat("q")],
}  # fmt: skip
declarations = st.dictionaries(st.sampled_from(sorted(VARIANTS)), st.integers(0, 4), min_size=1)


@given(history=st.lists(declarations, min_size=2, max_size=6), indexed=st.booleans())
def test_what_is_taken_reads_as_before_and_what_is_not_changes_nothing(history: Any, indexed: bool) -> None:
    """Versions of a class whose fields come, go, and change their defaults: each is refused, or reads every row as any
    version before it did, and indexes stay right."""
    seen: dict[tuple[int, str], Any] = {}
    count = 0
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as place:
        for chosen in history:
            cls = record(**{name: VARIANTS[name][at % len(VARIANTS[name])] for name, at in chosen.items()})
            more = {f"by_{name}": zlmdb.index(name, nullable=True) for name in chosen if name in "run" and indexed}
            made = table(cls, **more)
            with zlmdb.open(f"{place}/db") as db:
                before = everything(db)
                try:
                    db.attach_table(made)
                except zlmdb.TableMismatch:
                    assert everything(db) == before
                    continue
                row = {name: SOME[name][count % len(SOME[name])] for name in chosen}
                with db.begin(write=True) as txn:
                    txn[made].put(count, cls(**row))
                seen |= {(count, name): value for name, value in row.items()}
                count += 1
                with db.begin() as txn:
                    for key in range(count):
                        found = detach(txn[made][key])
                        for name in chosen:
                            assert seen.setdefault((key, name), getattr(found, name)) == getattr(found, name)
                assert db.verify() == []
                with db.begin(write=True) as txn:
                    txn[made].put(0, detach(txn[made][0]))
                for name in VARIANTS.keys() - chosen.keys():
                    seen.pop((0, name), None)  # written anew by a class that does not have it
                assert db.verify() == []
