"""What the tests of defects share."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import uuid
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import samples

import zlmdb

ROOT = Path(__file__).parent.parent.parent


NUMBERS = count(1)


def u(number: int) -> uuid.UUID:
    return uuid.UUID(int=number)


def ns(number: int) -> np.datetime64:
    return np.datetime64(number, "ns")


def declare(base: Any, name: str = "Table", **arguments: Any) -> Any:
    """A table class over `base`, with an identity of its own."""
    return zlmdb.table(uuid.uuid5(uuid.NAMESPACE_OID, f"defects {next(NUMBERS)}"), **arguments)(type(name, (base,), {}))


def rows_of(base: Any = None, **arguments: Any) -> Any:
    return declare(base or zlmdb.MapOidCbor, "Rows", marshal=samples.same, parse=samples.same, **arguments)


def run_python(
    code: str, folder: Path, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run `code` in another interpreter, in `folder`, with this package and the helpers here to import."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])}
    return subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code), *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def everything(txn: Any, *tables: Any) -> list[list[Any]]:
    return [list(table.select(txn)) for table in tables]


def kept_file(tmp_path: Path, name: str) -> tuple[str, dict[str, Any]]:
    files = Path(__file__).parent / "files"
    shutil.copytree(files / name, tmp_path / "kept")
    return str(tmp_path / "kept"), json.loads((files / f"{name}.json").read_text(encoding="utf-8"))
