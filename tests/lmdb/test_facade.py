"""zlmdb.lmdb is py-lmdb: the same objects under the same names, in either implementation of it."""

import ast
import asyncio
import importlib
import os
import pickle
import subprocess
import sys
import types
from pathlib import Path
from unittest import mock

import lmdb
import lmdb.aio
import lmdb.tool
import lmdb.verify
import pytest

import zlmdb.lmdb

PACKAGE = Path(zlmdb.lmdb.__file__).resolve().parent
SUBMODULES = ("aio", "tool", "verify")
IMPLEMENTATION = "cffi" if lmdb.Environment.__module__ == "lmdb.cffi" else "cpython"
# What a module says of itself, and what the import system puts there.
OWN = {name for name in dir(types) if name.startswith("__")} | {"__path__", "__all__"}


def python(*args: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k != "COLUMNS"} | settings
    env["PYTHONPATH"] = os.pathsep.join([str(PACKAGE.parents[1]), *filter(None, [env.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def result_of(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return done.returncode, done.stdout, done.stderr


class TestNames:
    def test_every_name_of_lmdb_is_there_and_is_the_same_object(self) -> None:
        names = set(dir(lmdb)) - OWN
        assert {"open", "version", "enable_drop_gil", "Environment", "_Database", "_reading_docs"} < names
        assert {n: getattr(zlmdb.lmdb, n) for n in names} == {n: getattr(lmdb, n) for n in names}
        assert [n for n in names if getattr(zlmdb.lmdb, n) is not getattr(lmdb, n)] == []

    def test_names_that_are_no_modules_can_be_listed(self) -> None:
        objects = {n for n in set(dir(lmdb)) - OWN if not isinstance(getattr(lmdb, n), types.ModuleType)}
        assert objects <= set(dir(zlmdb.lmdb))

    def test_all_version_and_implementation(self) -> None:
        assert zlmdb.lmdb.__all__ == lmdb.__all__  # type: ignore[attr-defined]
        assert zlmdb.lmdb.__version__ == lmdb.__version__
        assert zlmdb.lmdb.version() == lmdb.version()
        assert [zlmdb.lmdb.version(lib_version=v)[:2] for v in (0, 1)] == [(0, 9), (1, 0)]
        assert getattr(zlmdb.lmdb, IMPLEMENTATION) is getattr(lmdb, IMPLEMENTATION)

    def test_star_import_gives_what_all_lists(self) -> None:
        ours: dict[str, object] = {}
        theirs: dict[str, object] = {}
        exec("from zlmdb.lmdb import *", ours)
        exec("from lmdb import *", theirs)
        ours.pop("__builtins__")
        theirs.pop("__builtins__")
        assert set(ours) == set(lmdb.__all__)
        assert ours == theirs

    def test_exceptions_are_the_same_classes(self) -> None:
        errors = {n for n, v in vars(lmdb).items() if isinstance(v, type) and issubclass(v, Exception)}
        assert len(errors) >= 27
        for name in errors:
            assert getattr(zlmdb.lmdb, name) is getattr(lmdb, name)
            assert issubclass(getattr(zlmdb.lmdb, name), zlmdb.lmdb.Error)

    def test_an_error_of_one_is_caught_under_the_name_of_the_other(self, tmp_path: Path) -> None:
        with pytest.raises(lmdb.Error, match="No such file or directory"):
            zlmdb.lmdb.open(str(tmp_path / "absent"), create=False)
        with zlmdb.lmdb.open(str(tmp_path)) as env:
            txn = env.begin()
            with pytest.raises(lmdb.ReadonlyError) as caught:
                txn.put(b"k", b"v")
        assert type(caught.value) is zlmdb.lmdb.ReadonlyError
        assert pickle.loads(pickle.dumps(zlmdb.lmdb.ReadonlyError)) is lmdb.ReadonlyError

    def test_an_unknown_name_is_refused_with_the_place_and_the_release(self) -> None:
        expected = f"module 'zlmdb.lmdb' has no attribute 'opn': it offers what py-lmdb {lmdb.__version__} offers"
        with pytest.raises(AttributeError, match=expected) as caught:
            zlmdb.lmdb.opn  # type: ignore[attr-defined]  # noqa: B018
        assert caught.value.name == "opn"
        with pytest.raises(ImportError, match=r"cannot import name 'opn' from 'zlmdb\.lmdb'"):
            from zlmdb.lmdb import opn  # type: ignore[attr-defined]  # noqa: F401
        with pytest.raises(ModuleNotFoundError, match=r"No module named 'zlmdb\.lmdb\.opn'"):
            importlib.import_module("zlmdb.lmdb.opn")


class TestSubmodules:
    @pytest.mark.parametrize("name", [*SUBMODULES, "_config", "_envid", IMPLEMENTATION])
    def test_each_spelling_of_the_import_gives_the_module_of_lmdb(self, name: str) -> None:
        target = importlib.import_module(f"lmdb.{name}")
        assert importlib.import_module(f"zlmdb.lmdb.{name}") is target
        assert getattr(zlmdb.lmdb, name) is target
        scope: dict[str, object] = {}
        exec(f"import zlmdb.lmdb.{name} as a\nfrom zlmdb.lmdb import {name} as b", scope)
        assert scope["a"] is scope["b"] is target

    def test_the_other_implementation_is_not_made_up(self) -> None:
        other = {"cffi": "cpython", "cpython": "cffi"}[IMPLEMENTATION]
        try:
            expected = importlib.import_module(f"lmdb.{other}")
        except ImportError:
            with pytest.raises(ImportError):
                importlib.import_module(f"zlmdb.lmdb.{other}")
        else:
            assert importlib.import_module(f"zlmdb.lmdb.{other}") is expected

    @pytest.mark.parametrize("spelling", ["import zlmdb.lmdb.{0}", "from zlmdb.lmdb import {0}", "zlmdb.lmdb.{0}"])
    @pytest.mark.parametrize("name", SUBMODULES)
    def test_a_submodule_is_loaded_when_first_used(self, tmp_path: Path, name: str, spelling: str) -> None:
        code = (
            "import sys, zlmdb.lmdb\n"
            "lazy = {'lmdb.aio', 'lmdb.tool', 'lmdb.verify'}\n"
            "def seen(): return sorted(lazy & set(sys.modules))\n"
            "before = seen()\n" + spelling.format(name) + "\n"
            f"print(before, seen(), sys.modules['zlmdb.lmdb.{name}'] is sys.modules['lmdb.{name}'])"
        )
        assert result_of(python("-c", code, cwd=tmp_path)) == (0, f"[] ['lmdb.{name}'] True\n", "")

    def test_patches_reach_the_functions_of_the_module(self, tmp_path: Path) -> None:
        with lmdb.open(str(tmp_path)) as env:
            env.sync(True)
        original = lmdb.tool.cmd_stat
        with mock.patch("zlmdb.lmdb.tool.cmd_stat") as patched:
            zlmdb.lmdb.tool.main(["-e", str(tmp_path), "stat"])
            vars(lmdb.tool)["ENV"].close()
        assert [call.args[1] for call in patched.call_args_list] == [[]]
        assert lmdb.tool.cmd_stat is original
        with mock.patch("zlmdb.lmdb.aio.wrap") as wrap:
            assert lmdb.aio.wrap is wrap

    @pytest.mark.parametrize("name", SUBMODULES)
    def test_type_checkers_are_told_of_every_public_name(self, name: str) -> None:
        module = importlib.import_module(f"lmdb.{name}")
        # What the module imported from elsewhere is not its own; ENV is an instance once the tool has run.
        public = {
            n
            for n, value in vars(module).items()
            if not n.startswith("_")
            and not isinstance(value, types.ModuleType)
            and (getattr(value, "__module__", module.__name__) == module.__name__ or n == "ENV")
        }
        tree = ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))
        (static,) = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
        told = {n.name for n in static.body if isinstance(n, ast.FunctionDef)}
        for node in static.body:
            if isinstance(node, ast.ImportFrom) and node.module == module.__name__:
                told |= {alias.asname for alias in node.names if alias.asname == alias.name}
        assert told == public


class TestCommandLine:
    @pytest.fixture
    def database(self, tmp_path: Path) -> Path:
        path = tmp_path / "db"
        with lmdb.open(str(path), max_dbs=2, map_size=1 << 20) as env:
            named = env.open_db(b"named", dupsort=True)
            with env.begin(write=True) as txn:
                for number in range(300):
                    txn.put(b"key %03d" % number, b"x" * number)
                    txn.put(b"dup", b"%d" % number, db=named)
        return path

    @pytest.mark.parametrize(
        "command",
        [
            "--help",
            "-e {} stat",
            "-e {} verify",
            "verify {}",
            "-r -e {} get dup -d named",
            "-e {} readers",
            "-e {}",
            "",
            "-e {}/absent stat",
            "-e {} nonsense",
            "verify {}/absent",
            "-e {} dump main=main.cdbmake",
        ],
    )
    def test_says_and_does_what_py_lmdb_does(self, database: Path, tmp_path: Path, command: str) -> None:
        args = command.format(database).split()
        results = {}
        for package in ("lmdb", "zlmdb.lmdb"):
            cwd = tmp_path / package
            cwd.mkdir()
            done = python("-m", package, *args, cwd=cwd)
            # A traceback names the files it went through, and those differ; its last line is the error.
            errors = done.stderr.splitlines()[-1:] if "Traceback" in done.stderr else done.stderr
            files = {p.name: p.read_bytes() for p in cwd.iterdir()}
            results[package] = (done.returncode, done.stdout, errors, files)
        assert results["zlmdb.lmdb"] == results["lmdb"]
        assert results["lmdb"][1] or results["lmdb"][2] or results["lmdb"][3]

    def test_known_answers(self, database: Path, tmp_path: Path) -> None:
        code, out, _ = result_of(python("-m", "zlmdb.lmdb", "--help", cwd=tmp_path))
        assert (code, out[:6]) == (0, "Usage:")
        assert " verify " in out
        code, out, _ = result_of(python("-m", "zlmdb.lmdb", "-e", str(database), "stat", cwd=tmp_path))
        assert code == 0
        assert "'entries': 301" in out  # the rows, and the record of the named database
        code, out, _ = result_of(python("-m", "zlmdb.lmdb", "verify", str(database), cwd=tmp_path))
        assert code == 0
        assert "OK" in out

    def test_verify_finds_damage_and_fails(self, database: Path, tmp_path: Path) -> None:
        data = database / "data.mdb"
        content = bytearray(data.read_bytes())
        for start in range(2 * 4096, len(content), 4096):
            content[start + 10 : start + 16] = b"\xff" * 6
        data.write_bytes(content)
        ours, theirs = (python("-m", p, "verify", str(database), cwd=tmp_path) for p in ("zlmdb.lmdb", "lmdb"))
        assert result_of(ours) == result_of(theirs)
        assert ours.returncode == 1
        assert zlmdb.lmdb.verify.verify(database) == lmdb.verify.verify(database) != []  # type: ignore[no-untyped-call]

    def test_the_tool_runs_as_a_module_too(self, database: Path, tmp_path: Path) -> None:
        args = ("-e", str(database), "stat")
        ours, theirs = (python("-m", f"{p}.tool", *args, cwd=tmp_path) for p in ("zlmdb.lmdb", "lmdb"))
        assert result_of(ours) == result_of(theirs)
        assert ours.returncode == 0
        assert "'entries': 301" in ours.stdout


class TestFiles:
    @pytest.mark.parametrize("lib_version", [0, 1])
    @pytest.mark.parametrize(("maker", "reader"), [(lmdb, zlmdb.lmdb), (zlmdb.lmdb, lmdb)])
    def test_a_database_of_either_opens_in_the_other(
        self, tmp_path: Path, maker: types.ModuleType, reader: types.ModuleType, lib_version: int
    ) -> None:
        rows = [(b"%d" % n, b"v" * n) for n in range(0, 9000, 1000)]
        with maker.open(str(tmp_path), max_dbs=1, lib_version=lib_version) as env:
            db = env.open_db(b"rows")
            with env.begin(write=True, db=db) as txn:
                assert txn.cursor().putmulti(rows) == (len(rows), len(rows))
        with reader.open(str(tmp_path), max_dbs=1) as env:
            assert env.lib_version()[:2] == [(0, 9), (1, 0)][lib_version]
            assert env.max_key_size() == [511, 1978][lib_version]
            assert env.dbs() == [b"rows"]
            with env.begin(write=True, db=env.open_db(b"rows", create=False)) as txn:
                assert list(txn.cursor()) == sorted(rows)
                assert txn.put(b"more", b"")
        assert reader.verify.verify(str(tmp_path)) == []
        with maker.open(str(tmp_path), max_dbs=1) as env:
            db = env.open_db(b"rows", create=False)
            with env.begin(db=db) as txn:
                assert list(txn.cursor()) == sorted([*rows, (b"more", b"")])

    def test_the_other_format_of_an_existing_file_is_refused(self, tmp_path: Path) -> None:
        zlmdb.lmdb.open(str(tmp_path), lib_version=0).close()
        with pytest.raises(zlmdb.lmdb.InvalidError):
            zlmdb.lmdb.open(str(tmp_path), lib_version=1)

    def test_an_environment_is_open_once_under_both_names(self, tmp_path: Path) -> None:
        with zlmdb.lmdb.open(str(tmp_path)), pytest.raises(lmdb.Error, match="already open in this process"):
            lmdb.open(str(tmp_path))


def test_a_low_level_program(tmp_path: Path) -> None:
    """Cursors, appending, duplicates, named databases, buffers, and a nested transaction."""
    from zlmdb.lmdb import Cursor, Environment, Transaction

    with Environment(str(tmp_path), max_dbs=3, lib_version=1) as env:
        words = env.open_db(b"words")
        tags = env.open_db(b"tags", dupsort=True)
        with env.begin(write=True) as txn:
            assert isinstance(txn, Transaction)
            for word in (b"alpha", b"beta", b"gamma"):
                assert txn.put(word, word.upper(), db=words, append=True)
            assert not txn.put(b"beta", b"other", db=words, overwrite=False)
            assert not txn.put(b"aardvark", b"", db=words, append=True)
            for tag in (b"red", b"blue", b"red", b"green"):
                txn.put(b"beta", tag, db=tags)
            with env.begin(parent=txn, write=True) as child:
                child.delete(b"gamma", db=words)
                child.abort()
        with env.begin(db=words, buffers=True) as reader, reader.cursor() as views:
            assert isinstance(views, Cursor)
            assert [bytes(key) for key in views.iternext(values=False)] == [b"alpha", b"beta", b"gamma"]
            assert [bytes(value) for value in views.iterprev(keys=False)] == [b"GAMMA", b"BETA", b"ALPHA"]
            assert views.set_range(b"b")
            assert not isinstance(views.key(), bytes)
            assert (bytes(views.key()), bytes(views.value())) == (b"beta", b"BETA")
        with env.begin(db=tags) as txn, txn.cursor() as cursor:
            assert cursor.set_key(b"beta")
            assert cursor.count() == 3
            assert list(cursor.iternext_dup()) == [b"blue", b"green", b"red"]
            assert cursor.getmulti([b"beta", b"none"], dupdata=True) == [
                (b"beta", t) for t in (b"blue", b"green", b"red")
            ]
            assert txn.stat(tags)["entries"] == 3


def test_the_asynchronous_face(tmp_path: Path) -> None:
    async def program() -> bytes | None:
        with zlmdb.lmdb.open(str(tmp_path)) as env:
            wrapped = zlmdb.lmdb.aio.wrap(env)
            async with wrapped.begin(write=True) as txn:
                await txn.put(b"k", b"v")
            async with wrapped.begin() as txn:
                return await txn.get(b"k")

    assert asyncio.run(program()) == b"v"


def test_the_cffi_implementation_is_offered_the_same_way(tmp_path: Path) -> None:
    probe = python("-W", "ignore", "-c", "import lmdb.cffi", cwd=tmp_path, LMDB_FORCE_CFFI="1")
    if probe.returncode != 0:
        pytest.skip(
            f"the installed lmdb has no CFFI implementation: {probe.stderr.strip().splitlines()[-1]}; "
            f"install cffi and build lmdb from source with LMDB_FORCE_CFFI=1"
        )
    code = (
        "import lmdb, zlmdb.lmdb, zlmdb.lmdb.cffi\n"
        "assert zlmdb.lmdb.cffi is lmdb.cffi\n"
        "assert zlmdb.lmdb.Environment is lmdb.Environment is lmdb.cffi.Environment\n"
        "assert all(getattr(zlmdb.lmdb, n) is getattr(lmdb, n) for n in lmdb.__all__)\n"
        "for version in (0, 1):\n"
        "    with zlmdb.lmdb.open(f'db{version}', lib_version=version) as env:\n"
        "        with env.begin(write=True) as txn:\n"
        "            txn.put(b'k', b'v%d' % version)\n"
        "        with env.begin() as txn:\n"
        "            print(list(txn.cursor()))\n"
    )
    done = python("-W", "ignore", "-c", code, cwd=tmp_path, LMDB_FORCE_CFFI="1")
    assert result_of(done) == (0, "[(b'k', b'v0')]\n[(b'k', b'v1')]\n", "")
