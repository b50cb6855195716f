"""Source text that becomes functions, kept where tracebacks and debuggers find it."""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["Source"]

_numbers = itertools.count(1)


class Source:
    """Lines of Python, and the objects that they name.

    >>> source = Source("demo")
    >>> source.line(0, "def double(x):")
    >>> source.line(1, f"return x * {source.name(2, 'two')}")
    >>> source.function("double")(21)
    42
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.lines: list[str] = []
        self.scope: dict[str, Any] = {}

    def line(self, depth: int, text: str) -> None:
        """Adds a line, indented so many steps."""
        self.lines.append("    " * depth + text)

    def name(self, value: Any, hint: str) -> str:
        """A name for an object; the same object gets the same name."""
        wish = name = "".join(char if char.isalnum() else "_" for char in hint)
        for number in itertools.count(2):
            if self.scope.setdefault(name, value) is value:
                return name
            name = f"{wish}_{number}"
        raise AssertionError("unreachable")

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(self.lines) + "\n"

    def function(self, name: str) -> Callable[..., Any]:
        """Compiles the text and returns one of its functions."""
        text = self.text
        filename = f"<zlmdb {self.title} {next(_numbers)}>"
        exec(compile(text, filename, "exec"), self.scope)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        function: Callable[..., Any] = self.scope[name]
        # The function, and whatever else the text defines, hold one another, so that all of them go together.
        weakref.finalize(function, linecache.cache.pop, filename, None)
        return function
