"""Values in and out of queries: parameters and results of every type, and names that SQL cannot tell apart."""

from __future__ import annotations

import datetime as dt
import enum
import os
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from dbsupport import run_python

import zlmdb
from tests.columns.records import Level, Side
from zlmdb import errors


class Mixed(enum.Enum):
    ONE = (1, 2)
    TWO = 3


@attrs.define
class Row:
    span: dt.timedelta
    ids: list[uuid.UUID]
    counts: dict[str, int]
    owners: dict[uuid.UUID, int]
    other: uuid.UUID
    when: np.datetime64
    moment: dt.datetime
    side: Side
    level: Level
    mixed: Mixed
    maybe: dt.timedelta | None = None


@zlmdb.table("5a100000-0000-4000-8000-000000000011")
class Été(zlmdb.MapOidCbor[Row]):
    """A name that is not of ASCII."""


@attrs.define
class Twins:
    a: int
    A: int


@zlmdb.table("5a100000-0000-4000-8000-000000000012")
class Cased(zlmdb.MapOidCbor[Twins]):
    """Columns that SQL does not tell apart."""


STAMP = np.datetime64("2020-01-01T00:00:00.000000001", "ns")
ROW = Row(
    dt.timedelta(days=40, microseconds=3),
    [uuid.UUID(int=7)],
    {"q": 1},
    {uuid.UUID(int=8): 2},
    uuid.UUID(int=9),
    STAMP,
    dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    Side.SELL,
    Level.HIGH,
    Mixed.ONE,
)


@pytest.fixture
def filled(db: Any) -> Any:
    db.attach_tables([Été, Cased])
    with db.begin(write=True) as txn:
        txn[Été][1] = ROW
        txn[Cased][1] = Twins(1, 2)
    return db


def test_results_are_of_the_declared_types(filled: Any) -> None:
    result = filled.sql(
        'select span, ids, counts, owners, other, when_ as w, maybe from (select *, "when" as when_ from été)'
    )
    assert result.fetchall() == [(ROW.span, ROW.ids, ROW.counts, ROW.owners, ROW.other, STAMP, None)]
    types = dict(zip(result.names, result.to_arrow().schema.types, strict=True))
    assert types["span"] == pa.duration("us")
    assert types["maybe"] == pa.duration("us")
    assert types["ids"].value_type == pa.uuid()
    assert types["owners"].key_type == pa.uuid()
    assert result.to_pandas()["counts"][0] == {"q": 1}
    assert result.to_polars()["span"].to_list() == [ROW.span]
    inner = filled.sql("select array_agg(other), {'o': other, 'l': [other]}, first(span + span) from été group by all")
    assert inner.fetchall() == [([ROW.other], {"o": ROW.other, "l": [ROW.other]}, ROW.span * 2)]


def test_nulls_inside_of_others_keep_their_places(filled: Any) -> None:
    one = uuid.UUID(int=1)
    found = filled.sql(
        """
        select case when i = 1 then null else [$u, null]::uuid[] end,
               case when i = 2 then null else map {$u: i::hugeint} end,
               case when i = 3 then null else {'u': $u, 't': timestamptz '2020-01-01'} end
        from range(5) t(i) order by i
        """,
        {"u": one},
    ).fetchall()
    for i, (ids, counts, struct) in enumerate(found):
        assert ids == (None if i == 1 else [one, None])
        assert counts == (None if i == 2 else {one: i})
        assert struct == (None if i == 3 else {"u": one, "t": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)})
    assert found[0][2]["t"].tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("select 1 as a, 'infinity'::timestamptz as b", "column b, row 1: expected a value that Python's datetime"),
        ("select d from (values (1, date '2020-01-01'), (2, 'infinity')) t(n, d) order by n", "column d, row 2:"),
        ("select date '0044-03-15 (BC)' as d", "column d, row 1: .*-735160"),
        ("select [timestamp '290000-01-01'] as d", "column d, row 1"),
        ("select time '24:00:00' as d", "column d, row 1: .* 86400000000; to_arrow"),
        ("select time_ns '00:00:00.000000001' as d", "column d, row 1: .* 1; to_arrow"),
    ],
)
def test_what_python_has_no_value_for_is_said(filled: Any, text: str, match: str) -> None:
    result = filled.sql(text)
    assert len(result) == result.to_arrow().num_rows > 0
    with pytest.raises(errors.QueryError, match=match):
        result.fetchall()


def test_large_integers_and_intervals(filled: Any) -> None:
    top = 2**128 - 1
    assert filled.sql(f"select {top}::uhugeint, 5::uhugeint, (2::hugeint << 99)").fetchone() == (top, 5, 2**100)
    result = filled.sql("select interval 1 month as m, interval 2 days as d")
    assert result.fetchone() == (pa.MonthDayNano([1, 0, 0]), dt.timedelta(days=2))
    with pytest.raises(errors.ValueTypeError, match="column m: Polars has no type for month_day_nano_interval"):
        result.to_polars()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("timetz '00:00:00+02'", "a time of day with a zone loses the zone"),
        ("[timetz '00:00:00+02']", "a time of day with a zone loses the zone"),
        ("{'a': map {1: timetz '00:00:00+02'}}", "a time of day with a zone loses the zone"),
        ("'101'::bit", "no type for a string of bits"),
        ("5::bignum", "no type for an integer of any size"),
    ],
)
def test_what_arrow_would_lose_is_refused(filled: Any, text: str, match: str) -> None:
    with pytest.raises(errors.QueryError, match=f"column t: .*{match}.*; ask for it as text"):
        filled.sql(f"select {text} as t")
    assert isinstance(filled.sql(f"select ({text})::varchar as t").fetchone()[0], str)


def test_columns_of_one_name(filled: Any) -> None:
    result = filled.sql("select 1 as a, 2 as a")
    assert (result.names, result.fetchall()) == (["a", "a"], [(1, 2)])
    assert result.to_pandas().shape == (1, 2)
    with pytest.raises(errors.ValueTypeError, match="Polars has no two columns of one name, and there are several a"):
        result.to_polars()


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (np.datetime64("NaT", "ns"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (STAMP, STAMP),
        (pd.Timestamp(STAMP), STAMP),
        (np.datetime64("2020-01-01"), dt.datetime(2020, 1, 1)),
        (np.datetime64("0001-01-01"), dt.datetime(1, 1, 1)),
        (np.datetime64(10**18, "as"), dt.datetime(1970, 1, 1, 0, 0, 1)),
        (np.timedelta64(5, "s"), dt.timedelta(seconds=5)),
        (np.timedelta64(5000, "ns"), dt.timedelta(microseconds=5)),
        (np.timedelta64("NaT", "s"), None),
        (Side.BUY, "buy"),
        (Level.HIGH, 2),
        (Mixed.ONE, "ONE"),
        (np.array([1, 2]), [1, 2]),
        (np.array(["2020-01-01"], "M8[ns]"), [dt.datetime(2020, 1, 1)]),
        (np.float32(1.5), 1.5),
        (np.str_("a"), "a"),
        ({1}, [1]),
        ((1, None), [1, None]),
        ({"a": Side.BUY}, {"a": "buy"}),
        (2**100, 2**100),
        (Decimal("1.5"), Decimal("1.5")),
        ([uuid.UUID(int=5)], [uuid.UUID(int=5)]),
        (bytearray(b"x"), b"x"),
    ],
)
def test_parameters_are_the_values_that_they_seem(filled: Any, value: Any, want: Any) -> None:
    assert filled.sql("select ?", [value]).fetchone() == (want,)
    assert filled.sql("select $v", {"v": value}).fetchone() == (want,)


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (object(), "parameter 1: expected a value that SQL has a type for .* found object"),
        (1j, "found complex"),
        ([1, object()], "parameter 1: .* found object"),
        (2**200, "parameter 1: expected an integer of at most 128 bits"),
        ("\ud800", "parameter 1: expected text that UTF-8 can hold"),
        (range(3), "found range"),
        (pd.Timedelta(1, "ns"), "found Timedelta"),
        (np.timedelta64(1, "ns"), "found timedelta64"),
        (np.timedelta64(1, "M"), "found timedelta64"),
        (np.timedelta64(2**62, "D"), "found timedelta64"),
        (np.datetime64("-0044-03-15"), "found datetime64"),
        (np.datetime64("12020-01"), "found datetime64"),
        (np.datetime64(2**62, "s"), "found datetime64"),
        (np.datetime64(1, "ps"), "found datetime64"),
        (Decimal(10) ** 50, "expected a decimal of at most 38 digits"),
    ],
)
def test_parameters_of_no_type_of_sql_are_refused(filled: Any, value: Any, match: str) -> None:
    with pytest.raises(errors.QueryError, match=match):
        filled.sql("select ?", [value])


def test_parameters_meet_their_columns(filled: Any) -> None:
    for name in ("span", "other", "when", "moment", "side", "level", "mixed"):
        value = getattr(ROW, name)
        assert filled.sql(f'select key from été where "{name}" = ?', [value]).fetchall() == [(1,)], name
    earlier = np.datetime64("2019-12-31")
    assert filled.sql('select count(*) from été where "when" > $t and moment > $t', {"t": earlier}).fetchone() == (1,)
    assert filled.sql('select count(*) from été where "when" > ?', [np.datetime64("NaT", "ns")]).fetchone() == (0,)


def test_names_in_every_case_and_those_that_cannot_be_told_apart(filled: Any) -> None:
    for name in ("été", "Été", "ÉTÉ", '"Été"'):
        assert filled.sql(f"select count(*) from {name}").fetchone() == (1,)
    assert filled.sql("select count(*) from été join ÉTÉ on true").fetchone() == (1,)
    with pytest.raises(errors.QueryError, match="does not tell the columns a and A apart"):
        filled.sql('select "A" from cased')
    assert filled.sql("select 1 as cased").fetchone() == (1,)
    assert filled.sql("show tables").fetchall() == [("été",)]


def test_a_table_attached_again_stands_for_the_one_before(filled: Any) -> None:
    oid = "5a100000-0000-4000-8000-000000000013"
    for _ in range(3):
        table = zlmdb.table(oid)(type("Words", (zlmdb.MapStringOid,), {}))
        filled.attach_table(table)
        with filled.begin(write=True) as txn:
            txn[table]["a"] = 1
        assert filled.sql("select * from words").fetchall() == [("a", 1)]
    filled.attach_table(zlmdb.table("5a100000-0000-4000-8000-000000000014")(type("Words", (zlmdb.MapStringOid,), {})))
    with pytest.raises(errors.QueryError, match="words names 2 tables"):
        filled.sql("select * from words")


def test_what_does_not_fit_in_memory_goes_to_a_directory_of_its_own(
    filled: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (place,) = filled.sql("select current_setting('temp_directory')").fetchone()
    assert Path(place).parent.stat().st_mode & 0o077 == 0
    assert not Path(place).exists()  # until it is needed
    assert not Path(place).is_relative_to(tmp_path)
    assert list(tmp_path.iterdir()) == []


SPILLING = """
    import os, sys, zlmdb
    from zlmdb.database import sql
    sql.MEMORY = "40MB"
    table = zlmdb.table("5a100000-0000-4000-8000-000000000015")(type("Numbers", (zlmdb.MapOidOid,), {}))
    db = zlmdb.open(":memory:", [table])
    with db.begin(write=True) as txn:
        txn[table].load((n, n) for n in range(2000))
    (place,) = db.sql("select current_setting('temp_directory')").fetchone()
    place = os.path.dirname(place)
    print(place, oct(os.stat(place).st_mode & 0o777))
    if sys.argv[1] == "killed":
        db.close()
        sys.stdout.flush()
        os._exit(0)
    if sys.argv[1] == "cleaned up":
        os.rmdir(place)
    if sys.argv[1] == "taken over":
        os.rmdir(place)
        os.mkdir(place)
        os.chmod(place, 0o777)
        (now,) = db.sql("select current_setting('temp_directory')").fetchone()
        assert os.path.dirname(now) != place
        assert os.stat(os.path.dirname(now)).st_mode & 0o777 == 0o700
    query = "select a.key k, hash(a.key, b.key) h from numbers a, numbers b order by h"
    assert len(db.sql(f"select k from ({query}) offset 3999990").fetchall()) == 10
    db.close()
"""


@pytest.mark.parametrize("what", ["ended", "killed", "cleaned up", "taken over", "open to others", "a link"])
def test_a_process_leaves_nothing_but_the_directory_of_its_user(what: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    shared, link = tmp_path / f"zlmdb-sql-{os.geteuid()}", tmp_path / "elsewhere"
    if what == "open to others":
        shared.mkdir()
        shared.chmod(0o777)
    elif what == "a link":
        link.mkdir(0o700)
        shared.symlink_to(link)
    place, mode = run_python(SPILLING, tmp_path, what).split()
    assert mode == "0o700"
    assert (Path(place) == shared) == (what in ("ended", "killed", "cleaned up", "taken over"))
    assert set(tmp_path.iterdir()) - {link} == {shared}
    assert list(shared.iterdir()) == []
