"""Tables: what a declared map is, how it is compiled, and what its maps do."""

from zlmdb.tables.bound import BoundMap
from zlmdb.tables.declare import index, table
from zlmdb.tables.definition import IndexDefinition, TableDefinition
from zlmdb.tables.handle import Handle
from zlmdb.tables.indexes import Index, UniqueIndex
from zlmdb.tables.map import Map, definition_of
from zlmdb.tables.scan import Selection

__all__ = [
    "BoundMap",
    "Handle",
    "Index",
    "IndexDefinition",
    "Map",
    "Selection",
    "TableDefinition",
    "UniqueIndex",
    "definition_of",
    "index",
    "table",
]
