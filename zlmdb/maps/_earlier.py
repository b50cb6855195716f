"""The composite keys of earlier releases."""

from __future__ import annotations

from typing import Any

from zlmdb.keys import Composite, KeyCodec

__all__ = ["earlier"]


def earlier(*parts: type[KeyCodec[Any]]) -> Composite:
    """A composite key as earlier releases write it: None in a part is written as zeros."""
    return Composite(parts, none_as_zeros=True)
