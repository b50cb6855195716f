"""From classes to a schema."""

from __future__ import annotations

import dataclasses
import enum
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from zlmdb import errors
from zlmdb.fbs.loading import Classes
from zlmdb.fbs.printer import named, unparse
from zlmdb.fbs.rules import ATTRIBUTES
from zlmdb.values.flat import model
from zlmdb.values.flat.annotations import Mark, UnionOf, mark_of, table

__all__ = ["export", "schema_of"]

#: The class that stands around a struct or an enum that no table names.
_AROUND = "Around_a_Declaration"


def export(*what: Any) -> str:
    """The text (``.fbs``) of the schema that classes declare.

    Args:
        what: record classes; map classes, whose values are FlatBuffers of a record class; ``zlmdb.Schema`` classes, for
            all such maps in them; enumerations; or what :func:`load` gave. With a single record or map, it is the root
            type.

    Raises:
        SchemaError: if one cannot be stored as FlatBuffers, if two declare different things under one name, or if
            something is no such class.

    ``load(export(Trade)).Trade`` declares the same schema as ``Trade``.

    >>> import dataclasses
    >>> from zlmdb import fbs
    >>> @fbs.table(namespace="market")
    ... @dataclasses.dataclass
    ... class Trade:
    ...     price: float
    ...     size: fbs.uint32 = 1
    ...     note: str | None = None
    >>> print(fbs.export(Trade), end="")
    namespace market;
    <BLANKLINE>
    table Trade {
      price: float64;
      size: uint32 = 1;
      note: string;
    }
    <BLANKLINE>
    root_type market.Trade;
    """
    return unparse(schema_of(*what))


def schema_of(*what: Any) -> model.Schema:
    """The schema that classes declare, as data; see :func:`export`.

    >>> import dataclasses
    >>> from zlmdb import fbs
    >>> @dataclasses.dataclass
    ... class Point:
    ...     x: float
    >>> list(fbs.schema_of(Point).declarations)
    ['Point']
    """
    if not what:
        raise errors.SchemaError("export(): expected a record class, a map class or a schema class, found nothing")
    if len(what) == 1 and isinstance(what[0], Classes):
        return _of_loaded(what[0])
    found = [schema for item in what for schema in _schemas(item)]
    merged: dict[str, model.Declaration] = {}
    for schema in found:
        for name, declaration in schema.declarations.items():
            if repr(merged.setdefault(name, declaration)) != repr(declaration):
                raise errors.SchemaError(
                    f"{name}: expected one declaration, found two that differ: give one another name or namespace, "
                    'with @zlmdb.fbs.table(name="...", namespace="...")',
                    table=name,
                )
    single = found[0] if len(what) == len(found) == 1 else model.Schema()
    return _with_attributes(replace(single, declarations=merged))


def _with_attributes(schema: model.Schema) -> model.Schema:
    """The same schema, which declares the attributes that it uses."""
    used: set[str] = set()
    for declaration in schema.declarations.values():
        used.update(declaration.attributes)
        if isinstance(declaration, model.Table | model.Struct):
            for field in declaration.fields:
                used.update(field.attributes)
    return replace(schema, attributes=tuple(sorted(used - ATTRIBUTES)))


def _of_loaded(classes: Classes) -> model.Schema:
    """The schema that was loaded, as its classes declare it."""
    loaded, found = classes.__schema__, dict[str, model.Declaration]()
    first = [classes.__classes__[loaded.root]] if loaded.root else []
    for item in (*first, *classes.__classes__.values()):
        if item is not uuid.UUID:  # declared by what holds one
            for schema in _schemas(item):
                found = {**schema.declarations, **found}
    # A uuid.UUID is declared beside the root; where that is another one than here, what was loaded is right.
    declarations = {
        name: found[name]
        if name in found and all(other in loaded.declarations for other in named(found[name]))
        else old
        for name, old in loaded.declarations.items()
    }
    return _with_attributes(replace(loaded, declarations=declarations))


def _schemas(item: Any) -> Iterator[model.Schema]:
    """The schemas of what one argument names."""
    from zlmdb.database.schema import Schema
    from zlmdb.tables.map import Map, definition_of
    from zlmdb.values.compression import Compressed
    from zlmdb.values.flatbuffers import FlatBuffers

    if isinstance(item, Classes):
        yield _of_loaded(item)
    elif isinstance(item, type) and issubclass(item, Schema):
        count = 0
        for table in item.tables().values():
            codec = definition_of(table).value
            codec = codec.codec if isinstance(codec, Compressed) else codec
            if isinstance(codec, FlatBuffers) and codec.declares:
                count += 1
                yield codec.declared.schema
        if not count:
            raise errors.SchemaError(
                f"export(): expected a schema with maps of FlatBuffers of record classes, found none in {item.__name__}"
            )
    elif isinstance(item, type) and issubclass(item, Map):
        codec = definition_of(item).value
        codec = codec.codec if isinstance(codec, Compressed) else codec
        if not isinstance(codec, FlatBuffers) or not codec.declares:
            raise errors.SchemaError(
                f"export(): expected a map of FlatBuffers of a record class, found {item.__name__}, which stores "
                f"{codec.name}; derive it from a map such as zlmdb.MapUuidFlatBuffers[Record]",
                table=item.__name__,
            )
        yield codec.declared.schema
    elif _is_alone(item):
        yield _around(item)
    else:
        yield _declare(item)


def _declare(record: Any) -> model.Schema:
    from zlmdb.values.flat.declared import declare

    return declare(record).schema


def _is_alone(item: Any) -> bool:
    """True for an enumeration, a union, and the class of a struct: a schema has no such root."""
    if item is uuid.UUID or any(isinstance(word, UnionOf) for word in getattr(item, "__metadata__", ())):
        return True
    mark = mark_of(item)
    return (isinstance(item, type) and issubclass(item, enum.Enum)) or (mark is not None and mark.kind == "struct")


def _around(item: Any) -> model.Schema:
    """The schema of what cannot be a root: that of a table which holds it, without the table."""
    details = (mark_of(item), *getattr(item, "__metadata__", ()))
    space = next((word.namespace for word in details if isinstance(word, Mark | UnionOf)), None) or ""
    around = table(name=_AROUND, namespace=space)(
        dataclasses.make_dataclass(_AROUND, [("inner", item | None, None)], namespace={"__doc__": None})
    )
    schema = _declare(around)
    del schema.declarations[f"{space}.{_AROUND}" if space else _AROUND]
    return replace(schema, root=None)
