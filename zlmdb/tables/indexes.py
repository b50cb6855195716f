"""Reading through an index: ``txn[Users].by_email["ann@example.com"]``, ``txn[Users].by_city.select("Bonn")``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from zlmdb import errors
from zlmdb._typing import K, V
from zlmdb.columns.output import Output
from zlmdb.engine import EngineError
from zlmdb.keys.composite import Composite
from zlmdb.tables import bounds, scan
from zlmdb.tables.compile import Stub
from zlmdb.tables.maintain import plan_number
from zlmdb.tables.operations import Source, scans
from zlmdb.tables.outlet import IndexRows

if TYPE_CHECKING:
    from zlmdb.tables.plan import IndexPlan

    T = TypeVar("T")

__all__ = ["Index", "UniqueIndex", "live_index"]


class Index(Output, Generic[K, V]):
    """An index of the map of a transaction: rows by something else than their key; many under one index key.

    Its columns are those of the map, key included, in the order of the index.

    >>> import dataclasses, zlmdb
    >>> @dataclasses.dataclass
    ... class User:
    ...     name: str
    ...     city: str
    >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b0000000001", pk="name")
    ... class Users(zlmdb.MapStringJson[User]):
    ...     by_city = zlmdb.index("city")
    >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
    ...     users = txn[Users]
    ...     _ = users.put_many([User("Ann", "Bonn"), User("Bob", "Bonn"), User("Cyd", "Köln")])
    ...     users.by_city.count("Bonn"), users.by_city.first("Köln").name
    (2, 'Cyd')
    """

    _map: Any
    _txn: Any
    _plan: IndexPlan
    #: Prefix of the index's records, and of the table's.
    _x: bytes
    _p: bytes

    def __repr__(self) -> str:
        return f"<index {self._plan.name} of {self._map!r}>"

    if not TYPE_CHECKING:  # a type checker says so before

        def __getitem__(self, key: Any) -> Any:
            name = self._plan.name
            raise TypeError(
                f"table {self._map._definition.name}, index {name}: many rows may be under a key: read them with "
                f"{name}.select({errors.short(key)}), or declare the index with unique=True"
            )

    if TYPE_CHECKING:

        @overload
        def select(
            self,
            *values: Any,
            lo: Any = None,
            hi: Any = None,
            prefix: str | bytes | None = None,
            bounds: Literal["[)", "[]", "(]", "()"] = "[)",
            return_keys: Literal[False] = False,
            return_values: Literal[True] = True,
            reverse: bool = False,
            limit: int | None = None,
        ) -> scan.Selection[V]: ...
        @overload
        def select(
            self,
            *values: Any,
            lo: Any = None,
            hi: Any = None,
            prefix: str | bytes | None = None,
            bounds: Literal["[)", "[]", "(]", "()"] = "[)",
            return_keys: Literal[True],
            return_values: Literal[True] = True,
            reverse: bool = False,
            limit: int | None = None,
        ) -> scan.Selection[tuple[K, V]]: ...
        @overload
        def select(
            self,
            *values: Any,
            lo: Any = None,
            hi: Any = None,
            prefix: str | bytes | None = None,
            bounds: Literal["[)", "[]", "(]", "()"] = "[)",
            return_keys: Literal[True],
            return_values: Literal[False],
            reverse: bool = False,
            limit: int | None = None,
        ) -> scan.Selection[K]: ...

    def select(
        self,
        *values: Any,
        lo: Any = None,
        hi: Any = None,
        prefix: str | bytes | None = None,
        bounds: str = "[)",
        return_keys: bool = False,
        return_values: bool = True,
        reverse: bool = False,
        limit: int | None = None,
    ) -> scan.Selection[Any]:
        """The rows under an index key, or of a range of index keys, in the order of the index.

        Args:
            values: what the leading fields of the index must equal: none for all rows, all of them for one index key.
            lo: lower bound of the field that follows `values` (a tuple for several fields), or None for no bound.
            hi: its upper bound, or None for no bound.
            prefix: instead of bounds: how that field begins, which is text or a byte string; None for any.
            bounds: which ends belong to the range: "[)" (the default), "[]", "(]" or "()".
            return_keys: True gives primary keys; with values, pairs (primary key, row).
            return_values: False leaves the rows out, which are then not read.
            reverse: True gives the last rows first.
            limit: at most so many rows; None for all.

        Raises:
            KeyTypeError, KeyValueError: if a value, bound or prefix does not fit the index's key.
            ValueError: if `bounds` or `limit` is not one of the possible ones, or a prefix is given with bounds.

        >>> import dataclasses, zlmdb
        >>> @dataclasses.dataclass
        ... class User:
        ...     name: str
        ...     city: str
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b0000000002", pk="name")
        ... class Users(zlmdb.MapStringJson[User]):
        ...     by_city = zlmdb.index("city")
        >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
        ...     users = txn[Users]
        ...     _ = users.put_many([User("Ann", "Bonn"), User("Bob", "Bonn"), User("Cyd", "Köln")])
        ...     [user.name for user in users.by_city.select("Bonn", reverse=True)]
        ...     [user.name for user in users.by_city.select(prefix="K")]
        ['Bob', 'Ann']
        ['Cyd']
        """
        if limit is not None:
            scan.check_limit(limit)
        start, stop = self._span(values, lo, hi, prefix, bounds)
        txn = self._txn
        if return_keys or return_values:
            rows = getattr(self, scan.shape(txn, return_keys, return_values, reverse))
        else:
            rows = scan.blind(getattr(self, scan.shape(txn, True, False, reverse)))
        details = (self, start, stop, return_keys, return_values, reverse, limit)
        return scan.Selection(rows, (txn, start, stop), limit, IndexRows, details)

    def keys(self, *values: Any, reverse: bool = False, limit: int | None = None) -> scan.Selection[K]:
        """The primary keys of the rows whose leading index fields equal `values`; the rows are not read.

        >>> import dataclasses, zlmdb
        >>> @dataclasses.dataclass
        ... class User:
        ...     name: str
        ...     city: str
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b0000000003", pk="name")
        ... class Users(zlmdb.MapStringJson[User]):
        ...     by_city = zlmdb.index("city")
        >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
        ...     users = txn[Users]
        ...     _ = users.put_many([User("Ann", "Bonn"), User("Bob", "Bonn"), User("Cyd", "Köln")])
        ...     list(users.by_city.keys("Bonn"))
        ['Ann', 'Bob']
        """
        return self.select(*values, return_keys=True, return_values=False, reverse=reverse, limit=limit)

    def count(
        self, *values: Any, lo: Any = None, hi: Any = None, prefix: str | bytes | None = None, bounds: str = "[)"
    ) -> int:
        """How many rows :meth:`select` would give.

        >>> import dataclasses, zlmdb
        >>> @dataclasses.dataclass
        ... class User:
        ...     name: str
        ...     city: str
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b0000000004", pk="name")
        ... class Users(zlmdb.MapStringJson[User]):
        ...     by_city = zlmdb.index("city")
        >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
        ...     users = txn[Users]
        ...     _ = users.put_many([User("Ann", "Bonn"), User("Bob", "Bonn"), User("Cyd", "Köln")])
        ...     users.by_city.count(), users.by_city.count("Bonn"), users.by_city.count(lo="C")
        (3, 2, 1)
        """
        return scan.count(self._txn, *self._span(values, lo, hi, prefix, bounds))

    def first(self, *values: Any) -> V | None:
        """The first row whose leading index fields equal `values`, or None.

        >>> import dataclasses, zlmdb
        >>> @dataclasses.dataclass
        ... class User:
        ...     name: str
        ...     city: str
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b0000000005", pk="name")
        ... class Users(zlmdb.MapStringJson[User]):
        ...     by_city = zlmdb.index("city")
        >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
        ...     users = txn[Users]
        ...     _ = users.put_many([User("Ann", "Bonn"), User("Bob", "Bonn"), User("Cyd", "Köln")])
        ...     users.by_city.first("Bonn").name, users.by_city.first("Rome")
        ('Ann', None)
        """
        return next(iter(self.select(*values, limit=1)), None)

    def last(self, *values: Any) -> V | None:
        """The last row whose leading index fields equal `values`, or None.

        >>> import dataclasses, zlmdb
        >>> @dataclasses.dataclass
        ... class User:
        ...     name: str
        ...     city: str
        >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b0000000006", pk="name")
        ... class Users(zlmdb.MapStringJson[User]):
        ...     by_city = zlmdb.index("city")
        >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
        ...     users = txn[Users]
        ...     _ = users.put_many([User("Ann", "Bonn"), User("Bob", "Bonn"), User("Cyd", "Köln")])
        ...     users.by_city.last().name, users.by_city.last("Bonn").name
        ('Cyd', 'Bob')
        """
        return next(iter(self.select(*values, limit=1, reverse=True)), None)

    def __iter__(self) -> Iterator[V]:
        return iter(self.select())

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return True

    def __contains__(self, key: object) -> bool:
        """True if there is a row under an index key (a tuple, for an index over several fields)."""
        start, stop = self._range(self._plan.parts_of(key), None, None, "[)")
        return scan.first_key(self._txn, start, stop) is not None

    def _source(self) -> IndexRows:
        return IndexRows(self, *self._range((), None, None, "[)"), True, True)

    def _span(
        self, values: tuple[Any, ...], lo: Any, hi: Any, prefix: str | bytes | None, ends: str
    ) -> tuple[bytes, bytes]:
        """Start and stop of the entries that :meth:`select` is asked for."""
        if prefix is None:
            found: tuple[bytes, bytes] = (
                self._between(values, lo, hi) if ends == "[)" else self._range(values, lo, hi, ends)  # type: ignore[attr-defined]
            )
            return found
        if lo is not None or hi is not None:
            raise ValueError("select(): expected bounds or a prefix, found both")
        plan, name = self._plan, f"{self._map._definition.name}, index {self._plan.name}"
        if len(values) >= plan.arity:
            raise errors.KeyTypeError(
                f"table {name}: expected fewer than {plan.arity} values before a prefix, found {len(values)}",
                table=self._map._definition.name,
                index=plan.name,
            )
        try:
            start = self._x + (self._whole() if plan.bare else plan.full).text_prefix(values, prefix)
        except errors.DataError as error:
            raise error.located(table=name) from None
        return start, bounds.after_slot(start)

    def _range(self, values: tuple[Any, ...], lo: Any, hi: Any, ends: str) -> tuple[bytes, bytes]:
        """Start and stop of the entries: what the generated ``_between(values, lo, hi)`` does in the usual cases."""
        plan, name = self._plan, f"{self._map._definition.name}, index {self._plan.name}"
        if len(values) > plan.arity:
            raise errors.KeyTypeError(
                f"table {name}: expected at most {plan.arity} values, found {len(values)}",
                table=self._map._definition.name,
                index=plan.name,
            )
        try:
            prefix = self._x + (self._whole() if plan.bare else plan.full).prefix(values) if values else self._x
        except errors.DataError as error:
            raise error.located(table=name) from None
        if plan.bare and len(values) == plan.arity:
            return prefix, prefix + b"\0"
        if lo is None and hi is None:
            return prefix, bounds.after_slot(prefix)
        rest = plan.rests[len(values)]
        return bounds.span(prefix, rest, _parts(lo), _parts(hi), ends, table=name)

    def _whole(self) -> Composite:
        codec = self._plan.codec
        return codec if isinstance(codec, Composite) else Composite((codec,))

    # -- what the generated functions call

    def _recover_get(self, key: Any, error: Exception) -> Any:
        self._map._pass_on(self._txn, error)
        try:
            data = self._plan.codec.encode(key)
        except errors.DataError as wrong:
            raise wrong.located(table=f"{self._map._definition.name}, index {self._plan.name}") from None
        if len(data) + 2 > self._map._limit:
            return None
        return self._txn.get(self._x + data)

    def _dangling(self, key: Any, pk: Any) -> errors.DatabaseError:
        entry = "an entry" if key is None else f"the entry of {errors.short(key)}"
        return errors.DatabaseError(
            f"table {self._map._definition.name}, index {self._plan.name}: {entry} points to a row {bytes(pk).hex()} "
            f"that is not there; rebuild_index({self._plan.name!r}) makes the index anew",
            table=self._map._definition.name,
            index=self._plan.name,
        )

    def _unreadable(self, pk: Any, data: Any, error: Exception) -> Exception:
        found: Exception
        if isinstance(error, EngineError) and not self._map._refused_by_parse(self._txn, data):
            found = self._map._fault(self._txn, error)
        else:
            found = self._map._unreadable(self._map._definition.key.decode(bytes(pk)), data, error)
        return found

    def _scan_error(self, txn: Any, pk: Any, data: Any, error: Exception) -> Exception:
        if txn._raw is None:
            pk = data = None  # they may be memory of a map that is not there any more
        unread = data is None and isinstance(error, AttributeError | TypeError | errors.DecodeError)
        if unread and pk is not None and txn.get(self._p + pk) is None:
            return self._dangling(None, pk)
        found: Exception = self._map._scan_error(txn, None if pk is None else self._p + bytes(pk), data, error)
        return found


class UniqueIndex(Index[K, V]):
    """An index with at most one row under each key, which it gives like a dict.

    >>> import dataclasses, zlmdb
    >>> @dataclasses.dataclass
    ... class User:
    ...     name: str
    ...     email: str
    >>> @zlmdb.table("b1f4c2a8-52d8-4376-9a59-5b0000000007", pk="name")
    ... class Users(zlmdb.MapStringJson[User]):
    ...     by_email = zlmdb.index("email", unique=True)
    >>> with zlmdb.open(":memory:", Users) as db, db.begin(write=True) as txn:
    ...     users = txn[Users]
    ...     _ = users.put(User("Ann", "ann@example.com"))
    ...     users.by_email["ann@example.com"].name, users.by_email.get("bob@example.com"), "x" in users.by_email
    ('Ann', None, False)
    """

    if TYPE_CHECKING:

        def __getitem__(self, key: Any, /) -> V: ...
        @overload
        def get(self, key: Any, /) -> V | None: ...
        @overload
        def get(self, key: Any, default: V, /) -> V: ...
        @overload
        def get(self, key: Any, default: T, /) -> V | T: ...
        def get(self, key: Any, default: Any = None, /) -> Any: ...


def _parts(bound: Any) -> Any:
    return bound if bound is None or isinstance(bound, tuple) else (bound,)


def live_index(table: Any, name: str) -> Any:
    """The index of the map of a transaction, compiled when first used."""
    i = plan_number(table, name)
    compiled = table._compiled
    cls = compiled.index_classes.get(i)
    if cls is None:
        cls = compiled.index_classes[i] = _compile(compiled, i)
    live = object.__new__(cls)
    live._map = table
    live._txn = table._txn
    live._x = table._xs[i]
    live._p = table._p
    return live


def _compile(compiled: Any, i: int) -> type[Any]:
    plan = compiled.plans[i]
    base: type[Any] = UniqueIndex if plan.unique else Index
    body: dict[str, Any] = {"__module__": base.__module__, "__qualname__": base.__qualname__}
    body["_plan"], body["_compiled"] = plan, compiled
    ops = scans("self, txn, start, stop", Source.index_scan)
    ops["_between"] = lambda s: s.index_range("def _between(self, values, lo, hi):", i)
    if plan.unique:
        ops["__getitem__"] = lambda s: s.index_get("def __getitem__(self, key):", i, "raise KeyError(key)")
        ops["get"] = lambda s: s.index_get("def get(self, key, default=None):", i, "return default")
    for name, write in ops.items():
        body[name] = Stub(name, write, f"{plan.name}.{name}")
    return type(base.__name__, (base,), body)
