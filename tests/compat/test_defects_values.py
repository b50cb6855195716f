"""Keys, values and scans: a test for each known defect of the earlier release there."""

import random
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import described
import numpy as np
import pytest
import samples
from cases import declare, everything, kept_file, ns, rows_of, run_python, u

import zlmdb


def test_falsy_bounds_are_bounds(db: Any) -> None:
    numbers, words = db.attach_table(declare(zlmdb.MapOidOid)), db.attach_table(declare(zlmdb.MapStringOid))
    with db.begin(write=True) as txn:
        for n in range(3):
            numbers[txn, n] = n
            words[txn, "ab"[:n]] = n
        assert list(numbers.select(txn, to_key=0)) == list(numbers.select(txn, to_key=0, reverse=True)) == []
        assert list(numbers.select(txn, from_key=0, return_values=False)) == [0, 1, 2]
        assert list(numbers.select(txn, from_key=0, to_key=0)) == []
        assert list(words.select(txn, to_key="")) == list(words.select(txn, "", "", reverse=True)) == []
        assert list(words.select(txn, from_key="", return_values=False)) == ["", "a", "ab"]
        assert numbers.count_range(txn, 0, 0) == words.count_range(txn, "", "") == 0


def test_empty_strings_read_back_as_empty_strings(db: Any) -> None:
    texts, words = (
        db.attach_table(declare(zlmdb.MapOidString)),
        db.attach_table(declare(zlmdb.MapStringString)),
    )
    with db.begin(write=True) as txn:
        texts[txn, 1] = words[txn, ""] = ""
        assert texts[txn, 1] == words[txn, ""] == ""
        assert everything(txn, texts, words) == [[(1, "")], [("", "")]]
        assert texts[txn, 2] is None


@pytest.mark.parametrize(
    ("base", "key", "members"),
    [
        (zlmdb.MapOidOidSet, 1, [set(), {0}, {1, 2, 3}, {0, 2**53}]),
        (zlmdb.MapUuidUuidSet, u(1), [set(), {u(0)}, {u(1), u(2), u(3)}, {u(0), u(2**128 - 1)}]),
    ],
    ids=["OidSet", "UuidSet"],
)
def test_sets_keep_their_members(db: Any, base: Any, key: Any, members: list[set[Any]]) -> None:
    table = db.attach_table(declare(base))
    for value in members:
        with db.begin(write=True) as txn:
            table[txn, key] = value
        with db.begin() as txn:
            assert table[txn, key] == value
            assert list(table.select(txn)) == [(key, value)]


def test_sets_of_strings_work(db: Any) -> None:
    class Tags(zlmdb.Map[int, set[str]], key=zlmdb.Oid, value=zlmdb.StringSet):
        """Tags by number."""

    table = db.attach_table(zlmdb.table(uuid.uuid5(uuid.NAMESPACE_OID, "tags"))(Tags))
    for value in (set(), {""}, {"a", "", "a\0b", "zü€"}):
        with db.begin(write=True) as txn:
            table[txn, 1] = value
            assert table[txn, 1] == value


@pytest.mark.parametrize("base", [zlmdb.MapStringStringUuid, zlmdb.MapStringStringStringUuid])
def test_composite_text_keys_come_back_as_text(db: Any, base: Any) -> None:
    width = len(samples.MAPS[base.__name__][0])
    table = db.attach_table(declare(base))
    keys = [("a", "b", "c")[:width], ("zü€", "ä", "𝄞")[:width], ("ab", "", "x")[:width]]
    with db.begin(write=True) as txn:
        for key in keys:
            table[txn, key] = u(1)
        assert list(table.select(txn, return_values=False)) == sorted(keys)
        assert table._deserialize_key(table._serialize_key(keys[1])) == keys[1]


def test_texts_before_a_number_are_kept_whole(db: Any) -> None:
    table = db.attach_table(declare(zlmdb.MapStringOidOid))
    keys = [
        ("", 0),
        ("a", 1),
        ("a", 2**53),
        ("12345678", 5),
        ("123456789", 5),
        ("longer than eight characters zü€", 7),
    ]
    with db.begin(write=True) as txn:
        for key in keys:
            table[txn, key] = 1
        assert sorted(table.select(txn, return_values=False)) == sorted(keys)
        assert [table[txn, key] for key in keys] == [1] * len(keys)


def test_the_upper_bound_of_a_number_after_text_may_lie_beyond_its_range(db: Any) -> None:
    table = db.attach_table(declare(zlmdb.MapStringOidOid))
    with db.begin(write=True) as txn:
        for key in (("a", 0), ("a", 2**53), ("b", 0)):
            table[txn, key] = 1
        found = table.select(txn, from_key=("a", 0), to_key=("a", 2**53 + 1), return_values=False)
        assert list(found) == [("a", 0), ("a", 2**53)]
        with pytest.raises((TypeError, ValueError)):
            table[txn, ("a", 2**53 + 1)] = 1
        assert table.count(txn) == 3


def test_uuid_and_bytes32_can_be_written(db: Any) -> None:
    table = db.attach_table(declare(zlmdb.MapUuidBytes32FlatBuffers, build=samples.build, cast=samples.cast))
    value = {"oid": 5, "name": "five"}
    with db.begin(write=True) as txn:
        table[txn, (u(1), b"\x07" * 32)] = value
        assert table[txn, (u(1), b"\x07" * 32)] == value
        assert table._serialize_key((u(1), b"\x07" * 32)) == u(1).bytes + b"\x07" * 32
        assert list(table.select(txn, return_values=False)) == [(u(1), b"\x07" * 32)]


SMALL_NUMBERS = [
    "MapUint16UuidTimestampFlatBuffers",
    "MapUuidBytes20Uint8FlatBuffers",
    "MapUuidBytes20Uint8UuidFlatBuffers",
    "MapUuidBytes20Bytes20Uint8UuidFlatBuffers",
    "MapUuidTimestampUuidFlatBuffers",
]


@pytest.mark.parametrize("name", SMALL_NUMBERS)
def test_every_part_of_a_key_comes_back_from_a_scan(db: Any, name: str) -> None:
    parts, value_type = samples.MAPS[name]
    table = db.attach_table(declare(getattr(zlmdb, name), **samples.codec_arguments(value_type)))
    rows = list(zip(samples.keys_of(parts), samples.VALUE_SAMPLES[value_type], strict=True))
    with db.begin(write=True) as txn:
        for key, value in rows:
            table[txn, key] = value
        found = list(table.select(txn))
    assert found == sorted(rows, key=lambda row: row[0])
    for key, _ in found:
        assert [type(part) for part in key] == [type(part) for part in rows[0][0]]


LITTLE_ENDIAN = [
    "MapOidTimestampOid",
    "MapOidTimestampFlatBuffers",
    "MapOidTimestampStringOid",
    "MapUint16UuidTimestampFlatBuffers",
]


@pytest.mark.parametrize("name", LITTLE_ENDIAN)
def test_new_slots_sort_by_number_and_time(db: Any, name: str) -> None:
    parts, value_type = samples.MAPS[name]
    table = db.attach_table(declare(getattr(zlmdb, name), **samples.codec_arguments(value_type)))
    choices = {
        "Oid": [1, 2, 256, 2**40],
        "Timestamp": [ns(1), ns(255), ns(256), ns(2**40), ns(1_600_000_000_123_456_789)],
        "String": ["", "a", "ö"],
        "Uint16": [1, 255, 256, 65535],
        "Uuid": [u(1), u(2**100)],
    }
    keys = [()]
    for part in parts:
        keys = [(*key, value) for key in keys for value in choices[part]]
    shuffled = random.Random(1).sample(keys, len(keys))
    value = samples.VALUE_SAMPLES[value_type][0]
    with db.begin(write=True) as txn:
        for key in shuffled:
            table[txn, key] = value
        assert list(table.select(txn, return_values=False)) == sorted(keys)
        assert list(table.select(txn, return_values=False, reverse=True)) == sorted(keys, reverse=True)
        low, high = sorted(keys)[3], sorted(keys)[18]
        assert list(table.select(txn, from_key=low, to_key=high, return_values=False)) == sorted(keys)[3:18]
        assert table.count_range(txn, low, high) == 15


@pytest.mark.parametrize("version", ["0.9", "1.0"])
def test_old_slots_keep_their_bytes_until_they_are_migrated(tmp_path: Path, version: str) -> None:
    path, description = kept_file(tmp_path, f"by-key-{version}")
    description["tables"] = [table for table in description["tables"] if table["map"] in LITTLE_ENDIAN]
    with described.open_database(path) as db:
        tables = described.attach(db, description)
        before = dict(described.raw_records(db))
        for table in description["tables"]:
            parts = samples.MAPS[table["map"]][0]
            attached, extra = tables[table["name"]], samples.extra_key_of(parts)
            with db.begin(write=True) as txn:
                attached[txn, extra] = samples.from_json(table["records"][0][1])
            with db.begin() as txn:
                stored = sorted(key for key, _ in described.raw_records(db) if key.startswith(f"{table['slot']:04x}"))
                found = list(attached.select(txn, return_values=False))
                assert [attached._serialize_key(key).hex() for key in found] == [key[4:] for key in stored]
                assert extra in found
        assert before.items() <= dict(described.raw_records(db)).items()
        expected = {}
        for table in description["tables"]:
            with db.begin() as txn:
                expected[table["name"]] = sorted(tables[table["name"]].select(txn), key=lambda row: row[0])
    with described.open_database(path) as db:
        tables = described.attach(db, description)
        db.migrate()
    with described.open_database(path) as db:
        tables = described.attach(db, description)
        with db.begin() as txn:
            for table in description["tables"]:
                attached = tables[table["name"]]
                assert list(attached.select(txn)) == expected[table["name"]], table["name"]
                assert [attached[txn, key] for key, _ in expected[table["name"]]] == [
                    v for _, v in expected[table["name"]]
                ]


@pytest.mark.parametrize("unit", ["D", "h", "s", "ms", "us", "ns"])
def test_times_of_any_unit_are_stored_exactly(db: Any, unit: str) -> None:
    keys = db.attach_table(declare(zlmdb.MapTimestampFlatBuffers, build=samples.build, cast=samples.cast))
    values = db.attach_table(declare(zlmdb.MapBytes32Timestamp))
    time = np.datetime64("2020-09-13", unit)
    exact = time.astype("datetime64[ns]")
    with db.begin(write=True) as txn:
        keys[txn, time] = samples.VALUE_SAMPLES["FlatBuffers"][0]
        values[txn, b"k" * 32] = time
        assert list(keys.select(txn, return_values=False)) == [exact]
        assert keys[txn, exact] == samples.VALUE_SAMPLES["FlatBuffers"][0]
        assert values[txn, b"k" * 32] == exact
        assert keys._serialize_key(time) == int(exact.astype("int64")).to_bytes(8, "big")


BEFORE, NEVER, BEYOND = ns(-1), np.datetime64("NaT", "ns"), np.datetime64("9999-01-01", "D")


@pytest.mark.parametrize("time", [BEFORE, NEVER, BEYOND], ids=["before 1970", "NaT", "beyond 2262"])
def test_times_that_have_no_place_among_keys_are_refused(db: Any, time: np.datetime64) -> None:
    keys = db.attach_table(declare(zlmdb.MapTimestampUuidCbor, marshal=samples.same, parse=samples.same))
    with db.begin(write=True) as txn:
        with pytest.raises(ValueError, match="timestamp"):
            keys[txn, (time, u(1))] = 1
        assert list(keys.select(txn)) == []


def test_times_are_stored_exactly_as_values_or_not_at_all(db: Any) -> None:
    values = db.attach_table(declare(zlmdb.MapBytes32Timestamp))
    with db.begin(write=True) as txn:
        values[txn, b"b" * 32] = BEFORE
        assert values[txn, b"b" * 32] == BEFORE
        with pytest.raises(ValueError, match="9999"):
            values[txn, b"k" * 32] = BEYOND
        assert list(values.select(txn)) == [(b"b" * 32, BEFORE)]


@pytest.mark.parametrize("name", [name for name in samples.MAPS if name not in ("MapOidOidSet",)])
def test_every_map_makes_keys_that_it_takes(db: Any, name: str) -> None:
    parts, value_type = samples.MAPS[name]
    base = getattr(zlmdb, name)
    value = samples.VALUE_SAMPLES[value_type][0]
    made = [base.new_key() for _ in range(2)]
    table = db.attach_table(declare(base, **samples.codec_arguments(value_type)))
    with db.begin(write=True) as txn:
        for key in made:
            table[txn, key] = value
            assert (txn, key) in table
    first = made[0] if isinstance(made[0], tuple) else (made[0],)
    assert len(first) == len(parts)
    widths = {"Bytes16": 16, "Bytes20": 20, "Bytes32": 32}
    for part, kind in zip(first, parts, strict=True):
        if kind == "Oid":
            assert type(part) is int
            assert 0 <= part <= 2**53
        elif kind in widths:
            assert len(part) == widths[kind]


@pytest.mark.parametrize(
    ("base", "odd"),
    [
        (zlmdb.MapStringStringUuid, ("", "x")),
        (zlmdb.MapStringStringUuid, ("x", "")),
        (zlmdb.MapStringStringUuid, ("", "")),
        (zlmdb.MapStringStringUuid, ("a\0b", "c")),
        (zlmdb.MapStringStringUuid, ("a", "b\0c")),
        (zlmdb.MapStringStringStringUuid, ("a", "", "c")),
        (zlmdb.MapStringStringStringUuid, ("", "", "")),
        (zlmdb.MapStringStringStringUuid, ("a", "b\0", "c")),
    ],
)
def test_an_odd_text_key_leaves_the_table_scannable(db: Any, base: Any, odd: tuple[str, ...]) -> None:
    table = db.attach_table(declare(base))
    good = ("good", "key", "here")[: len(odd)]
    with db.begin(write=True) as txn:
        table[txn, good] = u(1)
        expected = {good: u(1)}
        if "\0" in "".join(odd[:-1]):
            with pytest.raises(ValueError, match="NUL"):
                table[txn, odd] = u(2)
        else:
            table[txn, odd] = expected[odd] = u(2)
        assert dict(table.select(txn)) == expected
        assert [table[txn, key] for key in expected] == list(expected.values())


@pytest.mark.parametrize("name", [name for name in samples.MAPS if "Pickle" not in name])
def test_buffers_work_with_every_map(db: Any, name: str) -> None:
    parts, value_type = samples.MAPS[name]
    table = db.attach_table(declare(getattr(zlmdb, name), **samples.codec_arguments(value_type)))
    rows = list(zip(samples.keys_of(parts), samples.VALUE_SAMPLES[value_type], strict=True))
    with db.begin(write=True, buffers=True) as txn:
        for key, value in rows:
            table[txn, key] = value
        assert [table[txn, key] for key, _ in rows] == [value for _, value in rows]
    with db.begin(buffers=True) as txn:
        assert [table[txn, key] for key, _ in rows] == [value for _, value in rows]
        assert list(table.select(txn)) == sorted(rows, key=lambda row: row[0])
        assert table.count(txn) == 3


def test_keys_are_checked_under_python_o(tmp_path: Path) -> None:
    code = """
        import numpy as np, uuid, zlmdb
        WRONG = [
            (zlmdb.MapOidOid, [-1, 2**53 + 1, "1", 1.5, None]),
            (zlmdb.MapUuidOid, ["x", b"0" * 16, 5, None]),
            (zlmdb.MapStringOid, [5, b"x", None]),
            (zlmdb.MapBytes20Uuid, [b"short", b"x" * 21, "x" * 20, None]),
            (zlmdb.MapOidOidOid, [1, (1,), (1, 2, 3), ("a", 1)]),
            (zlmdb.MapUuidTimestampUuid, [(uuid.UUID(int=1), 5)]),
        ]
        refused = 0
        with zlmdb.Database("db") as db, db.begin(write=True) as txn:
            for number, (base, keys) in enumerate(WRONG):
                table = base(number + 1)
                value = uuid.UUID(int=1) if base.__name__.endswith("Uuid") else 1
                for key in keys:
                    try:
                        table[txn, key] = value
                    except (TypeError, ValueError):
                        refused += 1
                    else:
                        print("accepted", base.__name__, key)
                if table.count(txn):
                    print("written", base.__name__)
        print(refused, __debug__)
    """
    done = run_python(code, tmp_path, options=("-O",))
    assert done.stdout == "21 False\n", done.stdout + done.stderr


@pytest.mark.parametrize("bounds", [{}, {"reverse": True}, {"from_key": 1}, {"to_key": 3}, {"limit": 1}], ids=repr)
def test_next_works_on_a_fresh_select(db: Any, bounds: dict[str, Any]) -> None:
    empty, numbers, later = (db.attach_table(declare(zlmdb.MapOidOid)) for _ in range(3))
    with db.begin(write=True) as txn:
        for n in (1, 2):
            numbers[txn, n] = n * 10
            later[txn, n] = n
        first = (2, 20) if "reverse" in bounds else (1, 10)
        assert next(numbers.select(txn, **bounds)) == first
        assert next(iter(numbers.select(txn, **bounds))) == first
        found, rows = numbers.select(txn, **bounds), list(numbers.select(txn, **bounds))
        assert [next(found) for _ in rows] == rows
        with pytest.raises(StopIteration):
            next(found)
        with pytest.raises(StopIteration):
            next(empty.select(txn, **bounds))


@pytest.mark.parametrize("given", [bytes, bytearray, memoryview])
def test_keys_of_bytes_may_be_any_buffer(db: Any, given: Callable[[bytes], Any]) -> None:
    table = db.attach_table(declare(zlmdb.MapBytes20Uuid))
    rows, by_hash = db.attach_table(rows_of()), db.attach_table(declare(zlmdb.MapBytes20TimestampUuid))
    owner = {n: u(n) for n in range(3)}
    rows_by_hash = db.attach_table(declare(zlmdb.MapBytes20Uuid))
    keyed = db.attach_table(rows_of(zlmdb.MapUuidCbor))
    keyed.attach_index("hash", rows_by_hash, lambda row: given(row["hash"]))
    with db.begin(write=True) as txn:
        table[txn, given(b"\x01" * 20)] = owner[1]
        by_hash[txn, (given(b"\x02" * 20), ns(5))] = owner[2]
        keyed[txn, owner[1]] = {"hash": b"\x03" * 20}
        rows[txn, 1] = {}
        assert list(table.select(txn)) == [(b"\x01" * 20, owner[1])]
        assert table[txn, given(b"\x01" * 20)] == owner[1]
        assert (txn, given(b"\x01" * 20)) in table
        assert list(by_hash.select(txn, from_key=(given(b"\x02" * 20), ns(0)))) == [((b"\x02" * 20, ns(5)), owner[2])]
        assert list(rows_by_hash.select(txn)) == [(b"\x03" * 20, owner[1])]
        del keyed[txn, owner[1]]
        assert rows_by_hash.count(txn) == 0


@pytest.mark.parametrize("base", [zlmdb.MapUuidJson, zlmdb.MapUuidCbor], ids=["json", "cbor"])
def test_json_and_cbor_maps_need_no_marshal(db: Any, base: Any) -> None:
    table, bare = db.attach_table(declare(base)), base(500)
    for value in ({"a": [1, None, "x"]}, [1, 2], "text", 5, None):
        with db.begin(write=True) as txn:
            table[txn, u(1)] = bare[txn, u(1)] = value
            assert table[txn, u(1)] == bare[txn, u(1)] == value


def test_parse_and_unmarshal_mean_the_same(db: Any) -> None:
    for name in ("parse", "unmarshal"):
        table = zlmdb.MapUuidCbor(500, marshal=lambda value: [value], **{name: lambda data: data[0]})
        with db.begin(write=True) as txn:
            table[txn, u(1)] = "kept"
            assert table[txn, u(1)] == "kept"
            assert txn.get(b"\x01\xf4" + u(1).bytes) == cbor2.dumps(["kept"])


def test_missing_keys_of_the_dict_methods(db: Any) -> None:
    table = db.attach_table(declare(zlmdb.MapOidString))
    with db.begin(write=True) as txn:
        table[txn, 1] = "one"
        assert table.get((txn, 2)) is None
        assert table.pop((txn, 1)) == "one"
        assert table.count(txn) == 0
