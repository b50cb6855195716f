"""What mypy and pyright know of programs that declare schemas, in both styles; and that they refuse wrong ones."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zlmdb
from tests.typing.programs import PROGRAMS

PACKAGE = Path(zlmdb.__file__).resolve().parents[1]

#: The shape of what a checker says: line -> (revealed type or None, errors).
Said = dict[int, tuple[str | None, list[str]]]


def plain(revealed: str) -> str:
    """A type as both checkers mean it, without module names."""
    revealed = re.sub(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z])", "", revealed).replace("builtins.", "")
    return revealed.replace("Literal['", "").replace("']", "")


def mypy(path: Path) -> Said:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed: install it to check what type checkers see")
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", "--no-error-summary"]
    done = subprocess.run(
        [*command, "--config-file=", "--cache-dir", str(path.parent / "cache"), path.name],
        cwd=path.parent,
        env=os.environ | {"MYPYPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.stderr == ""
    said: Said = {}
    for line in done.stdout.splitlines():
        _, number, kind, text = (part.strip() for part in line.split(":", 3))
        _, errors = said.setdefault(int(number), (None, []))
        if kind == "error":
            errors.append(text)
        elif text.startswith("Revealed type is"):
            said[int(number)] = (plain(text.removeprefix("Revealed type is ").strip('"')), errors)
    return said


def pyright(path: Path) -> Said:
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed: install it to check what type checkers see")
    config = {"extraPaths": [str(PACKAGE)], "typeCheckingMode": "standard", "pythonVersion": "3.11"}
    (path.parent / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable, path.name],
        cwd=path.parent,
        env=os.environ | {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        pytest.skip(f"pyright does not run here: {(done.stderr or done.stdout).strip()[-300:]}")
    said: Said = {}
    for found in report["generalDiagnostics"]:
        number = found["range"]["start"]["line"] + 1
        _, errors = said.setdefault(number, (None, []))
        match = re.fullmatch(r'Type of ".*" is "(.*)"', found["message"], re.DOTALL)
        if found["severity"] == "information" and match:
            said[number] = (plain(match[1]), errors)
        elif found["severity"] == "error":
            errors.append(found["message"])
    return said


CHECKERS = {"mypy": mypy, "pyright": pyright}


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_types_are_inferred_and_mistakes_refused(tmp_path: Path, program: str, checker: str) -> None:
    source = PROGRAMS[program]
    path = tmp_path / f"{program}.py"
    path.write_text(source, encoding="utf-8")
    said = CHECKERS[checker](path)
    wrong = []
    for number, line in enumerate(source.splitlines(), 1):
        revealed, errors = said.get(number, (None, []))
        code, _, expected = line.partition("  #")
        if expected.startswith(": ") and (revealed, errors) != (expected[2:], []):
            wrong.append(f"{number}: {code.strip()}\n    expected {expected[2:]}, found {revealed} {errors}")
        elif expected.startswith("!") and not errors:
            wrong.append(f"{number}: {code.strip()}\n    expected an error, found none")
        elif not expected and errors:
            wrong.append(f"{number}: {code.strip()}\n    expected nothing, found {errors}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(zlmdb.__file__).parent / "py.typed").is_file()
