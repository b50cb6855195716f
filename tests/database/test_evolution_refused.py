"""Changes of record classes that would give old rows another meaning are refused, and change nothing."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Annotated, Any

import attrs
import numpy as np
import numpy.typing as npt
import pytest
from dbsupport import everything, last_txnid

import zlmdb
from tests.database.evolving import (
    OID,
    Base,
    Bird,
    Cat,
    Color,
    Dog,
    Old,
    Puppy,
    Text,
    fill,
    old,
    record,
    rows,
    table,
    with_id,
)
from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.lazy import detach

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
