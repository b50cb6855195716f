"""Record classes of FlatBuffers tables that change: old rows keep their meaning."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Annotated, Any

import attrs
import msgspec
import pytest

import zlmdb
from tests.database.evolving import Bird, Cat, Color, Dog, MoreColors, Old, Text, fill, old, record, rows, table
from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.lazy import detach

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
