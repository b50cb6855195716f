"""Fields of rows that keys are made of: what is looked at when a table is declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, get_args, get_origin

from zlmdb import errors, keys
from zlmdb.keys import KeyCodec

__all__ = ["check_primary_key", "no_field", "type_of"]


def check_primary_key(pk: tuple[str, ...], key: KeyCodec[Any], info: Any, where: str) -> None:
    """Refuse fields that cannot be the key of a table, where it is declared and not at the first row.

    Args:
        pk: names of the fields.
        key: of the table.
        info: what is known of the rows' class; None if rows have none.
        where: the table, for messages.

    Raises:
        SchemaError: naming the field.
    """
    parts = key.parts if isinstance(key, keys.Composite) else (key,)
    if len(pk) != len(parts):
        raise errors.SchemaError(
            f"{where}: expected {len(parts)} fields as primary key, one for each part of the key, found {len(pk)}: {pk}"
        )
    if info is None:
        return
    for name, part in zip(pk, parts, strict=True):
        if name not in info.fields:
            raise errors.SchemaError(f"{where}, primary key: {no_field(name, info)}; name one of these", field=name)
        kind = type_of(name, info)
        if not _holds(part, kind):
            found = getattr(kind, "__name__", kind)
            other = f", or give key={found}" if len(parts) == 1 else " in that place"
            raise errors.SchemaError(
                f"{where}: its primary key names {name!r}, a field of type {found}, but the key is {part.name}, which "
                f"does not take that; derive the table from a map with such keys{other}",
                field=name,
            )


def type_of(path: str, info: Any) -> Any:
    """The declared type of a record's field, without None; None if there is no such field.

    Args:
        path: name of the field; with dots, of a field of that field.
        info: what is known of the record's class.
    """
    from zlmdb.values import records

    tp: Any = None
    for name in path.split("."):
        found = None if info is None else info.fields.get(name)
        if found is None:
            return None
        tp = _not_none(found.type)
        info = records.describe(tp)
    return tp


def _not_none(tp: Any) -> Any:
    """A type without None: ``str`` for ``str | None``."""
    if get_origin(tp) is Annotated:
        # What stands beside it may name its key codec.
        return Annotated[(_not_none(tp.__origin__), *tp.__metadata__)]
    kinds = [kind for kind in get_args(tp) if kind is not type(None)]
    if type(None) in get_args(tp) and len(kinds) == 1:
        return kinds[0]
    return tp


def no_field(path: str, info: Any) -> str:
    """Says that a record has no field of that name, and which it has."""
    return f"expected a field of {info.name} ({', '.join(info.fields)}), found {path!r}"


def _holds(codec: KeyCodec[Any], kind: Any) -> bool:
    """False if a codec refuses values of a type, as one of them shows; True if there is none to ask it with."""
    while get_origin(kind) is Annotated or hasattr(kind, "__supertype__"):
        kind = getattr(kind, "__supertype__", None) or kind.__origin__
    make = _SAMPLES.get((getattr(kind, "__module__", ""), getattr(kind, "__name__", "")))
    if make is None:
        return True
    try:
        codec.encode(make(kind))
    except errors.KeyTypeError:
        return False
    except Exception:
        pass  # another value may fit, and codecs of a program raise what they like; they are asked again in writing
    return True


def _moment(kind: Any) -> Any:
    from datetime import UTC

    return kind(2026, 1, 2, tzinfo=UTC)


#: A value of each type that keys are made of; by name, so that what a program does not use is not loaded.
_SAMPLES: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("builtins", "str"): lambda kind: kind("a"),
    ("builtins", "bytes"): lambda kind: kind(b"a"),
    ("builtins", "bool"): lambda kind: kind(1),
    ("builtins", "int"): lambda kind: kind(1),
    ("builtins", "float"): lambda kind: kind(0.5),
    ("uuid", "UUID"): lambda kind: kind(int=1),
    ("datetime", "date"): lambda kind: kind(2026, 1, 2),
    ("datetime", "datetime"): _moment,
    ("numpy", "datetime64"): lambda kind: kind(1, "ns"),
}
