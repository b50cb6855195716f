"""FlatBuffers schemas as text (``.fbs``): read, write, check, and turn into record classes and back."""

from __future__ import annotations

from zlmdb.fbs.printer import unparse
from zlmdb.fbs.text import parse, parse_file

__all__ = ["parse", "parse_file", "unparse"]
