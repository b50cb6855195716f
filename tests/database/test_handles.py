"""Several handles, maps and transactions on one file: what one does must not be lost on the others."""

from __future__ import annotations

import gc
import threading
import uuid
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import pytest

import zlmdb
from zlmdb.testing import faults

OID = uuid.UUID("7c1f0a52-9f0e-4d8a-8a51-6d5c1b7d0001")


def declared(oid: uuid.UUID = OID, base: Any = zlmdb.MapStringJson, **body: Any) -> Any:
    """A table class; classes of one identity stand for one table, declared at different times."""
    return zlmdb.table(oid)(type("Things", (base,), body))


def number(name: str) -> Any:
    return zlmdb.index(name, key=zlmdb.Int64)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "db")


def test_a_table_that_a_schema_names_twice_has_one_slot(path: str) -> None:
    things = declared()
    book: Any = type("Book", (zlmdb.Schema,), {"__annotations__": {"a": things, "again": things}})
    with zlmdb.open(path, book) as db:
        with db.begin(write=True) as txn:
            db.schema.a[txn, "x"] = 1
        assert [slot["records"] for slot in db.stats(include_slots=True)["slots"]] == [1]
    with zlmdb.open(path, book) as db, db.begin() as txn:
        assert db.schema.a[txn, "x"] == db.schema.again[txn, "x"] == 1


def test_two_declarations_of_one_identity_in_one_call_must_agree(path: str) -> None:
    with zlmdb.open(path) as db:
        with pytest.raises(zlmdb.TableMismatch, match="one identity can only be one table"):
            db.attach_tables([declared(), declared(base=zlmdb.MapStringCbor)])
        assert db.stats()["num_slots"] == 0


def test_a_refused_declaration_does_not_keep_the_right_one_out(path: str) -> None:
    with zlmdb.open(path, [declared(by_n=number("n"))]):
        pass
    with zlmdb.open(path) as db:
        with pytest.raises(zlmdb.TableMismatch):
            db.attach_table(declared(base=zlmdb.MapUuidJson, by_n=number("n")))
        db.attach_table(declared(by_n=number("n")))


def test_two_declarations_in_one_transaction_keep_their_own_indexes(path: str) -> None:
    first, second = declared(by_n=number("n")), declared(by_m=number("m"))
    with zlmdb.open(path, [first]) as db:
        db.attach_table(second)
        with db.begin(write=True) as txn:
            txn[second]["x"] = {"n": 1, "m": 2}
            assert txn[first]["x"] == {"n": 1, "m": 2}
            txn[second]["x"] = {"n": 1, "m": 3}
            assert txn[second].check() == []
            assert (txn[second].by_m.count(2), txn[second].by_m.count(3)) == (0, 1)


def test_the_entries_of_an_index_that_is_declared_no_longer_are_removed(path: str) -> None:
    with zlmdb.open(path, [declared(by_n=number("n"))]) as db, db.begin(write=True) as txn:
        txn[next(iter(db._tables))]["x"] = {"n": 1}
    with zlmdb.open(path, [declared(by_m=zlmdb.index("m", key=zlmdb.Int64, nullable=True))]) as db:
        assert sorted(slot["records"] for slot in db.stats(include_slots=True)["slots"]) == [0, 0, 1]


def test_a_key_that_does_not_fit_the_index_table_is_refused_before_the_row_is_written(path: str) -> None:
    with zlmdb.open(path) as db:
        rows, ids = db.attach_table(declared()), db.attach_table(declared(uuid.uuid4(), zlmdb.MapStringOid))
        rows.attach_index("i", ids, lambda value: value["n"])
        with db.begin(write=True) as txn:
            with pytest.raises((TypeError, ValueError)):
                rows[txn, "k"] = {"n": "z"}
            assert (rows.count(txn), ids.count(txn)) == (0, 0)


def test_a_function_that_is_interrupted_leaves_the_row_and_its_entry(path: str) -> None:
    armed = False

    def name(value: Any) -> str:
        if armed:
            raise KeyboardInterrupt
        return str(value["n"])

    with zlmdb.open(path) as db:
        rows, names = db.attach_table(declared()), db.attach_table(declared(uuid.uuid4(), zlmdb.MapStringString))
        rows.attach_index("i", names, name)
        with db.begin(write=True) as txn:
            rows[txn, "r"] = {"n": "q"}
            armed = True
            with pytest.raises(KeyboardInterrupt):
                del rows[txn, "r"]
            armed = False
            assert (rows[txn, "r"], names[txn, "q"]) == ({"n": "q"}, "r")


def test_an_index_that_was_filled_in_a_transaction_goes_when_it_is_aborted(path: str) -> None:
    with zlmdb.open(path) as db:
        rows, names = db.attach_table(declared()), db.attach_table(declared(uuid.uuid4(), zlmdb.MapStringString))
        with db.begin(write=True) as txn:
            rows[txn, "r"] = {"n": "q"}

        def attach(txn: Any, block: Any) -> None:
            with block:
                rows.attach_index("i", names, lambda value: value["n"])
                assert (rows.indexes(), names[txn, "q"]) == (["i"], "r")
                raise ZeroDivisionError

        txn = db.begin(write=True)
        with pytest.raises(ZeroDivisionError):
            attach(txn, txn)
        assert rows.indexes() == []
        with db.begin(write=True) as txn:
            with pytest.raises(ZeroDivisionError):
                attach(txn, txn.savepoint())
            assert rows.indexes() == []
            with txn.savepoint():
                rows.attach_index("i", names, lambda value: value["n"])
            assert (rows.indexes(), names[txn, "q"]) == (["i"], "r")
            txn.abort()
        assert rows.indexes() == []
        rows.attach_index("i", names, lambda value: value["n"])
        with db.begin() as txn:
            assert names[txn, "q"] == "r"


@pytest.mark.parametrize("error", [None, lambda: zlmdb.lmdb.MapFullError("injected")], ids=["fault", "map full"])
@pytest.mark.parametrize("nested", [False, True], ids=["transaction", "savepoint"])
def test_an_index_that_was_filled_in_a_transaction_goes_when_its_commit_fails(
    path: str, nested: bool, error: Any
) -> None:
    with zlmdb.open(path) as db:
        rows, names = db.attach_table(declared()), db.attach_table(declared(uuid.uuid4(), zlmdb.MapStringString))
        with db.begin(write=True) as txn:
            rows[txn, "r"] = {"n": "q"}

        def attach() -> None:
            with db.begin(write=True) as txn, txn.savepoint() if nested else nullcontext():
                rows.attach_index("i", names, lambda value: value["n"])

        failed = []
        for failure in faults.failures(db, attach, error):
            failed.append(failure.kind)
            assert rows.indexes() == []
        assert failed[-2 if nested else -1 :] == ["commit"] * (2 if nested else 1)
        with db.begin() as txn:
            assert names[txn, "q"] == "r"


def test_a_map_is_no_index_of_its_own_table(path: str) -> None:
    with zlmdb.open(path) as db:
        first, second = db.attach_table(declared()), db.attach_table(declared())
        with pytest.raises(zlmdb.SchemaError, match="another attached map"):
            first.attach_index("i", second, lambda value: value["n"])


def test_indexes_stay_attached_when_a_database_is_opened_again(path: str) -> None:
    db = zlmdb.Database(path)
    rows, names = db.attach_table(declared()), db.attach_table(declared(uuid.uuid4(), zlmdb.MapStringString))
    rows.attach_index("i", names, lambda value: value["n"])
    table = next(iter(db._tables))
    db.close()
    with db:
        assert rows.indexes() == ["i"]
        with db.begin(write=True) as txn:
            rows[txn, "a"] = {"n": "x"}
            txn[table]["b"] = {"n": "y"}
            assert dict(names.select(txn)) == {"x": "a", "y": "b"}


def test_migration_takes_every_handle_and_every_index_along(path: str) -> None:
    when = np.datetime64(5, "ns")
    things = declared(base=zlmdb.MapOidTimestampOid, by_v=zlmdb.index(lambda value: value, key=zlmdb.Oid))
    with zlmdb.open(path) as db, db.begin(write=True) as txn:  # a slot as an earlier release makes and fills it
        record = {"oid": str(OID), "name": "Things", "creator": "unknown", "slot": 1}
        txn.put(b"\0\0\0\1", cbor2.dumps(record))
        for oid in (1, 2):
            txn.put(b"\0\1" + oid.to_bytes(8, "big") + (5).to_bytes(8, "little"), (oid * 10).to_bytes(8, "big"))
    first, second = zlmdb.open(path, [things]), zlmdb.open(path, [things])
    rows = first.attach_table(things)
    with first.begin() as txn:
        assert dict(rows.select(txn)) == {(1, when): 10, (2, when): 20}
    assert first.migrate() == 2
    assert first.migrate() == 0
    with second.begin(write=True) as txn:
        txn[things][3, when] = 30
    for db in (first, second):
        assert db.verify() == []
        with db.begin() as txn:
            assert dict(txn[things].items()) == {(n, when): n * 10 for n in (1, 2, 3)}
            assert list(txn[things].by_v.keys(30)) == [(3, when)]
        db.close()
    with zlmdb.open(path, [things]) as db:
        assert db.verify() == []


def test_a_generator_may_end_the_transaction_that_it_feeds(path: str) -> None:
    things = declared()
    with zlmdb.open(path, [things]) as db, db.begin(write=True) as txn:

        def rows() -> Any:
            for n in range(2000):
                if n == 1500:
                    txn.abort()
                yield str(n), n

        with pytest.raises(zlmdb.TransactionError):
            txn[things].put_many(rows())
    with zlmdb.open(path, [things]) as db, db.begin() as txn:
        assert len(txn[things]) == 0


def test_writers_of_many_threads_are_told_apart(path: str) -> None:
    things = declared()
    with zlmdb.open(path, [things], durability="unsafe") as db:
        wrong: list[object] = []

        def work(name: str) -> None:
            for n in range(30):  # few, because each refusal looks for garbage in the whole process
                with db.begin(write=True) as txn:
                    txn[things][f"{name} {n}"] = n
                    try:
                        db.begin(write=True).__enter__()
                    except zlmdb.TransactionError:
                        continue
                    wrong.append(name)

        threads = [threading.Thread(target=work, args=(str(n),)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        with db.begin() as txn:
            assert len(txn[things]) == 90


def test_a_transaction_that_is_dropped_gives_the_lock_back(path: str) -> None:
    with zlmdb.open(path, [declared()]) as db:
        txn = db.begin(write=True).__enter__()
        txn.put(b"\0\1x", b"1")
        del txn
        gc.collect()
        with db.begin(write=True) as txn:
            assert txn.get(b"\0\1x") is None


def test_closing_a_handle_ends_its_transactions_only(path: str) -> None:
    first, second = zlmdb.open(path, [declared()]), zlmdb.open(path, [declared()])
    reading = second.begin().__enter__()
    writing = first.begin(write=True).__enter__()
    first.close()
    with pytest.raises(zlmdb.TransactionClosed, match="its database was closed"):
        writing.put(b"\0\1x", b"1")
    assert reading.get(b"\0\1x") is None
    reading.abort()
    with second.begin(write=True) as txn:
        txn.put(b"\0\1x", b"1")
    second.close()


def test_bounds_outside_the_range_of_a_key_are_taken_at_every_end(path: str) -> None:
    things = declared(base=zlmdb.MapOidJson, by_n=zlmdb.index("n", key=zlmdb.Uint8))
    pairs = zlmdb.table(uuid.uuid4())(type("Pairs", (zlmdb.Map,), {}, key=(zlmdb.Uint8, zlmdb.Uint8), value=zlmdb.Json))
    with zlmdb.open(path, [things, pairs]) as db, db.begin(write=True) as txn:
        txn[things].put_many([(n, {"n": n}) for n in range(3)])
        txn[pairs].put_many([((n, n), n) for n in range(3)])
        for bounds in ("[)", "[]", "(]", "()"):
            assert txn[things].by_n.count(lo=-1, hi=2**70, bounds=bounds) == 3
            assert list(txn[things].select(-1, 2**70, bounds=bounds, return_values=False)) == [0, 1, 2]
            assert list(txn[pairs].select((-1,), (300,), bounds=bounds, return_keys=False)) == [0, 1, 2]


def test_a_row_whose_index_key_is_too_long_can_be_replaced_and_removed(path: str) -> None:
    things = declared(base=zlmdb.MapOidJson, by_name=zlmdb.index("name", key=zlmdb.String))
    with zlmdb.open(path, [things], lib_version="0.9") as db, db.begin(write=True) as txn:
        for oid in (1, 2):  # as another program may write it
            txn.put(b"\0\1" + oid.to_bytes(8, "big"), b'{"name":"%s"}' % (b"x" * 600))
        txn[things][1] = {"name": "short"}
        del txn[things][2]
        assert txn[things].check() == []
        assert dict(txn[things].items()) == {1: {"name": "short"}}


def test_a_schema_says_which_annotation_is_no_table_class() -> None:
    things = declared()
    with pytest.raises(zlmdb.SchemaError, match="annotation of b"):
        type("Book", (zlmdb.Schema,), {"__annotations__": {"b": things | None}}).tables()  # type: ignore[attr-defined]
