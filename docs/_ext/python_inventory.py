"""Links to Python's own documentation, from a list of names that is kept here: the build asks no server.

The list, ``python_names.txt``, has the role, the name, and the page of each name that the pages and docstrings use.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PYTHON = "https://docs.python.org/3/"


def inventory(names: str) -> bytes:
    """The list as a Sphinx inventory."""
    lines = []
    for line in names.splitlines():
        if line and not line.startswith("#"):
            role, name, page = line.split()
            lines.append(f"{name} py:{role} 1 {page}#$ -\n")
    head = ["Sphinx inventory version 2", "Project: Python", "Version: 3"]
    head.append("The remainder of this file is compressed using zlib.")
    return "".join(f"# {line}\n" for line in head).encode() + zlib.compress("".join(lines).encode())


def add(app: Any, config: Any) -> None:
    """Write the inventory where the build keeps what it makes, and point intersphinx to it."""
    made = Path(app.doctreedir) / "python.inv"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_bytes(inventory((HERE / "python_names.txt").read_text()))
    config.intersphinx_mapping = {"python": (PYTHON, str(made))}


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("config-inited", add, priority=100)  # before intersphinx reads its mapping
    return {"parallel_read_safe": True, "parallel_write_safe": True}
