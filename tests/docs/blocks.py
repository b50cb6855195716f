"""Runs the examples of a page or docstring, in order, in one namespace.

- A doctest (``>>> ...``) runs wherever it stands, and its output is compared.
- A block ``.. code-block:: python`` runs. What it prints must stand in a block ``.. code-block:: output`` after it,
  before the next example; there, ``...`` stands for anything.
- ``.. skip: next "reason"`` (a comment, so readers do not see it) keeps the next example from running;
  ``.. skip: start "reason"`` and ``.. skip: end`` do so for several. A reason must be given.

Other blocks (``shell``, ``text``, ...) are not Python, and are left alone.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any
from unittest import SkipTest

from sybil import Document, Example, Region
from sybil.document import PythonDocStringDocument
from sybil.parsers.rest import CodeBlockParser, DocTestParser, SkipParser

FLAGS = doctest.ELLIPSIS
PRINTED = "__printed__"

__all__ = ["BlockError", "docstrings", "examples", "run"]


class BlockError(AssertionError):
    """An example does not do what the page says."""


def _lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"


def _run_python(example: Example) -> None:
    # Line numbers in tracebacks are those of the page.
    source = "\n" * (example.line + example.parsed.line_offset) + example.parsed
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, example.path, "exec", dont_inherit=True), example.namespace)
    example.namespace[PRINTED] = printed.getvalue()


def _compare_output(example: Example) -> None:
    got = example.namespace.pop(PRINTED, None)
    if got is None:
        raise BlockError(f"{example.path}:{example.line}: a block of output without a Python block before it")
    want = _lines(example.parsed)
    if not doctest.OutputChecker().check_output(want, _lines(got), FLAGS):
        raise BlockError(f"{example.path}:{example.line}: expected the output\n{want}found\n{got}")


class _PythonBlocks(CodeBlockParser):
    """Python blocks, but for those made of doctests, which another parser finds."""

    def __call__(self, document: Document) -> Iterable[Region]:
        return (region for region in super().__call__(document) if not region.parsed.lstrip().startswith(">>>"))


def _parsers() -> list[Any]:
    return [
        _PythonBlocks("python", _run_python),
        CodeBlockParser("output", _compare_output),
        DocTestParser(FLAGS),
        SkipParser(),
    ]


def examples(text: str, path: str, line: int = 1) -> list[Example]:
    """The examples of a text, skips included.

    Args:
        text: of a page, or a docstring.
        path: of its file, for messages.
        line: where it begins in that file.

    Raises:
        BlockError: if something is skipped without a reason.
    """
    document = Document("\n" * (line - 1) + text, path)
    for parser in _parsers():
        for region in parser(document):
            document.add(region)
    found = list(document)
    for example in found:
        if isinstance(example.parsed, tuple) and example.parsed[0] != "end" and not _reason(example.parsed[1]):
            raise BlockError(f'{path}:{example.line}: expected a reason: .. skip: {example.parsed[0]} "why"')
    return found


def _reason(text: str | None) -> bool:
    """True if a skip says why: in a text, or in the second argument of if(condition, why)."""
    try:
        parsed = ast.parse((text or "").strip().replace("if(", "if_(", 1), mode="eval").body
    except SyntaxError:
        return False
    if isinstance(parsed, ast.Call):
        parsed = next((word.value for word in parsed.keywords if word.arg == "reason"), [*parsed.args, parsed][-1])
    return isinstance(parsed, ast.Constant) and isinstance(parsed.value, str) and len(parsed.value) > 5


def run(found: list[Example], name: str, names: Mapping[str, Any] | None = None) -> None:
    """Run examples one after the other, in a module of their own.

    Args:
        found: examples of one document.
        name: of the module; unique, so that classes defined in the examples find their names in it.
        names: what the examples may use without importing it; None for nothing.

    Raises:
        AssertionError: if one does not do what its text says.
        Exception: whatever else an example raises.
    """
    module = ModuleType(name)
    # Annotations of classes are looked up in the module that defines them.
    sys.modules[name] = module
    namespace = vars(module)
    namespace.update({word: value for word, value in (names or {}).items() if not word.startswith("__")})
    # What a module imported from __future__ is not in force for a reader who types the example in.
    namespace.pop("annotations", None)
    try:
        for example in found:
            if example.parsed.__class__ is not tuple and example.region.evaluator is not _compare_output:
                _nothing_unshown(namespace, example)
            example.document.namespace = example.namespace = namespace
            with contextlib.suppress(SkipTest):
                example.evaluate()
        if found:
            _nothing_unshown(namespace, found[-1])
    finally:
        del sys.modules[name]


def _nothing_unshown(namespace: dict[str, Any], example: Example) -> None:
    printed = namespace.pop(PRINTED, None)
    if printed:
        raise BlockError(
            f"{example.path}:{example.line}: the Python block before this line (or on it) printed what no block "
            f'".. code-block:: output" shows:\n{printed}'
        )


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings of a module's source: line and text of each."""
    for start, _, text in PythonDocStringDocument.extract_docstrings(source):
        yield source.count("\n", 0, start) + 1, text
