"""The program in C++ that a recipe shows: it reads what zlmdb writes, and zlmdb reads what it writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import zlmdb
from tests.docs import blocks
from tests.fbs.flatc import flatc, needs_flatc

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
COMPILER = shutil.which("c++") or shutil.which("g++")


@needs_flatc
@pytest.mark.skipif(COMPILER is None, reason="needs a compiler of C++")
def test_a_program_in_another_language_reads_and_writes_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zlmdb, "TABLES_BY_UUID", dict(zlmdb.TABLES_BY_UUID))
    page = RECIPES / "schemas.rst"
    # Run without the program's answer, the page writes the schema and the row, and leaves out what needs the answer.
    blocks.run(blocks.examples(page.read_text("utf-8"), str(page)), "schemas_recipe_before")
    flatc("--cpp", "reading.fbs", cwd=tmp_path)
    (tmp_path / "exchange.cpp").write_text((RECIPES / "exchange.cpp").read_text("utf-8"), "utf-8")
    built = subprocess.run(
        [str(COMPILER), "-o", "exchange", "exchange.cpp"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    if "flatbuffers/flatbuffers.h" in built.stderr and built.returncode:
        pytest.skip("needs the headers of FlatBuffers: install the package libflatbuffers-dev")
    assert built.returncode == 0, built.stderr
    said = subprocess.run([tmp_path / "exchange"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout == "Bonn 1767268800000000 4.5\n"
    for left in tmp_path.glob("*.zdb"):
        shutil.rmtree(left)
    blocks.run(blocks.examples(page.read_text("utf-8"), str(page)), "schemas_recipe")
    assert (tmp_path / "readings.zdb").exists()  # what needs the answer has run
