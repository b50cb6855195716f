"""Attaching tables: finding or giving them a slot, checking their types, building what indexes are missing.

All of it happens in one transaction per call: a read transaction if everything is there already, a write transaction,
which sees the catalog as it is then, if anything has to be written. So two processes that attach new tables at the same
time get different slots, and a process that is killed while an index is built leaves no half of it.
"""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from zlmdb import errors
from zlmdb.database import catalog, generation
from zlmdb.database.catalog import Remembered, Slot
from zlmdb.database.evolve import settle_schema
from zlmdb.engine import EngineError, translate
from zlmdb.tables import maintain
from zlmdb.tables.bounds import after_slot
from zlmdb.tables.definition import TableDefinition, oid_of_index
from zlmdb.tables.hooks import HookedTable
from zlmdb.tables.map import Map, compiled, definition_of

if TYPE_CHECKING:
    from zlmdb.database.database import Database
    from zlmdb.database.transaction import Transaction

__all__ = ["attach"]

Progress = Callable[[str, int], None]


class _Wanted:
    """A table to be attached, and what the file says of it."""

    def __init__(self, cls: type[Any], definition: TableDefinition) -> None:
        self.cls = cls
        self.definition = definition
        self.slot: Slot | None = None
        self.index_slots: dict[str, int] = {}
        self.stale: list[str] = []
        self.remember: dict[str, Any] | None = None
        #: The generation of what the file said.
        self.seen = 0
        #: Prefixes of indexes that the file has, and that are declared no longer.
        self.dropped: list[bytes] = []
        #: The FlatBuffers schema of its values, as the file is to remember it; None if they have none, or if none is
        #: known.
        self.schema: dict[str, Any] | None = None

    @property
    def settled(self) -> bool:
        """True if nothing has to be written for it."""
        return self.slot is not None and not self.stale and self.remember is None


def attach(db: Database, classes: Iterable[type[Any]], progress: Progress | None = None) -> list[Any]:
    """Attached maps for table classes, in their order.

    Args:
        db: an open database.
        classes: classes decorated with ``@table``.
        progress: called with the name of an index being built and the number of rows done; None for nobody.

    Raises:
        SchemaError (also TypeError): if one of them is no table class.
        TableMismatch: if the file holds the table with other types.
        CatalogError: if the catalog's record of it cannot be understood.
        ReadOnlyDatabase: if it is not in the file, and the database is read-only.
        UniqueViolation, NullValueConstraint: if the rows there do not fit a new index.
    """
    wanted = [_Wanted(cls, _definition(cls)) for cls in classes]
    try:
        return _attach(db, wanted, progress)
    except EngineError as error:
        raise translate(error, path=db.dbpath) from error


def _attach(db: Database, wanted: list[_Wanted], progress: Progress | None) -> list[Any]:
    env = db._environment()
    raw = env.begin(False)
    try:
        _look(db, wanted, raw, catalog.read_catalog(env, raw, raw.id()), write=False)
    finally:
        raw.abort()
    if all(table.settled for table in wanted):
        return [_handle(db, table) for table in wanted]
    if db.is_readonly:
        missing = next((table for table in wanted if table.slot is None or table.stale), None)
        if missing is None:
            # Only what the file does not remember of the tables yet could be written.
            return [_handle(db, table) for table in wanted]
        raise errors.ReadOnlyDatabase(
            f"database is read-only: table {missing.definition.name} ({missing.definition.oid}) is not in {db.dbpath}, "
            "or its indexes have changed; open it once for writing"
        )
    return _write(db, wanted, progress)


def _definition(cls: Any) -> TableDefinition:
    if not isinstance(cls, type):
        raise NotATable(
            f"cannot attach object {cls!r} as database table: a subclass of zlmdb.PersistentMap is required"
        )
    if not issubclass(cls, (Map, HookedTable)):
        raise NotATable(
            f"cannot attach object of class {cls.__name__} as a database table: "
            "a subclass of zlmdb.PersistentMap is required"
        )
    if cls._zlmdb_oid is None:
        raise NotATable(f"{cls!r} is not decorated as table slot: put @zlmdb.table(oid) before the class")
    return _declared(cls)


def _declared(cls: Any) -> TableDefinition:
    """The definition of a table class; of one that is no map, it has what is read here of a map's."""
    return cls._zlmdb_definition if issubclass(cls, HookedTable) else definition_of(cls)


class NotATable(errors.SchemaError, TypeError):
    """What is to be attached is no table class."""


def _write(db: Database, wanted: list[_Wanted], progress: Progress | None) -> list[Any]:
    env = db._environment()
    if env.writes_here():
        raise errors.TransactionError(
            f"{db.dbpath}: tables cannot be attached for the first time while this thread has a write transaction; "
            "attach them before it begins"
        )
    oids = {table.definition.oid for table in wanted}

    def declare(txn: Transaction) -> tuple[int, catalog.Catalog, bool, Callable[[], int]]:
        commit: int = txn._raw.id()
        found = catalog.read_catalog(env, txn._raw, commit - 1).copy()
        before = len(found)
        _look(db, wanted, txn._raw, found, write=True)
        seen = generation.current(txn._raw)
        remembered = Remembered(env.raw, txn._raw, write=True)
        _check_twice(wanted, db)
        for table in wanted:
            _allocate(db, table, found, txn._raw)
            for prefix in table.dropped:
                # Of an index that is declared no longer; it would have to be built anew in any case.
                maintain.remove_range(txn, prefix, after_slot(prefix))
        for table in wanted:
            handle = _handle(db, table)
            for i, plan in enumerate(handle._compiled.plans if table.definition.indexes else ()):
                if plan.name in table.stale:
                    name = f"{table.definition.name}.{plan.name}"
                    report = None if progress is None else partial(progress, name)
                    maintain.rebuild(handle, txn, i, report)
            if table.remember is not None:
                remembered.put(_oid(table), table.remember)
                if issubclass(table.cls, HookedTable):
                    table.definition = table.cls._zlmdb_stored(table.definition)
        changed = generation.own_changes(env, txn._raw, seen, oids)
        return commit, found, len(found) > before, changed

    # It grows a small map where the indexes need more than there is.
    commit, found, added, committed = db.write(declare)
    if added:
        # Only now, when it is committed; without a change there is no commit of this number.
        env.catalog = commit, found
    if len(oids) == len(wanted):
        # Of two declarations of one table only the last one holds: then the next transaction compares all maps.
        written = committed()
        for table in wanted:
            table.seen = written
    return [_handle(db, table) for table in wanted]


def _check_twice(wanted: list[_Wanted], db: Database) -> None:
    """Two declarations of one identity in one call must agree."""
    first: dict[uuid.UUID, _Wanted] = {}
    for table in wanted:
        other = first.setdefault(_oid(table), table)
        hooked = issubclass(table.cls, HookedTable)
        if other.definition.identity() != table.definition.identity() or (hooked and other.remember != table.remember):
            raise errors.TableMismatch(
                f"{db.dbpath}: tables {other.definition.name} and {table.definition.name} are both declared as "
                f"{_oid(table)}, with different types; one identity can only be one table",
                table=table.definition.name,
            )


def _oid(table: _Wanted) -> uuid.UUID:
    oid = table.definition.oid
    if oid is None:
        raise errors.SchemaError(f"table {table.definition.name} has no identity: decorate it with @zlmdb.table(oid)")
    return oid


def _look(db: Database, wanted: list[_Wanted], raw: Any, found: catalog.Catalog, *, write: bool) -> None:
    """Compare what is wanted with what the file says."""
    remembered = Remembered(db._environment().raw, raw, write=write)
    seen = generation.current(raw)
    for table in wanted:
        oid = _oid(table)
        table.slot = found.find(oid)
        table.seen = seen
        table.stale, table.remember, table.index_slots, table.schema = [], None, {}, None
        table.definition = _declared(table.cls)
        if table.slot is None and found.broken:
            # Giving a table a new slot, while its old one may be the broken one, would hide its rows.
            raise catalog.broken(found.broken[0], db.dbpath)
        record = remembered.get(oid)
        if issubclass(table.cls, HookedTable):
            _one_way_at_a_time(db, table.definition)
            if record is None and table.slot is not None and not _is_empty(raw, table.slot.slot):
                raise _of_earlier_rows(db, table.definition)
            table.definition, table.remember = table.cls._zlmdb_settle(table.definition, record, db.dbpath)
            continue
        _settle_layout(db, table, record, raw)
        _settle_identity(db, table, record)
        settle_schema(db, table, record)
        _settle_indexes(table, record, found)


def _settle_layout(db: Database, table: _Wanted, record: dict[str, Any] | None, raw: Any) -> None:
    """Which of two key layouts the slot has: rows of the earlier one stay as they are, and are never mixed."""
    definition = table.definition
    if definition.earlier_key is None:
        return
    if record is not None:
        layout = record.get("layout", "ordered")
    elif table.slot is not None and (_is_used(db, definition) or not _is_empty(raw, table.slot.slot)):
        # Noted, because the slot may be emptied while others go on writing this layout to it.
        layout = "earlier"
        table.remember = {}
    else:
        layout = "ordered"
        table.remember = {}
    if layout == "earlier":
        table.definition = definition.with_key(definition.earlier_key)


def _is_used(db: Database, definition: TableDefinition) -> bool:
    """True if this process has the table attached with the layout of earlier releases."""
    known = db._environment().identities.get(definition.oid)
    return known is not None and definition.earlier_key is not None and known["key"] == definition.earlier_key.name


def _is_empty(raw: Any, slot: int) -> bool:
    prefix = slot.to_bytes(2, "big")
    cursor = raw.cursor()
    return not (cursor.set_range(prefix) and bytes(cursor.key())[:2] == prefix)


def _settle_identity(db: Database, table: _Wanted, record: dict[str, Any] | None) -> None:
    definition = table.definition
    _one_way_at_a_time(db, definition)
    if record is None:
        if not definition.earlier:
            table.remember = {}
        return
    stored = {name: record.get(name) for name in ("key", "value", "pk")}
    declared = definition.identity()
    if stored["key"] is not None:
        for name, what in (("key", "keys"), ("value", "values")):
            if stored[name] != declared[name]:
                raise errors.TableMismatch(
                    f"table {definition.name} ({definition.oid}) in {db.dbpath}: stored with {what} of type "
                    f"{stored[name]}, declared with {what} of type {declared[name]}; declare it as it is stored, or "
                    "give the new declaration an oid of its own and copy the rows",
                    table=definition.name,
                    expected=str(stored[name]),
                    found=str(declared[name]),
                )
    if stored["pk"] and declared["pk"] and stored["pk"] != declared["pk"]:
        raise errors.TableMismatch(
            f"table {definition.name} ({definition.oid}) in {db.dbpath}: stored with primary key "
            f"{', '.join(stored['pk'])}, declared with {', '.join(declared['pk'])}",
            table=definition.name,
            expected=", ".join(stored["pk"]),
            found=", ".join(declared["pk"]),
        )


def _one_way_at_a_time(db: Database, definition: TableDefinition) -> None:
    """Of a table in the style of earlier releases the file stores no types; this process knows which it uses."""
    declared = definition.identity()
    known = db._environment().identities.get(definition.oid, declared)
    if known["key"] != declared["key"] or known["value"] != declared["value"]:
        raise errors.TableMismatch(
            f"table {definition.name} ({definition.oid}) in {db.dbpath}: attached in this process with keys of type "
            f"{known['key']} and values of type {known['value']}, now declared with {declared['key']} and "
            f"{declared['value']}; one identity can only be one table",
            table=definition.name,
            expected=f"{known['key']}, {known['value']}",
            found=f"{declared['key']}, {declared['value']}",
        )


def _of_earlier_rows(db: Database, definition: TableDefinition) -> errors.TableMismatch:
    """The error for a table of another kind that would take over the rows of a map, whose types the file stores not."""
    return errors.TableMismatch(
        f"table {definition.name} ({definition.oid}) in {db.dbpath}: declared with values of type "
        f"{definition.identity()['value']}, but the file has rows of a map under this identity, declared in the style "
        "of earlier releases; declare that map, or give the new declaration an oid of its own",
        table=definition.name,
        expected="a map",
        found=str(definition.identity()["value"]),
    )


def _settle_indexes(table: _Wanted, record: dict[str, Any] | None, found: catalog.Catalog) -> None:
    built = (record or {}).get("indexes", {})
    for index in table.definition.indexes:
        slot = found.find(index.oid)
        if slot is not None:
            table.index_slots[index.name] = slot.slot
        if slot is None or built.get(index.name) != index.describe():
            table.stale.append(index.name)
    # An index that is declared no longer is not kept up; should it be declared again, it must be built anew.
    dropped = set(built) - {index.name for index in table.definition.indexes}
    gone = (found.find(oid_of_index(_oid(table), name)) for name in sorted(dropped))
    table.dropped = [slot.slot.to_bytes(2, "big") for slot in gone if slot is not None]
    if table.stale or dropped:
        table.remember = {}
    if table.remember is not None:
        layout = "ordered" if table.definition.key is definition_of(table.cls).key else "earlier"
        table.remember = {
            **table.definition.identity(),
            "layout": layout,
            "indexes": {index.name: index.describe() for index in table.definition.indexes},
        }
        if table.schema is not None:
            table.remember["schema"] = table.schema


def _allocate(db: Database, table: _Wanted, found: catalog.Catalog, raw: Any) -> None:
    definition = table.definition
    if table.slot is None:
        # Named twice in one call, the first has given it a slot already.
        table.slot = found.find(_oid(table))
    if table.slot is None:
        table.slot = _new_slot(db, found, raw, _oid(table), definition.name, definition.description)
    for index in definition.indexes:
        if index.name not in table.index_slots:
            slot = found.find(index.oid) or _new_slot(
                db,
                found,
                raw,
                index.oid,
                f"{definition.name}.{index.name}",
                f"Index {index.name} of table {definition.name}",
            )
            table.index_slots[index.name] = slot.slot


def _new_slot(
    db: Database, found: catalog.Catalog, raw: Any, oid: uuid.UUID, name: str, description: str | None
) -> Slot:
    slot = Slot(catalog.allocate(found, db.dbpath), oid, name=name, description=description)
    catalog.write_slot(raw, slot)
    found.add(slot)
    return slot


def _handle(db: Database, table: _Wanted) -> Any:
    """The attached map."""
    slot = table.slot
    if slot is None:
        raise errors.CatalogError(f"table {table.definition.name} has no slot")
    definition = table.definition
    env = db._environment()
    env.identities.setdefault(definition.oid, definition.identity())
    if issubclass(table.cls, HookedTable):
        other = table.cls._attached(definition, slot.slot, env.max_key_size)
        other._db = weakref.ref(db)
        return other
    if db._allow_pickle and hasattr(definition.value, "allowing"):
        definition = _allowing_pickle(definition)
    own = definition is definition_of(table.cls)
    classes = compiled(table.cls, None if own else definition)
    handle = object.__new__(classes.handle_class)
    handle._index_maps = {}
    handle._place(slot.slot, [table.index_slots[plan.name] for plan in classes.plans], env.max_key_size)
    handle._db = weakref.ref(db)
    db._handles.add(handle)
    generation.watch(env, handle, table.seen)
    return handle


def _allowing_pickle(definition: TableDefinition) -> TableDefinition:
    return definition.but(value=definition.value.allowing())  # type: ignore[attr-defined]
