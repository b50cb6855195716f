"""Time series: tables whose rows are numbers at moments, kept in columns, many ticks to a record.

- :mod:`zlmdb.series.table`: the class that programs derive from, and what it does.
- :mod:`zlmdb.series.records`, :mod:`zlmdb.series.layout`: the records, byte for byte, and reading and writing them.
- :mod:`zlmdb.series.store`, :mod:`zlmdb.series.change`: appending, and changing what is there.
- :mod:`zlmdb.series.extend`, :mod:`zlmdb.series.compile`: the usual batch, by functions made for the columns.
- :mod:`zlmdb.series.read`, :mod:`zlmdb.series.aggregate`: what is read chunk by chunk, and aggregates by buckets.
- :mod:`zlmdb.series.gather`: ranges, and aggregates over them.
- :mod:`zlmdb.series.buckets`: aggregates written into another table.
"""

from zlmdb.series.definition import column
from zlmdb.series.slices import Slice
from zlmdb.series.table import Series

__all__ = ["Series", "Slice", "column"]
