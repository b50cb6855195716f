"""Columns of ranges, indexes and selections; streams that outlive their transaction; filters."""

from __future__ import annotations

import contextlib
import tracemalloc
from itertools import islice
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import zlmdb
from tests.columns.records import EveryCbor, Point, Points
from tests.columns.test_round_trip import every
from zlmdb import errors


def test_selections_give_what_they_select(points: Any) -> None:
    with points.begin() as txn:
        table = txn[Points]
        for selection in (
            table.select(),
            table.select(("p1",), ("p2",)),
            table.select(prefix=("p2",), reverse=True),
            table.select(limit=7),
            table.select(("p1", 10), limit=3, reverse=True),
            table.by_x.select(3, return_keys=True),
            table.by_x.select(lo=2, hi=5, return_keys=True, reverse=True, limit=11),
            table.by_x.select(77, return_keys=True),
        ):
            rows = list(selection)
            for size in (1, 4, 1000):
                got = selection.to_arrow(batch_rows=size).read_all().to_pydict()
                assert list(got) == ["key_0", "key_1", "x", "y"]
                assert list(zip(got["key_0"], got["key_1"], strict=True)) == [key for key, _ in rows]
                assert list(zip(got["x"], got["y"], strict=True)) == [(row.x, row.y) for _, row in rows]
            assert selection.columns("x")["x"].tolist() == [row.x for _, row in rows]
        assert table.select(return_values=False).to_arrow().schema.names == ["key_0", "key_1"]
        assert table.select(return_keys=False).to_arrow().schema.names == ["x", "y"]
        assert table.by_x.select(3).to_arrow().schema.names == ["x", "y"]
        assert table.by_x.keys(3).to_arrow().read_all().num_rows == 10
        with pytest.raises(ValueError, match="no columns"):
            table.select(return_keys=False, return_values=False).to_arrow()


def test_a_stream_ends_with_its_transaction(points: Any) -> None:
    with points.begin() as txn:
        reader = txn[Points].to_arrow(batch_rows=10)
        reader.read_next_batch()
        whole = pa.table(txn[Points])  # through the C interface
        assert whole.num_rows == 100
    with pytest.raises(errors.TransactionClosed):
        reader.read_next_batch()
    with points.begin(buffers=True) as txn:
        reader = txn[Points].to_arrow(["x"], batch_rows=10)
        selection = txn[Points].by_x.select(3)
    with pytest.raises(errors.TransactionClosed):
        reader.read_all()
    with pytest.raises(errors.TransactionClosed):
        selection.to_arrow().read_all()
    again = points.begin()
    with again:
        reader = again[Points].to_arrow(batch_rows=10)
        reader.read_next_batch()
    with again, pytest.raises(errors.TransactionClosed, match="another one"):
        reader.read_next_batch()
    with points.begin() as txn:
        left = txn[Points].to_arrow(batch_rows=10)
        left.read_next_batch()
        points.close()
        with pytest.raises(errors.TransactionClosed):
            left.read_next_batch()


def test_a_stream_sees_what_its_transaction_writes_behind_it(points: Any) -> None:
    with points.begin(write=True) as txn:
        table = txn[Points]
        reader = table.to_arrow(["key_0", "key_1"], batch_rows=10)
        first = reader.read_next_batch()
        del table["p2", 98]
        table["z", 1] = Point(1)
        with contextlib.suppress(RuntimeError), txn.savepoint():
            table.clear()
            raise RuntimeError
        rest = reader.read_all()
    keys = first.to_pylist() + rest.to_pylist()
    assert len(keys) == 100
    assert keys[-1] == {"key_0": "z", "key_1": 1}
    assert {"key_0": "p2", "key_1": 98} not in keys


def test_where_takes_functions_and_expressions(points: Any) -> None:
    with points.begin() as txn:
        table = txn[Points]
        want = [row.y for key, row in table.items() if row.x > 5 and key[0] == "p1"]
        expression = (pc.field("x") > 5) & (pc.field("key_0") == "p1")
        for where in (lambda key, row: row.x > 5 and key[0] == "p1", expression):
            got = table.to_arrow(["y"], where=where, batch_rows=7)
            assert got.schema.names == ["y"]
            assert got.read_all().column("y").to_pylist() == want
            assert table.to_numpy(["y"], where=where, batch_rows=7)["y"].tolist() == want
            assert table.to_pandas(["y"], where=where)["y"].tolist() == want
            assert table.to_polars(["y"], where=where)["y"].to_list() == want
        assert table.to_numpy(where=pc.field("x") > 50)["y"].tolist() == []
        with pytest.raises(TypeError, match="where: expected a function"):
            table.to_arrow(where="x > 5").read_all()
        with pytest.raises(ZeroDivisionError):
            table.to_arrow(where=lambda key, row: 1 / 0).read_all()


def test_wrong_arguments_are_refused_with_what_there_is(points: Any) -> None:
    with points.begin() as txn:
        table = txn[Points]
        with pytest.raises(errors.SchemaError, match="no column 'z'; there are key_0, key_1, x, y"):
            table.to_arrow(["z"])
        with pytest.raises(errors.SchemaError, match="no column 'z'"):
            table.to_arrow(schema={"z": int})
        with pytest.raises(ValueError, match=r"write \['x'\]"):
            table.to_arrow("x")
        with pytest.raises(ValueError, match="batch_rows"):
            table.to_arrow(batch_rows=0)
        with pytest.raises(TypeError, match="schema: expected"):
            table.to_arrow(schema=5)
        with pytest.raises(TypeError, match="schema: expected a type of pyarrow or Python for x, found the text 'int'"):
            table.to_arrow(schema={"x": "int"})


def test_polars_and_pandas_read_the_stream_by_themselves(points: Any) -> None:
    with points.begin() as txn:
        assert pl.DataFrame(txn[Points].select(limit=5)).height == 5
        assert pa.RecordBatchReader.from_stream(txn[Points].by_x.select(3)).read_all().num_rows == 10


def test_a_stream_takes_the_memory_of_a_batch(path: str) -> None:
    @zlmdb.table("c01a0000-0000-4000-8000-000000000024")
    class Big(zlmdb.MapOidCbor[dict]):
        """Rows of a kilobyte."""

    with zlmdb.open(path, [Big]) as db:
        with db.begin(write=True) as txn:
            txn[Big].load({at: {"text": "x" * 1000} for at in range(30_000)})
        with db.begin() as txn:
            reader = txn[Big].to_arrow(batch_rows=500)
            tracemalloc.start()
            before = pa.total_allocated_bytes()
            most = rows = 0
            for batch in reader:
                rows += batch.num_rows
                most = max(most, pa.total_allocated_bytes() - before)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert rows == 30_000
    assert peak < 8 << 20
    assert most < 8 << 20


def test_a_short_range_does_not_read_far_beyond_its_end(points: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from zlmdb.tables import outlet

    read = []

    def seen(iterator: Any, count: int) -> Any:
        found = list(islice(iterator, count))
        read.extend(found)
        return found

    monkeypatch.setattr(outlet, "islice", seen)
    with points.begin() as txn:
        assert txn[Points].select(("p1", 1), ("p1", 2)).to_arrow().read_all().num_rows == 1
    assert len(read) <= 16


@pytest.mark.parametrize("size", [1000, 1024, 1500, 2048, 10_000])
def test_batches_are_put_together_whatever_their_size(points: Any, size: int) -> None:
    rows = [every(at) for at in range(3000)]
    with points.begin(write=True) as txn:
        txn[EveryCbor].load(rows)
        reader = txn[EveryCbor].to_arrow(batch_rows=size)
        batches = list(reader)
        assert [batch.num_rows for batch in batches[:-1]] == [size] * (len(batches) - 1)
        whole = pa.Table.from_batches(batches, reader.schema)
        assert whole.column("number").to_pylist() == list(range(3000))
        assert whole.column("side").to_pylist() == [row.side.value for row in rows]
        assert whole.column("other").to_pylist() == [row.other for row in rows]
        assert whole.column("tags").to_pylist() == [row.tags for row in rows]
        assert whole.column("place").to_pylist() == [{"street": "street", "number": at} for at in range(3000)]
        assert txn[EveryCbor].to_numpy(["number"], batch_rows=size)["number"].tolist() == list(range(3000))
        got = txn[EveryCbor].to_arrow(["number"], where=pc.field("flag"), batch_rows=size)
        assert [n for batch in got for n in batch.column(0).to_pylist()] == list(range(1, 3000, 2))


def test_a_stream_of_an_index_goes_on_through_savepoints(points: Any) -> None:
    with points.begin(write=True) as txn:
        table = txn[Points]
        want: list[int] = table.to_arrow(["x"]).read_all().column("x").to_pylist()
        low, high = min(want), max(want)
        reader = table.by_x.select(lo=low).to_arrow(["x"], batch_rows=2)
        got = reader.read_next_batch().column("x").to_pylist()
        with txn.savepoint():
            table["inside", 1] = Point(high + 1)
            got += reader.read_next_batch().column("x").to_pylist()
        with contextlib.suppress(ZeroDivisionError), txn.savepoint():
            got += reader.read_next_batch().column("x").to_pylist()
            _ = 1 / 0
        got += reader.read_all().column("x").to_pylist()
        assert got == [*sorted(want), high + 1]
        with contextlib.suppress(ZeroDivisionError), txn.savepoint():
            reader = table.by_x.select(lo=low).to_arrow(["x"], batch_rows=2)
            got = reader.read_next_batch().column("x").to_pylist()
            _ = 1 / 0
        got += reader.read_all().column("x").to_pylist()
        assert got == [*sorted(want), high + 1]


def test_a_stream_that_failed_fails_again(points: Any) -> None:
    with points.begin() as txn:
        readers = [txn[Points].to_arrow(batch_rows=2), txn[Points].by_x.select(lo=-1000).to_arrow(batch_rows=2)]
        for reader in readers:
            reader.read_next_batch()
    for reader in readers:
        for read in (reader.read_next_batch, reader.read_next_batch, reader.read_all, lambda r=reader: list(r)):
            with pytest.raises(errors.TransactionClosed):
                read()


def test_an_index_has_columns_by_itself(points: Any) -> None:
    with points.begin() as txn:
        index = txn[Points].by_x
        want = index.select(return_keys=True).to_arrow().read_all()
        assert index.to_arrow().read_all() == want
        assert pa.table(index) == want
        assert index.columns("x")["x"].tolist() == sorted(want.column("x").to_pylist())
        assert index.to_pandas(["x"]).shape == (100, 1)


def test_a_filter_that_fits_no_column_is_refused(points: Any) -> None:
    with points.begin() as txn:
        table = txn[Points]
        with pytest.raises(errors.SchemaError, match="no column 'zz'; there are key_0, key_1, x, y"):
            table.to_arrow(where=pc.field("zz") > 1).read_all()
        with pytest.raises(errors.SchemaError, match="no column 'zz'"):
            table.to_numpy(["x"], where=pc.field("zz") > 1)
        with pytest.raises(errors.SchemaError, match=r"where: .* does not fit the columns"):
            table.to_numpy(["x"], where=pc.field("x") > "a")
