"""Fixtures: an open database in a directory of the test's own; what is shared with other tests is importable."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import zlmdb

sys.path.insert(0, str(Path(__file__).parent.parent / "database"))


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "db")


@pytest.fixture
def db(path: str) -> Iterator[Any]:
    """An open database; whatever it holds in the end must be sound."""
    with zlmdb.open(path) as opened:
        yield opened
        if opened.is_open:
            assert opened.verify() == []
