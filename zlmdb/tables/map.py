"""The class that every map derives from, and what a type checker sees of it.

A map class has no behaviour of its own. What ``db.attach_table(Users)`` and ``Users(slot)`` give is an instance of a
compiled subclass that is used as ``users[txn, key]`` (:mod:`zlmdb.tables.handle`); what ``txn[Users]`` gives is one of
another that knows its transaction (:mod:`zlmdb.tables.bound`). Both are instances of ``Users``, so the one class below
declares, for type checkers, the methods of both.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar, overload

from zlmdb._typing import K, V
from zlmdb.keys.base import KeyCodec
from zlmdb.tables.compile import Compiled
from zlmdb.tables.declare import define
from zlmdb.tables.definition import TableDefinition
from zlmdb.tables.plan import IndexPlan

if TYPE_CHECKING:
    from os import PathLike

    from zlmdb.columns.output import Columns
    from zlmdb.database.transaction import Transaction
    from zlmdb.tables.scan import Selection

    T = TypeVar("T")

    class _Keyed(Container[K | tuple[Transaction, K]]):
        """What `in` looks for: first among the bases, so that mypy does not expect keys alone."""

    class _Base(_Keyed[K], MutableMapping[K, V]):
        pass

else:
    _Base = Generic

__all__ = ["Map", "definition_of"]


class Map(_Base[K, V]):
    """An ordered map from typed keys to typed values, kept in a database.

    Derive a class from it (or from a named map such as ``MapUuidCbor``), and decorate it with ``@zlmdb.table(oid)``.

    Args:
        key: class keyword: codec of the keys, or a tuple of codecs for a composite key.
        value: class keyword: codec of the values.

    Type parameters: the type of the keys, and the type of the values. If the values' type is a record (an attrs class,
    dataclass, msgspec Struct, ...), rows are checked against it when they are written, and built from it when read.

    >>> import zlmdb
    >>> from datetime import date
    >>> @zlmdb.table("b1f4c2a0-52d0-4a3e-9a55-0c8f0a1de001")
    ... class Rain(zlmdb.Map[tuple[str, date], float], key=(zlmdb.String, zlmdb.Date), value=zlmdb.Json):
    ...     "Millimetres of rain, by station and day."
    >>> with zlmdb.open(":memory:", [Rain]) as db, db.begin(write=True) as txn:
    ...     rain = txn[Rain]
    ...     rain["Bonn", date(2026, 1, 2)] = 4.5
    ...     rain["Bonn", date(2026, 1, 1)] = 0.0
    ...     list(rain)
    [('Bonn', datetime.date(2026, 1, 1)), ('Bonn', datetime.date(2026, 1, 2))]
    """

    #: Names of compressions, as earlier releases have them.
    COMPRESS_ZLIB: ClassVar[int] = 1
    COMPRESS_SNAPPY: ClassVar[int] = 2

    _zlmdb_key: ClassVar[Any] = None
    _zlmdb_value: ClassVar[Any] = None
    _zlmdb_earlier: ClassVar[bool] = False
    _zlmdb_earlier_key: ClassVar[Any] = None
    _zlmdb_oid: ClassVar[Any] = None
    _zlmdb_pk: ClassVar[tuple[str, ...]] = ()
    _zlmdb_options: ClassVar[dict[str, Any]] = {}
    _zlmdb_definition: ClassVar[TableDefinition | None] = None
    _zlmdb_compiled_from: ClassVar[type[Any] | None] = None

    def __init_subclass__(
        cls,
        *,
        key: Any = None,
        value: Any = None,
        earlier: bool | None = None,
        earlier_key: KeyCodec[Any] | type[KeyCodec[Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        if "_compiled" in cls.__dict__:
            return  # made from a map class, which has been through this
        super().__init_subclass__(**kwargs)
        if key is not None:
            cls._zlmdb_key = key
            cls._zlmdb_earlier = False
        if value is not None:
            cls._zlmdb_value = value
            cls._zlmdb_earlier = False
        if earlier is not None:
            cls._zlmdb_earlier = earlier
        if earlier_key is not None:
            cls._zlmdb_earlier_key = earlier_key
        if "_zlmdb_definition" not in cls.__dict__:
            cls._zlmdb_definition = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if cls._zlmdb_compiled_from is None:
            cls = compiled(cls).handle_class
        return object.__new__(cls)

    @classmethod
    def new_key(cls) -> K:
        """A fresh random key, for key types that have such: UUIDs, OIDs, byte strings, text; the time now for times.

        A composite key gets a fresh value for each part.

        Raises:
            SchemaError: if the key type has no random values.

        >>> import zlmdb
        >>> type(zlmdb.MapUuidCbor.new_key()).__name__
        'UUID'
        """
        from zlmdb.tables.fresh import new_key

        key: K = new_key(definition_of(cls).key)
        return key

    if TYPE_CHECKING:
        # What the two compiled classes do; see zlmdb.tables.handle and zlmdb.tables.bound for the documentation.
        # The overloads with a transaction are those of the attached map. They overlap with the others where keys are
        # tuples, which cannot be told statically; a transaction is never a key.

        def __init__(
            self,
            slot: int | None = None,
            compress: int | None = None,
            marshal: Callable[[Any], Any] | None = None,
            unmarshal: Callable[[Any], Any] | None = None,
            *,
            parse: Callable[[Any], Any] | None = None,
            build: Callable[[Any, Any], Any] | None = None,
            cast: Callable[[Any], Any] | None = None,
            allow_pickle: bool = False,
        ) -> None: ...
        @overload
        def __getitem__(self, key: tuple[Transaction, K], /) -> V | None: ...
        @overload
        def __getitem__(self, key: K, /) -> V: ...
        def __getitem__(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def __setitem__(self, key: tuple[Transaction, K], value: V, /) -> None: ...
        @overload
        def __setitem__(self, key: K, value: V, /) -> None: ...
        def __setitem__(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def __delitem__(self, key: tuple[Transaction, K], /) -> None: ...
        @overload
        def __delitem__(self, key: K, /) -> None: ...
        def __delitem__(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def get(self, key: K, /) -> V | None: ...
        @overload
        def get(self, key: K, default: V, /) -> V: ...
        @overload
        def get(self, key: K, default: T, /) -> V | T: ...
        @overload
        def get(self, key: tuple[Transaction, K], /) -> V | None: ...
        @overload
        def get(self, key: tuple[Transaction, K], default: V, /) -> V: ...
        @overload
        def get(self, key: tuple[Transaction, K], default: T, /) -> V | T: ...
        def get(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def pop(self, key: K, /) -> V: ...
        @overload
        def pop(self, key: K, default: V, /) -> V: ...
        @overload
        def pop(self, key: K, default: T, /) -> V | T: ...
        @overload
        def pop(self, key: tuple[Transaction, K], /) -> V | None: ...
        @overload
        def pop(self, key: tuple[Transaction, K], default: V, /) -> V: ...
        @overload
        def pop(self, key: tuple[Transaction, K], default: T, /) -> V | T: ...
        def pop(self, *args: Any, **kwargs: Any) -> Any: ...
        def __contains__(self, key: object, /) -> bool: ...
        def __iter__(self) -> Iterator[K]: ...
        def __len__(self) -> int: ...
        def add(self, row: V, /) -> K: ...
        @overload
        def put(self, row: V, /) -> K: ...
        @overload
        def put(self, key: K, row: V, /) -> K: ...
        def put(self, *args: Any, **kwargs: Any) -> Any: ...
        def delete(self, key: K, /) -> bool: ...
        def get_many(self, keys: Iterable[K], /) -> list[V | None]: ...
        def put_many(self, rows: Iterable[V] | Iterable[tuple[K, V]] | Mapping[K, V], /) -> int: ...
        def load(
            self,
            rows: Iterable[V] | Iterable[tuple[K, V]] | Mapping[K, V] | Columns | PathLike[str] | str,
            /,
            *,
            sorted: bool = False,
            progress: Callable[[int], None] | bool | None = None,
            ignore: Iterable[str] = (),
        ) -> int: ...
        def first(self) -> tuple[K, V] | None: ...
        @overload
        def last(self) -> tuple[K, V] | None: ...
        @overload
        def last(self, *series: Any, n: int) -> Selection[tuple[K, V]]: ...
        @overload
        def last(self, *series: Any) -> Any: ...
        def last(self, *series: Any, n: int | None = None) -> Any: ...
        def range(
            self, *series_and_times: Any, t0: Any = None, t1: Any = None, reverse: bool = False
        ) -> Selection[tuple[K, V]]: ...
        def as_of(self, *series_and_time: Any) -> tuple[K, V] | None: ...
        def span(self, *series: Any) -> tuple[Any, Any] | None: ...
        # As zlmdb.columns.Output has them, which a map class is not: attached maps have no rows without a transaction.
        def columns(self, *names: str) -> dict[str, Any]: ...
        def to_numpy(
            self,
            columns: Sequence[str] | None = None,
            *,
            where: Any = None,
            schema: Any = None,
            batch_rows: int = ...,
        ) -> dict[str, Any]: ...
        def to_arrow(
            self,
            columns: Sequence[str] | None = None,
            *,
            where: Any = None,
            schema: Any = None,
            batch_rows: int = ...,
        ) -> Any: ...
        def to_pandas(
            self,
            columns: Sequence[str] | None = None,
            *,
            where: Any = None,
            schema: Any = None,
            batch_rows: int = ...,
        ) -> Any: ...
        def to_polars(
            self,
            columns: Sequence[str] | None = None,
            *,
            where: Any = None,
            schema: Any = None,
            batch_rows: int = ...,
        ) -> Any: ...
        def __arrow_c_stream__(self, requested_schema: object = None) -> Any: ...
        @overload
        def select(
            self,
            txn: Transaction,
            from_key: Any = None,
            to_key: Any = None,
            *,
            return_keys: Literal[False],
            return_values: Literal[True] = True,
            reverse: bool = False,
            limit: int | None = None,
        ) -> Selection[V]: ...
        @overload
        def select(
            self,
            txn: Transaction,
            from_key: Any = None,
            to_key: Any = None,
            return_keys: Literal[True] = True,
            *,
            return_values: Literal[False],
            reverse: bool = False,
            limit: int | None = None,
        ) -> Selection[K]: ...
        @overload
        def select(
            self,
            txn: Transaction,
            from_key: Any = None,
            to_key: Any = None,
            return_keys: Literal[True] = True,
            return_values: Literal[True] = True,
            reverse: bool = False,
            limit: int | None = None,
        ) -> Selection[tuple[K, V]]: ...
        @overload
        def select(
            self,
            txn: Transaction,
            from_key: Any = None,
            to_key: Any = None,
            return_keys: bool = True,
            return_values: bool = True,
            reverse: bool = False,
            limit: int | None = None,
        ) -> Selection[Any]: ...
        @overload
        def select(
            self,
            lo: Any = None,
            hi: Any = None,
            *,
            return_keys: Literal[False],
            return_values: Literal[True] = True,
            prefix: Any = None,
            bounds: Literal["[)", "[]", "(]", "()"] = "[)",
            reverse: bool = False,
            limit: int | None = None,
        ) -> Selection[V]: ...
        @overload
        def select(
            self,
            lo: Any = None,
            hi: Any = None,
            *,
            return_keys: Literal[True] = True,
            return_values: Literal[False],
            prefix: Any = None,
            bounds: Literal["[)", "[]", "(]", "()"] = "[)",
            reverse: bool = False,
            limit: int | None = None,
        ) -> Selection[K]: ...
        @overload
        def select(
            self,
            lo: Any = None,
            hi: Any = None,
            *,
            return_keys: Literal[True] = True,
            return_values: Literal[True] = True,
            prefix: Any = None,
            bounds: Literal["[)", "[]", "(]", "()"] = "[)",
            reverse: bool = False,
            limit: int | None = None,
        ) -> Selection[tuple[K, V]]: ...
        def select(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def count(self, txn: Transaction, prefix: Any = None) -> int: ...
        @overload
        def count(self, *, prefix: Any = None) -> int: ...
        def count(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def count_range(self, txn: Transaction, from_key: Any, to_key: Any) -> int: ...
        @overload
        def count_range(
            self, lo: Any = None, hi: Any = None, *, bounds: Literal["[)", "[]", "(]", "()"] = "[)"
        ) -> int: ...
        def count_range(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def truncate(self, txn: Transaction, rebuild_indexes: bool = True) -> int: ...
        @overload
        def truncate(self) -> int: ...
        def truncate(self, *args: Any, **kwargs: Any) -> Any: ...
        def attach_index(
            self,
            name: str,
            pmap: Map[Any, Any],
            fkey: Callable[[V], Any],
            nullable: bool = False,
            unique: bool = True,
        ) -> None: ...
        def detach_index(self, name: str) -> None: ...
        def check(self) -> list[str]: ...
        def indexes(self) -> list[str]: ...
        def is_index(self) -> bool: ...
        @overload
        def rebuild_index(self, txn: Transaction, name: str) -> tuple[int, int]: ...
        @overload
        def rebuild_index(self, name: str, /) -> tuple[int, int]: ...
        def rebuild_index(self, *args: Any, **kwargs: Any) -> Any: ...
        @overload
        def rebuild_indexes(self, txn: Transaction) -> tuple[int, int]: ...
        @overload
        def rebuild_indexes(self) -> tuple[int, int]: ...
        def rebuild_indexes(self, *args: Any, **kwargs: Any) -> Any: ...


# Not inherited from at run time: an abstract base class would make the compiled subclasses three times as dear.
_abstract: Any = MutableMapping
_abstract.register(Map)


def definition_of(cls: type[Any]) -> TableDefinition:
    """The definition of a map class, made when it is first asked for."""
    definition: TableDefinition | None = cls.__dict__.get("_zlmdb_definition")
    if definition is None:
        definition = cls._zlmdb_definition = define(cls)
    return definition


def declared_plans(definition: TableDefinition) -> tuple[IndexPlan, ...]:
    """The declared indexes, as the compiler wants them: unique ones first, so that a conflict has little to undo."""
    plans = [
        IndexPlan(
            name=index.name,
            codec=index.key,
            fields=index.fields,
            function=index.function,
            unique=index.unique,
            nullable=index.nullable,
            where=index.where,
        )
        for index in definition.indexes
    ]
    return tuple(sorted(plans, key=lambda plan: not plan.unique))


def compiled(cls: type[Any], definition: TableDefinition | None = None) -> Compiled:
    """The compiled classes of a map class; kept, for the definition that the class declares.

    Args:
        cls: the map class.
        definition: another definition than the class's own (another key layout, other converters); None for its own.
    """
    if definition is not None and definition is not definition_of(cls):
        return Compiled(cls, definition, declared_plans(definition))
    known: Compiled | None = cls.__dict__.get("_zlmdb_compiled")
    definition = definition_of(cls)
    if known is None or known.definition is not definition:  # as the class was decorated again
        known = cls._zlmdb_compiled = Compiled(cls, definition, declared_plans(definition))
    return known
