"""Growth where others have a say: systems with little address space, and other processes that grow the file."""

import sys
from pathlib import Path
from typing import Any

import lmdb
import pytest
from dbsupport import Notes, child, run_python

import zlmdb
from tests.engine.growing import DEFAULT, MB, assert_texts, texts

# -- little address space

LIMITED = """
    import resource, sys
    from dbsupport import Notes
    import zlmdb
    limit = 1200 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with zlmdb.open(sys.argv[1], [Notes], durability="unsafe") as db:
        for start in range(0, 32, 2):
            with db.begin(write=True) as txn:
                for number in range(start, start + 2):
                    txn[Notes][number] = chr(97 + number % 26) * 2**20
        print(db.maxsize, db.stats()["max_size"])
        def fill(txn):
            for number in range(32, 64):
                txn[Notes][number] = chr(97 + number % 26) * 2**20
        db.write(fill)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
def test_a_process_with_little_address_space_opens_and_grows(path: str, tmp_path: Path) -> None:
    assert run_python(LIMITED, tmp_path, path).split() == [str(DEFAULT)] * 2
    with zlmdb.open(path, [Notes]) as db:
        assert_texts(db, 64)


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
def test_a_process_with_little_address_space_opens_a_large_file(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path, [Notes], durability="unsafe") as db:
        texts(db, 0, 30)
    code = """
        import resource, sys
        from dbsupport import Notes
        import zlmdb
        resource.setrlimit(resource.RLIMIT_AS, (1200 * 2**20, 1200 * 2**20))
        with zlmdb.open(sys.argv[1], [Notes], readonly=len(sys.argv) > 2) as db, db.begin() as txn:
            print([len(txn[Notes][number]) for number in range(30)] == [2**20] * 30)
    """
    assert run_python(code, tmp_path, path) == run_python(code, tmp_path, path, "readonly") == "True\n"


def refusing(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """A system that does not know of maps over a size, and says so as emulators and checkers of memory do."""
    original, tried = lmdb.open, []

    def opened(path: str, map_size: int, **options: Any) -> Any:
        tried.append(map_size)
        if map_size > most:
            raise lmdb.InvalidParameterError(f"{path}: Invalid argument")
        return original(path, map_size=map_size, **options)

    monkeypatch.setattr(lmdb, "open", opened)
    return tried


def test_a_system_that_finds_large_maps_invalid_gets_a_smaller_one(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = refusing(monkeypatch, 64 * MB)
    with zlmdb.open(path, [Notes], durability="unsafe") as db:
        texts(db, 0, 4)
        assert tried == sorted(tried, reverse=True)
        assert len(tried) > 1
        assert tried[-1] <= 64 * MB
        assert_texts(db, 4)


def test_what_is_invalid_in_any_size_is_said(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, 0)
    with pytest.raises(zlmdb.DatabaseError, match="Invalid argument"):
        zlmdb.open(path, [Notes])
    with pytest.raises(zlmdb.DatabaseError, match="Invalid argument"):
        zlmdb.open(path, [Notes], maxsize=MB)


# -- others grow the file

GROWER = """
    import sys
    from dbsupport import Notes
    import zlmdb
    with zlmdb.open(sys.argv[1], [Notes], durability="unsafe") as db:
        for line in sys.stdin:
            first, last = map(int, line.split())
            with db.begin(write=True) as txn:
                for number in range(first, last):
                    txn[Notes][number] = chr(97 + number % 26) * 2**20
            print("done", flush=True)
"""


@pytest.mark.parametrize("options", [{"writemap": True, "lib_version": "0.9"}, {"maxsize": 4 * MB}, {}], ids=str)
def test_what_another_process_adds_is_followed(path: str, tmp_path: Path, options: dict[str, Any]) -> None:
    with zlmdb.open(path, [Notes], **options) as db, child(GROWER, tmp_path, path) as grower:
        texts(db, 0, 1)
        for last in (20, 40):
            grower.tell(f"1 {last}")
            assert grower.hears() == "done"
            assert_texts(db, last)
        if "maxsize" not in options:
            texts(db, 40, 42)
            assert_texts(db, 42)
        with db.begin(write=True) as txn:
            del txn[Notes][0]
        with db.begin() as txn:
            assert txn[Notes].first()[0] == 1


def test_growth_is_followed_when_no_transaction_is_open_any_more(path: str, tmp_path: Path) -> None:
    with zlmdb.open(path, [Notes], maxsize=4 * MB) as db, child(GROWER, tmp_path, path) as grower:
        texts(db, 0, 1)
        with db.begin() as old:
            grower.tell("1 20")
            assert grower.hears() == "done"
            with pytest.raises(zlmdb.DatabaseError, match="another process has grown the map") as caught, db.begin():
                pass
            assert path in str(caught.value)
            assert list(old[Notes]) == [0]
            assert len(old[Notes][0]) == MB
        assert_texts(db, 20)


ARRAYS = """
    import sys, numpy as np, zlmdb
    @zlmdb.table("3f6b0f2e-5c57-4b0e-8d50-7a8f8c0a0009")
    class Arrays(zlmdb.Map[int, np.ndarray], key=zlmdb.Oid, value=zlmdb.Numpy("<i8")):
        pass
    with zlmdb.open(sys.argv[1], [Arrays], maxsize=2**20) as db:
        with db.begin(write=True) as txn:
            txn[Arrays][1] = np.arange(5000)
        with db.begin(buffers=True) as txn:
            kept = np.asarray(txn[Arrays][1])
        print("ready", flush=True)
        sys.stdin.readline()
        for write in (False, True):
            try:
                with db.begin(write=write):
                    pass
            except zlmdb.DatabaseError as error:
                print("arrays that read the map" in str(error), kept.sum())
        del kept
        with db.begin(write=True) as txn:
            print(txn[Arrays][1].sum(), flush=True)
"""


@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_growth_is_followed_when_no_array_reads_the_map_any_more(path: str, tmp_path: Path, lib_version: str) -> None:
    total = sum(range(5000))
    zlmdb.open(path, lib_version=lib_version).close()
    with child(ARRAYS, tmp_path, path) as reader:
        assert reader.hears() == "ready"
        with zlmdb.open(path, [Notes]) as db:
            texts(db, 0, 8)
        reader.tell()
        assert [reader.hears() for _ in range(3)] == [f"True {total}", f"True {total}", str(total)]


FOLLOWER = """
    import resource, sys
    from dbsupport import Notes
    import zlmdb
    resource.setrlimit(resource.RLIMIT_AS, (1200 * 2**20, 1200 * 2**20))
    with zlmdb.open(sys.argv[1], [Notes], maxsize=int(sys.argv[2]) or None, durability="unsafe") as db:
        print("ready", flush=True)
        for line in sys.stdin:
            with db.begin() as txn:
                print([len(text) for text in txn[Notes].values()] == [2**20] * int(line))
            with db.begin(write=True) as txn:
                txn[Notes][0] = "x" * 2**20
            print("done", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
@pytest.mark.parametrize("maxsize", [0, 4 * MB])
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_a_process_with_little_address_space_follows_one_with_much(
    path: str, tmp_path: Path, lib_version: str, maxsize: int
) -> None:
    with zlmdb.open(path, [Notes], durability="unsafe", lib_version=lib_version) as db:
        texts(db, 0, 1)
        with child(FOLLOWER, tmp_path, path, maxsize) as follower:
            assert follower.hears() == "ready"
            for last in (20, 100):
                texts(db, 0, last)
                follower.tell(str(last))
                assert (follower.hears(), follower.hears()) == ("True", "done")


CROWDED = """
    import resource, sys
    from dbsupport import Notes
    import zlmdb
    unlimited = resource.getrlimit(resource.RLIMIT_AS)
    def limit(more):
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + more, unlimited[1]))
    def refusal(error, function, *arguments):
        try:
            function(*arguments)
        except error as refused:
            return "address space" in str(refused)
    limit(2**32)
    with zlmdb.open(sys.argv[1], [Notes], durability="unsafe") as db:
        def fill(first, last):
            for number in range(first, last):
                def put(txn):
                    txn[Notes][number] = chr(97 + number % 26) * 2**18
                db.write(put)
        fill(0, 4)
        limit(2**23)
        print(refusal(zlmdb.DatabaseFull, fill, 4, 80))
        with db.begin() as txn:
            print(len(txn[Notes]), flush=True)
        sys.stdin.readline()
        print(refusal(zlmdb.DatabaseError, db.begin().__enter__))
        print(refusal(zlmdb.DatabaseError, db.begin(write=True).__enter__))
        resource.setrlimit(resource.RLIMIT_AS, unlimited)
        fill(80, 120)
        print("done", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits on address space are kept on Linux only")
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
def test_a_map_that_cannot_grow_for_lack_of_address_space_stays_as_it_is(
    path: str, tmp_path: Path, lib_version: str
) -> None:
    zlmdb.open(path, [Notes], lib_version=lib_version).close()
    with child(CROWDED, tmp_path, path) as crowded:
        assert crowded.hears() == "True"
        fitted = int(crowded.hears())
        with zlmdb.open(path, [Notes], durability="unsafe") as db:
            assert_texts(db, fitted, MB // 4)
            texts(db, fitted, 80, MB // 4)
            crowded.tell()
            assert [crowded.hears() for _ in range(3)] == ["True", "True", "done"]
            assert_texts(db, 120, MB // 4)


@pytest.mark.parametrize("options", [{"maxsize": MB}, {"writemap": True}], ids=str)
@pytest.mark.parametrize("lib_version", ["0.9", "1.0"])
@pytest.mark.parametrize("moment", ["before", "behind"])
def test_a_file_that_is_growing_is_opened(
    path: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    lib_version: str,
    options: dict[str, Any],
) -> None:
    """It grows between looking how long it is, opening it, and reading it for the first time."""
    zlmdb.open(path, [Notes], lib_version=lib_version).close()
    original = lmdb.open
    with child(GROWER, tmp_path, path) as grower:
        grower.tell("0 1")
        assert grower.hears() == "done"
        calls = []

        def grow() -> None:
            grower.tell("1 20")
            assert grower.hears() == "done"

        def opened(*arguments: Any, **given: Any) -> Any:
            calls.append(given["map_size"])
            if len(calls) > 1:
                return original(*arguments, **given)
            if moment == "before":
                grow()
                raise lmdb.MapResizedError("mdb_txn_begin")
            raw = original(*arguments, **given)
            grow()
            return raw

        monkeypatch.setattr(lmdb, "open", opened)
        with zlmdb.open(path, [Notes], **options) as db:
            assert_texts(db, 20)
            with db.begin(write=True) as txn:
                txn[Notes][0] = "a" * MB
            assert_texts(db, 20)
        assert len(calls) == (2 if moment == "before" else 1)
