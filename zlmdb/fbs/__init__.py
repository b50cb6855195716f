"""FlatBuffers schemas: read and written as text (``.fbs``), turned into record classes, and made of them.

- :func:`load` gives the classes that a schema declares; :func:`export` the schema that classes declare, as text.
- :func:`parse`, :func:`parse_file` and :func:`unparse` go between text and data.
- The words with which a class says more about its form: :data:`int8` to :data:`float64`, :class:`Field`,
  :class:`Length`, :class:`UnionOf`, :func:`struct`, :func:`table`, :func:`enum`.
- :func:`detach` makes a plain object of one that reads a buffer.

``python -m zlmdb.fbs`` does the same on the command line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zlmdb._lazy import names_of
from zlmdb.values.flat.annotations import (
    Field,
    Length,
    UnionOf,
    enum,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    struct,
    table,
    uint8,
    uint16,
    uint32,
    uint64,
)

if TYPE_CHECKING:
    from zlmdb.fbs.classes import classes_source as classes_source
    from zlmdb.fbs.exporting import export as export
    from zlmdb.fbs.exporting import schema_of as schema_of
    from zlmdb.fbs.loading import Classes as Classes
    from zlmdb.fbs.loading import load as load
    from zlmdb.fbs.printer import unparse as unparse
    from zlmdb.fbs.text import parse as parse
    from zlmdb.fbs.text import parse_file as parse_file
    from zlmdb.values.flat.lazy import detach as detach

__all__ = [
    "Classes",
    "Field",
    "Length",
    "UnionOf",
    "classes_source",
    "detach",
    "enum",
    "export",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "load",
    "parse",
    "parse_file",
    "schema_of",
    "struct",
    "table",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unparse",
]

# The reader of texts is loaded when it is first used: a program that only declares classes does without.
_HOMES = {
    "classes": ("classes_source",),
    "exporting": ("export", "schema_of"),
    "loading": ("Classes", "load"),
    "printer": ("unparse",),
    "text": ("parse", "parse_file"),
    "zlmdb.values.flat.lazy": ("detach",),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, _HOMES, __all__)
