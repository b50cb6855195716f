"""Read transactions that are used again, when databases are closed and tables change."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
from dbsupport import Notes, Users, user
from idling import ByName, Ticks, name_of, next_ones

import zlmdb
from zlmdb.tables import handle


def test_a_database_that_is_dropped_closes_at_once(tmp_path: Path) -> None:
    db = zlmdb.open(str(tmp_path / "a.zdb"), [Users])
    with db.begin(write=True) as txn:
        txn[Users].add(user(1))
    next_ones(db)
    with db.begin() as txn:
        txn[Users][1]
    gc.disable()  # whatever is freed now is freed by its last reference
    try:
        gone = weakref.ref(db)
        env = db._env
        del db
        assert gone() is None
        assert env.references == 0
    finally:
        gc.enable()
    with pytest.raises(zlmdb.DatabaseClosed, match="the program dropped it"):
        txn.__enter__()


def test_a_database_that_is_closed_and_opened_again(tables: Any) -> None:
    next_ones(tables)
    with tables.begin() as txn:
        txn[Users][1]
    tables.close()
    with pytest.raises(zlmdb.DatabaseClosed):
        tables.begin()
    with pytest.raises(zlmdb.DatabaseClosed):
        txn.__enter__()
    with tables:
        assert name_of(tables) == "name 1"
        with txn:
            assert txn[Users][1].name == "name 1"
        next_ones(tables)


def test_a_map_knows_an_index_that_was_attached_meanwhile(tables: Any) -> None:
    next_ones(tables)
    held = tables.begin()
    with held:
        held[Users][1]
    with tables.begin() as under_way:
        under_way[Users][1]
        by_name = tables.attach_table(ByName)
        tables._tables[Users].attach_index("by_name", by_name, lambda row: row.email)
    for _ in range(3):
        with tables.begin() as txn:
            assert "by_name" in txn[Users].indexes()
    with held:
        assert "by_name" in held[Users].indexes()
    tables._tables[Users].detach_index("by_name")
    for _ in range(3):
        with tables.begin() as txn:
            assert "by_name" not in txn[Users].indexes()


def test_one_that_was_handed_out_knows_what_was_attached_before_it_is_entered(tables: Any) -> None:
    for _ in range(4):
        name_of(tables)
    begun = tables.begin()
    by_name = tables.attach_table(ByName)
    tables._tables[Users].attach_index("by_name", by_name, lambda row: row.email)
    with begun:
        assert "by_name" in begun[Users].indexes()


def test_one_that_was_handed_out_is_of_the_file_that_is_open_when_it_is_entered(tmp_path: Path) -> None:
    def fill(name: str, tables: list[Any]) -> None:
        with zlmdb.open(str(tmp_path / name), tables) as db, db.begin(write=True) as txn:
            txn[Notes][1] = name

    fill("a.zdb", [Notes])
    fill("b.zdb", [Users, Notes])  # in other slots
    db = zlmdb.open(str(tmp_path / "a.zdb"), [Notes, Users])
    for _ in range(4):
        with db.begin() as txn:
            assert txn[Notes][1] == "a.zdb"
    begun = db.begin()
    db.close()
    for name in ("data.mdb", "lock.mdb"):
        (tmp_path / "b.zdb" / name).replace(tmp_path / "a.zdb" / name)
    with db, begun:
        assert begun[Notes][1] == "b.zdb"


def test_a_map_stays_ended_if_its_transaction_could_not_be_entered_again_at_first(tables: Any) -> None:
    with tables.begin() as txn:
        notes = txn[Notes]
    tables.close()
    with pytest.raises(zlmdb.DatabaseClosed):
        txn.__enter__()
    with tables, txn, pytest.raises(zlmdb.TransactionClosed, match="has ended: it was committed"):
        notes.get(1)


@pytest.mark.parametrize("options", [{}, {"buffers": True}, {"stats": zlmdb.TransactionStats()}])
@pytest.mark.parametrize("reusing", [True, False])
def test_a_transaction_can_be_entered_again_and_again(
    tables: Any, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], reusing: bool
) -> None:
    if not reusing:  # as where references cannot be counted
        monkeypatch.setattr(tables, "_idle", None)
    txn = tables.begin(**options)
    for _ in range(3):
        with txn:
            assert (txn[Users][1].name, txn[Notes][1]) == ("name 1", "one")


def test_an_index_that_another_thread_attaches_while_a_map_is_bound_is_known(
    tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_name = tables.attach_table(ByName)
    users = tables._tables[Users]
    made = handle.binder

    def meanwhile(found: Any) -> Any:
        bind = made(found)
        monkeypatch.setattr(handle, "binder", made)
        users.attach_index("by_name", by_name, lambda row: row.email)
        return bind

    users._bind_anew()
    monkeypatch.setattr(handle, "binder", meanwhile)
    name_of(tables)
    with tables.begin() as txn:
        assert "by_name" in txn[Users].indexes()


def test_series_are_read_as_they_are_now(tables: Any) -> None:
    tables.attach_table(Ticks)
    for number in range(1, 30):
        with tables.begin(write=True) as txn:
            txn[Ticks].append("A", number, price=float(number))
        with tables.begin() as txn:
            assert txn[Ticks].last("A", 1).price[0] == number
        with tables.begin() as txn:
            assert txn[Users][1].name == "name 1"
            assert txn[Ticks].last("A", 1).price[0] == number
