"""Type checkers take the modules that are written of schemas, and know their classes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from tests.fbs.test_classes import HIDING
from zlmdb import fbs

PACKAGE = Path(zlmdb.__file__).resolve().parents[1]
SCHEMAS = {"market": PACKAGE / "schemas" / "market.fbs", "wide": Path(__file__).with_name("wide.fbs")}

PROGRAM = """
import zlmdb
from zlmdb import fbs
from market_attrs_list import Message, Side, Trade, Trade as T

class Trades(zlmdb.MapUuidFlatBuffers[Trade]):
    pass

def use(txn: zlmdb.Transaction, message: Message) -> None:
    for trade in txn[Trades].values():
        reveal_type(trade.side)  # Side
        reveal_type(fbs.detach(trade).latency)  # int | None
    reveal_type(message.tags)  # list[str] | None
    if isinstance(message.event, T):
        reveal_type(message.event.size)  # int
"""


@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="needs mypy, to check what type checkers see")
def test_mypy_takes_the_modules(tmp_path: Path) -> None:
    kinds: list[tuple[Any, Any]] = [("dataclass", "list"), ("attrs", "list"), ("struct", "numpy")]
    for name, path in SCHEMAS.items():
        for kind, arrays in kinds:
            source = fbs.classes_source(fbs.parse_file(path), kind, arrays)
            (tmp_path / f"{name}_{kind}_{arrays}.py").write_text(source, encoding="utf-8")
    for kind, arrays in kinds:
        source = fbs.classes_source(fbs.parse(HIDING), kind, arrays)
        (tmp_path / f"hiding_{kind}_{arrays}.py").write_text(source, encoding="utf-8")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--config-file=", "--cache-dir", str(tmp_path / "cache"), *sorted(os.listdir(tmp_path))],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": f"{PACKAGE}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.stderr == ""
    wanted = [line.partition("# ")[2] for line in PROGRAM.splitlines() if "reveal_type" in line]
    told = [line.partition("Revealed type is ")[2].strip('"') for line in done.stdout.splitlines()]
    told = [line.replace("market_attrs_list.", "").replace("builtins.", "") for line in told]
    assert told == wanted, done.stdout
