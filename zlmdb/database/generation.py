"""Noticing that a table was declared otherwise since this process attached it.

An index is kept by whoever writes, so a program that attached a table before another one declared an index more would
write rows past that index, and nobody would know. Therefore what the file remembers of its tables has a number, its
generation, which rises whenever something of it changes. A write transaction looks at it when it begins, and an index
when it is first read in a transaction; if it has risen, the attached maps are compared with what the file says now. A
map that fits no longer can be read by key, but neither written nor read through its indexes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from zlmdb import errors
from zlmdb.database.catalog import GENERATION, REMEMBERED, Remembered, is_named
from zlmdb.engine import EngineError
from zlmdb.tables.outdated import outdated_error

if TYPE_CHECKING:
    from zlmdb.engine import Environment

__all__ = ["check", "difference", "follow"]


def follow(env: Environment, raw: Any) -> None:
    """Compare the attached maps of this process with the file, if it was declared otherwise since the last time.

    Args:
        env: the environment.
        raw: a raw transaction that has just begun.
    """
    known = _number(env, raw)
    if known is not None and known <= env.generation:
        return
    with _seeing(env, raw) as (seeing, number):
        remembered = Remembered(env.raw, seeing, write=False)
        problems = {handle: _difference(handle, remembered) for handle in tuple(env.handles)}
    for handle, problem in problems.items():
        handle._outdate(problem)
    env.outdated = any(problems.values())
    env.generation = number


def check(env: Environment, raw: Any, table: Any) -> None:
    """Refuse to read through the indexes of a map that is not declared as the file says.

    Args:
        env: the environment.
        raw: a raw transaction, which may be older than what this process knows of the file.
        table: the map of the transaction.

    Raises:
        TableMismatch: if its indexes are others in the file.
    """
    problem = difference(env, raw, table)
    if problem is not None:
        raise outdated_error(table, problem)


def difference(env: Environment, raw: Any, table: Any) -> str | None:
    """In what a map's declaration differs from the file's, as a transaction sees it; None if it does not.

    Args: as for :func:`check`.
    """
    number = _number(env, raw)
    if number is not None and number == env.generation and not env.outdated:
        return None
    with _seeing(env, raw) as (seeing, number):
        if number > env.generation:
            follow(env, raw)
        return _difference(table, Remembered(env.raw, seeing, write=False))


def _number(env: Environment, raw: Any) -> int | None:
    """The generation of the file; None if the transaction cannot see it."""
    handle = env.remembered
    if handle is None:
        return None if is_named(raw, REMEMBERED) else 0
    try:
        number = raw.get(GENERATION, db=handle)
    except EngineError:
        return None  # it began before the named database was opened here
    return 0 if number is None else int.from_bytes(number, "big")


@contextmanager
def _seeing(env: Environment, raw: Any) -> Iterator[tuple[Any, int]]:
    """A raw transaction that sees what the file remembers of its tables, and the generation.

    It is `raw`; or a reader of its own, if another program has made the named database since this process attached its
    tables, because a handle serves only transactions that begin after it was opened.
    """
    number = _number(env, raw)
    if number is not None:
        yield raw, number
        return
    if env.remembered is None:
        env.remembered = env.open_named(REMEMBERED)
    own = env.begin(False, False)
    try:
        yield own, _number(env, own) or 0
    finally:
        own.abort()


def _difference(table: Any, remembered: Remembered) -> str | None:
    """In what a map's declaration differs from what the file remembers of its table; None if it fits."""
    definition = table._definition
    try:
        record = remembered.get(definition.oid)
    except errors.CatalogError as error:
        return error.message
    stored = (record or {}).get("indexes", {})
    declared = {index.name: index.describe() for index in definition.indexes}
    if stored != declared:
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
