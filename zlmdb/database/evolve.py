"""Comparing the FlatBuffers schema that a class declares with the one that the file remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zlmdb import errors

if TYPE_CHECKING:
    from zlmdb.database.attach import _Wanted
    from zlmdb.database.database import Database

__all__ = ["settle_schema"]


def settle_schema(db: Database, table: _Wanted, record: dict[str, Any] | None) -> None:
    """Give the fields of the table's record class the numbers that they have in the file.

    Args:
        db: the database.
        table: a table to be attached; its `schema` is set, and its definition and `remember` if something changes.
        record: what the file remembers of the table, or None.

    Raises:
        TableMismatch: if rows that are there would mean something else.
    """
    value: Any = table.definition.value
    codec = getattr(value, "codec", value)
    stored = (record or {}).get("schema")
    table.schema = stored
    if not getattr(codec, "declares", False):
        return
    from zlmdb.values.flat import evolution, model
    from zlmdb.values.flat.plain import remembered

    if stored is None:
        table.schema = remembered(codec.declared, lacks=table.slot is not None)
        table.remember = {}
        return
    try:
        ids, table.schema = evolution.settle(codec.declared, stored, writing=not db.is_readonly)
    except evolution.Break as found:
        definition = table.definition
        raise errors.TableMismatch(
            f"table {definition.name} ({definition.oid}) in {db.dbpath}, field {found.where}: {found.rule}; stored "
            f"with {found.expected}, declared with {found.found}",
            table=definition.name,
            field=found.where,
            expected=found.expected,
            found=found.found,
        ) from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise errors.CatalogError(
            f"{db.dbpath}: what the file remembers of the fields of table {table.definition.name} cannot be understood "
            f"({type(error).__name__}: {error})"
        ) from error
    if table.schema != stored:
        table.remember = {}
    if any(isinstance(found, model.Union) for found in map(codec.declared.schema.declarations.get, ids)) or any(
        ids[found.name][item.field.name] != item.field.id
        for found in codec.declared.tables()
        for item in (*found.items, *found.dead)
    ):
        settled = codec.with_ids(ids)
        table.definition = table.definition.but(value=settled if codec is value else value.with_codec(settled))
