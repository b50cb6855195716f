"""The FlatBuffers compiler, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FLATC = shutil.which("flatc")

needs_flatc = pytest.mark.skipif(
    FLATC is None,
    reason="needs the FlatBuffers compiler: install the package flatbuffers-compiler, or put flatc on the path",
)


def flatc(*args: str | Path, cwd: Path) -> str:
    """What the compiler prints.

    Raises:
        AssertionError: if it refuses.
    """
    done = subprocess.run([str(FLATC), *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def refuses(*args: str | Path, cwd: Path) -> bool:
    """True if the compiler refuses."""
    done = subprocess.run([str(FLATC), *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=60)
    return done.returncode != 0
