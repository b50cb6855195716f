"""What the file remembers of record classes, and what holds after any history of them."""

from __future__ import annotations

import tempfile
import uuid
from typing import Annotated, Any

import attrs
import pytest
from dbsupport import everything, last_txnid
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from tests.conftest import IN_MEMORY
from tests.database.evolving import OID, Cat, Dog, Old, fill, old, record, rows, table
from zlmdb.values.flat import annotations as fbs
from zlmdb.values.flat.lazy import detach

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
