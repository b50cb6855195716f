"""From text to schema: the functions ``parse``, ``parse_file`` and what tells a text from a path."""

from __future__ import annotations

import os
from collections.abc import Iterable

from zlmdb import errors
from zlmdb.fbs.files import StrPath, read_files, read_text
from zlmdb.fbs.link import link
from zlmdb.values.flat import model

__all__ = ["parse", "parse_any", "parse_file"]


def parse(text: str, *, include_paths: Iterable[StrPath] = (), name: str = "<text>") -> model.Schema:
    """The schema that a text says.

    Args:
        text: in the schema language of FlatBuffers; ``rpc_service`` is checked and left out.
        include_paths: directories where included files are looked for, in order.
        name: what messages call the text.

    Raises:
        SchemaTextError: if the text breaks a rule of the language; the message says where, and what to do.

    >>> from zlmdb import fbs
    >>> schema = fbs.parse("namespace geo; table Point { x: int = 5; tags: [string]; }")
    >>> schema.declarations["geo.Point"].fields[0].default
    5
    >>> fbs.parse("table Point { x: int = 1.5; }")
    Traceback (most recent call last):
        ...
    zlmdb.errors.SchemaTextError: <text>:1:24: Point.x: expected a default that is an integer (int32), found '1.5'
    """
    if not isinstance(text, str):
        raise errors.ValueTypeError(
            f"expected the text of a schema, found {type(text).__name__}: decode it, or use parse_file for a path",
            expected="str",
            found=type(text).__name__,
        )
    return link(read_text(text, name, include_paths))


def parse_file(path: StrPath, *, include_paths: Iterable[StrPath] = ()) -> model.Schema:
    """The schema that a file says, with what it includes.

    Args:
        path: of the file, in UTF-8.
        include_paths: directories where included files are looked for, in order, when they are not beside the file that
            includes them.

    Raises:
        SchemaTextError: if a file cannot be read or breaks a rule of the language.

    >>> from pathlib import Path
    >>> from zlmdb import fbs
    >>> _ = Path("point.fbs").write_text("struct Point { x: float; y: float; }")
    >>> list(fbs.parse_file("point.fbs").declarations)
    ['Point']
    """
    return link(read_files(path, include_paths))


def parse_any(path_or_text: StrPath, include_paths: Iterable[StrPath]) -> model.Schema:
    """The schema of a file or a text; a str is a text if it is blank or has one of ``{ ;`` or a line end in it."""
    if isinstance(path_or_text, os.PathLike) or not is_text(path_or_text):
        return parse_file(path_or_text, include_paths=include_paths)
    return parse(path_or_text, include_paths=include_paths)


def is_text(text: str) -> bool:
    """True if a str is a schema rather than the path of one: no schema does without ``;`` or ``}``."""
    return not text.strip() or any(sign in text for sign in ";{}\n")
