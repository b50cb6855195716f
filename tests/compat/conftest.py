"""Fixtures of the compatibility tests: their helpers are importable, the earlier release is optional."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import zlmdb

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


@pytest.fixture(scope="session")
def earlier() -> str:
    """The interpreter that has the earlier release, from the environment; the test is skipped without it."""
    python = os.environ.get("ZLMDB_EARLIER_PYTHON")
    if not python:
        pytest.skip("set ZLMDB_EARLIER_PYTHON to an interpreter that has the earlier release and python-snappy")
    return python


@pytest.fixture
def run_earlier(earlier: str, tmp_path: Path) -> Callable[..., str]:
    """Run one of the scripts here with the earlier release, and return what it prints."""

    def run(script: str, *arguments: Any) -> str:
        environment = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONIOENCODING": "utf-8"}
        command = [earlier, "-B", str(HERE / script), *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{script} with the earlier release ended with {done.returncode}:\n{done.stderr[-3000:]}")
        return done.stdout

    return run


@pytest.fixture(autouse=True)
def known_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry of tables for each test, so that one test's declarations do not meet another's."""
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", {})


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Any]:
    """An open database."""
    with zlmdb.Database(str(tmp_path / "db")) as database:
        yield database
