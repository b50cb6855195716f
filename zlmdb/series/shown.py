"""What a notebook shows of series: small HTML tables, made when a notebook asks for them."""

from __future__ import annotations

from itertools import islice
from typing import Any

from zlmdb import errors
from zlmdb.tables.show import MOST, tag

__all__ = ["series", "ticks"]


def ticks(found: Any) -> str:
    """The first ticks of a slice; of one whose views have expired only that."""
    caption = f"slice of {errors.short(found.key)}"
    try:
        names = list(found)
        caption = f"{caption}: {len(found):,} ticks"
        rows = [[str(column) for column in row] for row in zip(*(found[name][:MOST] for name in names), strict=True)]
    except errors.ZlmdbError as error:
        return tag(caption, ["cannot be shown"], [[str(error)]])
    return tag(caption, names, rows, f"the first {MOST} ticks" if len(found) > MOST else "")


def series(table: Any) -> str:
    """The first series of a table with their lengths and times; of a table without a transaction its columns."""
    caption = f"series {table._definition.name}"
    if table._txn is None:
        columns = [(column.name, str(column.dtype)) for column in table._definition.columns]
        return tag(caption, ["column", "type"], [("time", "datetime64[ns]"), *columns])
    try:
        keys = list(islice(table, MOST + 1))
        rows = [(errors.short(key), f"{table.count(key):,}", *map(str, table.span(key) or ())) for key in keys[:MOST]]
    except errors.ZlmdbError as error:
        return tag(caption, ["cannot be shown"], [[str(error)]])
    return tag(caption, ["key", "ticks", "first", "last"], rows, f"the first {MOST} series" if len(keys) > MOST else "")
