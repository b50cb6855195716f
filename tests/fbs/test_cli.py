"""``python -m zlmdb.fbs``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from zlmdb import fbs
from zlmdb.fbs.cli import main

RECORDS = """
import dataclasses
import zlmdb

@dataclasses.dataclass
class Trade:
    price: float
    size: zlmdb.fbs.uint32 = 1

class space:
    Inner = Trade
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "good.fbs").write_text('include "more.fbs"; table T { e: E; } root_type T;')
    (tmp_path / "bad.fbs").write_text("table T {\n\tx: flot;\n}")
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "more.fbs").write_text("enum E: byte { A }")
    (tmp_path / "records_of_a_test.py").write_text(RECORDS)
    return tmp_path


def run(*args: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, args)
    return done.exit_code, done.stdout, done.stderr


def test_check(place: Path) -> None:
    assert run("check", "good.fbs", "-I", "inc") == (0, "good.fbs: ok\n", "")
    code, out, err = run("check", "bad.fbs", "good.fbs", "-I", "inc", "gone.fbs")
    assert (code, out) == (1, "good.fbs: ok\n")
    assert err.startswith("error: bad.fbs:2:5: T.x: expected a type, found 'flot', which is not declared: did you mean")
    assert "\n    \tx: flot;\n    \t   ^\n" in err
    assert "error: expected a schema file at 'gone.fbs'" in err


def test_format(place: Path) -> None:
    text = "enum E: int8 {\n  A,\n}\n\ntable T {\n  e: E;\n}\n\nroot_type T;\n"
    assert run("format", "good.fbs", "-I", "inc") == (0, text, "")
    assert run("format", "good.fbs", "-I", "inc", "-o", "out.fbs")[0] == 0
    assert (place / "out.fbs").read_text() == text
    assert run("format", "bad.fbs", "-o", "out.fbs")[0] == 1
    assert (place / "out.fbs").read_text() == text
    code, _, err = run("format", "out.fbs", "-o", "nowhere/out.fbs")
    assert (code, err.startswith("error: expected to write nowhere/out.fbs")) == (1, True)


def test_export(place: Path) -> None:
    code, out, _ = run("export", "records_of_a_test:Trade")
    assert (code, out) == (0, "table Trade {\n  price: float64;\n  size: uint32 = 1;\n}\n\nroot_type Trade;\n")
    assert run("export", "records_of_a_test:space.Inner")[1] == out
    for name, message in (
        ("records_of_a_test", "expected MODULE:NAME"),
        ("no_such_module:X", "expected a module no_such_module"),
        ("records_of_a_test:Gone", "found no Gone"),
        ("records_of_a_test:dataclasses", "cannot be stored as FlatBuffers"),
    ):
        code, out, err = run("export", name)
        assert (code, out) == (1, "")
        assert message in err


def test_what_cannot_be_read_is_said_once(place: Path) -> None:
    done = CliRunner().invoke(main, ["check", "inc"])
    assert (done.exit_code, done.output) == (
        1,
        "error: expected a schema file at 'inc', found no regular file: check the path\n",
    )
    for text, reason in (
        ("x = (", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import nothing_here", "nothing_here"),
    ):
        name = f"broken_of_a_test_{reason.lower()}"
        (place / f"{name}.py").write_text(text)
        done = CliRunner().invoke(main, ["export", f"{name}:Trade"])
        assert done.exit_code == 1
        assert f"error: expected a module {name}, found" in done.output
        assert reason in done.output


def test_classes(place: Path) -> None:
    code, out, _ = run("classes", "good.fbs", "-I", "inc", "--kind", "attrs", "-o", "made_by_a_test.py")
    assert (code, out) == (0, "")
    text = (place / "made_by_a_test.py").read_text()
    assert text.startswith(
        '"""Record classes of the FlatBuffers schema good.fbs."""\n\nfrom __future__ import annotations\n'
    )
    assert "@attrs.define(kw_only=True)\nclass T:\n    e: Annotated[E, fbs.Field(id=0)] = E.A\n" in text
    assert run("export", "made_by_a_test:T")[1] == run("format", "good.fbs", "-I", "inc")[1]
    assert run("classes", "bad.fbs")[0] == 1


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "zlmdb.fbs", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "export" in done.stdout
    assert done.stderr == ""


def test_declaring_classes_loads_no_parser() -> None:
    program = """
import sys
from zlmdb import fbs
fbs.Field, fbs.int8, fbs.struct, fbs.table
print(sorted(name for name in sys.modules if name.startswith(("zlmdb.fbs.", "click", "numpy", "flatbuffers"))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
    for name in fbs.__all__:
        assert getattr(fbs, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = fbs.nothing
