"""The attached map: used with a transaction in each call, ``users[txn, key]``, as in earlier releases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from zlmdb import errors
from zlmdb.keys.base import KeyCodec
from zlmdb.keys.text import Bytes, String
from zlmdb.tables import bounds, maintain, scan
from zlmdb.tables.compile import Compiled, HandleStubs
from zlmdb.tables.declare import define
from zlmdb.tables.definition import TableDefinition
from zlmdb.tables.ops import Ops
from zlmdb.tables.outdated import bound_class_of, class_of, rebind
from zlmdb.tables.outlet import Rows
from zlmdb.tables.plan import IndexPlan

__all__ = ["Handle"]

#: Used for maps constructed with a bare slot, which do not know their file's limit: that of the older format.
SMALLEST_LIMIT = 511


def binder(handle: Any) -> Callable[[Any], Any]:
    """The function that gives the map of a transaction, for an attached map as it is now.

    It is called in each transaction, so it has at hand what it needs.
    """
    make, p, xs, limit = bound_class_of(handle), handle._p, handle._xs, handle._limit
    outdated = handle._outdated

    def bind(txn: Any) -> Any:
        bound = make()
        bound._txn = txn
        bound._p = p
        bound._xs = xs
        bound._limit = limit
        return bound

    def bind_outdated(txn: Any) -> Any:
        bound = bind(txn)
        bound._outdated = outdated
        return bound

    return bind if outdated is None else bind_outdated


class Handle(HandleStubs, Ops):
    """What ``db.attach_table(Users)`` gives: a map whose calls take the transaction.

    Reading a missing key gives None, and deleting one is silent.
    """

    _slot: int | None
    #: Weak reference to the database it is attached to; None for a map constructed with a bare slot.
    _db: Any = None
    #: The map that this one is an index of, and its name there.
    _attached_to: Any = None
    _index_maps: dict[str, tuple[IndexPlan, Any]]
    #: In what the file's declaration of the table differs from this one by now; None if it does not.
    _outdated: str | None = None
    #: True if a transaction may keep the map of the table for its next life; see `Compiled`.
    _reusable: bool
    #: How often its maps have become others.
    _rebound = 0

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
        allow_pickle: bool | None = None,
    ) -> None:
        from zlmdb.tables.map import compiled

        overrides = {
            "compress": compress,
            "marshal": marshal,
            "parse": parse if parse is not None else unmarshal,
            "build": build,
            "cast": cast,
            "allow_pickle": allow_pickle,
        }
        self._p, self._xs, self._limit = b"", (), SMALLEST_LIMIT
        if any(option is not None for option in overrides.values()):
            table = self._compiled.table
            self._use(compiled(table, define(table, overrides)))
        else:
            self._use(self._compiled)
        if slot is not None and (not isinstance(slot, int) or not 0 < slot < 65535):
            raise errors.SchemaError(f"slot: expected a number from 1 to 65534, found {slot!r}")
        self._place(slot, (), SMALLEST_LIMIT)
        self._index_maps = {}

    def _bind(self, txn: Any) -> Any:
        """The map of the table in a transaction."""
        # Made when it is first needed, and put over this: many tables are attached that a program does not use.
        number = self._rebound
        bind = binder(self)
        if number == self._rebound:  # another thread may have changed this map meanwhile
            self.__dict__["_bind"] = bind
        return bind(txn)

    def _read_early(self, item: Any) -> Any:
        """``self[txn, key]``, before that is compiled."""
        mine: Any = self  # a map without its functions, to those who only read it
        return mine[item] if self._compiled.early <= 0 else self._early(item)[2]

    def _use(self, compiled: Compiled) -> None:
        """Become an instance of other compiled classes: those of another set of indexes, or other converters."""
        self.__class__ = class_of(self, compiled.handle_class)
        self._definition = compiled.definition
        self._bind_anew()

    def _outdate(self, problem: str | None) -> None:
        """Refuse writes from now on, because the table was declared otherwise; None: it is declared so again."""
        if problem != self._outdated:
            self._outdated = problem
            self._use(self._compiled)

    def _place(self, slot: int | None, index_slots: Iterable[int], limit: int) -> None:
        """Say where the records lie."""
        self._slot = slot
        self._p = b"" if slot is None else slot.to_bytes(2, "big")
        self._xs = tuple(number.to_bytes(2, "big") for number in index_slots)
        self._limit = limit
        self._bind_anew()

    def _bind_anew(self) -> None:
        """Let transactions that begin from now on have maps as this one is now."""
        self._rebound += 1
        self.__dict__.pop("_bind", None)
        if self._db is not None and (db := self._db()) is not None:
            db._renew()

    def _replace_by(self, other: Handle) -> None:
        """Take the place in the file of another map of the table, and keep the indexes that are attached."""
        self._definition = other._definition
        self._outdated = None
        declared = len(other._compiled.plans)
        self._slot, self._p, self._limit = other._slot, other._p, other._limit
        self._xs = other._xs[:declared]
        if self._index_maps:
            self._replan()
        else:
            self._use(other._compiled)

    def __repr__(self) -> str:
        indexes = f", indexes {', '.join(self.indexes())}" if self._compiled.plans else ""
        return f"<attached map {self._definition.name} in slot {self._slot}{indexes}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: what the table is; its rows are read in a transaction."""
        from zlmdb.tables import show

        return show.table(self._definition, self._slot)

    if not TYPE_CHECKING:  # a type checker would take any name for one of ours

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            table = self._definition.name
            message = f"table {table}: the attached map has no attribute {name!r}"
            if hasattr(self._compiled.bound_class, name):
                message += f"; the map of a transaction has it: txn[{table}].{name}"
            raise AttributeError(message)

    def _live_index(self, name: str) -> Any:
        raise errors.TransactionError(
            f"table {self._definition.name}: index {name} is read within a transaction: "
            f"txn[{self._definition.name}].{name}"
        )

    # -- names that programs of earlier releases use

    @property
    def parse(self) -> Callable[[Any], Any] | None:
        """The function that makes objects of plain values; None if there is none."""
        found: Callable[[Any], Any] | None = self._definition.options.get("parse")
        return found

    @property
    def marshal(self) -> Callable[[Any], Any] | None:
        """The function that makes plain values of objects; None if there is none."""
        found: Callable[[Any], Any] | None = self._definition.options.get("marshal")
        return found

    def _serialize_key(self, key: Any) -> bytes:
        return self._key_bytes(key)

    def _deserialize_key(self, data: bytes) -> Any:
        return self._definition.key.decode(data)

    def _serialize_value(self, value: Any) -> bytes:
        return self._value_bytes(value)

    def _deserialize_value(self, data: bytes) -> Any:
        return self._definition.value.decode(data)

    # -- single rows

    def get(self, item: tuple[Any, Any], default: Any = None) -> Any:
        """The value under (transaction, key), or `default`."""
        value = self[item]  # type: ignore[index]
        if value is None and default is not None and item not in self:
            return default
        return value

    def pop(self, item: tuple[Any, Any], default: Any = None) -> Any:
        """Remove the row under (transaction, key), and give its value, or `default` if there was none."""
        value = self.get(item, default)
        del self[item]  # type: ignore[attr-defined]
        return value

    def setdefault(self, item: tuple[Any, Any], default: Any = None) -> Any:
        """The value under (transaction, key); if there is none, `default`, which is then stored unless it is None."""
        value = self.get(item)
        if value is None and default is not None:
            self[item] = default  # type: ignore[index]
            return default
        return value

    def update(self, rows: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> None:
        """Store many values, each under (transaction, key)."""
        for item, value in rows.items() if isinstance(rows, Mapping) else rows:
            self[item] = value  # type: ignore[index]

    def _within_transaction(self) -> Any:
        raise errors.TransactionError(
            f"table {self._definition.name}: the attached map is read with a transaction, as map.select(txn) or "
            f"map.count(txn); the map of a transaction, txn[{self._definition.name}], is iterable and has a length"
        )

    def __iter__(self) -> Iterator[Any]:
        return iter(self._within_transaction())

    def keys(self) -> Any:
        """Only the map of a transaction has these."""
        return self._within_transaction()

    values = items = clear = popitem = keys

    # -- ranges

    def select(
        self,
        txn: Any,
        from_key: Any = None,
        to_key: Any = None,
        return_keys: bool = True,
        return_values: bool = True,
        reverse: bool = False,
        limit: int | None = None,
    ) -> scan.Selection[Any]:
        """The rows of a range of keys, in order.

        Args:
            txn: the transaction.
            from_key: the first key, inclusive; None for the beginning.
            to_key: the end of the range, exclusive; None for the end. Bounds may lie outside the key type's range.
            return_keys: whether keys are given.
            return_values: whether values are given; with both, pairs (key, value); with neither, None for each row.
            reverse: True gives the last rows first.
            limit: at most so many rows; None for all.
        """
        start, stop = bounds.span(self._p, self._definition.key, from_key, to_key, table=self._definition.name)
        return select(self, txn, start, stop, return_keys, return_values, reverse, limit)

    def count(self, txn: Any, prefix: Any = None) -> int:
        """How many rows there are.

        Args:
            txn: the transaction.
            prefix: only rows whose key begins so: text or bytes for such keys; a tuple of leading parts for a composite
                key, whose last part may be the beginning of a text. None, and anything empty, counts all rows.
        """
        txn = open_transaction(self, txn)
        if prefix is None or prefix == 0 or (isinstance(prefix, (str, bytes, tuple)) and not prefix):
            return scan.count(txn, self._p, bounds.after_slot(self._p))
        return scan.count(txn, *prefix_span(self, prefix))

    def count_range(self, txn: Any, from_key: Any, to_key: Any) -> int:
        """How many rows have a key from `from_key` (inclusive) to `to_key` (exclusive); None for no bound."""
        start, stop = bounds.span(self._p, self._definition.key, from_key, to_key, table=self._definition.name)
        return scan.count(open_transaction(self, txn), start, stop)

    # -- everything at once

    def truncate(self, txn: Any, rebuild_indexes: bool = True) -> int:
        """Remove every row.

        Args:
            txn: a write transaction.
            rebuild_indexes: True empties the attached and declared indexes, too; False leaves their entries.

        Returns:
            The number of records removed, those of indexes included.
        """
        return maintain.truncate(self, open_transaction(self, txn), with_indexes=rebuild_indexes)

    def rebuild_index(self, txn: Any, name: str) -> tuple[int, int]:
        """Make an index anew from the rows: (entries removed, entries written)."""
        return maintain.rebuild(self, open_transaction(self, txn), maintain.plan_number(self, name))

    def rebuild_indexes(self, txn: Any) -> tuple[int, int]:
        """Make all indexes anew from the rows: (entries removed, entries written), summed."""
        done = [maintain.rebuild(self, open_transaction(self, txn), i) for i in range(len(self._compiled.plans))]
        return sum(removed for removed, _ in done), sum(written for _, written in done)

    # -- index tables attached by hand

    def attach_index(
        self, name: str, pmap: Any, fkey: Callable[[Any], Any], nullable: bool = False, unique: bool = True
    ) -> None:
        """Keep another map as an index of this one: ``pmap[fkey(value)] = key`` for every row.

        If the index is empty although the table has rows, it is filled at once, in a write transaction of its own, or
        in that which this thread has open; if that is aborted, the index is detached again.

        Args:
            name: name of the index, unique within this map.
            pmap: the attached map that holds the index; its values are this map's keys.
            fkey: value -> index key; None (or a None within) leaves the row out, if `nullable`.
            nullable: False refuses rows without an index key, with NullValueConstraint.
            unique: True refuses a second row under one index key, with UniqueViolation; False lets it take over.

        Raises:
            SchemaError: if the name is taken, or `pmap` is no attached map, or an index already.
            UniqueViolation, NullValueConstraint: if the rows there do not fit; the index is then not attached.
        """
        definition = self._definition
        if any(plan.name == name for plan in self._compiled.plans):
            raise errors.SchemaError(f'table {definition.name}: index with name "{name}" already exists')
        if not isinstance(pmap, Handle) or pmap is self or (self._p and pmap._p == self._p):
            raise errors.SchemaError(
                f"table {definition.name}, index {name}: expected another attached map to hold it, found {pmap!r}"
            )
        if pmap._attached_to is not None and pmap._attached_to != (id(self), name):
            raise errors.SchemaError(
                f"table {definition.name}, index {name}: {pmap!r} is an index already; detach it there first"
            )
        if not callable(fkey):
            raise errors.SchemaError(
                f"table {definition.name}, index {name}: expected a function of the value as fkey, found {fkey!r}"
            )
        plan = IndexPlan(
            name=name,
            codec=pmap._definition.key,
            function=fkey,
            unique=unique,
            nullable=nullable,
            pointer=pmap._definition.value,
            attached=True,
        )
        try:
            self._index_maps[name] = (plan, pmap)
            pmap._attached_to = (id(self), name)
            self._replan()
            self._fill(name)
        except BaseException:
            self.detach_index(name)
            raise
        db = None if self._db is None else self._db()
        if db is not None:
            db._tables[self._compiled.table] = self
            db._renew()

    def _fill(self, name: str) -> None:
        """Build an index that is empty although the table has rows."""
        db = None if self._db is None else self._db()
        if db is None or db.is_readonly or not db.is_open:
            return
        i = maintain.plan_number(self, name)
        own = db._own_write_transaction()
        if own is not None:
            if self._unfilled(own, i) and maintain.rebuild(self, own, i)[1]:
                # If the transaction is aborted, the entries go, and an index without them must not stay.
                own._when_aborted(lambda: self.detach_index(name))
            return
        with db.begin() as txn:
            needed = self._unfilled(txn, i)
        if needed:
            db.write(lambda txn: maintain.rebuild(self, txn, i) if self._unfilled(txn, i) else None)

    def _unfilled(self, txn: Any, i: int) -> bool:
        return maintain.is_empty(txn, self._xs[i]) and not maintain.is_empty(txn, self._p)

    def detach_index(self, name: str) -> None:
        """Keep the named index no longer; its map stays as it is, and may be attached again. Silent if unknown."""
        found = self._index_maps.pop(name, None)
        if found is not None:
            found[1]._attached_to = None
            self._replan()

    def _redefine(self, definition: TableDefinition) -> None:
        """Read and write by another definition of the same table: another layout of its keys."""
        self._definition = definition
        self._replan()

    def _replan(self) -> None:
        from zlmdb.tables.map import declared_plans

        declared = declared_plans(self._definition)
        attached = tuple(plan for plan, _ in self._index_maps.values())
        prefixes = self._xs[: len(declared)] + tuple(pmap._p for _, pmap in self._index_maps.values())
        self._xs = prefixes
        self._use(Compiled(self._compiled.table, self._definition, declared + attached))
        db = None if self._db is None else self._db()
        if db is not None and db.is_open:
            for txn in db._environment().live_transactions():
                self._rebind(txn)

    def _rebind(self, txn: Any) -> None:
        """Let a map that a transaction has taken already keep the indexes that are attached now."""
        bound = txn._map_of(self._compiled.table)
        if bound is not None and bound._p == self._p:
            rebind(self, bound)
            bound._xs = self._xs

    def indexes(self) -> list[str]:
        """The names of the declared and attached indexes, sorted."""
        return sorted(plan.name for plan in self._compiled.plans)

    def is_index(self) -> bool:
        """True if this map is attached to another one as its index."""
        return self._attached_to is not None


def open_transaction(table: Any, txn: Any) -> Any:
    """The transaction itself, if it is one.

    Raises:
        TransactionError: if something else was passed.
    """
    if not hasattr(txn, "_cursor"):
        raise errors.TransactionError(
            f"table {table._definition.name}: expected a transaction as first argument, found {errors.short(txn)}"
        )
    return txn


def select(
    table: Any,
    txn: Any,
    start: bytes,
    stop: bytes,
    return_keys: bool,
    return_values: bool,
    reverse: bool,
    limit: int | None,
) -> scan.Selection[Any]:
    """The records between two encoded bounds, through the generated scan of the wanted shape."""
    txn = open_transaction(table, txn)
    if limit is not None:
        scan.check_limit(limit)
    codec = table._definition.key
    span = (txn, start, stop)
    details = (table, txn, start, stop, return_keys, return_values, reverse, limit)
    forwards_keys = return_keys and not return_values and not reverse
    if forwards_keys and not txn._write and not txn._buffers and type(codec).decode_many is not KeyCodec.decode_many:
        return scan.Selection(scan.keys_in_bulk, (*span, codec, table._scan_error), limit, Rows, details)
    if return_keys or return_values:
        rows = getattr(table, scan.shape(txn, return_keys, return_values, reverse))
    else:
        rows = scan.blind(getattr(table, scan.shape(txn, True, False, reverse)))
    return scan.Selection(rows, span, limit, Rows, details)


def prefix_span(table: Any, prefix: Any) -> tuple[bytes, bytes]:
    """Start and stop of the rows whose key begins with `prefix`."""
    codec = table._definition.key
    name = table._definition.name
    parts = getattr(codec, "parts", None)
    try:
        if parts is not None and isinstance(prefix, (tuple, list)):
            if len(prefix) == len(parts) and isinstance(parts[-1], (String, Bytes)):
                start = table._p + codec.text_prefix(tuple(prefix[:-1]), "" if prefix[-1] is None else prefix[-1])
            else:
                return bounds.prefix_range(table._p, codec, prefix, table=name)
            return start, bounds.after_slot(start)
        if codec.width is not None and parts is None and not isinstance(prefix, (bytes, bytearray, memoryview)):
            start = table._p + codec.encode(prefix)
            return start, bounds.after_slot(start)
    except errors.DataError as error:
        raise error.located(table=name) from None
    return bounds.prefix_range(table._p, codec, prefix, table=name)
