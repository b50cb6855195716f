"""The records of a series table, byte for byte.

.. code-block:: text

    key        slot (2) | series key | start (8) | number (2)
    start      time of the chunk's first tick: nanoseconds since 1970 as int64, big-endian, the sign bit flipped
    number     0; counts on where a run of equal times fills several chunks that begin with it

The series key is written as a component that is not the last of a composite key: of fixed length, or ended by 00 01.
Each series has one *head*, whose start and number are all FF, so that it stands behind the chunks. All numbers in
values are little-endian.

.. code-block:: text

    head       offset  size
                    0     1  48 ("H")
                    1     1  version, 1
                    2     2  m, columns in its rows
                    4     2  rows in the head
                    6     2  how many chunks at the end are open: they become one when there are ticks enough
                    8     8  time of the last tick of the series
                   16     8  time of the last tick in a chunk; -2**63 if there is no chunk
                   24     8  start of the first open chunk; 0 if there is none
                   32     4  ticks in the open chunks
                   36     2  number of the first open chunk
                   38     2  ticks in the last open chunk, 65535 if it has more; 0 stands for all, if one is open
                   40        rows: time (8), then the columns, without gaps

    chunk           0     1  43 ("C")
                    1     1  version, 1
                    2     2  m, columns in it
                    4     4  n, ticks in it, at least 1
                    8     8  time of the first tick
                   16     8  time of the last tick
                   24     1  flags: 1 statistics, 2 a table of where the columns are
                   25     7  zero
                   32        table: 16 bytes for the times, and for each column
                             statistics: 64 bytes for each column
                             times, then column after column, each from a multiple of 16 on

    table           0     4  where the column begins in the value
    entry           4     4  length of its bytes
                    8     1  encoding, see zlmdb.series.compress
                    9     1  exponent
                   10     6  zero

    statistics      0     8  count, uint64: values that are not NaN or NaT
    entry           8     8  smallest
                   16     8  largest
                   24     8  first
                   32     8  last
                   40     8  sum
                   48     8  sum, float64
                   56     8  zero

Smallest to sum are float64 for floats, int64 for signed integers, datetime64 and timedelta64, uint64 for unsigned
integers and bool; sums of integers are modulo 2**64. For complex numbers, bytes and text all but the count is zero.

Chunks of a series do not overlap: none begins before the last time of the one before it; and one begins *at* that
time only if all ticks of the one before have it. A head's ticks are not older than those of the chunks.
"""

from __future__ import annotations

import struct

__all__ = [
    "CHUNK",
    "CHUNK_KIND",
    "CHUNK_MAGIC",
    "ENTRY",
    "HAS_STATISTICS",
    "HAS_TABLE",
    "HEAD",
    "HEAD_END",
    "HEAD_KIND",
    "HEAD_MAGIC",
    "HEAD_SIZE",
    "LAST_NUMBER",
    "MOST_NAMED",
    "NONE",
    "PADS",
    "READ",
    "VERSION",
    "Head",
    "of_position",
    "position",
]

HEAD = struct.Struct("<BBHHHqqqIHH")
HEAD_SIZE = HEAD.size
HEAD_END = b"\xff" * 10
HEAD_MAGIC, CHUNK_MAGIC, VERSION = 0x48, 0x43, 1
CHUNK = struct.Struct("<BBHIqqB7x")
#: The header of a chunk: kind, columns, ticks, first and last time, flags. Of a head it reads the kind.
READ = struct.Struct("<HHIqqB7x").unpack_from
ENTRY = struct.Struct("<IIBB6x")
HAS_STATISTICS, HAS_TABLE = 1, 2
#: Magic and version as one number.
CHUNK_KIND, HEAD_KIND = CHUNK_MAGIC | VERSION << 8, HEAD_MAGIC | VERSION << 8
#: Time of the last tick in a chunk, where there is no chunk.
NONE = -(2**63)
_FLIP = 1 << 63
#: Zeros between columns, by their number.
PADS = [bytes(n) for n in range(16)]
Head = tuple[int, int, int, int, int, int, int, int, int, int, int]
LAST_NUMBER = 0xFFFE
#: The largest number of ticks in the last open chunk that a head can name.
MOST_NAMED = 0xFFFF


def position(time: int, number: int = 0) -> bytes:
    """The end of a chunk's key.

    Args:
        time: of its first tick, nanoseconds.
        number: see the module.
    """
    return (time + _FLIP).to_bytes(8, "big") + number.to_bytes(2, "big")


def of_position(end: bytes) -> tuple[int, int]:
    """Time and number of the end of a chunk's key."""
    return int.from_bytes(end[:8], "big") - _FLIP, int.from_bytes(end[8:], "big")
