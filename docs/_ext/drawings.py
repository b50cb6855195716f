"""Diagrams and plots, put into the page itself so that they follow the colours of the theme.

``.. drawing:: diagrams/architecture.svg`` with a text that says what is to be seen. The files are made by
``docs/diagrams/draw.py`` and ``benchmarks/plots.py``, and kept: a build needs neither graphviz nor the benchmarks.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives

#: The widest drawing, in pixels, whose text can still be read when it is made to fit a telephone.
READABLE = 620


class Drawing(Directive):
    """A figure with an SVG file inside the page.

    The argument is the file, from docs/_static on; the content is the caption; ``alt`` says what is to be seen.
    ``narrow`` names a drawing of the same that is shown on a telephone. Without one, a drawing that a telephone would
    make unreadable keeps its size there, and scrolls.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "alt": directives.unchanged_required,
        "width": directives.unchanged,
        "narrow": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """The figure."""
        alt = self.options.get("alt")
        if not alt:
            raise self.error("drawing: expected :alt:, what is to be seen, for those who cannot see it")
        narrow = self.options.get("narrow")
        figure = nodes.container(classes=["drawing"])
        figure += self._picture(self.arguments[0], alt, "on-wide" if narrow else "")
        if narrow:
            figure += self._picture(narrow, alt, "on-narrow")
        if self.content:
            caption = nodes.container(classes=["drawing-caption"])
            self.state.nested_parse(self.content, self.content_offset, caption)
            figure += caption
        return [figure]

    def _picture(self, name: str, alt: str, where: str) -> nodes.Node:
        env = self.state.document.settings.env
        path = Path(env.srcdir) / "_static" / name
        env.note_dependency(str(path))
        try:
            svg = path.read_text()
        except FileNotFoundError:
            raise self.error(f"drawing: expected a file {path}") from None
        label = html.escape(alt, quote=True)
        width = f' style="max-width: {html.escape(self.options["width"])}"' if "width" in self.options else ""
        found = re.search(r'<svg[^>]* width="(\d+)(pt)?', svg)
        pixels = int(found[1]) * (4 / 3 if found[2] else 1) if found else 0
        keeps = "keeps-size" if pixels > READABLE else ""
        classes = " ".join(filter(None, ("drawing-picture", where, keeps)))
        picture = f'<div class="{classes}" role="img" aria-label="{label}" tabindex="0"{width}>{svg}</div>'
        return nodes.raw("", picture, format="html")


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
