"""Series tables as they are declared, attached, changed and refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

import zlmdb
from tests.series.declared import OID, declare
from zlmdb.database.catalog import Remembered

PRICE = {"price": zlmdb.column("f8")}


@pytest.mark.parametrize(
    ("key", "keywords", "values"),
    [
        (str, {}, ["", "a", "a\0", "ab", "b"]),
        (int, {}, [-5, 0, 7, 2**62]),
        (bytes, {}, [b"", b"\0", b"\0\1", b"\xff" * 20]),
        (uuid.UUID, {}, [uuid.UUID(int=n) for n in (0, 5, 2**128 - 1)]),
        (date, {}, [date(1960, 1, 1), date(2026, 1, 2)]),
        (tuple[str, int], {}, [("", 0), ("a", -1), ("a", 1), ("a\0b", 0), ("b", 0)]),
        (tuple[str, str], {"key": (zlmdb.String, zlmdb.String)}, [("", "z"), ("a", ""), ("a", "b"), ("ab", "")]),
        (int, {"key": zlmdb.Uint16}, [0, 255, 65535]),
        (tuple[int, str], {"key": (zlmdb.Uint8, zlmdb.String)}, [(0, "x"), (255, ""), (255, "ÿ")]),
    ],
)
def test_series_have_keys_of_any_type(key: Any, keywords: dict[str, Any], values: list[Any]) -> None:
    table = declare(PRICE, kind=key, **keywords)
    with zlmdb.open(":memory:", [table]) as db:
        with db.begin(write=True) as txn:
            for at, value in enumerate(reversed(values)):
                txn[table].append(value, np.arange(100), price=np.full(100, float(at)))
                txn[table].append(value, 1000, price=float(at))
        with db.begin() as txn:
            assert list(txn[table].keys()) == values
            for at, value in enumerate(reversed(values)):
                found = txn[table].range(value)
                assert len(found) == 101
                assert set(found.price.tolist()) == {float(at)}
        assert db.verify() == []


def test_keys_of_the_wrong_type_are_refused() -> None:
    single, pair = declare(PRICE), declare(PRICE, OID[:-1] + "1", kind=tuple[str, int])
    with zlmdb.open(":memory:", [single, pair]) as db, db.begin(write=True) as txn:
        for key in (5, None, b"a", ("a",)):
            with pytest.raises(zlmdb.KeyTypeError, match="table Ticks: expected str as key"):
                txn[single].append(key, 1, price=1.0)
        for key in ("a", ("a",), ("a", 1, 2), ("a", "b")):
            with pytest.raises(zlmdb.KeyTypeError, match="table Ticks"):
                txn[pair].range(key)
        with pytest.raises(zlmdb.KeyTooLong, match="at most 1966 bytes"):
            txn[single].append("x" * 2000, 1, price=1.0)
        with pytest.raises(zlmdb.KeyTooLong):
            txn[single].append("x" * 2000, np.arange(5000), price=1.0)
        txn[single].append("x" * 1964, 1, price=1.0)
        assert list(txn[single]) == ["x" * 1964]


@pytest.mark.parametrize(
    ("columns", "keywords", "message"),
    [
        ({}, {}, "expected at least one column"),
        ({"x": zlmdb.column("O")}, {}, "column x: expected numbers"),
        ({"x": zlmdb.column("nothing")}, {}, "column x: expected a NumPy type"),
        ({"x": zlmdb.column("(1,")}, {}, "column x: expected a NumPy type"),
        ({"x": zlmdb.column("S")}, {}, "need a length"),
        ({"x": zlmdb.column("M8")}, {}, "datetime64 or timedelta64 with a unit"),
        ({"x": zlmdb.column("f4,f4")}, {}, "column x: expected numbers"),
        ({"x": zlmdb.column("g")}, {}, "column x: expected numbers"),
        ({"x": zlmdb.column("u1", default=300)}, {}, "default that a column of uint8 can hold"),
        ({"x": zlmdb.column("u1", default="a")}, {}, "default that a column of uint8 can hold"),
        ({"x": zlmdb.column("u1", compress="lz4")}, {}, "expected compress to be None or one of"),
        ({"range": zlmdb.column("u1")}, {}, "cannot be called 'range'"),
        ({"time": zlmdb.column("u1")}, {}, "cannot be called 'time'"),
        ({"every": zlmdb.column("u1")}, {}, "cannot be called 'every'"),
        ({"_x": zlmdb.column("u1")}, {}, "cannot be called '_x'"),
        ({"self": zlmdb.column("u1")}, {}, "cannot be called 'self'"),
        ({"class": zlmdb.column("u1")}, {}, "cannot be called 'class'"),
        ({"a b": zlmdb.column("u1")}, {}, "cannot be called 'a b'"),
        ({f"c{at}": zlmdb.column("u1") for at in range(4097)}, {}, "expected at most 4096 columns, found 4097"),
        (PRICE, {"duplicates": "maybe"}, "expected duplicates to be one of"),
        (PRICE, {"compress": "rar"}, "expected compress to be None or one of"),
        (PRICE, {"chunk": 1}, "expected chunk to be a number from 2"),
        (PRICE, {"key": 5}, "expected a key codec"),
    ],
)
def test_wrong_declarations_are_refused(columns: Any, keywords: Any, message: str) -> None:
    with pytest.raises(zlmdb.SchemaError, match=message):
        declare(columns, **keywords)


def test_a_key_type_without_codec_is_refused() -> None:
    with pytest.raises(zlmdb.SchemaError, match="expected the type of its keys"):
        declare(PRICE, kind=list)


def test_options_of_maps_are_refused() -> None:
    class Ticks(zlmdb.Series[str]):
        price = zlmdb.column("f8")

    with pytest.raises(zlmdb.SchemaError, match="pk cannot be given for Ticks, which is no map"):
        zlmdb.table(OID, pk="price")(Ticks)
    with pytest.raises(zlmdb.SchemaError, match="not decorated"), zlmdb.open(":memory:") as db:
        db.attach_table(Ticks)


def test_a_table_of_a_schema_is_attached_and_pickles(path: str) -> None:
    import pickle

    with zlmdb.open(path, Market) as db:
        assert isinstance(db.schema.trades, Trades)
        with db.begin(write=True) as txn:
            txn[Trades].append("a", 1, price=1.5)
        again = pickle.loads(pickle.dumps(db))
        with again, again.begin() as txn:
            assert txn[Trades].last("a").price.tolist() == [1.5]
        assert [slot["name"] for slot in db.stats(include_slots=True)["slots"]] == ["Words", "Trades"]
        for use in (lambda: db.schema.trades.range("a"), lambda: list(db.schema.trades), lambda: len(db.schema.trades)):
            with pytest.raises(zlmdb.TransactionError, match=r"this is the attached table.*txn\[Trades\]"):
                use()
        assert repr(db.schema.trades).startswith("<series Trades in slot")
    with db:  # opened again: the attached table finds its place anew
        with db.begin() as txn:
            assert txn[Trades].count() == 1
        assert db.migrate() == 0


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de110")
class Words(zlmdb.MapStringString):
    pass


@zlmdb.table("0f7a3c52-1111-4c7e-9a55-0c8f0a1de111")
class Trades(zlmdb.Series[str]):
    """Trades by symbol."""

    price = zlmdb.column("f8")


class Market(zlmdb.Schema):
    words: Words
    trades: Trades


def fill(path: str, table: Any, times: Any, **columns: Any) -> None:
    with zlmdb.open(path, [table]) as db, db.begin(write=True) as txn:
        txn[table].append("a", times, **columns)


def test_an_added_column_reads_as_its_default(path: str) -> None:
    old = declare(PRICE, chunk=50)
    fill(path, old, np.arange(120), price=np.arange(120.0))  # closed and open chunks
    fill(path, old, 500, price=500.0)  # and a head
    new = declare(
        {"side": zlmdb.column("i1", default=-1), **PRICE, "note": zlmdb.column("S4", default=b"none")}, chunk=50
    )
    with zlmdb.open(path, [new]) as db:
        with db.begin(write=True) as txn:
            ticks = txn[new]
            for name, value in (("side", -1), ("note", b"none")):
                assert ticks.range("a")[name].tolist() == [value] * 121
            assert ticks.as_of("a", 50).note == b"none"
            assert ticks.aggregate("a", side=["sum", "count"]) == {"side_sum": -121, "side_count": 121}
            ticks.append("a", 600, price=1.0, side=3, note=b"x")
            ticks.append("a", [601, 55, 20], price=2.0, side=[4, 5, 6])
            ticks.append("a", np.arange(1000, 1070), price=2.0, side=np.arange(70, dtype="i1"))
            assert ticks.delete_range("a", 40, 50) == 10
            times = ticks.range("a").time.astype("i8")
            side = dict(zip(times.tolist(), ticks.range("a").side.tolist(), strict=True))
            assert [side[at] for at in (0, 19, 39, 54, 56, 500, 600, 601, 1003)] == [-1, -1, -1, -1, -1, -1, 3, 4, 3]
        assert db.verify() == []
    # Another default does not change what is there; it only fills what comes.
    other = declare({**PRICE, "side": zlmdb.column("i1", default=9), "note": zlmdb.column("S4")}, chunk=50)
    with zlmdb.open(path, [other]) as db, db.begin(write=True) as txn:
        txn[other].append("a", 2000, price=0.0, note=b"y")
        assert txn[other].first("a").side.tolist() == [-1]
        assert txn[other].last("a").side.tolist() == [9]


def test_a_column_that_is_declared_no_longer_stays_in_the_file(path: str) -> None:
    both = declare({**PRICE, "size": zlmdb.column("u4", default=7)}, chunk=50)
    fill(path, both, np.arange(130), price=np.arange(130.0), size=np.arange(130, dtype="u4"))
    fewer = declare(PRICE, chunk=50)
    with zlmdb.open(path, [fewer]) as db, db.begin(write=True) as txn:
        found = txn[fewer].range("a")
        assert list(found) == ["time", "price"]
        txn[fewer].append("a", 10, price=-1.0)
        txn[fewer].append("a", np.arange(200, 290), price=np.zeros(90))
        txn[fewer].append("a", 1000, price=0.0)
        with pytest.raises(zlmdb.ValueTypeError, match="expected columns of price, found 'size'"):
            txn[fewer].append("a", 1000, price=0.0, size=1)
        assert txn[fewer].check() == []
    with zlmdb.open(path, [both]) as db, db.begin() as txn:
        found = txn[both].range("a")
        assert found.size[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 7]
        assert set(found.size[131:].tolist()) == {7}


@pytest.mark.parametrize(
    ("columns", "keywords", "message", "field"),
    [
        ({"price": zlmdb.column("f4")}, {}, "column price: stored as float64, declared as float32", "price"),
        ({**PRICE, "size": zlmdb.column("u4")}, {}, "column size is new.*default=", "size"),
        (PRICE, {"duplicates": "refuse"}, 'stored with duplicates="keep", declared with duplicates="refuse"', None),
        (PRICE, {"key": zlmdb.Bytes}, "stored with keys of type string, declared with keys of type bytes", None),
    ],
)
def test_a_declaration_that_does_not_fit_the_file_is_refused(
    path: str, columns: Any, keywords: Any, message: str, field: str | None
) -> None:
    fill(path, declare(PRICE), 1, price=1.0)
    with pytest.raises(zlmdb.TableMismatch, match=message) as caught:
        zlmdb.open(path, [declare(columns, **keywords)])
    assert caught.value.field == field
    fill(path, declare(PRICE), 2, price=1.0)


def test_a_map_and_a_series_of_one_identity_are_refused(path: str) -> None:
    fill(path, declare(PRICE), 1, price=1.0)

    @zlmdb.table(OID)
    class Other(zlmdb.MapStringJson):
        by_city = zlmdb.index("city", key=zlmdb.String)

    with pytest.raises(zlmdb.TableMismatch, match="stored with values of type series"):
        zlmdb.open(path, [Other])


def test_one_identity_is_one_declaration(path: str) -> None:
    one, two = declare(PRICE), declare({"size": zlmdb.column("u4", default=0)})
    with zlmdb.open(path) as db:
        with pytest.raises(zlmdb.TableMismatch, match="both declared as"):
            db.attach_tables([one, two])
        assert len(db.attach_tables([one, one])) == 2


def test_policies_that_allow_more_may_follow(path: str) -> None:
    fill(path, declare(PRICE, duplicates="refuse"), 1, price=1.0)
    fill(path, declare(PRICE, duplicates="replace"), 1, price=2.0)
    fill(path, declare(PRICE, duplicates="refuse"), 2, price=2.0)
    keep = declare(PRICE)
    fill(path, keep, 1, price=3.0)
    with zlmdb.open(path, [keep]) as db, db.begin() as txn:
        assert txn[keep].range("a").price.tolist() == [2.0, 3.0, 2.0]


def test_a_program_that_knows_fewer_columns_reads_but_does_not_rewrite(path: str) -> None:
    """Another program adds a column while this one has the table attached."""
    import subprocess
    import sys

    table = declare(PRICE, chunk=50)
    with zlmdb.open(path, [table]) as db:
        with db.begin(write=True) as txn:
            txn[table].append("a", np.arange(100), price=np.zeros(100))
        program = f"""
import zlmdb, numpy as np
@zlmdb.table("{OID}")
class Ticks(zlmdb.Series[str], chunk=50):
    price = zlmdb.column("f8")
    size = zlmdb.column("u4", default=0)
with zlmdb.open({path!r}, [Ticks]) as db, db.begin(write=True) as txn:
    txn[Ticks].append("a", np.arange(200, 260), price=1.0, size=5)
    txn[Ticks].append("a", 300, price=1.0, size=5)
    txn[Ticks].append("a", 301, price=2.0, size=6)
"""
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
        with db.begin(write=True) as txn:
            assert len(txn[table].range("a", 200)) == 62
            assert txn[table].last("a", 2).price.tolist() == [1.0, 2.0]
            for change in (
                lambda: txn[table].append("a", 400, price=1.0),
                lambda: txn[table].append("a", np.arange(400, 500), price=np.zeros(100)),
                lambda: txn[table].append("a", 210, price=1.0),
                lambda: txn[table].delete_range("a", 210),
            ):
                with pytest.raises(zlmdb.TableMismatch, match="attach it again"):
                    change()
            assert len(txn[table].range("a", 200)) == 62


def test_a_tick_pickles_and_a_table_says_why_it_does_not(path: str) -> None:
    import copy
    import pickle

    table = declare(PRICE)
    with zlmdb.open(path, [table]) as db:
        with db.begin(write=True) as txn:
            txn[table].append("a", np.arange(3), price=1.5)
        with db.begin() as txn:
            tick = txn[table].as_of("a", 1)
            assert pickle.loads(pickle.dumps(tick)) == copy.deepcopy(tick) == tick
            assert pickle.loads(pickle.dumps([tick]))[0].price == 1.5
            assert type(pickle.loads(pickle.dumps(tick))) is type(tick)
            with pytest.raises(TypeError, match=r"table Ticks: a series table cannot be pickled"):
                pickle.dumps(txn[table])


def test_columns_that_programs_add_and_drop_are_not_more_than_fit(path: str) -> None:
    names = [f"c{at}" for at in range(4096)]
    with zlmdb.open(path, [declare({name: zlmdb.column("u1", default=0) for name in names})]):
        pass
    with pytest.raises(zlmdb.TableMismatch, match="expected at most 4096 columns, found 4097"):
        zlmdb.open(path, [declare({"more": zlmdb.column("u1", default=0)})])


def test_the_head_of_wide_rows_is_short() -> None:
    wide = declare({"x": zlmdb.column("S4000"), "n": zlmdb.column("i4")}, chunk=100)
    with zlmdb.open(":memory:", [wide]) as db, db.begin(write=True) as txn:
        for at in range(150):
            txn[wide].append("a", at, x=b"x", n=at)
            assert (
                max(len(data) for key, data in txn.cursor().iternext(True, True) if key[-10:] == b"\xff" * 10) < 70_000
            )
        txn[wide].append("a", [20, 30], x=b"", n=-1)
        assert txn[wide].range("a").n.tolist() == [*range(21), -1, *range(21, 31), -1, *range(31, 150)]
        assert txn[wide].check() == []


REMEMBERED: dict[str, Callable[[Any], Any]] = {
    "no part": lambda record: record.pop("series"),
    "a part that is no map": lambda record: record.update(series=[1]),
    "no version": lambda record: record["series"].pop("version"),
    "no columns": lambda record: record["series"].pop("columns"),
    "columns that are a number": lambda record: record["series"].update(columns=5),
    "no policy": lambda record: record["series"].pop("duplicates"),
    "another policy": lambda record: record["series"].update(duplicates="kaep"),
    "a policy that is a list": lambda record: record["series"].update(duplicates=["keep"]),
    "a column that is a text": lambda record: record["series"]["columns"].append("x"),
    "a column without a type": lambda record: record["series"]["columns"][1].pop("dtype"),
    "a name that is a number": lambda record: record["series"]["columns"][1].update(name=5),
    "a name twice": lambda record: record["series"]["columns"][1].update(name="x"),
    "a type that there is not": lambda record: record["series"]["columns"][1].update(dtype="<M8[os]"),
    "a type that is no text": lambda record: record["series"]["columns"][1].update(dtype=["<f8"]),
    "a type that cannot be parsed": lambda record: record["series"]["columns"][1].update(dtype="(1,"),
    "a type of objects": lambda record: record["series"]["columns"][1].update(dtype="O"),
    "a type without end": lambda record: record["series"]["columns"][1].update(dtype="S2000000000"),
    "a fill of another length": lambda record: record["series"]["columns"][1].update(fill=b"12345"),
    "a fill that is a text": lambda record: record["series"]["columns"][1].update(fill="1234"),
}


@pytest.mark.parametrize("damage", REMEMBERED)
def test_what_the_file_remembers_of_columns_may_be_broken(path: str, damage: str) -> None:
    wide = declare({"x": zlmdb.column("f8"), "hidden": zlmdb.column("i4", default=1)})
    narrow = declare({"x": zlmdb.column("f8")})
    fill(path, wide, np.arange(3), x=1.0)
    with zlmdb.open(path) as db:
        raw = db._environment().raw
        with raw.begin(write=True) as txn:
            remembered = Remembered(raw, txn, write=True)
            record = remembered.get(uuid.UUID(OID))
            assert record is not None
            REMEMBERED[damage](record)
            record.pop("format")
            remembered.put(uuid.UUID(OID), record)
        for table in (wide, narrow):
            with pytest.raises(zlmdb.CatalogError, match="cannot be understood") as caught:
                db.attach_table(table)
            assert OID in str(caught.value)


def test_a_policy_that_is_broken_while_the_table_is_attached_is_a_problem_found(path: str) -> None:
    table = declare({"x": zlmdb.column("f8")})
    fill(path, table, np.arange(3), x=1.0)
    with zlmdb.open(path, [table]) as db:
        raw = db._environment().raw
        with raw.begin(write=True) as txn:
            remembered = Remembered(raw, txn, write=True)
            record = remembered.get(uuid.UUID(OID))
            assert record is not None
            remembered.put(uuid.UUID(OID), {**record, "series": {}})
        [problem] = db.verify()
        assert "cannot be understood" in problem
