"""The types of columns: declared and undeclared ones, enumerations, arrays, times; and rows that do not fit."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import zlmdb
from tests.columns.records import EveryCbor, EveryJson, Flags, Loose, Mixed, Order, Orders, Point, Points, Shape
from tests.columns.test_round_trip import every
from zlmdb import errors
from zlmdb.columns import frame


def test_rows_of_no_declared_type_tell_their_columns(points: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "FIRST_ROWS", 2)
    with points.begin(write=True) as txn:
        table = txn[Loose]
        assert table.to_arrow().schema.names == ["key", "value"]
        table["a"] = {"n": 1, "r": 1, "t": "x", "none": None, "l": [1, 2], "d": {"p": 1}}
        table["b"] = {"n": 2, "r": 1.5, "t": None, "l": [], "d": {"p": 2, "q": "z"}}
        got = table.to_arrow()
        assert got.read_all().to_pylist()[1] == {
            "key": "b", "n": 2, "r": 1.5, "t": None, "none": None, "l": [], "d": {"p": 2, "q": "z"}
        }  # fmt: skip
        assert table.to_numpy(["r"])["r"].tolist() == [1.0, 1.5]
        assert table.to_arrow(["n"], schema={"n": pa.int8()}).schema.field("n").type == pa.int8()
        assert table.to_arrow(["n"], schema=pa.schema([("n", pa.int16())])).schema.field("n").type == pa.int16()
        assert table.to_arrow(["t"], schema={"t": str | None}).schema.field("t").type == pa.string()
        table["c"] = {"n": "three"}
        with pytest.raises(
            errors.ValueTypeError, match=r"table Loose, key 'c', column n: expected int or None, found str"
        ):
            table.to_arrow().read_all()
        table["c"] = {"new": 1}
        with pytest.raises(
            errors.ValueTypeError, match=r"key 'c'.*only the keys of the first rows.*found the key 'new'"
        ):
            list(table.to_arrow(batch_rows=2))
        table["c"] = [1]
        with pytest.raises(errors.ValueTypeError, match=r"key 'c'.*expected a dict"):
            table.to_arrow(["n"], batch_rows=2).read_all()
        table.clear()
        table["a"], table["b"] = [1, 2], None
        assert table.to_arrow().read_all().to_pydict() == {"key": ["a", "b"], "value": [[1, 2], None]}
        table["c"] = 5
        with pytest.raises(errors.ValueTypeError, match="key 'c', column value"):
            table.to_numpy()


def test_values_that_do_not_fit_are_named(points: Any) -> None:
    with points.begin(write=True) as txn:
        txn[EveryCbor].load([every(n) for n in range(5)] + [every(5, number=2**63)])
        for give in (txn[EveryCbor].to_arrow, txn[EveryCbor].to_numpy):
            with pytest.raises(
                errors.ValueTypeError, match=r"key UUID\('.*0005'\), column number: .*9223372036854775808"
            ):
                list(give(batch_rows=2))
        huge = txn[EveryCbor].to_arrow(["number"], schema={"number": pa.uint64()}).read_all()
        assert huge.column("number").to_pylist()[-1] == 2**63
        txn[EveryCbor].put(every(5, price=Decimal("1.25")))
        got = txn[EveryCbor].to_arrow(["price"], schema={"price": pa.decimal128(10, 2)})
        assert got.read_all().column("price").to_pylist()[-1] == Decimal("1.25")


def test_a_row_that_cannot_be_decoded_is_named(points: Any) -> None:
    with points.begin(write=True) as txn:
        txn[Points]["p1", 999] = Point(1)
        raw = next(k for k, _ in txn.cursor() if bytes(k).endswith((999 + 2**31).to_bytes(4, "big")))
        txn.put(bytes(raw), b'{"x":"wrong"}')
        for give in (txn[Points].to_arrow, txn[Points].to_numpy):
            with pytest.raises(errors.DecodeError, match=r"table Points, key \('p1', 999\)"):
                list(give(["x"]))
        assert txn[Points].to_arrow(["key_1"]).read_all().num_rows == 101
        txn.put(bytes(raw)[:-4] + b"\0", b"{}")
        with pytest.raises(errors.DecodeError, match="stored key"):
            txn[Points].to_arrow(["key_1"]).read_all()
        txn.delete(bytes(raw)[:-4] + b"\0")
        txn.delete(bytes(raw))
        txn[Points].rebuild_indexes()


def test_rows_written_before_a_field_was_declared_have_its_default(points: Any) -> None:
    with points.begin(write=True) as txn:
        txn[Orders].add(Order(1, ["a"]))
        txn[Orders].add(Order(2, ["b"], "n"))
        raw = next(bytes(k) for k, v in txn.cursor() if b'"note":"n"' in bytes(v))
        txn.put(raw, b'{"type":"order","orderId":2}')
        assert txn[Orders].to_arrow(["line_items", "note"]).read_all().to_pylist() == [
            {"line_items": ["a"], "note": None},
            {"line_items": [], "note": None},
        ]
        txn[EveryCbor].add(every(1))
        key = next(bytes(k) for k, v in txn.cursor() if b"maybe_flag" in bytes(v))
        import cbor2

        held = cbor2.loads(bytes(txn.get(key)))
        del held["maybe_number"]
        txn.put(key, cbor2.dumps(held))
        assert txn[EveryCbor].to_arrow(["maybe_number"]).read_all().to_pylist() == [{"maybe_number": None}]


def test_enumerations_of_every_sort(path: str) -> None:
    import attrs

    @attrs.define
    class Held:
        shape: Shape
        mixed: Mixed
        flags: Flags

    @zlmdb.table("c01a0000-0000-4000-8000-000000000020")
    class Tables(zlmdb.Map[int, Held], key=zlmdb.Oid, value=zlmdb.Cbor):
        """Members."""

    with zlmdb.open(path, [Tables]) as db, db.begin(write=True) as txn:
        held = Held(Shape.FLAT, Mixed.TWO, Flags.A | Flags.B)
        txn[Tables][1] = held
        columns = txn[Tables].to_arrow().read_all()
        assert columns.to_pylist() == [{"key": 1, "shape": "FLAT", "mixed": "TWO", "flags": 3}]
        assert txn[Tables].to_numpy(["flags"])["flags"].tolist() == [Flags.A | Flags.B]
        txn[Tables].clear()
        txn[Tables].load(columns)
        assert txn[Tables][1] == held


def test_arrays_are_columns_too(path: str) -> None:
    @zlmdb.table("c01a0000-0000-4000-8000-000000000021")
    class Vectors(zlmdb.MapOidNumpy):
        """Arrays."""

    with zlmdb.open(path, [Vectors]) as db:
        with db.begin(write=True) as txn:
            vectors = txn[Vectors]
            for at in range(5):
                vectors[at] = np.arange(3, dtype=">i4") * at
            assert vectors.to_arrow().read_all().column("value").to_pylist()[2] == [0, 2, 4]
            assert vectors.to_numpy()["value"].shape == (5, 3)
            vectors[5] = np.arange(7, dtype=">i4")
            assert vectors.to_arrow(batch_rows=2).read_all().column("value").to_pylist()[5] == list(range(7))
            assert [len(v) for v in vectors.to_numpy(batch_rows=2)["value"]] == [3] * 5 + [7]
            vectors[6] = np.zeros(3)
            with pytest.raises(errors.ValueTypeError, match="key 6, column value: expected an array of int32"):
                vectors.to_arrow().read_all()
            vectors.clear()
            dtype = np.dtype([("t", "M8[ns]"), ("p", "f8")])
            vectors[1] = np.array([(5, 1.5), (6, 2.5)], dtype)
            assert vectors.to_arrow().schema.field("value").type == pa.list_(
                pa.struct([("t", pa.timestamp("ns")), ("p", pa.float64())])
            )
            vectors.clear()
            vectors[1] = np.ones((2, 2))
        with db.begin(buffers=True) as txn:
            kept = txn[Vectors].to_numpy()["value"]
            table = txn[Vectors].to_arrow().read_all()
        assert kept.tolist() == [[[1.0, 1.0], [1.0, 1.0]]] == table.column("value").to_pylist()


def test_objects_of_the_program_give_their_properties(path: str) -> None:
    class Reader:
        def __init__(self, data: Any) -> None:
            self._data = bytes(data)

        @property
        def size(self) -> int:
            return len(self._data)

        def first(self) -> int:
            return self._data[0]

    def build(value: bytes, builder: Any) -> int:
        return builder.CreateString(value.decode())

    @zlmdb.table("c01a0000-0000-4000-8000-000000000022", cast=Reader, build=build)
    class Buffers(zlmdb.MapOidFlatBuffers[Any]):
        """Buffers."""

    with zlmdb.open(path, [Buffers]) as db, db.begin(write=True) as txn:
        txn[Buffers][1] = b"abc"
        size = txn[Buffers][1].size
        assert txn[Buffers].to_arrow().read_all().to_pylist() == [{"key": 1, "size": size}]
        got = txn[Buffers].to_arrow(schema={"first": int}).read_all().to_pylist()
        assert got == [{"key": 1, "first": txn[Buffers][1].first()}]


def test_a_record_within_itself_has_no_columns(path: str) -> None:
    from tests.values.kinds import Node

    @zlmdb.table("c01a0000-0000-4000-8000-000000000023", pk="name")
    class Nodes(zlmdb.MapStringJson[Node]):
        """Trees."""

    with zlmdb.open(path, [Nodes]) as db, db.begin(write=True) as txn:
        txn[Nodes].add(Node("a", [Node("b")]))
        with pytest.raises(errors.SchemaError, match="holds itself"):
            txn[Nodes].to_arrow()
        assert txn[Nodes].to_arrow(["name"]).read_all().to_pylist() == [{"name": "a"}]


def test_undeclared_uuids_and_times(points: Any) -> None:
    @zlmdb.table("c01a0000-0000-4000-8000-000000000025")
    class Anything(zlmdb.MapOidPickle[Any]):
        """Whatever Python has."""

    points._allow_pickle = True
    points.attach_table(Anything)
    with points.begin(write=True) as txn:
        txn[Anything][1] = {
            "u": uuid.UUID(int=1),
            "t": np.datetime64(5, "ns"),
            "d": dt.datetime(2020, 1, 1),
            "f": {1: "a"},
        }
        txn[Anything][2] = {"u": None, "t": None, "d": None, "f": None}
        got = txn[Anything].to_arrow().read_all()
        txn[Anything][3] = {"d": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}
        for give in (txn[Anything].to_arrow, txn[Anything].to_numpy):
            with pytest.raises(errors.ValueTypeError, match="key 3, column d: expected a datetime without a timezone"):
                list(give(["d"]))
    assert got.schema.field("u").type == pa.uuid()
    assert got.schema.field("t").type == pa.timestamp("ns")
    assert got.schema.field("d").type == pa.timestamp("us")
    assert got.column("f").to_pylist() == [[(1, "a")], None]


@pytest.mark.parametrize("table", [EveryCbor, EveryJson])
def test_columns_of_other_types_than_the_declared_ones(points: Any, table: Any) -> None:
    row = every(5, when=np.datetime64(5_000, "ns"), maybe_other=uuid.UUID(int=7))
    with points.begin(write=True) as txn:
        txn[table].add(row)

        def one(name: str, declared: Any) -> Any:
            found = txn[table].to_arrow([name], schema={name: declared}).read_all().column(0)
            assert found.type == declared if isinstance(declared, pa.DataType) else True
            return found[0].as_py()

        assert one("when", pa.timestamp("us")) == dt.datetime(1970, 1, 1, 0, 0, 0, 5)
        assert one("maybe_other", pa.string()) == str(uuid.UUID(int=7))
        assert one("oid", pa.string()) == str(row.oid)
        assert one("oid", pa.binary(16)) == row.oid.bytes
        assert one("number", pa.int8()) == 5
        assert one("number", float) == 5.0
        assert one("price", pa.decimal128(9, 3)) == Decimal("1.25")
        assert one("side", pa.string()) == row.side.value
        assert txn[table].to_numpy(["when"], schema={"when": pa.timestamp("us")})["when"].dtype == "M8[us]"
        assert one("moment", pa.timestamp("ms", "UTC")) == row.moment
        for name, declared in (("text", float), ("text", bool), ("number", str), ("number", pa.string())):
            for give in (txn[table].to_arrow, txn[table].to_numpy):
                with pytest.raises(errors.ValueTypeError, match=f"column {name}: expected"):
                    list(give([name], schema={name: declared}))


@pytest.mark.parametrize(
    ("name", "declared", "cut", "kept"),
    [
        ("ratio", pa.int64(), 2.5, 2.0),
        ("wall", pa.timestamp("s"), dt.datetime(2020, 1, 1, 1, 1, 1, 5), dt.datetime(2020, 1, 1, 1, 1, 1)),
        ("wall", pa.timestamp("ms"), dt.datetime(2020, 1, 1, 1, 1, 1, 5), dt.datetime(2020, 1, 1, 1, 1, 1, 5000)),
        ("wall", pa.date32(), dt.datetime(2020, 1, 1, 1), dt.datetime(2020, 1, 1)),
        (
            "moment",
            pa.timestamp("s"),
            dt.datetime(2020, 1, 1, 1, 1, 1, 5, dt.UTC),
            dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        ),
        ("when", pa.date32(), np.datetime64("2020-01-01T01", "ns"), np.datetime64("2020-01-01", "ns")),
        ("when", pa.timestamp("us"), np.datetime64(1, "ns"), np.datetime64(1000, "ns")),
        ("clock", pa.time32("s"), dt.time(1, 2, 3, 4), dt.time(1, 2, 3)),
        ("span", pa.duration("s"), dt.timedelta(microseconds=1_500_000), dt.timedelta(seconds=1)),
        ("price", pa.int64(), Decimal("1.25"), Decimal("2.00")),
    ],
)
def test_a_type_that_would_cut_a_value_is_refused(points: Any, name: str, declared: Any, cut: Any, kept: Any) -> None:
    with points.begin(write=True) as txn:
        for give in (txn[EveryCbor].to_arrow, txn[EveryCbor].to_numpy):
            txn[EveryCbor].put(every(5, **{name: kept}))
            list(give([name], schema={name: declared}))
            txn[EveryCbor].put(every(5, **{name: cut}))
            with pytest.raises(errors.ValueTypeError, match=f"column {name}: expected .* found"):
                list(give([name], schema={name: declared}))


def test_a_time_that_is_none_is_null_where_the_schema_allows_it(points: Any) -> None:
    @zlmdb.table("c01a0000-0000-4000-8000-000000000050")
    class Times(zlmdb.MapOidCbor[np.datetime64]):
        """NaT is a value."""

    points.attach_table(Times)
    with points.begin(write=True) as txn:
        table = txn[Times]
        table.update({1: np.datetime64("NaT", "ns"), 2: np.datetime64(5, "ns")})
        got = table.to_arrow().read_all()
        got.validate(full=True)
        assert got.schema.field("value").nullable
        assert not got.schema.field("key").nullable
        assert got.column("value").null_count == 1
        assert table.to_arrow(where=pc.field("value").is_null()).read_all().column("key").to_pylist() == [1]
        want = repr(list(table.items()))
        for given in (got, table.to_pandas(), table.to_polars()):
            table.clear()
            table.load(given)
            assert repr(list(table.items())) == want
        assert txn.sql("select key from times where value is null").fetchall() == [(1,)]
        assert txn.sql("select key from times where value is not null").fetchall() == [(2,)]
        assert txn.sql("select count(value) from times").fetchall() == [(1,)]


def test_the_given_types_hold_for_keys(points: Any) -> None:
    @zlmdb.table("c01a0000-0000-4000-8000-000000000051")
    class Keyed(zlmdb.Map[Any, int], key=(zlmdb.Int64, zlmdb.Timestamp, zlmdb.Uuid), value=zlmdb.Cbor):
        """Keys that are decoded together."""

    points.attach_table(Keyed)
    with points.begin(write=True) as txn:
        table = txn[Keyed]
        table[1, np.datetime64(1000, "ns"), uuid.UUID(int=3)] = 5
        for given in (float, pa.float64()):
            assert table.to_numpy(["key_0"], schema={"key_0": given})["key_0"].dtype == "f8"
            assert table.to_arrow(["key_0"], schema={"key_0": given}).schema.types == [pa.float64()]
        schema = {"key_0": pa.int16(), "key_1": pa.timestamp("us"), "key_2": pa.string()}
        got = table.to_arrow(schema=schema).read_all()
        assert got.schema.types == [pa.int16(), pa.timestamp("us"), pa.string(), pa.int64()]
        assert got.column("key_2").to_pylist() == [str(uuid.UUID(int=3))]
        assert table.to_numpy(schema=schema)["key_1"].dtype == "M8[us]"
        with pytest.raises(errors.ValueTypeError, match="column key_0"):
            table.to_arrow(schema={"key_0": str}).read_all()


def test_arrays_by_name_are_columns(points: Any) -> None:
    rows = [every(number) for number in range(20)]
    rows[3] = every(3, maybe_flag=True, maybe_ratio=0.5, maybe_number=4, maybe_counts={"a": 1}, maybe_text="")
    with points.begin(write=True) as txn:
        table = txn[EveryCbor]
        table.load(rows)
        want = list(table.items())
        arrays = table.to_numpy()
        table.clear()
        assert table.load(arrays) == 20
        assert list(table.items()) == want
        arrays = txn[Points].to_numpy()
        kept = list(txn[Points].items())
        txn[Points].clear()
        assert txn[Points].load(arrays) == 100
        assert list(txn[Points].items()) == kept
        with pytest.raises(errors.ValueTypeError, match="arrays of one length"):
            txn[Points].load({**arrays, "x": arrays["x"][:5]})
        with pytest.raises(errors.ValueTypeError, match=r"row 1, column x: expected int, found float 0\.5"):
            txn[Points].load({**arrays, "x": arrays["x"] + 0.5})

        @zlmdb.table("c01a0000-0000-4000-8000-000000000052")
        class Named(zlmdb.MapStringNumpy):
            """Rows that are arrays."""

    points.attach_table(Named)
    with points.begin(write=True) as txn:
        assert txn[Named].load({"key": np.arange(2), "value": np.arange(2)}) == 2
        assert txn[Named]["value"].tolist() == [0, 1]
