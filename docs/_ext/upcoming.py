"""``.. upcoming::``: what the fragments in changelog.d say of the next release, as towncrier gathers them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

ROOT = Path(__file__).parents[2]


def draft() -> str:
    """The fragments, gathered; empty if there are none."""
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "next", "--date", "next"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    # Above the text stand the title of the release and a line under it.
    return said.split("-" * len("next (next)"), 1)[1].strip() if "next (next)" in said else ""


class Upcoming(Directive):
    """The fragments."""

    def run(self) -> list[nodes.Node]:
        """Their paragraphs and lists."""
        env = self.state.document.settings.env
        for path in (ROOT / "changelog.d").iterdir():
            env.note_dependency(str(path))
        made = nodes.container()
        self.state.nested_parse(StringList(draft().splitlines(), "changelog.d"), self.content_offset, made)
        return list(made.children)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("upcoming", Upcoming)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
