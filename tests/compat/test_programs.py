"""Programs written for the earlier release print the same here as there."""

import difflib
import sys
from pathlib import Path

import pytest
import record

PROGRAMS = record.programs()
ROOT = str(record.HERE.parent.parent)


def different(expected: str, found: str, there: str, here: str) -> str:
    """The first lines that differ, or nothing."""
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), there, here, lineterm="", n=1)
    return "\n".join(line[:400] for _, line in zip(range(40), lines, strict=False))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_a_program_prints_what_it_printed_with_the_earlier_release(program: Path, tmp_path: Path) -> None:
    if program.stem == "compression_snappy":
        pytest.importorskip("snappy", reason="snappy compression needs python-snappy")
    expected = (record.HERE / "expected" / f"{program.stem}.txt").read_text(encoding="utf-8")
    found = record.output_of(sys.executable, program, str(tmp_path), ROOT)
    if expected != found:
        pytest.fail(different(expected, found, "earlier release", "this package"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_the_recorded_text_is_what_the_earlier_release_prints(program: Path, tmp_path: Path, earlier: str) -> None:
    expected = (record.HERE / "expected" / f"{program.stem}.txt").read_text(encoding="utf-8")
    found = record.output_of(earlier, program, str(tmp_path))
    if expected != found:
        pytest.fail(different(expected, found, "recorded", "live"))


def test_every_program_has_its_text_and_every_text_its_program() -> None:
    texts = {path.stem for path in (record.HERE / "expected").glob("*.txt")}
    assert texts == {program.stem for program in PROGRAMS}
    assert len(PROGRAMS) >= 20
