"""The text of a schema and places in it, for messages that say ``file:line:column``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from zlmdb import errors

__all__ = ["Place", "Source", "failure", "quoted"]

_LINE_END = re.compile(r"\r\n|\n|\r")
_SHOWN = 200


@dataclass(frozen=True, eq=False)
class Source:
    """A text and its name: a path as the user knows it, or ``<text>``."""

    name: str
    text: str


class Place(NamedTuple):
    """A character of a text, by its offset from 0."""

    source: Source
    offset: int


def failure(
    place: Place, message: str, *, table: str | None = None, field: str | None = None
) -> errors.SchemaTextError:
    """The error to be raised for what stands at a place.

    Args:
        place: where.
        message: what was expected, what was found, and what to do.
        table: full name of the declaration concerned, or None.
        field: name of its field or member, or None.
    """
    text, offset = place.source.text, min(place.offset, len(place.source.text))
    line, start = 1, 0
    for found in _LINE_END.finditer(text, 0, offset):
        # A carriage return that `offset` parts from its line feed ends the line all the same.
        line, start = line + 1, found.end()
    end = _LINE_END.search(text, offset)
    column = offset - start + 1
    error = errors.SchemaTextError(f"{place.source.name}:{line}:{column}: {message}", table=table, field=field)
    error.path, error.line, error.column = place.source.name, line, column
    shown = text[start : end.start() if end else len(text)]
    error.source_line = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "..."
    return error


def quoted(text: str, limit: int = 60) -> str:
    """A piece of text as it is shown in a message: in quotes, on one line, not longer than `limit`."""
    shown = text if len(text) <= limit else text[:limit] + "..."
    return repr(shown)
