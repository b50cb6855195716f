"""The map of a transaction, ``txn[Users]``: a mutable mapping, ordered by key, with indexes as attributes."""

from __future__ import annotations

from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    MutableMapping,
    ValuesView,
)
from itertools import islice
from typing import TYPE_CHECKING, Any

from zlmdb import errors
from zlmdb.columns.output import Output, is_columns, named_arrays
from zlmdb.engine import EngineError
from zlmdb.tables import bounds, maintain, scan
from zlmdb.tables.compile import BoundStubs, RowStubs
from zlmdb.tables.definition import TableDefinition
from zlmdb.tables.handle import prefix_span, select
from zlmdb.tables.indexes import live_index
from zlmdb.tables.ops import Ops
from zlmdb.tables.outlet import Rows
from zlmdb.tables.times import Times

__all__ = ["BoundMap", "RowMap"]

#: How many rows of put_many() are encoded before they are written.
CHUNK = 500


class _Keys(KeysView[Any]):
    def __reversed__(self) -> Iterator[Any]:
        return iter(self._mapping.select(return_values=False, reverse=True))  # type: ignore[attr-defined]


class _Values(ValuesView[Any]):
    def __iter__(self) -> Iterator[Any]:
        return iter(self._mapping.select(return_keys=False))  # type: ignore[attr-defined]

    def __reversed__(self) -> Iterator[Any]:
        return iter(self._mapping.select(return_keys=False, reverse=True))  # type: ignore[attr-defined]


class _Items(ItemsView[Any, Any]):
    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self._mapping.select())  # type: ignore[attr-defined]

    def __reversed__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self._mapping.select(reverse=True))  # type: ignore[attr-defined]


if TYPE_CHECKING:
    _Mapping = MutableMapping[Any, Any]
else:

    class _Mapping:
        """The methods of the abstract class, without its metaclass: under that, making the class of a table's maps
        takes three times as long.
        """

        __slots__ = ()
        __hash__ = None
        __eq__ = MutableMapping.__eq__
        pop = MutableMapping.pop
        setdefault = MutableMapping.setdefault
        update = MutableMapping.update
        _MutableMapping__marker = vars(MutableMapping)["_MutableMapping__marker"]

    MutableMapping.register(_Mapping)


class BoundMap(BoundStubs, Ops, Output, Times, _Mapping):
    """What ``txn[Users]`` gives. It is valid until the transaction ends; its methods then raise TransactionClosed.

    It behaves as a dict whose keys are sorted: reading or deleting a missing key raises KeyError.

    >>> import dataclasses, zlmdb
    >>> @dataclasses.dataclass
    ... class User:
    ...     name: str
    ...     city: str
    >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5d0000000003", pk="name")
    ... class Users(zlmdb.MapStringJson[User]):
    ...     by_city = zlmdb.index("city")
    >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
    ...     users = txn[Users]
    ...     users.add(User("Ann", "Bonn")), users.put(User("Ann", "Köln"))
    ...     users.put_many([User("Bob", "Bonn")]), users.load([User("Cyd", "Bonn"), User("Dan", "Rome")])
    ...     users.first()[0], users.last()[0], list(users), len(users)
    ...     list(users.select("B", "D", return_values=False)), users.count(prefix="C"), users.count_range("B", "D")
    ...     users["Dan"].city, users.get("Eve"), "Eve" in users, users.pop("Dan").city, users.popitem()[0]
    ...     users.indexes(), users.check(), users.rebuild_index("by_city"), users.truncate()
    ('Ann', 'Ann')
    (1, 2)
    ('Ann', 'Dan', ['Ann', 'Bob', 'Cyd', 'Dan'], 4)
    (['Bob', 'Cyd'], 1, 2)
    ('Rome', None, False, 'Rome', 'Cyd')
    (['by_city'], [], (2, 2), 4)
    """

    # All that differs from one transaction to the next; slots are quicker to fill than a dictionary. Nothing is done
    # when one is made: `Handle._bind` fills it.
    __slots__ = ("_limit", "_p", "_txn", "_xs")
    __new__ = object.__new__
    __init__ = object.__init__

    _txn: Any
    _definition: TableDefinition

    def _source(self) -> Rows:
        return Rows(self, self._txn, self._p, bounds.after_slot(self._p))

    def __repr__(self) -> str:
        return f"<map {self._definition.name} of transaction {self._txn!r}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the first rows."""
        from zlmdb.tables import show

        rows = scan.Selection(lambda: iter(self.select(limit=show.MOST + 1)), (), None, self._source, ())
        return show.selection(rows, f"table {self._definition.name}")

    def _live_index(self, name: str) -> Any:
        self._txn._check_declared(self, name)
        return live_index(self, name)

    # -- the mapping

    def _read_early(self, key: Any) -> Any:
        """``self[key]``, before that is compiled."""
        if self._compiled.early <= 0:
            return self[key]  # this method was kept
        key, data, row = self._early((self._txn, key))
        if data is None:
            raise KeyError(key)
        return row

    def __iter__(self) -> Iterator[Any]:
        return iter(self.select(return_values=False))

    def __reversed__(self) -> Iterator[Any]:
        return iter(self.select(return_values=False, reverse=True))

    def __len__(self) -> int:
        return scan.count(self._txn, self._p, bounds.after_slot(self._p))

    def __bool__(self) -> bool:
        return not maintain.is_empty(self._txn, self._p)

    def keys(self) -> KeysView[Any]:
        """The keys, in order."""
        return _Keys(self)

    def values(self) -> ValuesView[Any]:
        """The values, in the order of their keys."""
        return _Values(self)

    def items(self) -> ItemsView[Any, Any]:
        """Pairs (key, value), in the order of the keys."""
        return _Items(self)

    def clear(self) -> None:
        """Remove every row, and the entries of the indexes."""
        maintain.truncate(self, self._txn, with_indexes=True)

    def popitem(self) -> tuple[Any, Any]:
        """Remove the last row, and give its key and value.

        Raises:
            KeyError: if the table is empty.
        """
        found: tuple[Any, Any] | None = self.last()
        if found is None:
            raise KeyError(f"popitem(): table {self._definition.name} is empty")
        del self[found[0]]
        return found

    # -- rows

    def add(self, row: Any) -> Any:
        """Insert a row that holds its own key.

        Args:
            row: the row; the table's `pk` says which of its fields are the key.

        Returns:
            The key.

        Raises:
            DuplicateKey: if there is a row under the key.
            UniqueViolation, NullValueConstraint: if an index forbids it. Nothing is written then.
            ValueTypeError: if the row, or a field of it, has another type than declared.
            SchemaError: if the table was declared without `pk`.
        """
        # The general case is an error; tables with a primary key in their rows have compiled ones in this place.
        return self._row_key(row)

    def put(self, *key_and_row: Any) -> Any:
        """Insert a row, or replace the one under its key.

        Args:
            key_and_row: the row alone, if it holds its key; or the key and the row.

        Returns:
            The key.

        Raises:
            UniqueViolation, NullValueConstraint, ValueTypeError, SchemaError: as :meth:`add`.
        """
        return self._put_pair(*key_and_row)

    def _put_pair(self, *key_and_row: Any) -> Any:
        if len(key_and_row) == 1:
            return self._row_key(key_and_row[0])
        if len(key_and_row) != 2:
            raise TypeError(f"put(): expected a row, or a key and a row, found {len(key_and_row)} arguments")
        self[key_and_row[0]] = key_and_row[1]
        return key_and_row[0]

    def put_many(self, rows: Any) -> int:
        """Insert or replace many rows.

        Args:
            rows: rows, if the table knows which field is their key (``pk``); pairs (key, row), if not; or a mapping of
                keys to rows.

        Returns:
            How many there were.

        Raises:
            UniqueViolation, NullValueConstraint, ValueTypeError, SchemaError: as :meth:`put`. None of the rows is then
                written (through a writable map: those before it are).
        """
        with self._txn._guarded():
            if self._compiled.plans:
                return self._one_by_one(rows)
            done = 0
            rows, holding = self._shape(rows)
            encode = self._pairs_of_rows if holding else self._pairs  # type: ignore[attr-defined]
            left = iter(rows)
            try:
                # In chunks, so that no code of the program runs while the engine writes.
                while chunk := list(islice(left, CHUNK)):
                    self._txn._changes += 1
                    self._txn._count_puts(self._txn._cursor().putmulti(encode(chunk))[1])
                    done += len(chunk)
            except EngineError as error:
                raise self._fault(self._txn, error) from error
            return done

    def _one_by_one(self, rows: Any) -> int:
        rows, holding = self._shape(rows)
        done = 0
        if holding:
            for row in rows:
                self.put(row)
                done += 1
        else:
            for key, row in rows:
                self[key] = row
                done += 1
        return done

    def _shape(self, rows: Any) -> tuple[Iterable[Any], bool]:
        """The rows, and whether they hold their key; pairs otherwise."""
        if isinstance(rows, Mapping):
            return rows.items(), False
        columns = not isinstance(rows, (list, tuple)) and is_columns(rows)
        if columns or (not isinstance(rows, Iterable) and not hasattr(rows, "__getitem__")):
            found = "; columns and files go in with load()" if columns else f" {errors.short(rows)}"
            raise errors.ValueTypeError(
                f"table {self._definition.name}: expected many rows, in a list or another iterable, found "
                f"{type(rows).__name__}{found}",
                table=self._definition.name,
                expected="an iterable",
                found=type(rows).__name__,
            )
        return rows, bool(self._definition.pk)

    def load(
        self,
        rows: Any,
        *,
        sorted: bool = False,
        progress: Callable[[int], None] | bool | None = None,
        ignore: Iterable[str] = (),
    ) -> int:
        """Insert many new rows, faster than one by one: they are written in the order of their keys, batch by batch.

        A batch is about 32 MiB of encoded rows and index entries. Of the batches before, eight bytes a row are kept
        until the end, which tell a row that comes twice.

        Args:
            rows: as for :meth:`put_many`; or columns, named as :meth:`to_arrow` names them: anything with
                ``__arrow_c_stream__`` (tables and readers of pyarrow, frames of Polars), a pandas.DataFrame, a dict of
                NumPy arrays as :meth:`to_numpy` gives it, or a structured array (not for maps whose rows are arrays),
                or the path of a file that ends in ``.parquet``, ``.csv``, ``.tsv`` or ``.arrow``.
            sorted: True if they come in the order of their keys already; saves sorting each batch.
            progress: called with the number of rows done so far, every 20,000 rows and at the end; True shows a bar on
                standard error; None for nobody.
            ignore: names of columns that have no place in the table and are left out. Any other such column is an
                error.

        Returns:
            How many rows were inserted.

        Raises:
            DuplicateKey: if a key exists, or comes twice.
            UniqueViolation, NullValueConstraint, ValueTypeError: as :meth:`add`. None of the rows is then written
                (through a writable map: those before it are).
            ValueTypeError: also if a value of a column cannot be converted without loss; names the file, the row and
                the column.
            SchemaError: if a column has no place in the table, or a required field has no column.
            MissingExtra: if columns are given, and pyarrow is not installed.
        """
        from zlmdb.columns.progress import reporter
        from zlmdb.tables import bulk

        arrays = named_arrays(rows)
        if is_columns(rows) and not (arrays is not None and self._of_arrays(arrays)):
            from zlmdb.columns.intake import Intake

            intake = Intake(self._source(), rows, ignore)
            rows, holding, total = intake.rows(), bool(self._definition.pk), intake.total
        else:
            total = len(rows) if hasattr(rows, "__len__") else None
            rows, holding = self._shape(rows)
        with reporter(progress, self._definition.name, total) as report:
            return bulk.load(self, iter(rows), holding=holding, in_order=sorted, progress=report)

    def _of_arrays(self, rows: Mapping[Any, Any]) -> bool:
        """True if a mapping to arrays holds rows that are arrays, not columns."""
        from zlmdb.columns.frame import Frame

        codec = self._definition.value
        if getattr(codec, "codec", codec).name == "numpy":
            return True
        # The key's columns end in underlines where the rows have fields of their names.
        names, given = Frame(self._source())._key_names(()), {str(name).rstrip("_") for name in rows}
        return not {name.rstrip("_") for name in names} <= given

    def first(self) -> tuple[Any, Any] | None:
        """The row with the smallest key, as (key, value); None if there is none."""
        return next(iter(self.select(limit=1)), None)

    # -- ranges

    def select(
        self,
        lo: Any = None,
        hi: Any = None,
        *,
        prefix: Any = None,
        bounds: str = "[)",
        return_keys: bool = True,
        return_values: bool = True,
        reverse: bool = False,
        limit: int | None = None,
    ) -> scan.Selection[Any]:
        """The rows of a range of keys, in order.

        The transaction may write while the rows are read: a row removed before its turn is not given, a row added
        behind the current one is.

        Args:
            lo: lower bound, or None for the beginning. For a composite key, a shorter tuple stands before all keys that
                begin with it.
            hi: upper bound, or None for the end.
            prefix: instead of bounds: only rows whose key begins so; text or bytes for such keys, a tuple of leading
                parts for a composite key (whose last part, if it is text and all parts are given, may be a beginning).
            bounds: which ends belong to the range: "[)" (the default), "[]", "(]" or "()".
            return_keys: whether keys are given.
            return_values: whether values are given; with both, pairs (key, value); with neither, None for each row.
            reverse: True gives the last rows first.
            limit: at most so many rows; None for all.

        Raises:
            KeyTypeError, KeyValueError: if a bound cannot be a key.
            ValueError: if `bounds` or `limit` is not one of the possible ones, or a prefix is given with bounds.
        """
        start, stop = self._span(lo, hi, prefix, bounds)
        return select(self, self._txn, start, stop, return_keys, return_values, reverse, limit)

    def _span(self, lo: Any, hi: Any, prefix: Any, ends: str) -> tuple[bytes, bytes]:
        if prefix is None:
            return bounds.span(self._p, self._definition.key, lo, hi, ends, table=self._definition.name)
        if lo is not None or hi is not None:
            raise ValueError("select(): expected bounds or a prefix, found both")
        return prefix_span(self, prefix)

    def count(self, *, prefix: Any = None) -> int:
        """How many rows there are; with `prefix`, how many whose key begins so (as in :meth:`select`)."""
        return scan.count(self._txn, *self._span(None, None, prefix, "[)"))

    def count_range(self, lo: Any = None, hi: Any = None, *, bounds: str = "[)") -> int:
        """How many rows lie between two keys; bounds as in :meth:`select`."""
        return scan.count(self._txn, *self._span(lo, hi, None, bounds))

    # -- indexes

    def truncate(self) -> int:
        """Remove every row, and the entries of the indexes: how many records that were."""
        return maintain.truncate(self, self._txn, with_indexes=True)

    def indexes(self) -> list[str]:
        """The names of the indexes, sorted."""
        return sorted(plan.name for plan in self._compiled.plans)

    def is_index(self) -> bool:
        """False: the map of a transaction is a table."""
        return False

    def rebuild_index(self, name: str) -> tuple[int, int]:
        """Make an index anew from the rows: (entries removed, entries written).

        Raises:
            SchemaError: if there is no such index.
            UniqueViolation, NullValueConstraint: if the rows do not fit it; it is left as it was.
        """
        return maintain.rebuild(self, self._txn, maintain.plan_number(self, name))

    def rebuild_indexes(self) -> tuple[int, int]:
        """Make all indexes anew from the rows: (entries removed, entries written), summed."""
        done = [maintain.rebuild(self, self._txn, i) for i in range(len(self._compiled.plans))]
        return sum(removed for removed, _ in done), sum(written for _, written in done)

    def check(self) -> list[str]:
        """What is wrong with the indexes, a sentence each; an empty list if every index equals its rows."""
        return maintain.check(self, self._txn)


class RowMap(RowStubs, BoundMap):
    """The map of a transaction whose rows know their key; for others, `put` and `add` are slower, general ones."""

    __slots__ = ()
