"""What the named maps are declared with: codecs by their names.

A program names a map or two. The other maps of their module need other codecs, whose modules it should not have to
load; so a codec is looked up when a table is declared with it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zlmdb.tables.definition import Later

if TYPE_CHECKING:
    from zlmdb import keys as keys
    from zlmdb import values as values
    from zlmdb.keys import upstream as upstream
    from zlmdb.keys.base import KeyCodec

__all__ = ["earlier", "keys", "upstream", "values"]


class _Named:
    """The codecs of a package or module, looked up later."""

    def __init__(self, home: str) -> None:
        self._home = home

    def __getattr__(self, name: str) -> Later:
        return Later(lambda: getattr(import_module(self._home), name))


if not TYPE_CHECKING:
    keys, values, upstream = _Named("zlmdb.keys"), _Named("zlmdb.values"), _Named("zlmdb.keys.upstream")


def earlier(*parts: type[KeyCodec[Any]]) -> Later:
    """A composite key as earlier releases write it: None in a part is written as zeros."""

    def composite() -> Any:
        from zlmdb.keys.composite import Composite

        return Composite([Later.settled(part) for part in parts], none_as_zeros=True)

    return Later(composite)
