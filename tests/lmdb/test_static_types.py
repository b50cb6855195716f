"""What type checkers know of zlmdb.lmdb: each name with py-lmdb's own types, and no name that is absent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import zlmdb.lmdb

pytest.importorskip("mypy", reason="mypy is not installed: install it to check what type checkers see")

PROGRAM = """\
import zlmdb.lmdb as lmdb
import zlmdb.lmdb.tool
from zlmdb.lmdb import Cursor, MapFullError, __version__, _Database, _reading_docs, open as open_env, verify
from zlmdb.lmdb.aio import AsyncEnvironment, wrap

env = lmdb.open("db", lib_version=1)
reveal_type(env)  #: lmdb.Environment
reveal_type(open_env("db"))  #: lmdb.Environment
reveal_type(env.begin())  #: lmdb.Transaction[bytes]
reveal_type(env.begin().cursor())  #: lmdb.Cursor[bytes]
reveal_type(env.begin().get(b"k"))  #: bytes | None
reveal_type(env.open_db(b"name"))  #: lmdb._Database
reveal_type(env.stat()["entries"])  #: int
reveal_type(lmdb.version())  #: tuple[int, int, int]
reveal_type(__version__)  #: str
reveal_type(_reading_docs())  #: bool
reveal_type(MapFullError("put").code)  #: int
reveal_type(wrap(env))  #: lmdb.aio.AsyncEnvironment
reveal_type(lmdb.aio.wrap(env))  #: lmdb.aio.AsyncEnvironment
reveal_type(verify.verify("db"))  #: list[str]
reveal_type(verify.NUM_METAS)  #: int
zlmdb.lmdb.tool.main(["verify", "db"])
database: _Database = env.open_db()
cursor: Cursor[memoryview] = env.begin(buffers=True).cursor()
wrapped: AsyncEnvironment = wrap(env)
env.put(b"k", b"v")  #! "Environment" has no attribute "put"
env.begin(write="yes")  #! No overload variant of "begin" of "Environment" matches
lmdb.opn("db")  #! Module has no attribute "opn"
lmdb.aio.wrapp(env)  #! Module has no attribute "wrapp"
"""


def test_mypy_strict_knows_every_name(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    env = os.environ | {"MYPYPATH": str(Path(zlmdb.lmdb.__file__).resolve().parents[2])}
    # Silent: what mypy thinks of the package itself is asked elsewhere.
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache"), "program.py"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    said: dict[int, str] = {}
    for line in done.stdout.splitlines():
        # A refused overload is explained in further notes on the same line: the first message is the verdict.
        _, number, text = line.split(":", 2)
        said.setdefault(int(number), text)
    for at, code in enumerate(PROGRAM.splitlines(), 1):
        if "#: " in code:
            assert said.pop(at, "nothing") == f' note: Revealed type is "{code.split("#: ")[1]}"', code
        elif "#! " in code:
            assert code.split("#! ")[1] in said.pop(at, "nothing"), code
    assert said == {}, done.stderr
