"""A table declared otherwise by another handle or process: the older declaration is noticed, and nothing is written."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbsupport import in_fork, run_python

import zlmdb
from zlmdb.database.catalog import GENERATION

OID = uuid.UUID("7c1f0a52-9f0e-4d8a-8a51-6d5c1b7d0002")

DECLARER = f"""
    import sys, zlmdb
    path, name = sys.argv[1:3]
    body = {{f"by_{{name}}": zlmdb.index(name, key=zlmdb.Int64, nullable=True)}} if name != "nothing" else {{}}
    Things = zlmdb.table("{OID}")(type("Things", (zlmdb.MapStringJson,), body))
    with zlmdb.open(path, [Things]) as db, db.begin(write=True) as txn:
        txn[Things][name] = {{"n": 7, "m": 8}}
"""


def things(*fields: str, unique: bool = False) -> Any:
    """A table class with indexes over some fields; all of them are one table."""
    body = {f"by_{field}": zlmdb.index(field, key=zlmdb.Int64, nullable=True, unique=unique) for field in fields}
    return zlmdb.table(OID)(type("Things", (zlmdb.MapStringJson,), body))


def declare_elsewhere(tmp_path: Path, path: str, field: str) -> None:
    run_python(DECLARER, tmp_path, path, field)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "db")


WRITES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "set": lambda txn, table, handle: txn[table].__setitem__("b", {"n": 2}),
    "set again": lambda txn, table, handle: txn[table].__setitem__("a", {"n": 2}),
    "delete": lambda txn, table, handle: txn[table].__delitem__("a"),
    "discard": lambda txn, table, handle: txn[table].delete("a"),
    "put": lambda txn, table, handle: txn[table].put("b", {"n": 2}),
    "put_many": lambda txn, table, handle: txn[table].put_many({"b": {"n": 2}}),
    "load": lambda txn, table, handle: txn[table].load({"b": {"n": 2}}),
    "update": lambda txn, table, handle: txn[table].update({"b": {"n": 2}}),
    "setdefault": lambda txn, table, handle: txn[table].setdefault("b", {"n": 2}),
    "pop": lambda txn, table, handle: txn[table].pop("a"),
    "popitem": lambda txn, table, handle: txn[table].popitem(),
    "clear": lambda txn, table, handle: txn[table].clear(),
    "truncate": lambda txn, table, handle: txn[table].truncate(),
    "rebuild": lambda txn, table, handle: txn[table].rebuild_indexes(),
    "set, attached": lambda txn, table, handle: handle.__setitem__((txn, "b"), {"n": 2}),
    "delete, attached": lambda txn, table, handle: handle.__delitem__((txn, "a")),
    "pop, attached": lambda txn, table, handle: handle.pop((txn, "a")),
    "truncate, attached": lambda txn, table, handle: handle.truncate(txn),
    "rebuild, attached": lambda txn, table, handle: handle.rebuild_indexes(txn),
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("where", ["another handle", "another process"])
def test_no_write_passes_by_an_index_declared_since(name: str, where: str, path: str, tmp_path: Path) -> None:
    older, newer = things("n"), things("n", "m")
    with zlmdb.open(path, [older]) as db:
        with db.begin(write=True) as txn:
            txn[older]["a"] = {"n": 1, "m": 1}
        if where == "another process":
            declare_elsewhere(tmp_path, path, "m")
        else:
            zlmdb.open(path, [newer]).close()
        with db.begin() as txn:
            before = dict(txn[older])
        with db.begin(write=True) as txn:
            with pytest.raises(zlmdb.TableMismatch, match=r"indexes were declared otherwise .* this program by_n"):
                WRITES[name](txn, older, db._tables[older])
            # The transaction serves on, and so do rows by key.
            assert dict(txn[older]) == before
            assert db._tables[older][txn, "a"] == {"n": 1, "m": 1}
    with zlmdb.open(path, [newer]) as db:
        assert db.verify() == []
        with db.begin() as txn:
            assert dict(txn[newer]) == before
            assert txn[newer].by_m.count(1) == 1


def test_an_index_that_is_kept_no_longer_is_not_read(path: str, tmp_path: Path) -> None:
    table = things("n")
    with zlmdb.open(path, [table]) as db:
        with db.begin(write=True) as txn:
            txn[table]["a"] = {"n": 1}
        with db.begin() as older:
            assert len(older[table].by_n) == 1
            declare_elsewhere(tmp_path, path, "nothing")
            with db.begin() as txn:
                assert txn[table]["nothing"] == {"n": 7, "m": 8}
                with pytest.raises(zlmdb.TableMismatch, match="the file has none, this program by_n"):
                    _ = txn[table].by_n
            with db.begin(write=True) as txn, pytest.raises(zlmdb.TableMismatch):
                _ = txn[table].by_n
            # A snapshot from before still has the index.
            assert [row["n"] for row in older[table].by_n] == [1]
        assert "attach it again" in db.verify()[0]
        db.attach_table(table)
        assert db.verify() == []
        with db.begin() as txn:
            assert [row["n"] for row in txn[table].by_n] == [1, 7]


def test_a_snapshot_that_is_older_than_what_is_known_is_judged_by_itself(path: str) -> None:
    first, second = things("n"), things("m")
    with zlmdb.open(path, [first]) as db:
        with db.begin(write=True) as txn:
            txn[first]["a"] = {"n": 1, "m": 1}
        with db.begin() as older:
            assert older[first]["a"]
            db.attach_table(second)
            with db.begin(write=True) as txn:
                txn[second]["b"] = {"n": 2, "m": 2}
            assert len(older[first].by_n) == 1
            with pytest.raises(zlmdb.TableMismatch):
                _ = older[second].by_m


def test_a_declaration_that_returns_is_right_again(path: str, tmp_path: Path) -> None:
    table = things("n")
    with zlmdb.open(path, [table]) as db:
        handle = db._tables[table]
        for other in ("m", "n"):
            declare_elsewhere(tmp_path, path, other)
            with db.begin(write=True) as txn:
                if other == "n":
                    handle[txn, "a"] = {"n": 1}
                    txn[table]["b"] = {"n": 2}
                else:
                    with pytest.raises(zlmdb.TableMismatch):
                        handle[txn, "a"] = {"n": 1}
        assert db.verify() == []
        with db.begin() as txn:
            assert list(txn[table].by_n.keys()) == ["a", "b", "m", "n"]


def test_a_table_in_the_earlier_style_notices_indexes_that_are_declared_for_it(path: str, tmp_path: Path) -> None:
    """Nothing is remembered of it before, so the file has no named database when it is attached."""
    plain = things()
    with zlmdb.open(path, [plain]) as db:
        with db.begin(write=True) as txn:
            txn[plain]["a"] = {"n": 1}
        with db.begin() as reader:
            declare_elsewhere(tmp_path, path, "n")
            with db.begin(write=True) as txn, pytest.raises(zlmdb.TableMismatch, match="this program none"):
                txn[plain]["a"] = {"n": 2}
            assert list(reader[plain]) == ["a"]
    with zlmdb.open(path, [things("n")]) as db:
        assert db.verify() == []


def test_an_index_declared_unique_since_counts_as_another(path: str) -> None:
    older, newer = things("n"), things("n", unique=True)
    with zlmdb.open(path, [older]) as db:
        db.attach_table(newer)
        with db.begin(write=True) as txn:
            txn[newer]["a"] = {"n": 1}
            with pytest.raises(zlmdb.TableMismatch, match=r"the file has by_n \(another\)"):
                txn[older]["b"] = {"n": 1}


def test_tables_that_others_declare_do_not_matter(path: str, tmp_path: Path) -> None:
    other = zlmdb.table(uuid.uuid4())(
        type("Others", (zlmdb.MapStringJson,), {"by_n": zlmdb.index("n", key=zlmdb.Int64)})
    )
    table = things("n")
    with zlmdb.open(path, [table]) as db:
        zlmdb.open(path, [other]).close()
        with db.begin(write=True) as txn:
            txn[table]["a"] = {"n": 1}
        with db.begin() as txn:
            assert len(txn[table].by_n) == 1


def test_indexes_attached_by_hand_are_kept_through_transactions(path: str) -> None:
    rows = zlmdb.table(uuid.uuid4())(type("Rows", (zlmdb.MapOidString,), {}))
    names = zlmdb.table(uuid.uuid4())(type("Names", (zlmdb.MapStringOid,), {}))
    with zlmdb.open(path) as db:
        first, index = db.attach_table(rows), db.attach_table(names)
        first.attach_index("by_name", index, lambda text: text)
        second = db.attach_table(rows)
        with db.begin(write=True) as txn:
            txn[rows][1] = "one"
            assert index[txn, "one"] == 1
        first.detach_index("by_name")
        second.attach_index("by_name", index, lambda text: text.upper())
        with db.begin(write=True) as txn:
            txn[rows][2] = "two"
            assert index[txn, "TWO"] == 2


def test_a_file_that_another_process_made_is_watched_without_comparing_every_time(path: str, tmp_path: Path) -> None:
    declare_elsewhere(tmp_path, path, "n")
    table = things("n")
    with zlmdb.open(path, [table]) as db:
        with db.begin(write=True) as txn:
            txn[table]["a"] = {"n": 1}
        env = db._env
        assert env.generation == 1  # and not compared anew in every transaction
        with db.begin() as older:
            declare_elsewhere(tmp_path, path, "m")
            with db.begin(write=True) as txn, pytest.raises(zlmdb.TableMismatch):
                txn[table]["a"] = {"n": 2}
            assert env.generation == 2
            assert len(older[table].by_n) == 2  # as its snapshot says


@pytest.mark.parametrize("how", ["opened again", "in a forked child"])
def test_maps_of_a_handle_that_opens_again_are_watched(how: str, path: str, tmp_path: Path) -> None:
    table = things("n")
    db = zlmdb.open(path, [table])
    handle = db._tables[table]

    def write() -> str:
        with db.begin(write=True) as txn:
            for target in (lambda: handle.__setitem__((txn, "b"), {"n": 2}), lambda: txn[table].put("b", {"n": 2})):
                with pytest.raises(zlmdb.TableMismatch):
                    target()
        return "refused"

    if how == "opened again":
        db.close()
        with db:
            declare_elsewhere(tmp_path, path, "m")
            assert write() == "refused"
    else:

        def child() -> str:
            with db.begin() as txn:
                list(txn[table])
            declare_elsewhere(tmp_path, path, "m")
            return write()

        assert in_fork(child) == "refused"
        db.close()


def test_two_declarations_that_are_placed_anew_do_not_both_write(path: str) -> None:
    first, second = things("n"), things("n", "m")
    db = zlmdb.open(path, [first])
    db.attach_table(second)
    db.close()
    with db:
        refused = 0
        for table in (first, second):
            with db.begin(write=True) as txn:
                try:
                    txn[table]["a"] = {"n": 1, "m": 1}
                except zlmdb.TableMismatch:
                    refused += 1
        assert refused == 1
    with zlmdb.open(path, [second]) as db:
        assert db.verify() == []


def test_detaching_an_index_does_not_let_an_outdated_map_write(path: str) -> None:
    table = things("n")
    names = zlmdb.table(uuid.uuid4())(type("Names", (zlmdb.MapStringString,), {}))
    with zlmdb.open(path, [table]) as db:
        handle = db._tables[table]
        handle.attach_index("x", db.attach_table(names), lambda row: str(row["n"]))
        zlmdb.open(path, [things("n", "m")]).close()
        with db.begin(write=True) as txn:
            assert len(txn[table]) == 0
            handle.detach_index("x")
            with pytest.raises(zlmdb.TableMismatch):
                txn[table]["a"] = {"n": 1}
            with pytest.raises(zlmdb.TableMismatch):
                handle[txn, "a"] = {"n": 1}


def test_an_index_that_has_not_changed_is_read_by_an_older_declaration(path: str) -> None:
    older = things("n")
    with zlmdb.open(path, [older]) as db:
        newer = things("n", "m")
        db.attach_table(newer)
        with db.begin(write=True) as txn:
            txn[newer]["a"] = {"n": 1, "m": 1}
        with db.begin() as txn:
            assert [row["m"] for row in txn[older].by_n] == [1]


def test_threads_that_attach_write_and_read_do_not_meet(path: str) -> None:
    table = things("n")
    problems: list[BaseException] = []
    with zlmdb.open(path, [table], durability="unsafe") as db:

        def attach(number: int) -> None:
            try:
                for n in range(20):
                    oid = uuid.UUID(int=number * 1000 + n)
                    more = zlmdb.table(oid)(
                        type("More", (zlmdb.MapStringJson,), {"by_n": zlmdb.index("n", key=zlmdb.Int64)})
                    )
                    db.attach_table(more)
            except BaseException as error:
                problems.append(error)

        def use() -> None:
            try:
                for n in range(60):
                    with db.begin(write=True) as txn:
                        txn[table][str(n)] = {"n": n}
                    with db.begin() as txn:
                        assert len(txn[table].by_n) > 0
            except BaseException as error:
                problems.append(error)

        threads = [threading.Thread(target=attach, args=(n,)) for n in (1, 2)] + [threading.Thread(target=use)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert db.verify() == []


def test_a_number_of_the_declarations_that_damage_made_the_last_one_still_rises(path: str) -> None:
    with zlmdb.open(path, [things("n")]) as db:
        with db.begin(write=True) as txn:
            txn.put(GENERATION, b"\xff" * 8)
        later = zlmdb.table(uuid.UUID(int=7))(type("Later", (zlmdb.MapStringJson,), {}))
        db.attach_tables([things("m")])
        db.attach_tables([later])
        with db.begin(write=True) as txn:
            assert int.from_bytes(txn.get(GENERATION), "big") >= 2**64
            txn[later]["a"] = {}
