"""Without the optional packages the library works, and says what to install where one is needed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import zlmdb
from zlmdb import columns, errors


@zlmdb.table("c01a0000-0000-4000-8000-000000000040")
class Seen(zlmdb.MapStringOid):
    """Numbers by name."""


@pytest.fixture
def table(db: Any) -> Any:
    db.attach_table(Seen)
    with db.begin(write=True) as txn:
        txn[Seen]["a"] = 1
        yield txn[Seen]


@pytest.mark.parametrize(
    ("module", "extra", "use"),
    [
        ("pyarrow", "arrow", lambda table: table.to_arrow()),
        ("pyarrow", "arrow", lambda table: table.select().to_arrow()),
        ("pyarrow", "arrow", lambda table: table.__arrow_c_stream__()),
        ("pyarrow", "arrow", lambda table: table.load("rows.csv")),
        ("pyarrow", "arrow", lambda table: table.to_pandas()),
        ("pyarrow", "arrow", lambda table: table._txn.sql("select 1")),
        ("pandas", "pandas", lambda table: table.to_pandas()),
        ("polars", "polars", lambda table: table.to_polars()),
        ("duckdb", "sql", lambda table: table._txn.sql("select 1")),
        ("duckdb", "sql", lambda table: table._txn._db.sql("select 1")),
        ("pyarrow", "arrow", lambda table: columns.arrow_table({"a": np.arange(2)})),
    ],
)
def test_what_is_missing_is_said(table: Any, monkeypatch: Any, module: str, extra: str, use: Any) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        errors.MissingExtra, match=rf"needs the package {module}.*pip install 'zlmdb\[{extra}\]'"
    ) as info:
        use(table)
    assert isinstance(info.value, ImportError)
    assert table.to_numpy()["value"].tolist() == [1]


def test_nothing_optional_is_imported_before_it_is_asked_for(tmp_path: Path) -> None:
    program = """
    import sys
    import zlmdb

    @zlmdb.table("c01a0000-0000-4000-8000-000000000041")
    class Seen(zlmdb.MapStringOid):
        "Numbers by name."

    with zlmdb.open(sys.argv[1], [Seen]) as db:
        with db.begin(write=True) as txn:
            txn[Seen].load({"a": 1})
        with db.begin() as txn:
            assert list(txn[Seen].select()) == [("a", 1)]
            early = {"pyarrow", "pandas", "polars", "duckdb", "numpy", "rich", "zlmdb.columns.frame"} & set(sys.modules)
            assert not early, early
            txn[Seen].to_numpy()
            assert not {"pyarrow", "pandas", "polars", "duckdb", "rich"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "db")], check=True)


def test_named_arrays_come_out_in_every_form() -> None:
    arrays = {
        "time": np.arange(3).astype("M8[ns]"),
        "price": np.array([1.5, 2.5, 3.5]),
        "size": np.ma.MaskedArray(np.arange(3), [False, True, False]),
        "name": np.array(["a", "b", None], dtype=object),
        "big": np.arange(3, dtype=">i4"),
        "pair": np.array([(1, 2.0)] * 3, [("a", "i4"), ("b", "f8")]),
    }
    table = columns.arrow_table(arrays)
    assert table.schema.field("time").type == pa.timestamp("ns")
    assert table.column("size").to_pylist() == [0, None, 2]
    assert table.column("pair").to_pylist() == [{"a": 1, "b": 2.0}] * 3
    assert [batch.num_rows for batch in columns.arrow_reader(arrays, 2)] == [2, 1]
    del arrays["pair"]
    assert columns.pandas_frame(arrays)["size"].tolist()[0] == 0
    assert columns.pandas_frame(arrays)["size"].isna().tolist() == [False, True, False]
    assert columns.polars_frame(arrays)["name"].to_list() == ["a", "b", None]
    with pytest.raises(ValueError, match="one length"):
        columns.arrow_table({"a": np.arange(2), "b": np.arange(3)})
    with pytest.raises(ValueError, match="one dimension"):
        columns.arrow_table({"a": np.zeros((2, 2))})
