"""What a notebook shows of series and slices; and that SQL says that it does not read them."""

from __future__ import annotations

import numpy as np

import zlmdb


@zlmdb.table("2f9b1f0e-6c1d-4a54-8d0b-5b6a7c8d9e01")
class Ticks(zlmdb.Series[str]):
    """Trades by symbol."""

    price = zlmdb.column("f8")
    side = zlmdb.column("S4", default=b"<b>")


def test_a_slice_shows_its_first_ticks_escaped() -> None:
    with zlmdb.open(":memory:", Ticks) as db:
        with db.begin(write=True) as txn:
            txn[Ticks].append("<A>", np.arange(12) * 10**9, price=np.arange(12) / 2)
        with db.begin() as txn:
            shown = txn[Ticks].range("<A>")._repr_html_()
            few = txn[Ticks].last("<A>", 2)._repr_html_()
    assert "<th>time</th><th>price</th><th>side</th>" in shown
    assert "<td>1970-01-01T00:00:01.000000000</td><td>0.5</td><td>b&#x27;&lt;b&gt;&#x27;</td>" in shown
    assert shown.count("<tr>") == 11
    assert "the first 10 ticks" in shown
    assert "<A>" not in shown
    assert few.count("<tr>") == 3
    assert "the first" not in few


def test_a_slice_whose_views_have_expired_shows_that() -> None:
    with zlmdb.open(":memory:", Ticks) as db:
        with db.begin(write=True) as txn:
            txn[Ticks].append("A", np.arange(5000) * 10**9, price=1.0)
        with db.begin(buffers=True) as txn:
            found = txn[Ticks].first("A", 100)
    assert "cannot be shown" in found._repr_html_()


def test_a_table_shows_its_series_and_their_times() -> None:
    with zlmdb.open(":memory:", Ticks) as db:
        with db.begin(write=True) as txn:
            assert txn[Ticks]._repr_html_().count("<tr>") == 1
            for number in range(12):
                txn[Ticks].append(f"s{number:02}", np.arange(1, 3) * 10**9, price=1.0)
        with db.begin() as txn:
            ticks = txn[Ticks]
            shown = ticks._repr_html_()
        assert "<td>&#x27;s00&#x27;</td><td>2</td><td>1970-01-01T00:00:01.000000000</td>" in shown
        assert shown.count("<tr>") == 11
        assert "the first 10 series" in shown
        assert "cannot be shown" in ticks._repr_html_()
        assert "<td>price</td><td>float64</td>" in db.attach_table(Ticks)._repr_html_()
