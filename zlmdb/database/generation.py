"""Noticing that a table was declared otherwise since this process attached it.

An index is kept by whoever writes, so a program that attached a table before another one declared an index more would
write rows past that index, and nobody would know. Therefore what the file remembers of its tables has a number, its
generation, which rises whenever something of it changes. A write transaction looks at it when it begins, and an index
when it is first read in a transaction; if it has risen, the attached maps are compared with what the file says now. A
map that fits no longer can be read by key, but neither written nor read through its indexes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zlmdb import errors
from zlmdb.database.catalog import GENERATION, Remembered
from zlmdb.engine import EngineError, translate
from zlmdb.tables.outdated import outdated_error

if TYPE_CHECKING:
    from zlmdb.engine import Environment

__all__ = ["check", "current", "difference", "follow", "own_changes", "watch"]


def follow(env: Environment, raw: Any) -> None:
    """Compare the attached maps of this process with the file, if it was declared otherwise since the last time.

    Args:
        env: the environment.
        raw: a raw transaction that has just begun.
    """
    try:
        stored = raw.get(GENERATION)
        if stored is None or (number := int.from_bytes(stored, "big")) <= env.generation:
            return
        # Threads must not put what they found in older snapshots over what others found in newer ones.
        with env.attaching:
            if number <= env.generation:
                return
            remembered = Remembered(env.raw, raw, write=False)
            problems = {handle: _difference(handle, remembered) for handle in tuple(env.handles)}
            for handle, problem in problems.items():
                handle._outdate(problem)
            env.outdated = any(problems.values())
            env.generation = number
    except EngineError as error:
        raise translate(error, path=env.path) from error


def own_changes(env: Environment, raw: Any, before: int, tables: set[Any]) -> Callable[[], int]:
    """What is to be called when a transaction that declares tables has been committed; gives the new generation.

    Only the maps of these tables have to be compared then, where :func:`follow` would compare all.

    Args:
        env: the environment.
        raw: the raw write transaction, which has stored the declarations.
        before: the generation of the file when it began.
        tables: identities of the tables.
    """
    after = current(raw)
    remembered = Remembered(env.raw, raw, write=False)
    with env.attaching:  # other threads add theirs meanwhile
        handles = tuple(env.handles)
    changed = [handle for handle in handles if before != after and handle._definition.oid in tables]
    problems = {handle: _difference(handle, remembered) for handle in changed}

    def committed() -> int:
        with env.attaching:
            if env.generation == before != after:
                for handle, problem in problems.items():
                    handle._outdate(problem)
                env.outdated = any(handle._outdated is not None for handle in tuple(env.handles))
                env.generation = after
        return after

    return committed


def watch(env: Environment, handle: Any, seen: int) -> None:
    """Have an attached map compared with the file from now on.

    Args:
        env: the environment.
        handle: the map.
        seen: the generation of the file with which it was compared when it was attached.
    """
    with env.attaching:
        env.handles.add(handle)
        # If the file has been declared otherwise since, the next transaction looks at all maps again.
        env.generation = min(env.generation, seen)


def check(env: Environment, raw: Any, table: Any, index: str) -> None:
    """Refuse to read through an index that is not declared as the file says.

    Args:
        env: the environment.
        raw: a raw transaction, which may be older than what this process knows of the file.
        table: the map of the transaction.
        index: name of the index.

    Raises:
        TableMismatch: if it is another one in the file, or none.
    """
    problem = difference(env, raw, table, index)
    if problem is not None:
        raise outdated_error(table, problem)


def difference(env: Environment, raw: Any, table: Any, index: str | None = None) -> str | None:
    """In what a map's declaration differs from the file's, as a transaction sees it; None if it does not.

    Args: as for :func:`check`; without an index, all that is declared is compared.
    """
    try:
        number = current(raw)
        if number > env.generation:
            follow(env, raw)
        if number == env.generation and not env.outdated:
            return None
        return _difference(table, Remembered(env.raw, raw, write=False), index)
    except EngineError as error:
        raise translate(error, path=env.path) from error


def current(raw: Any) -> int:
    """The generation of the file, as a raw transaction sees it."""
    number = raw.get(GENERATION)
    return 0 if number is None else int.from_bytes(number, "big")


def _difference(table: Any, remembered: Remembered, index: str | None = None) -> str | None:
    """In what a map's declaration differs from what the file remembers of its table; None if it fits."""
    definition = table._definition
    try:
        record = remembered.get(definition.oid)
    except errors.CatalogError as error:
        return error.message
    stored = (record or {}).get("indexes", {})
    declared = {index.name: index.describe() for index in definition.indexes}
    if stored != declared if index is None else stored.get(index) != declared.get(index):
        return (
            f"its indexes were declared otherwise since it was attached here: the file has {_names(stored, declared)}, "
            f"this program {_names(declared, stored)}"
        )
    stored_key = (record or {}).get("key")
    if stored_key is not None and stored_key != definition.key.name:
        return (
            f"its keys were rewritten since it was attached here: the file has {stored_key}, this program "
            f"{definition.key.name}"
        )
    return None


def _names(these: dict[str, Any], others: dict[str, Any]) -> str:
    """The names of indexes, those marked that the other side has with another declaration."""
    names = [name if others.get(name, these[name]) == these[name] else f"{name} (another)" for name in sorted(these)]
    return ", ".join(names) or "none"
