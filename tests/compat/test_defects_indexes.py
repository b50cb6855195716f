"""Indexes, truncate and rebuild: a test for each known defect of the earlier release there."""

import json
from typing import Any

import pytest
from cases import declare, everything, rows_of, u

import zlmdb


def test_unique_indexes_are_enforced(db: Any) -> None:
    rows, by_name, by_mail = (
        db.attach_table(rows_of()),
        *(db.attach_table(declare(zlmdb.MapStringOid)) for _ in "ab"),
    )
    rows.attach_index("name", by_name, lambda row: row["name"])
    rows.attach_index("mail", by_mail, lambda row: row["mail"])
    with db.begin(write=True) as txn:
        rows[txn, 1] = {"name": "ann", "mail": "ann@x"}
        rows[txn, 2] = {"name": "bob", "mail": "bob@x"}
        before = everything(txn, rows, by_name, by_mail)
        for key, row in [(3, {"name": "new", "mail": "ann@x"}), (2, {"name": "ann", "mail": "bob@x"})]:
            with pytest.raises(zlmdb.UniqueViolation):
                rows[txn, key] = row
            assert everything(txn, rows, by_name, by_mail) == before
        rows[txn, 1] = {"name": "ann", "mail": "new@x"}
        rows[txn, 3] = {"name": "cy", "mail": "ann@x"}
    with db.begin() as txn:
        assert by_mail[txn, "new@x"] == 1
        assert by_mail[txn, "ann@x"] == 3
        assert by_name.count(txn) == by_mail.count(txn) == rows.count(txn) == 3


def test_an_index_declared_not_unique_may_share_nothing_but_its_key_parts(db: Any) -> None:
    rows, by_group = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapOidOidOid))
    rows.attach_index("group", by_group, lambda row: (row["group"], row["oid"]), unique=False)
    with db.begin(write=True) as txn:
        for oid in (1, 2, 3):
            rows[txn, oid] = {"oid": oid, "group": 7}
        assert list(by_group.select(txn)) == [((7, 1), 1), ((7, 2), 2), ((7, 3), 3)]


@pytest.mark.parametrize("missing", [None, (None, 5)], ids=["None", "a part that is None"])
def test_a_failed_null_check_leaves_the_row_unwritten(db: Any, missing: Any) -> None:
    rows, first = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapStringOid))
    second = db.attach_table(declare(zlmdb.MapStringOid if missing is None else zlmdb.MapOidOidOid))
    rows.attach_index("first", first, lambda row: row["first"])
    rows.attach_index(
        "second",
        second,
        lambda row: tuple(row["second"]) if isinstance(row["second"], list) else row["second"],
    )
    good = "s" if missing is None else [1, 2]
    with db.begin(write=True) as txn:
        rows[txn, 1] = {"first": "a", "second": good}
        before = everything(txn, rows, first, second)
        for key in (1, 2):
            with pytest.raises(zlmdb.NullValueConstraint, match="second"):
                rows[txn, key] = {"first": "b", "second": missing if missing is None else list(missing)}
            assert everything(txn, rows, first, second) == before
    with db.begin() as txn:
        assert everything(txn, rows, first, second) == before


def test_a_row_whose_nullable_field_is_none_can_be_deleted(db: Any) -> None:
    rows, by_mail = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapStringOid))
    rows.attach_index("mail", by_mail, lambda row: row["mail"], nullable=True)
    with db.begin(write=True) as txn:
        rows[txn, 1], rows[txn, 2] = {"mail": None}, {"mail": "x"}
        del rows[txn, 1]
        assert everything(txn, rows, by_mail) == [[(2, {"mail": "x"})], [("x", 2)]]


def test_a_failing_index_function_leaves_the_row_unwritten(db: Any) -> None:
    rows, by_name = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapStringOid))
    rows.attach_index("name", by_name, lambda row: row["name"])
    with db.begin(write=True) as txn:
        with pytest.raises((KeyError, zlmdb.ZlmdbError), match="name"):
            rows[txn, 1] = {}
        assert everything(txn, rows, by_name) == [[], []]


@pytest.mark.parametrize("compress", [None, 1], ids=["plain", "zlib"])
def test_rebuild_index_knows_keys_compression_and_nulls(db: Any, compress: int | None) -> None:
    rows = db.attach_table(rows_of(zlmdb.MapUuidCbor, compress=compress))
    by_name = db.attach_table(declare(zlmdb.MapStringUuid))
    content = {u(n): {"name": f"n{n}" if n % 3 else None, "text": "x" * 300} for n in range(1, 10)}
    expected = sorted((row["name"], key) for key, row in content.items() if row["name"])
    rows.attach_index("name", by_name, lambda row: row["name"], nullable=True)
    with db.begin(write=True) as txn:
        for key, row in content.items():
            rows[txn, key] = row
        by_name.truncate(txn)
        by_name[txn, "stale"] = u(1)
        assert rows.rebuild_index(txn, "name") == (1, len(expected))
        assert list(by_name.select(txn)) == expected
        assert rows.rebuild_index(txn, "name") == (len(expected), len(expected))
        assert dict(rows.select(txn)) == content


def test_an_index_attached_to_a_filled_table_holds_its_rows(db: Any) -> None:
    rows, by_name = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapStringOid))
    with db.begin(write=True) as txn:
        for n in range(50):
            rows[txn, n] = {"name": f"n{n:02d}"}
    rows.attach_index("name", by_name, lambda row: row["name"])
    with db.begin(write=True) as txn:
        assert list(by_name.select(txn)) == [(f"n{n:02d}", n) for n in range(50)]
        rows[txn, 7] = {"name": "seven"}
        del rows[txn, 8]
        assert by_name[txn, "seven"] == 7
        assert by_name[txn, "n07"] is by_name[txn, "n08"] is None


def test_truncate_empties_its_own_slot_only(db: Any) -> None:
    tables = [db.attach_table(declare(zlmdb.MapOidOid)) for _ in range(5)]
    for victim in (2, 0, 4, 1, 3):
        with db.begin(write=True) as txn:
            for table in tables:
                for n in range(20):
                    table[txn, n] = n
            assert tables[victim].truncate(txn) == 20
            assert [table.count(txn) for table in tables] == [0 if n == victim else 20 for n in range(5)]
            assert tables[victim].truncate(txn) == 0


def test_truncate_empties_the_indexes_too(db: Any) -> None:
    by_name, rows, other = (
        db.attach_table(declare(zlmdb.MapStringOid)),
        db.attach_table(rows_of()),
        db.attach_table(declare(zlmdb.MapOidOid)),
    )
    rows.attach_index("name", by_name, lambda row: row["name"])
    with db.begin(write=True) as txn:
        for n in range(10):
            rows[txn, n] = {"name": f"n{n}"}
            other[txn, n] = n
        assert rows.truncate(txn) == 20  # records of the index count, as they did
        assert [table.count(txn) for table in (rows, by_name, other)] == [0, 0, 10]


def test_rebuild_index_harms_no_other_slot(db: Any) -> None:
    by_name, before, rows, after = (
        db.attach_table(declare(zlmdb.MapStringOid)),
        db.attach_table(declare(zlmdb.MapOidOid)),
        db.attach_table(rows_of()),
        db.attach_table(declare(zlmdb.MapOidOid)),
    )
    rows.attach_index("name", by_name, lambda row: row["name"])
    with db.begin(write=True) as txn:
        for n in range(10):
            rows[txn, n] = {"name": f"n{n}"}
            before[txn, n] = after[txn, n] = n
        expected = everything(txn, by_name, before, rows, after)
        assert rows.rebuild_index(txn, "name") == (10, 10)
        assert everything(txn, by_name, before, rows, after) == expected
        rows.rebuild_indexes(txn)
        assert everything(txn, by_name, before, rows, after) == expected


@pytest.mark.parametrize("falsy", [0, 0.0, False, None, "", [], {}], ids=repr)
@pytest.mark.parametrize("base", [zlmdb.MapOidJson, zlmdb.MapOidCbor], ids=["json", "cbor"])
def test_a_falsy_value_keeps_no_stale_index_entries(db: Any, base: Any, falsy: Any) -> None:
    rows, by_text = db.attach_table(rows_of(base)), db.attach_table(declare(zlmdb.MapStringOid))
    rows.attach_index("text", by_text, lambda value: json.dumps(value))
    with db.begin(write=True) as txn:
        rows[txn, 1] = falsy
        assert list(by_text.select(txn)) == [(json.dumps(falsy), 1)]
        rows[txn, 1] = "other"
        assert list(by_text.select(txn)) == [('"other"', 1)]
        rows[txn, 1] = falsy
        del rows[txn, 1]
        assert everything(txn, rows, by_text) == [[], []]


def test_compressed_index_tables_are_readable(db: Any) -> None:
    rows, by_name = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapStringOid, compress=1))
    rows.attach_index("name", by_name, lambda row: row["name"])
    with db.begin(write=True) as txn:
        for n in range(5):
            rows[txn, n] = {"name": f"n{n}"}
        assert by_name[txn, "n3"] == 3
        assert list(by_name.select(txn)) == [(f"n{n}", n) for n in range(5)]
        assert rows.rebuild_index(txn, "name") == (5, 5)
        assert by_name[txn, "n4"] == 4


def test_a_detached_index_can_be_attached_again(db: Any) -> None:
    rows, by_name = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapStringOid))
    rows.attach_index("name", by_name, lambda row: row["name"])
    with db.begin(write=True) as txn:
        rows[txn, 1] = {"name": "one"}
    rows.detach_index("name")
    assert (rows.indexes(), by_name.is_index()) == ([], False)
    with db.begin(write=True) as txn:
        rows[txn, 2] = {"name": "two"}
        rows[txn, 1] = {"name": "uno"}
    rows.attach_index("name", by_name, lambda row: row["name"])
    assert (rows.indexes(), by_name.is_index()) == (["name"], True)
    with db.begin(write=True) as txn:
        rows[txn, 3] = {"name": "three"}
        assert by_name[txn, "three"] == 3
        assert rows.rebuild_index(txn, "name")[1] == 3
        assert list(by_name.select(txn)) == [("three", 3), ("two", 2), ("uno", 1)]
