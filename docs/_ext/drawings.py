"""Diagrams and plots, put into the page itself so that they follow the colours of the theme.

``.. drawing:: diagrams/architecture.svg`` with a text that says what is to be seen. The files are made by
``docs/diagrams/draw.py`` and ``benchmarks/plots.py``, and kept: a build needs neither graphviz nor the benchmarks.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives


class Drawing(Directive):
    """A figure with an SVG file inside the page.

    The argument is the file, from docs/_static on; the content is the caption; ``alt`` says what is to be seen.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required, "width": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """The figure."""
        env = self.state.document.settings.env
        path = Path(env.srcdir) / "_static" / self.arguments[0]
        env.note_dependency(str(path))
        alt = self.options.get("alt")
        if not alt:
            raise self.error("drawing: expected :alt:, what is to be seen, for those who cannot see it")
        try:
            svg = path.read_text()
        except FileNotFoundError:
            raise self.error(f"drawing: expected a file {path}") from None
        label = html.escape(alt, quote=True)
        width = f' style="max-width: {html.escape(self.options["width"])}"' if "width" in self.options else ""
        figure = nodes.container(classes=["drawing"])
        picture = f'<div class="drawing-picture" role="img" aria-label="{label}" tabindex="0"{width}>{svg}</div>'
        figure += nodes.raw("", picture, format="html")
        if self.content:
            caption = nodes.container(classes=["drawing-caption"])
            self.state.nested_parse(self.content, self.content_offset, caption)
            figure += caption
        return [figure]


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("drawing", Drawing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
