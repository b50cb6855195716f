"""Frames of pandas come back as the rows that they came from, and nothing is lost in silence on the way in."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import attrs
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings

import zlmdb
from tests.columns.records import Every, EveryCbor, Loose, Points, rows
from zlmdb import errors

NAN = float("nan")


@attrs.define
class Bag:
    words: dict[str, str]
    days: dict[uuid.UUID, dt.date]
    deep: dict[str, dict[str, float]]
    floats: list[float]
    pair: tuple[float, str]
    ratio: float
    names: set[str] = attrs.field(factory=set)


@zlmdb.table("c01a0000-0000-4000-8000-000000000040")
class Bags(zlmdb.MapOidCbor[Bag]):
    """What a frame holds as objects."""


@zlmdb.table("c01a0000-0000-4000-8000-000000000041")
class Ratios(zlmdb.Map[float, float | None], key=zlmdb.Float64, value=zlmdb.Cbor):
    """Floats everywhere."""


class Maybe(TypedDict):
    title: str
    year: NotRequired[int | None]
    size: NotRequired[int]


@zlmdb.table("c01a0000-0000-4000-8000-000000000042")
class Maybes(zlmdb.MapOidCbor[Maybe]):
    """Fields that may be absent, and None."""


@pytest.fixture
def txn(db: Any) -> Any:
    db.attach_tables([Bags, Ratios, Maybes, EveryCbor, Points, Loose])
    with db.begin(write=True) as txn:
        yield txn


def back(table: Any, given: Any) -> list[Any]:
    table.clear()
    table.load(given)
    return list(table.items())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
def test_rows_loaded_from_a_frame_are_the_rows(txn: Any, found: list[Every]) -> None:
    table = txn[EveryCbor]
    table.clear()
    table.load(found)
    want = list(table.items())
    assert back(table, table.to_pandas()) == want


def test_nan_is_a_value_where_none_is_not(txn: Any) -> None:
    bag = Bag(
        {"a": "b"}, {uuid.UUID(int=1): dt.date(2020, 1, 1)}, {"x": {"y": NAN}}, [1.0, NAN], (NAN, "s"), NAN, {"a", "b"}
    )
    empty = Bag({}, {}, {}, [], (0.0, ""), -0.0)
    txn[Bags].load({1: bag, 2: empty, 3: attrs.evolve(bag, floats=[NAN, NAN])})
    want = repr(list(txn[Bags].items())).replace("{'b', 'a'}", "{'a', 'b'}")
    for frame in (txn[Bags].to_pandas(), txn[Bags].to_pandas().set_index("key"), txn[Bags].to_arrow().read_all()):
        assert repr(back(txn[Bags], frame)).replace("{'b', 'a'}", "{'a', 'b'}") == want
    for held in ([empty], [Bag({}, {}, {}, [NAN], (1.0, ""), 1.0)]):
        txn[Bags].clear()
        txn[Bags].load(dict(enumerate(held)))
        assert repr(back(txn[Bags], txn[Bags].to_pandas())) == repr(list(enumerate(held)))


def test_nan_in_keys_is_kept_and_in_what_may_be_none_is_none(txn: Any) -> None:
    txn[Ratios].load({NAN: 1.0, 2.0: None, 3.0: NAN})
    assert repr(back(txn[Ratios], txn[Ratios].to_arrow().read_all())) == "[(2.0, None), (3.0, nan), (nan, 1.0)]"
    assert repr(back(txn[Ratios], txn[Ratios].to_pandas())) == "[(2.0, None), (3.0, None), (nan, 1.0)]"
    frame = pd.DataFrame({"key_0": ["a"], "key_1": [1], "x": [1], "y": pd.array([None], "Float64")})
    with pytest.raises(errors.ValueTypeError, match="row 1, column y: expected float, found None"):
        txn[Points].load(frame)
    with pytest.raises(errors.ValueTypeError, match="row 1, column y: expected float, found None"):
        txn[Points].load(frame.assign(y=pd.Series([None], dtype=object)))
    with pytest.raises(errors.EncodeError, match="JSON has no NaN"):
        txn[Points].load(frame.assign(y=pd.Series([NAN], dtype=object)))


def test_objects_of_the_wrong_shape_are_named(txn: Any) -> None:
    def frame(**changed: Any) -> Any:
        good = {"words": [{}], "days": [{}], "deep": [{}], "floats": [[]], "pair": [(1.0, "a")], "ratio": [1.0]}
        return pd.DataFrame({"key": [1], **good, **changed})

    assert txn[Bags].load(frame()) == 1
    for changed, match in [
        ({"words": [["ab"]]}, "row 1, column words: expected a dict of str to str, found list"),
        ({"floats": ["ab"]}, "column floats: expected a list of float, found a column of large_string"),
        ({"pair": [(1.0,)]}, "row 1, column pair: expected a tuple of 2"),
        ({"deep": [{"a": 5}]}, "row 1, column deep: expected a dict of str to float, found int 5"),
        ({"words": [[("a", "b"), ("a", "c")]]}, "row 1, column words: .*each key once, found the key 'a' twice"),
        ({"words": [{"a": 5}]}, "column words: expected str, found a column of int64"),
    ]:
        with pytest.raises(errors.ValueTypeError, match=match):
            txn[Bags].load(frame(**changed))
        assert len(txn[Bags]) == 1


def test_what_comes_twice_is_refused(txn: Any) -> None:
    bag = {"key": [1], "deep": [None], "floats": [[]], "ratio": [1.0], "pair": [{"0": 1.0, "1": ""}]}
    words = pa.map_(pa.string(), pa.string())
    given = {
        **bag,
        "words": pa.array([[("a", "b"), ("a", "c")]], words),
        "days": pa.array([[]], pa.map_(pa.string(), pa.date32())),
        "deep": pa.array([[]], pa.map_(pa.string(), pa.map_(pa.string(), pa.float64()))),
    }
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column words: .*the key 'a' twice"):
        txn[Bags].load(pa.table(given))
    given["words"] = pa.array([[("a", "b")]], words)
    with pytest.raises(errors.ValueTypeError, match=r"row 1, column names: .*each once, found 'x' twice"):
        txn[Bags].load(pa.table({**given, "names": [["x", "y", "x"]]}))
    assert txn[Bags].load(pa.table({**given, "names": [["x", "y"]]})) == 1
    with pytest.raises(errors.ValueTypeError, match="column value"):
        txn[Loose].load(pa.table({"key": ["a"], "value": pa.array([[("a", "b"), ("a", "c")]], words)}))
    txn[Loose].load(pa.table({"key": ["a"], "value": pa.array([[("a", "b")]], words)}))
    assert txn[Loose]["a"] == {"a": "b"}


def test_columns_are_checked_though_there_are_no_rows(txn: Any, tmp_path: Path) -> None:
    wrong = pa.table({"key_0": pa.array([], pa.string()), "zz": pa.array([], pa.int64())})
    (tmp_path / "no.csv").write_text("key_0,zz\n")
    pa.parquet.write_table(wrong, tmp_path / "no.parquet")
    for source in (wrong, wrong.to_reader(), wrong.to_pandas(), tmp_path / "no.csv", tmp_path / "no.parquet"):
        with pytest.raises(errors.SchemaError, match="no place for column zz"):
            txn[Points].load(source)
    assert txn[Points].load(txn[Points].to_arrow().read_all()) == 0
    assert txn[Points].load(txn[Points].to_pandas()) == 0


def test_null_is_none_where_none_is_allowed_and_else_absent(txn: Any) -> None:
    txn[Maybes].load({1: {"title": "a", "year": None}, 2: {"title": "b", "year": 1, "size": 2}})
    want = list(txn[Maybes].items())
    assert back(txn[Maybes], txn[Maybes].to_arrow().read_all()) == want
    assert back(txn[Maybes], txn[Maybes].to_pandas()) == want
