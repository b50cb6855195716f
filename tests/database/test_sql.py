"""Questions in SQL: the answers are those of a program over the rows, and only what they need is read."""

from __future__ import annotations

import datetime as dt
import enum
import os
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import attrs
import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import zlmdb
from zlmdb import errors


class Kind(enum.Enum):
    SMALL = "small"
    LARGE = "large"


@attrs.define
class Trade:
    oid: uuid.UUID
    stamp: np.datetime64
    name: str
    size: int | None
    ratio: float | None
    day: dt.date | None
    price: Decimal
    kind: Kind
    moment: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    other: uuid.UUID | None


@zlmdb.table("5a100000-0000-4000-8000-000000000001", pk=("oid", "stamp"))
class Trades(zlmdb.MapUuidTimestampCbor[Trade]):
    """Keys of types that DuckDB hands to no scan."""


@attrs.define
class Owner:
    name: str
    since: dt.date
    oid: uuid.UUID


@zlmdb.table("5a100000-0000-4000-8000-000000000002", pk=("name", "since"))
class Owners(zlmdb.Map[Any, Owner], key=(zlmdb.String, zlmdb.Date), value=zlmdb.Json):
    """Keys of types that it does."""


@zlmdb.table("5a100000-0000-4000-8000-000000000003")
class Loose(zlmdb.MapOidJson[Any]):
    """Rows of no declared type."""


class Market(zlmdb.Schema):
    deals: Trades
    owners: Owners
    loose: Loose


NAMES = ["", "it's", 'q"q', "a", "b", "zé", "NULL", "t0_c1", "x\0y"]
OIDS = [uuid.UUID(int=n) for n in (0, 1, 5, 2**127, 2**128 - 1)]
TIMES = [np.datetime64(n, "ns") for n in (0, 1, 999, 10**18, 10**18 + 1, 2**63 - 1)]
DAYS = [dt.date(1, 1, 1), dt.date(1969, 12, 31), dt.date(2020, 2, 29), dt.date(2020, 3, 1), dt.date(9999, 12, 31)]
MOMENTS = [dt.datetime(2020, 1, 1, hour, tzinfo=dt.UTC) for hour in range(4)]
oids, times, names, days = map(st.sampled_from, (OIDS, TIMES, NAMES, DAYS))
trades = st.lists(
    st.builds(
        Trade,
        oid=oids,
        stamp=times,
        name=names,
        size=st.none() | st.integers(-3, 3) | st.sampled_from([2**62, -(2**63)]),
        ratio=st.none() | st.sampled_from([0.0, -1.5, 2.5, 1e300, float("inf")]),
        day=st.none() | days,
        price=st.sampled_from([Decimal("1.10"), Decimal("-2"), Decimal("0.001")]),
        kind=st.sampled_from(Kind),
        moment=st.sampled_from(MOMENTS),
        other=st.none() | oids,
    ),
    max_size=12,
    unique_by=lambda row: (row.oid, row.stamp),
)
owners = st.lists(st.builds(Owner, name=names, since=days, oid=oids), max_size=8, unique_by=lambda o: (o.name, o.since))


@pytest.fixture
def market(path: str) -> Iterator[Any]:
    with zlmdb.open(path, Market) as db:
        yield db


def fill(db: Any, deals: list[Trade], held: list[Owner]) -> None:
    with db.begin(write=True) as txn:
        for table, rows in ((Trades, deals), (Owners, held)):
            txn[table].clear()
            txn[table].load(rows)


def trade(n: int, **changes: Any) -> Trade:
    values: dict[str, Any] = {
        "oid": OIDS[n % 3], "stamp": ns(n), "name": f"n{n % 5}", "size": n, "ratio": n / 2,
        "day": dt.date(2020, 1, 1) + dt.timedelta(days=n), "price": Decimal(n) / 4, "kind": list(Kind)[n % 2],
        "moment": MOMENTS[n % 4], "other": None,
    }  # fmt: skip
    return Trade(**{**values, **changes})


class Reads:
    """What the scans of queries decode."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from zlmdb.columns.frame import Frame

        self.seen: list[tuple[int, list[str]]] = []
        original = Frame._decode

        def decode(frame: Any, chunk: Any, columns: Any) -> Any:
            self.seen.append((len(chunk[0]), sorted(column.name for column in columns)))
            return original(frame, chunk, columns)

        monkeypatch.setattr(Frame, "_decode", decode)

    def take(self) -> tuple[int, set[str]]:
        """Rows, and the names of the columns, since the last time."""
        seen, self.seen = self.seen, []
        return sum(rows for rows, _ in seen), {name for _, names in seen for name in names}


def key(row: Any) -> Any:
    return [str(value) for value in row]


COMPARE: dict[str, Any] = {
    "=": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<>": lambda a, b: a != b,
}
CONDITIONS = st.one_of(
    *[
        st.tuples(st.just(column), st.sampled_from(list(COMPARE)), values)
        for column, values in (
            ("oid", oids),
            ("stamp", times),
            ("name", names),
            ("size", st.integers(-4, 4) | st.just(2**62)),
            ("ratio", st.sampled_from([0.0, -1.5, 2.5])),
            ("day", days),
            ("moment", st.sampled_from(MOMENTS)),
            ("other", oids),
            ("kind", st.sampled_from(Kind)),
        )
    ]
)
quick = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=40,
    phases=(Phase.explicit, Phase.generate),
)


def comparable(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def true(row: Any, condition: Any) -> bool:
    column, mark, wanted = condition
    value = getattr(row, column)
    return value is not None and bool(COMPARE[mark](comparable(value), comparable(wanted)))


@quick
@given(trades, st.lists(CONDITIONS, max_size=3), st.booleans(), st.booleans())
def test_conditions_give_the_rows_for_which_they_are_true(
    market: Any, deals: list[Trade], found: list[Any], either: bool, named: bool
) -> None:
    fill(market, deals, [])
    join, test = (" or ", any) if either else (" and ", all)
    params: Any = [value for _, _, value in found]
    if named:
        text = join.join(f"{column} {mark} $p{at}" for at, (column, mark, _) in enumerate(found))
        params = {f"p{at}": value for at, value in enumerate(params)}
    else:
        text = join.join(f"{column} {mark} ?" for column, mark, _ in found)
    rows = market.sql(
        f"select oid, stamp, name, size, ratio, day, price, kind, moment, other from deals where {text or 'true'}",
        params,
    )
    want = [
        (r.oid, r.stamp, r.name, r.size, r.ratio, r.day, str(r.price), r.kind.value, r.moment, r.other)
        for r in deals
        if not found or test(true(r, c) for c in found)
    ]
    assert sorted(rows, key=key) == sorted(want, key=key)


@quick
@given(trades, owners, oids, days)
def test_joins_and_groups_give_what_a_program_gives(
    market: Any, deals: list[Trade], held: list[Owner], oid: uuid.UUID, day: dt.date
) -> None:
    fill(market, deals, held)
    rows = market.sql(
        "with late as (select * from owners where since >= ?) "
        "select d.stamp, o.name, o.since from deals d join late o using (oid) where d.oid <= ?",
        [day, oid],
    )
    want = [
        (d.stamp, o.name, o.since) for d in deals for o in held if d.oid == o.oid and o.since >= day and d.oid <= oid
    ]
    assert sorted(rows, key=key) == sorted(want, key=key)
    rows = market.sql(
        "select name, count(*), count(size), min(since) from owners left join deals using (name) group by name"
    )
    groups: dict[str, list[Any]] = {}
    for o in held:
        matches = [d for d in deals if d.name == o.name]
        groups.setdefault(o.name, []).extend((o, d) for d in matches or [None])
    want = [
        (name, len(pairs), sum(d is not None and d.size is not None for _, d in pairs), min(o.since for o, _ in pairs))
        for name, pairs in groups.items()
    ]
    assert sorted(rows, key=key) == sorted(want, key=key)
    rows = market.sql(
        "select a.stamp from Trades a, deals b where a.oid = b.other and a.stamp = ? order by 1", [TIMES[3]]
    )
    assert list(rows) == [(a.stamp,) for a in deals for b in deals if a.oid == b.other and a.stamp == TIMES[3]]


def test_only_the_columns_and_keys_that_are_needed_are_read(market: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(
        market,
        [trade(n) for n in range(300)],
        [Owner(f"n{n % 5}", DAYS[2] + dt.timedelta(n), OIDS[0]) for n in range(100)],
    )
    reads = Reads(monkeypatch)
    ask = market.sql
    assert ask("select count(*) from deals").fetchall() == [(300,)]
    assert reads.take() == (300, {"oid"})
    assert ask("select sum(size) from deals").fetchall() == [(sum(range(300)),)]
    assert reads.take() == (300, {"size"})
    assert len(ask("select ratio from deals where oid = ?", [OIDS[1]])) == 100
    assert reads.take() == (100, {"oid", "ratio"})
    assert (
        len(ask("select ratio from deals where oid = ? and stamp >= ? and stamp < ?", [OIDS[1], *map(ns, (4, 13))]))
        == 3
    )
    rows, names = reads.take()
    assert rows <= 4
    assert names == {"oid", "stamp", "ratio"}
    assert len(ask("select ratio from deals where oid > ?", [OIDS[1]])) == 100
    assert reads.take()[0] == 200
    assert len(ask("select since from owners where name = 'n1'")) == 20
    assert reads.take() == (20, {"name", "since"})
    assert len(ask("select oid from owners where name = 'n1' and since between '2020-03-01' and '2020-03-10'")) == 2
    assert reads.take()[0] == 2
    text = "select a.stamp from deals a join deals b using (stamp) where a.oid = $o and b.oid = $o and a.stamp = $t"
    assert len(ask(text, {"o": OIDS[1], "t": ns(4)})) == 1
    assert reads.take()[0] <= 40
    assert len(ask("select * from (select oid o, size s from deals) where o = ? and s > 5", [OIDS[2]])) == 98
    assert reads.take() == (100, {"oid", "size"})
    assert len(ask("select name from deals where oid = ? or size = 3", [OIDS[1]])) == 101
    assert reads.take()[0] == 300
    assert len(ask("select name from deals where oid = ? and oid = ?", [OIDS[1], OIDS[2]])) == 0
    assert reads.take()[0] == 0
    assert len(ask("select name from deals limit 3")) == 3
    assert ask("select 1 + 1").fetchone() == (2,)


def ns(seconds: int) -> np.datetime64:
    return np.datetime64(seconds, "s").astype("M8[ns]")


def test_results_come_in_every_form(market: Any) -> None:
    fill(market, [trade(n) for n in range(4)], [])
    result = market.sql("select oid, stamp, moment, size, sum(size) over () as total from deals order by size")
    market.close()
    assert result.names == ["oid", "stamp", "moment", "size", "total"]
    assert len(result) == 4
    assert result.fetchall()[1] == next(r for n, r in enumerate(result) if n == 1)
    assert result.fetchone() == (OIDS[0], ns(0), MOMENTS[0], 0, 6)
    assert result.to_arrow().schema.field("oid").type == pa.uuid()
    assert result.to_arrow().schema.field("total").type == pa.int64()
    assert pa.table(result).num_rows == 4
    assert result.to_pandas()["size"].tolist() == result.to_polars()["size"].to_list() == [0, 1, 2, 3]
    assert "4 rows" in repr(result)
    assert market.is_open is False


def test_sums_beyond_64_bits_stay_exact(market: Any) -> None:
    fill(market, [trade(n, size=2**62) for n in range(5)], [])
    assert market.sql("select sum(size) from deals").fetchone() == (Decimal(5 * 2**62),)


def test_a_query_is_a_snapshot_and_sees_its_own_transaction(market: Any) -> None:
    fill(market, [trade(1)], [])
    with market.begin() as reader:
        with market.begin(write=True) as txn:
            txn[Trades].add(trade(2))
            assert txn.sql("select count(*) from deals").fetchone() == (2,)
            assert market.sql("select count(*) from deals").fetchone() == (1,)
            with txn.savepoint():
                txn[Trades].add(trade(3))
                assert txn.sql("select count(*) from deals").fetchone() == (3,)
        assert reader.sql("select count(*) from deals").fetchone() == (1,)
    with pytest.raises(errors.TransactionClosed):
        reader.sql("select 1")
    assert market.sql("select count(*) from deals").fetchone() == (3,)


@pytest.mark.parametrize(
    ("query", "error", "match"),
    [
        ("select * from nope", errors.TableNotAttached, "no table nope; attached are deals, loose, owners"),
        ("select * from market", errors.TableNotAttached, "no table market"),
        ("select nope from deals", errors.QueryError, r'"nope" not found[\s\S]*LINE 1'),
        ("selec 1", errors.QueryError, "syntax error"),
        ("select 1; select 2", errors.QueryError, "expected one SELECT statement, found SELECT, SELECT"),
        ("", errors.QueryError, "found none"),
        ("create table t (n int)", errors.QueryError, "found CREATE; tables are written through their maps"),
        ("insert into deals values (1)", errors.QueryError, "found INSERT"),
        ("copy deals to 'x.csv'", errors.QueryError, "found COPY"),
        ("select * from read_csv('/etc/passwd')", errors.QueryError, "disabled"),
        ("select * from '/etc/passwd'", errors.ZlmdbError, "passwd"),
        ("select * from local_frame", errors.TableNotAttached, "no table local_frame"),
        ("select * from deals where size = ?", errors.QueryError, "parameter"),
        ("select 1 / 'x'", errors.QueryError, "x"),
        ("select '\ud800'", errors.QueryError, "expected a query that UTF-8 can hold"),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(market: Any, query: str, error: Any, match: str) -> None:
    local_frame = pa.table({"a": [1]})
    with pytest.raises(error, match=match):
        market.sql(query)
    assert local_frame.num_rows == 1
    for wrong in (5, None):
        with pytest.raises(errors.QueryError, match="expected a query as text"):
            market.sql(wrong)
    with pytest.raises(errors.QueryError, match="params"):
        market.sql("select ?", 5)


def test_an_error_in_a_scan_is_the_error_of_the_query(market: Any) -> None:
    with market.begin(write=True) as txn:
        txn[Owners].add(Owner("a", DAYS[2], OIDS[0]))
        raw = next(bytes(k) for k, v in txn.cursor() if b'"since"' in bytes(v))
        held = bytes(txn.get(raw))
        txn.put(raw, held.replace(b'"oid"', b'"xyz"'))
        with pytest.raises(errors.DecodeError, match=r"table Owners, key \('a', "):
            txn.sql("select oid from owners")
        assert txn.sql("select name from owners").fetchall() == [("a",)]
        txn[Loose].update({at: {"n": at} for at in range(2000)})
        txn[Loose][5000] = {"n": "text"}
        with pytest.raises(errors.ValueTypeError, match="table Loose, key 5000, column n"):
            txn.sql("select max(n) from loose")
        txn[Loose].clear()
        txn[Loose][1] = {"n": 1}
        assert txn.sql("select key, n from loose").fetchall() == [(1, 1)]
        txn[Loose].clear()
        assert txn.sql("select count(*) from loose").fetchone() == (0,)


def test_names_of_tables(path: str) -> None:
    class Twin:
        @zlmdb.table("5a100000-0000-4000-8000-000000000009")
        class Loose(zlmdb.MapOidJson[Any]):
            """Another one of that name."""

    with zlmdb.open(path, [Loose, Twin.Loose, Owners]) as db:
        assert db.sql("select count(*) from OWNERS").fetchone() == (0,)
        with pytest.raises(errors.QueryError, match="loose names 2 tables"):
            db.sql("select * from loose")
        assert ("owners",) in db.sql("show tables").fetchall()


def test_columns_with_odd_names_and_quotes(path: str) -> None:
    with zlmdb.open(path, [Loose]) as db:
        with db.begin(write=True) as txn:
            txn[Loose][1] = {'a "b"': 1, "select": "it's", "t0_c0": 3, "key": 4}
        got = db.sql("""select "a ""b""\", "select", t0_c0, key, key_ from loose where "select" = 'it''s'""")
        assert got.fetchall() == [(1, "it's", 3, 4, 1)]


def test_many_threads_ask_at_once(market: Any) -> None:
    fill(
        market,
        [trade(n) for n in range(500)],
        [Owner(f"n{n % 5}", DAYS[2] + dt.timedelta(n), OIDS[0]) for n in range(50)],
    )
    found: list[Any] = []

    def ask() -> None:
        for _ in range(3):
            found.append(
                market.sql("select count(*), sum(size) from deals d join owners o on d.name = o.name").fetchone()
            )

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(5000, sum(range(500)) * 10)] * 12


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_asks_too(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path, Market) as db:
        fill(db, [trade(1)], [])
        assert db.sql("select count(*) from deals").fetchone() == (1,)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if db.sql("select count(*) from deals").fetchone() == (1,) else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert db.sql("select count(*) from deals").fetchone() == (1,)
