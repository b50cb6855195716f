"""What every instance of a series table has: its definition, its place in the file, and how keys and times are read."""

from __future__ import annotations

import struct
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from keyword import iskeyword
from operator import itemgetter
from typing import Any, ClassVar, Generic, Literal, NoReturn, get_args
from uuid import UUID

import numpy as np

from zlmdb import errors
from zlmdb._typing import K, V
from zlmdb.engine import EngineError, translate
from zlmdb.keys import Composite, Int64, Uint16, for_type
from zlmdb.keys.base import KeyCodec
from zlmdb.series.compress import check_method
from zlmdb.series.definition import (
    MAX_COLUMNS,
    MOST_CHUNK,
    Column,
    Duplicates,
    SeriesDefinition,
    check_policy,
    chunk_rows,
    define_column,
    settle,
)
from zlmdb.series.input import unknown_column
from zlmdb.series.layout import Layout
from zlmdb.series.read import explained
from zlmdb.series.records import CHUNK, ENTRY, HEAD_END
from zlmdb.series.slices import Slice
from zlmdb.series.times import FIRST, LAST, moment_ns
from zlmdb.tables.declare import IndexDeclaration
from zlmdb.tables.definition import key_codec
from zlmdb.tables.hooks import HookedTable

__all__ = ["BOUNDS", "Bounds", "SeriesBase"]

BOUNDS = ("[)", "[]", "(]", "()")
Bounds = Literal["[)", "[]", "(]", "()"]
#: How many encoded series keys are remembered, and of which types: of others, equal keys may have other bytes.
MOST_KEYS = 4096
_REMEMBERED = frozenset((str, UUID, bytes))
#: Arguments of methods that take names of columns as keywords beside them.
_ARGUMENTS = frozenset(("bounds", "every", "into", "origin", "self", "t0", "t1", "times"))
#: Which types struct packs as the long way does, by kind of column: integers of any type, which it checks, and Python's
#: floats, which it rounds to the nearest; other floats only if they are of the column's type.
_WHOLE = frozenset((int, *(np.dtype(code).type for code in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"))))
#: Struct codes of columns of which a value can be packed by itself.
_CODES = {
    "f8": "d",
    "f4": "f",
    "f2": "e",
    "i8": "q",
    "i4": "i",
    "i2": "h",
    "i1": "b",
    "u8": "Q",
    "u4": "I",
    "u2": "H",
    "u1": "B",
}


class SeriesBase(HookedTable, Generic[K]):
    """Declaring, attaching, and what the methods of :class:`Series` have in common."""

    _zlmdb_key: ClassVar[Any] = None
    _zlmdb_duplicates: ClassVar[str] = "keep"
    _zlmdb_compress: ClassVar[str | None] = None
    _zlmdb_chunk: ClassVar[int | None] = None

    _definition: SeriesDefinition
    _layout: Layout
    _codec: Composite
    _arity: int
    _keeps: bool
    _names: tuple[str, ...]
    _prefixes: dict[Any, bytes]
    _exact: list[tuple[str, np.dtype[Any]]]
    _pack: Any
    _single: Any
    _fitting: set[tuple[type, ...]]
    _tick: Any
    _plans: dict[Any, Any]

    def __init_subclass__(
        cls,
        *,
        key: Any = None,
        duplicates: Duplicates | None = None,
        compress: str | None = None,
        chunk: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init_subclass__(**kwargs)
        for name, given in (("key", key), ("duplicates", duplicates), ("compress", compress), ("chunk", chunk)):
            if given is not None:
                setattr(cls, f"_zlmdb_{name}", given)

    # -- declaring and attaching: see zlmdb.tables.hooks

    @classmethod
    def _zlmdb_define(cls) -> SeriesDefinition:
        name = cls.__name__
        where = f"table {name}"
        ours = [base for base in cls.__mro__ if base.__module__.startswith("zlmdb.")]
        taken = {attribute for base in ours for attribute in vars(base)}
        declared: dict[str, Column] = {}
        for base in reversed(cls.__mro__):
            for attribute, value in vars(base).items():
                if isinstance(value, Column):
                    if attribute.startswith("_") or attribute in taken or hasattr(Slice, attribute):
                        raise errors.SchemaError(
                            f"{where}: a column cannot be called {attribute!r}, because series have a method of that "
                            "name, or it begins with _"
                        )
                    if attribute in _ARGUMENTS or iskeyword(attribute) or not attribute.isidentifier():
                        raise errors.SchemaError(
                            f"{where}: a column cannot be called {attribute!r}, because methods have an argument of "
                            "that name, or it is none that Python has for an argument"
                        )
                    declared[attribute] = value
                    continue
                declared.pop(attribute, None)
                if isinstance(value, IndexDeclaration):
                    raise errors.SchemaError(
                        f"{where}: {attribute} is an index, which series do not have; ticks are found by key and time",
                        field=attribute,
                    )
        if not declared:
            raise errors.SchemaError(f'{where}: expected at least one column, such as price = zlmdb.column("f8")')
        if len(declared) > MAX_COLUMNS:
            raise errors.SchemaError(f"{where}: expected at most {MAX_COLUMNS} columns, found {len(declared)}")
        check_policy(cls._zlmdb_duplicates, where)
        check_method(cls._zlmdb_compress, where)
        chunk = cls._zlmdb_chunk
        if chunk is not None and (not isinstance(chunk, int) or not 2 <= chunk <= MOST_CHUNK):
            raise errors.SchemaError(f"{where}: expected chunk to be a number from 2 to {MOST_CHUNK}, found {chunk!r}")
        columns = tuple(
            define_column(attribute, column, cls._zlmdb_compress, f"{where}, column {attribute}")
            for attribute, column in declared.items()
        )
        header = CHUNK.size + (64 + ENTRY.size) * len(columns) + 16 * (len(columns) + 2)
        return SeriesDefinition(
            name=name,
            key=_key_of_class(cls, where),
            columns=columns,
            oid=cls._zlmdb_oid,
            description=cls.__doc__.strip() if cls.__doc__ and "__doc__" in cls.__dict__ else None,
            duplicates=cls._zlmdb_duplicates,
            compress=cls._zlmdb_compress,
            chunk=chunk_rows(columns, chunk, header),
        )

    @classmethod
    def _zlmdb_settle(
        cls, definition: SeriesDefinition, record: dict[str, Any] | None, path: str
    ) -> tuple[SeriesDefinition, dict[str, Any] | None]:
        return settle(definition, record, path)

    @classmethod
    def _zlmdb_stored(cls, definition: SeriesDefinition) -> SeriesDefinition:
        return replace(definition, stored=None)

    def _placed(self) -> None:
        definition = self._definition
        key = definition.key
        parts = key.parts if isinstance(key, Composite) else (key,)
        self._arity = len(parts) if isinstance(key, Composite) else 0
        self._codec = Composite((*parts, Int64(), Uint16()))
        self._layout = Layout(definition)
        self._keeps = definition.duplicates == "keep"
        self._names = tuple(definition.by_name)
        self._prefixes = {}
        self._plans = {}
        self._tick = tick_class(f"{definition.name}Tick", ("time", *self._names))
        codes = [_CODES.get(column.dtype.str[1:]) for column in definition.columns if not column.hidden]
        self._pack = None
        if None not in codes and len(codes) == len(definition.columns):
            self._pack = struct.Struct(f"<q{''.join(code or '' for code in codes)}").pack
        self._exact = [(column.name, column.dtype) for column in definition.columns]
        self._fitting = set()
        names = self._names
        only = names[-1]
        self._single = itemgetter(*names) if len(names) > 1 else lambda values: (values[only],)

    def _fit(self, classes: tuple[type, ...]) -> bool:
        """True if values of these types, in the order of the columns, are packed as they are."""
        for found, (_, dtype) in zip(classes, self._exact, strict=True):
            if found not in (_WHOLE if dtype.kind in "iu" else (float, dtype.type)):
                return False
        self._fitting.add(classes)
        return True

    def _zlmdb_check(self, txn: Any) -> list[str]:
        from zlmdb.series.check import check

        return check(self._bind(txn), txn)

    # -- keys and transactions

    def _require(self) -> Any:
        """The transaction, which has not ended."""
        txn = self._txn
        if txn is None:
            raise errors.TransactionError(
                f"table {self._definition.name}: this is the attached table; its series are read and written in a "
                f"transaction: txn[{self._definition.name}]"
            )
        txn._require_open()
        return txn

    def _prefix(self, key: Any) -> bytes:
        """Slot and series key.

        Raises:
            KeyTypeError, KeyValueError: naming the table.
        """
        remembered = key.__class__ in _REMEMBERED
        if remembered:
            found = self._prefixes.get(key)
            if found is not None:
                return found
        try:
            if self._arity:
                self._definition.key.encode(key)  # all parts must be there
                prefix = self._p + self._codec.prefix(tuple(key))
            else:
                self._definition.key.encode(key)  # says what is wrong without speaking of components
                prefix = self._p + self._codec.prefix((key,))
        except errors.DataError as error:
            raise error.located(table=self._definition.name) from None
        if remembered:
            if len(self._prefixes) >= MOST_KEYS:
                self._prefixes.clear()
            self._prefixes[key] = prefix
        return prefix

    def _key_of(self, prefix: bytes) -> Any:
        """The series key of slot and encoded key."""
        parts = self._codec.decode(prefix[2:] + HEAD_END)
        return parts[:-2] if self._arity else parts[0]

    def _series(self) -> Iterator[bytes]:
        """Slot and series key of each series, in order; goes on behind the last one after the transaction wrote.

        Raises:
            TransactionClosed: if the transaction has ended meanwhile.
        """
        txn = self._require()
        raw, slot = txn._sound(), self._p
        cursor: Any = None
        changes = None
        at = slot
        while True:
            txn._require_open()
            if txn._raw is not raw and not txn._write:
                raise errors.TransactionClosed(
                    f"{txn._db.dbpath}: the transaction of these series has ended, and another one was begun since"
                )
            try:
                if changes != txn._changes:
                    cursor, changes = txn._cursor(), txn._changes
                key = bytes(cursor.key()) if cursor.set_range(at) else b""
            except EngineError as error:
                raise self._fault(error) from error
            if not key.startswith(slot):
                return
            if len(key) < len(slot) + len(HEAD_END):
                raise errors.DecodeError(
                    f"table {self._definition.name}: expected keys of series, found {key[len(slot) :].hex()!r}",
                    table=self._definition.name,
                )
            prefix = key[:-10]
            yield prefix
            at = prefix + HEAD_END + b"\0"

    def _changing(self, prefix: bytes, function: Callable[..., V], *args: Any) -> V:
        """What a function gives that reads and changes the records of a series; its errors are explained."""
        changes = self._txn._changes
        try:
            return function(self, prefix, *args)
        except BaseException as error:
            self._raise(prefix, error, changes)

    def _raise(self, prefix: bytes, error: BaseException, changes: int) -> NoReturn:
        """Raise an error that is being handled, explained.

        Args:
            prefix: slot and series key.
            error: an exception from outside spoils the transaction, if it came when writing had begun.
            changes: the transaction's count of them before.
        """
        if not isinstance(error, (errors.ZlmdbError, EngineError)) and self._txn._changes != changes:
            self._txn._spoil()
        found = explained(self, prefix, error) if isinstance(error, Exception) else error
        if found is error:
            raise error
        raise found from error

    def _check_limit(self, key: bytes) -> None:
        if len(key) > self._limit:
            most = self._limit - len(HEAD_END) - len(self._p)
            raise errors.KeyTooLong(
                f"table {self._definition.name}: expected a series key of at most {most} bytes when encoded, found "
                f"{len(key) - len(HEAD_END) - len(self._p)}; shorten it, or store a digest of it",
                table=self._definition.name,
            )

    def _moment(self, value: Any, name: str) -> int:
        try:
            return moment_ns(value)
        except errors.DataError as error:
            raise self._located(error, name) from None

    def _located(self, error: errors.DataError, name: str) -> errors.DataError:
        found = type(error)(f"table {self._definition.name}, {name}: {error.message}")
        found.__dict__.update({**error.__dict__, "table": self._definition.name, "field": name})
        return found

    def _range(self, t0: Any, t1: Any, bounds: str = "[)") -> tuple[int, int]:
        """From (inclusive) and to (exclusive), in nanoseconds."""
        if bounds not in BOUNDS:
            raise ValueError(f"bounds: expected one of {', '.join(BOUNDS)}, found {bounds!r}")
        lo = FIRST if t0 is None else self._moment(t0, "t0") + (bounds[0] == "(")
        hi = LAST + 1 if t1 is None else self._moment(t1, "t1") + (bounds[1] == "]")
        return lo, hi

    def _columns(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        if columns is None:
            return self._names
        names = (columns,) if isinstance(columns, str) else tuple(columns)
        for name in names:
            if name not in self._definition.by_name:
                raise unknown_column(self._definition, name)
        return names

    def _fault(self, error: Exception) -> Exception:
        return translate(error, path=self._txn._db.dbpath)

    def _repr_html_(self) -> str:
        """What a notebook shows: the first series."""
        from zlmdb.series import shown

        return shown.series(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        name = self._definition.name
        raise TypeError(
            f"table {name}: a series table cannot be pickled or copied, since it belongs to an open file; pickle the "
            f"database or the slices that were read, and take txn[{name}] in a transaction there"
        )

    def __repr__(self) -> str:
        where = f"in slot {self._slot}" if self._txn is None else f"of transaction {self._txn!r}"
        return f"<series {self._definition.name} {where}>"


@lru_cache(maxsize=1024)
def tick_class(name: str, fields: tuple[str, ...]) -> Any:
    """The class of the named tuples of a table, which pickles though no module has it."""
    base: Any = namedtuple(name, fields)  # type: ignore[misc]  # of any columns
    return type(name, (base,), {"__slots__": (), "__reduce__": _reduced})


def _reduced(tick: Any) -> tuple[Any, ...]:
    return _tick, (type(tick).__name__, tick._fields, tuple(tick))


def _tick(name: str, fields: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """A pickled tick."""
    return tick_class(name, fields)(*values)


def _key_of_class(cls: type[Any], where: str) -> KeyCodec[Any]:
    """The codec of the series keys: as the class says, or that of its type parameter."""
    if cls._zlmdb_key is not None:
        return key_codec(cls._zlmdb_key, where=where)
    for base in cls.__mro__:
        for generic in base.__dict__.get("__orig_bases__", ()):
            origin = getattr(generic, "__origin__", None)
            if isinstance(origin, type) and issubclass(origin, SeriesBase):
                codec = for_type(get_args(generic)[0])
                if codec is not None:
                    return codec
    raise errors.SchemaError(
        f"{where}: expected the type of its keys, such as zlmdb.Series[str], or a codec: "
        "class Ticks(zlmdb.Series[str], key=zlmdb.String)"
    )
