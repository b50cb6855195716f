"""Looking at what a table was compiled to."""

from __future__ import annotations

from typing import Any

from zlmdb import errors
from zlmdb.tables.map import Map, compiled

__all__ = ["compiled_source"]


def compiled_source(table: Any) -> str:
    """The source text of the functions that a table class, or an attached map, is compiled to.

    Args:
        table: a class derived from a map, or what ``db.attach_table()`` gave for one.

    Raises:
        SchemaError: if `table` is neither.

    >>> import zlmdb
    >>> print(zlmdb.compiled_source(zlmdb.MapUuidCbor).splitlines()[2])
    def __getitem__(self, item):
    """
    if isinstance(table, type) and issubclass(table, Map):
        return compiled(table).text()
    if isinstance(table, Map):
        return str(vars(type(table))["_compiled"].text())
    raise errors.SchemaError(
        f"compiled_source(): expected a table class or an attached map, found {errors.short(table)}"
    )
