"""Rows as columns and columns as rows: Arrow, pandas, Polars, NumPy.

This floor knows no database: it takes encoded rows from a :class:`Source`, codecs and descriptions of records, and
named arrays. The packages that columns go to are optional, and are imported when they are first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zlmdb._lazy import names_of

if TYPE_CHECKING:
    from zlmdb.columns.arrays import arrow_reader, arrow_table, pandas_frame, polars_frame
    from zlmdb.columns.frame import Column, Frame, Source
    from zlmdb.columns.intake import Intake
    from zlmdb.columns.output import BATCH_ROWS, Columns, Output, is_columns
    from zlmdb.columns.result import Result

__all__ = [
    "BATCH_ROWS",
    "Column",
    "Columns",
    "Frame",
    "Intake",
    "Output",
    "Result",
    "Source",
    "arrow_reader",
    "arrow_table",
    "is_columns",
    "pandas_frame",
    "polars_frame",
]

_HOMES = {
    "arrays": ("arrow_reader", "arrow_table", "pandas_frame", "polars_frame"),
    "frame": ("Column", "Frame", "Source"),
    "intake": ("Intake",),
    "output": ("BATCH_ROWS", "Columns", "Output", "is_columns"),
    "result": ("Result",),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, _HOMES, __all__)
