"""What users may rely on changes on purpose only."""

from __future__ import annotations

import difflib

from tests import public_api


def test_the_public_interface_is_the_one_that_is_written_down() -> None:
    written, found = public_api.SNAPSHOT.read_text(), public_api.snapshot()
    difference = list(difflib.unified_diff(written.splitlines(), found.splitlines(), "written", "found", lineterm=""))
    assert difference == [], "if this is meant, run python -m tests.public_api, and say in the changelog what changes"


def test_the_snapshot_knows_signatures_and_what_is_inherited() -> None:
    lines = public_api.SNAPSHOT.read_text().splitlines()
    assert any(line.startswith("    begin(self, write: 'bool' = False, buffers: 'bool' = False, ") for line in lines)
    assert "class zlmdb.errors.KeyTooLong(KeyValueError)" in lines
    assert "zlmdb.Uuid is zlmdb.keys.Uuid" in lines
    assert "class zlmdb.MapUuidCbor(Map)" in lines
    assert not [line for line in lines if " at 0x" in line]
