"""Keys made of fields of FlatBuffers rows: an index always has what its rows have, whatever storing does to a value."""

from __future__ import annotations

import datetime as dt
import types
import uuid
from typing import Annotated, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zlmdb
from zlmdb.errors import SchemaError, UniqueViolation
from zlmdb.values.flat import annotations as fbs

OID = "3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a3002"


@fbs.struct
@attrs.define
class Point:
    """Rounded in its place."""

    x: fbs.float32
    y: float = 0.0


@attrs.define
class Inner:
    """A table within."""

    low: fbs.float32 = 0.0
    gone: Annotated[int, fbs.Field(deprecated=True)] = 4


@attrs.define
class Row:
    """What is not stored as it is given."""

    number: int
    low: fbs.float32 = 0.0
    high: float = 0.0
    at: Point = attrs.field(factory=lambda: Point(0.0))
    inner: Inner | None = None
    when: dt.datetime = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    gone: Annotated[int, fbs.Field(deprecated=True)] = 4

    @property
    def text(self) -> str:
        """A key that is no field."""
        return f"{self.high} {self.when.isoformat()}"


def table(cls: Any, base: Any = zlmdb.MapOidFlatBuffers, pk: Any = None, compress: Any = None, **body: Any) -> Any:
    body["__module__"] = __name__
    declared = types.new_class("Rows", (base[cls],), {}, lambda space: space.update(body))
    return zlmdb.table(OID, pk=pk, compress=compress)(declared)


def indexes() -> dict[str, Any]:
    return {
        "by_low": zlmdb.index("low"),
        "by_both": zlmdb.index("low", "number"),
        "by_x": zlmdb.index("at.x"),
        "by_inner": zlmdb.index("inner.low", nullable=True, key=zlmdb.keys.Float64),
        "by_text": zlmdb.index("text", key=zlmdb.String),
        "by_shown": zlmdb.index(lambda row: f"{row.high} {row.when} {row.gone}", key=zlmdb.String),
        "by_some": zlmdb.index("number", where=lambda row: row.when.hour < 12 and row.gone == 4),
    }


def numbers() -> Any:
    return st.sampled_from([0.1, 0.5, 1e30, -0.0, 16777217.0, 1e-46]) | st.floats(-1e38, 1e38)


def rows() -> Any:
    return st.builds(
        Row,
        number=st.integers(0, 3),
        low=numbers(),
        high=numbers() | st.integers(0, 5),
        at=st.builds(Point, numbers()),
        inner=st.none() | st.builds(Inner, numbers()),
        when=st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2030, 1, 1)).map(
            lambda when: when.replace(tzinfo=dt.timezone(dt.timedelta(hours=11)))
        ),
        gone=st.integers(0, 9),
    )


@pytest.mark.parametrize("compress", [None, "zlib"])
def test_indexes_hold_what_rows_hold_through_any_writes(tmp_path: Any, compress: Any) -> None:
    Rows = table(Row, compress=compress, **indexes())  # noqa: N806
    with zlmdb.open(str(tmp_path / "rows.zdb"), [Rows]) as db:

        @given(st.lists(st.tuples(st.integers(0, 3), st.none() | rows(), st.booleans()), max_size=8))
        def run(steps: Any) -> None:
            with db.begin(write=True) as txn:
                table = txn[Rows]
                for key, row, read in steps:
                    if row is None:
                        table.delete(key)
                        continue
                    if read:
                        table.get(key)  # index fields of a row that was read are remembered
                    table[key] = row
                for names in (Rows.by_low, Rows.by_x):
                    live = names.__get__(table, Rows)
                    found = [row.number for row in live.select(return_keys=False)]
                    assert sorted(found) == sorted(row.number for row in table.select(return_keys=False))
            assert db.verify() == []
            with db.begin(write=True) as txn:
                txn[Rows].put_many((key, row) for key, row, _ in steps if row is not None)
                for key in range(4):
                    txn[Rows].delete(key)
                assert not any(
                    list(getattr(txn[Rows], name).select(return_keys=False)) for name in indexes() if name != "by_some"
                )
            assert db.verify() == []
            with db.begin(write=True) as txn:
                txn[Rows].load([(at, row) for at, (_, row, _) in enumerate(steps) if row is not None])
            assert db.verify() == []
            with db.begin(write=True) as txn:
                txn[Rows].clear()

        run()


def test_a_float32_is_found_under_what_it_was_rounded_to(db: Any) -> None:
    Rows = table(Row, by_low=zlmdb.index("low", unique=True))  # noqa: N806
    db.attach_table(Rows)
    with db.begin(write=True) as txn:
        txn[Rows][1] = Row(1, low=0.1)
        rounded = txn[Rows][1].low
        assert txn[Rows].by_low[rounded].number == 1
        txn[Rows][1] = Row(1, low=0.1)
        with pytest.raises(UniqueViolation):
            txn[Rows][2] = Row(2, low=rounded)
        txn[Rows][1] = Row(1, low=0.2)
        txn[Rows][2] = Row(2, low=rounded)
    assert db.verify() == []


def test_what_storing_changes_is_no_key() -> None:
    with pytest.raises(SchemaError, match="primary key names 'low', which is a float32, which is rounded"):

        @zlmdb.table(OID, pk="low")
        class _Rows(zlmdb.Map[float, Row], key=zlmdb.keys.Float64, value=zlmdb.FlatBuffers):
            """Under a rounded key."""

    with pytest.raises(SchemaError, match="primary key names 'gone', which is deprecated"):
        table(Row, pk="gone")
    with pytest.raises(SchemaError, match="index by_gone names 'gone', which is deprecated"):
        table(Row, by_gone=zlmdb.index("gone"))
    with pytest.raises(SchemaError, match=r"index by_gone names 'inner.gone', which is deprecated"):
        table(Row, by_gone=zlmdb.index("inner.gone", key=zlmdb.keys.Int64, nullable=True))


def test_tables_whose_values_are_exact_take_keys_from_the_object(db: Any) -> None:
    fields = {"oid": uuid.UUID, "n": int, "rounded": fbs.float32}
    Plain = attrs.make_class("Plain", {name: attrs.field(type=tp) for name, tp in fields.items()})  # noqa: N806
    Rows = table(Plain, zlmdb.MapUuidFlatBuffers, pk="oid", by_n=zlmdb.index("n"))  # noqa: N806
    handle = db.attach_table(Rows)
    assert not handle._compiled.source.stored_keys
    assert "kept" not in handle._compiled.text()
