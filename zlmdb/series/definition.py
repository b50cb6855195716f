"""What a series table is, as plain data; and how a declaration meets what the file remembers of it.

What the file remembers, in the table's record beside the catalog (see :mod:`zlmdb.database.catalog`):

.. code-block:: text

    value    "series": no value codec has that name
    series   {version: 1, duplicates: text, columns: [{name: text, dtype: text, fill: bytes}, ...]}

Columns stand in the order in which they were added, so a stored record that has m columns has the first m of them. A
column never leaves the list: one that is declared no longer stays in the file, unseen, and what is appended meanwhile
gets its `fill`. So two programs may use one file with more and with fewer columns, and nothing is lost.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Literal, overload

import numpy as np

from zlmdb import errors
from zlmdb.errors import short
from zlmdb.keys.base import KeyCodec
from zlmdb.series.compress import check_method
from zlmdb.tables.definition import IndexDefinition

__all__ = ["MAX_COLUMNS", "Column", "Duplicates", "SeriesDefinition", "column", "settle"]

VERSION = 1
KIND = "series"
#: How many ticks a full chunk has, unless its columns are very wide.
CHUNK = 4096
#: How many it may have at most.
MOST_CHUNK = 1 << 20
CHUNK_BYTES = 1 << 20
#: Bytes of a page, and those of it that LMDB needs where a value has pages of its own.
PAGE, PAGE_HEAD = 4096, 24
MAX_COLUMNS = 4096
MAX_ITEM = 4096

Duplicates = Literal["keep", "replace", "refuse"]
POLICIES = ("keep", "replace", "refuse")


class Column:
    """A column of a series table, as written in its class body; made by :func:`column`."""

    #: What other tables say that find one in their body.
    _zlmdb_home = "a column of a series table: derive the table from zlmdb.Series, or declare a field of its rows"

    def __init__(self, dtype: Any, default: Any, compress: str | None) -> None:
        self.dtype = dtype
        self.default = default
        self.compress = compress
        self.name = ""

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<column {self.name} of {self.dtype}>"


class _Missing:
    def __repr__(self) -> str:
        return "no default"


MISSING = _Missing()


def column(dtype: Any, *, default: Any = MISSING, compress: str | None = None) -> Column:
    """A column of a series table.

    Args:
        dtype: type of its values: a NumPy type of fixed size, or the name of one: "f8", "u4", "bool", "M8[ns]", "S8".
            Numbers, bool, datetime64, timedelta64, complex, and bytes or text of fixed length, which NumPy fills up
            with NUL: those at the end of a value are not there when it is read.
        default: what a tick has that is appended without a value; not given: each append must give one. A column that
            is added to a table that exists needs one: the ticks that were there before have it.
        compress: "zlib", "zstd" (extra ``zstd``), "delta-zlib" or "delta-zstd": compresses full chunks; "delta" stores
            differences, which suits columns that change little from tick to tick. None: as the class says.

    Raises:
        SchemaError: when the class is decorated: if the type is of no fixed size, the default does not fit it, or
            there is no such compression.

    >>> import zlmdb
    >>> class Ticks(zlmdb.Series[str]):
    ...     price = zlmdb.column("f8")
    ...     size = zlmdb.column("u4", default=0)
    """
    return Column(dtype, default, compress)


@dataclass(frozen=True)
class ColumnDefinition:
    """A column, as plain data.

    Attributes:
        name: its name, unique within the table.
        dtype: type of its values, little-endian.
        fill: bytes of the value that ticks have which are older than the column.
        default: bytes of the value that an append without the column gives; None: it must be given.
        compress: how full chunks are compressed; None: not.
        hidden: the file has it, the class does not declare it.
    """

    name: str
    dtype: np.dtype[Any]
    fill: bytes
    default: bytes | None = None
    compress: str | None = None
    hidden: bool = False

    def filled(self, n: int) -> np.ndarray[Any, Any]:
        """`n` values as ticks have them that are older than the column."""
        return _repeat(self.fill, self.dtype, n)

    def defaults(self, n: int) -> np.ndarray[Any, Any]:
        """`n` values as appends give them that leave the column out."""
        return _repeat(self.fill if self.default is None else self.default, self.dtype, n)


def _repeat(data: bytes, dtype: np.dtype[Any], n: int) -> np.ndarray[Any, Any]:
    return np.full(n, np.frombuffer(data, dtype, 1)[0], dtype)


@dataclass(frozen=True)
class SeriesDefinition:
    """A series table: identity, key codec, columns in the order of the file.

    Attributes:
        name: the class's name; may change, the identity is `oid`.
        key: codec of the series keys.
        columns: all columns, first those of the file, in its order.
        oid: identity.
        description: the class's docstring, or None.
        duplicates: what happens to a tick whose time is taken: "keep" both, "replace" the older one, "refuse".
        compress: how times are compressed in full chunks; None: not.
        chunk: ticks in a full chunk.
        stored: how many of the columns the file remembers; None: all. Others have been given no place in it, so that
            what stands there in a record may be another program's column.
    """

    name: str
    key: KeyCodec[Any]
    columns: tuple[ColumnDefinition, ...]
    oid: uuid.UUID | None = None
    description: str | None = None
    duplicates: str = "keep"
    compress: str | None = None
    chunk: int = CHUNK
    stored: int | None = None
    by_name: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        visible = {c.name: at for at, c in enumerate(self.columns) if not c.hidden}
        object.__setattr__(self, "by_name", visible)

    @property
    def indexes(self) -> tuple[IndexDefinition, ...]:
        """None: only maps have indexes."""
        return ()

    def identity(self) -> dict[str, Any]:
        """What the file compares on every attach, whatever the kind of table."""
        return {"key": self.key.name, "value": KIND, "pk": []}

    def remembered(self) -> dict[str, Any]:
        """What the file is to remember."""
        columns = [{"name": c.name, "dtype": c.dtype.str, "fill": c.fill} for c in self.columns]
        return {
            **self.identity(),
            "layout": "ordered",
            "indexes": {},
            "series": {"version": VERSION, "duplicates": self.duplicates, "columns": columns},
        }

    @property
    def row_bytes(self) -> int:
        """Bytes of a tick, its time included."""
        return 8 + sum(c.dtype.itemsize for c in self.columns)


def dtype_of(spec: Any, where: str) -> np.dtype[Any]:
    """The type of a column, in little-endian byte order.

    Raises:
        SchemaError: if it is none of a fixed size that can be stored.
    """
    try:
        dtype = np.dtype(spec)
    except (TypeError, ValueError, SyntaxError):
        raise errors.SchemaError(
            f'{where}: expected a NumPy type of fixed size such as "f8", found {short(spec)}'
        ) from None
    if dtype.kind in "SU" and dtype.itemsize == 0:
        raise errors.SchemaError(f'{where}: text and bytes need a length, such as "S8", found {short(spec)}')
    portable = dtype.kind in "biufcmMSU" and dtype.names is None and not (dtype.kind in "fc" and dtype.itemsize > 16)
    if portable and dtype.kind in "fc":
        portable = dtype.itemsize // (1 if dtype.kind == "f" else 2) <= 8
    if not portable or dtype.itemsize > MAX_ITEM or (dtype.kind in "mM" and np.datetime_data(dtype)[0] == "generic"):
        raise errors.SchemaError(
            f"{where}: expected numbers, bool, datetime64 or timedelta64 with a unit, or bytes or text of fixed length "
            f'(at most {MAX_ITEM} bytes), such as "f8", found {short(spec)}'
        )
    little: np.dtype[Any] = dtype.newbyteorder("<")
    return little


def define_column(name: str, declared: Column, common: str | None, where: str) -> ColumnDefinition:
    """The definition of a declared column.

    Args:
        name: its name.
        declared: the declaration.
        common: compression of columns that say nothing.
        where: names it in errors.

    Raises:
        SchemaError: if it is wrong.
    """
    dtype = dtype_of(declared.dtype, where)
    compress = common if declared.compress is None else declared.compress
    check_method(compress, where)
    default = None
    if declared.default is not MISSING:
        from zlmdb.series.input import scalar_bytes

        try:
            default = scalar_bytes(declared.default, dtype)
        except (errors.DataError, TypeError, ValueError, OverflowError):
            raise errors.SchemaError(
                f"{where}: expected a default that a column of {dtype} can hold, found {short(declared.default)}"
            ) from None
    fill = bytes(dtype.itemsize) if default is None else default
    return ColumnDefinition(name, dtype, fill, default, compress)


def chunk_rows(columns: tuple[ColumnDefinition, ...], wanted: int | None, header: int) -> int:
    """How many ticks a full chunk has, so that it fills its pages.

    Args:
        columns: of the table.
        wanted: as the class says; None: 4096, or as many as make a megabyte.
        header: bytes that a chunk needs beside the ticks, at most.
    """
    row = 8 + sum(c.dtype.itemsize for c in columns)
    most = min(CHUNK, max(256, CHUNK_BYTES // row)) if wanted is None else wanted
    pages = most * row // PAGE
    return max(1, (pages * PAGE - PAGE_HEAD - header) // row) if wanted is None and pages > 8 else most


@overload
def settle(declared: SeriesDefinition, record: None, path: str) -> tuple[SeriesDefinition, dict[str, Any]]: ...
@overload
def settle(
    declared: SeriesDefinition, record: dict[str, Any] | None, path: str
) -> tuple[SeriesDefinition, dict[str, Any] | None]: ...
def settle(
    declared: SeriesDefinition, record: dict[str, Any] | None, path: str
) -> tuple[SeriesDefinition, dict[str, Any] | None]:
    """The definition to work with: the columns of the file in its order, then those that are new.

    Args:
        declared: from the class.
        record: what the file remembers, or None.
        path: of the database, for messages.

    Returns:
        The definition, and what is to be remembered, or None if that has not changed.

    Raises:
        TableMismatch: if a column is stored with another type, one is added without a default, the key type differs,
            or the duplicates that the file keeps are not allowed any more.
        CatalogError: if what the file remembers cannot be understood.
    """
    if record is None:
        return declared, declared.remembered()
    where = f"table {declared.name} ({declared.oid}) in {path}"
    duplicates, entries = _series_part(declared, record, where)
    known = {c.name: c for c in declared.columns}
    columns: list[ColumnDefinition] = []
    for name, dtype, fill in entries:
        mine = known.pop(name, None)
        if mine is None:
            columns.append(ColumnDefinition(name, dtype, fill, fill, hidden=True))
            continue
        if mine.dtype != dtype:
            raise errors.TableMismatch(
                f"{where}, column {name}: stored as {dtype}, declared as {mine.dtype}; declare it as it is stored, or "
                "add a column of another name with a default",
                table=declared.name,
                field=name,
                expected=str(dtype),
                found=str(mine.dtype),
            )
        columns.append(replace(mine, fill=fill))
    for name, mine in known.items():
        if mine.default is None:
            raise errors.TableMismatch(
                f"{where}: column {name} is new, and ticks that are there need a value for it: declare it with "
                "default=...",
                table=declared.name,
                field=name,
                expected="a default",
                found="none",
            )
        columns.append(mine)
    if len(columns) > MAX_COLUMNS:
        raise errors.TableMismatch(
            f"{where}: expected at most {MAX_COLUMNS} columns, found {len(columns)} with those that the file has; copy "
            "the ticks to a table of another identity",
            table=declared.name,
            expected=f"at most {MAX_COLUMNS} columns",
            found=f"{len(columns)} columns",
        )
    if duplicates == "keep" and declared.duplicates != "keep":
        raise errors.TableMismatch(
            f'{where}: stored with duplicates="keep", declared with duplicates="{declared.duplicates}"; it may hold '
            "several ticks of one time, so this cannot be changed",
            table=declared.name,
            expected="keep",
            found=declared.duplicates,
        )
    settled = replace(declared, columns=tuple(columns), stored=len(entries))
    changed = known or duplicates != declared.duplicates
    return settled, settled.remembered() if changed else None


def _series_part(
    declared: SeriesDefinition, record: dict[str, Any], where: str
) -> tuple[str, list[tuple[str, np.dtype[Any], bytes]]]:
    """What the file does with duplicates, and name, type and fill of each of its columns."""
    identity = declared.identity()
    for name, what in (("key", "keys"), ("value", "values")):
        if record.get(name) != identity[name]:
            raise errors.TableMismatch(
                f"{where}: stored with {what} of type {record.get(name)}, declared with {what} of type "
                f"{identity[name]}; declare it as it is stored, or give the new declaration an oid of its own",
                table=declared.name,
                expected=str(record.get(name)),
                found=str(identity[name]),
            )
    try:
        stored: dict[str, Any] = record["series"]
        version = stored["version"]
        entries = [_stored_column(entry, where) for entry in stored["columns"]] if version == VERSION else []
        if len({name for name, _, _ in entries}) < len(entries):
            raise ValueError("two columns have one name")
    except _BROKEN as error:
        raise _broken(where, error) from error
    if version != VERSION:
        raise errors.CatalogError(
            f"{where}: its chunks have layout {version!r}, and this release knows {VERSION}; open the file "
            "with a newer release of zlmdb"
        )
    return duplicates_of(record, where), entries


#: What reading of a damaged record comes to.
_BROKEN = (LookupError, TypeError, AttributeError, ValueError, errors.SchemaError)


def _broken(where: str, error: Exception) -> errors.CatalogError:
    return errors.CatalogError(
        f"{where}: what the file remembers of its columns cannot be understood ({type(error).__name__}: {error}); "
        "restore it from a backup"
    )


def duplicates_of(record: dict[str, Any], where: str) -> str:
    """What a file remembers of how a series table treats duplicates.

    Raises:
        CatalogError: if it cannot be understood.
    """
    try:
        policy: str = record["series"]["duplicates"]
        if policy not in POLICIES:
            raise ValueError(f"duplicates should be one of {', '.join(POLICIES)}")
    except _BROKEN as error:
        raise _broken(where, error) from error
    return policy


def _stored_column(entry: dict[str, Any], where: str) -> tuple[str, np.dtype[Any], bytes]:
    """Name, type and fill of a column that the file remembers."""
    name, spec, fill = entry["name"], entry["dtype"], entry["fill"]
    if not isinstance(name, str) or not isinstance(spec, str) or not isinstance(fill, bytes):
        raise TypeError("name and dtype of a column should be texts, and its fill bytes")
    dtype = dtype_of(spec, where)
    if len(fill) != dtype.itemsize:
        raise ValueError(f"the fill of column {name} should have {dtype.itemsize} bytes, and has {len(fill)}")
    return name, dtype, fill


def check_policy(policy: Any, where: str) -> None:
    """Refuse a word that is no policy for duplicates.

    Raises:
        SchemaError: if it is none.
    """
    if policy not in POLICIES:
        raise errors.SchemaError(f"{where}: expected duplicates to be one of {', '.join(POLICIES)}, found {policy!r}")
