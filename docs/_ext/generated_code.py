"""The code that a table is compiled to, as it is at the time of the build.

``.. compiled:: schemas.addressbook.Users`` with ``:section:`` and ``:functions:`` shows functions of it.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives

import zlmdb


def functions(table: Any, section: str) -> dict[str, str]:
    """The source of the functions of one of the classes that a table is compiled to, by name.

    Args:
        table: a table class.
        section: "attached" or "in a transaction".
    """
    parts = re.split(r"^# (.*)\n", zlmdb.compiled_source(table), flags=re.M)
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    text = texts[f"{table.__name__}: {section}"]
    found = re.split(r"^(?=def )", text, flags=re.M)[1:]
    return {source[4 : source.index("(")]: source.rstrip() for source in found}


class CompiledSource(Directive):
    """Some of the functions that a table is compiled to."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "section": directives.unchanged,
        "functions": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """The block of code."""
        module, _, name = self.arguments[0].rpartition(".")
        table = getattr(importlib.import_module(module), name)
        found = functions(table, self.options.get("section", "in a transaction"))
        wanted = self.options["functions"].split()
        missing = [function for function in wanted if function not in found]
        if missing:
            raise self.error(f"compiled: expected functions among {', '.join(found)}, found {', '.join(missing)}")
        text = "\n\n".join(found[function] for function in wanted)
        block = nodes.literal_block(text, text, language="python", classes=["compiled-source"])
        return [block]


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("compiled", CompiledSource)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
