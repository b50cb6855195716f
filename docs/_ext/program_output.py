"""``.. program-output:: quickstart``: what a program of examples/ prints, from running it while the site is built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive

EXAMPLES = Path(__file__).parents[2] / "examples"


def output(name: str) -> str:
    """What an example prints.

    It runs in an interpreter of its own: autodoc adds to the annotations of classes, which schemas are made of.
    """
    program = EXAMPLES / f"{name}.py"
    return subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=True).stdout.rstrip()


class ProgramOutput(Directive):
    """A block with what an example prints."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The block."""
        text = output(self.arguments[0])
        return [nodes.literal_block(text, text, language="output", classes=["output"])]


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("program-output", ProgramOutput)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
