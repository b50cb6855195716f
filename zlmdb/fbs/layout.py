"""Sizes and alignments of what a schema declares, and the bounds of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from zlmdb.fbs.broken import Broken
from zlmdb.values.flat import model

__all__ = ["bounds", "check_align", "natural_alignment", "sizes", "stored_as"]

#: A buffer holds at most 2 GiB.
LARGEST = 2**31 - 1
#: The largest alignment there is.
WIDEST = 32


def bounds(scalar: str) -> tuple[int, int]:
    """The least and the greatest number of an integer type, both inclusive."""
    bits = model.SCALARS[scalar][0] * 8
    if scalar.startswith("u"):
        return 0, (1 << bits) - 1
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def stored_as(schema: model.Schema, kind: model.Type) -> str | None:
    """The scalar that a value of a type is stored as; None if it is none."""
    if isinstance(kind, model.Scalar):
        return kind.name
    if isinstance(kind, model.Ref):
        target = schema.declarations.get(kind.name)
        if isinstance(target, model.Enum):
            return target.base.name
    return None


def check_align(owner: str, member: str | None, value: object, least: int) -> int:
    """The alignment that a ``force_align`` names.

    Raises:
        Broken: if it is not a power of two from `least` to the largest there is.
    """
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 4 else value
    if (
        isinstance(number, bool)
        or not isinstance(number, int)
        or not least <= number <= WIDEST
        or number & (number - 1)
    ):
        raise Broken(
            owner, member, f"expected force_align to be a power of two from {least} to {WIDEST}, found {value!r}"
        )
    return number


def sizes(schema: model.Schema) -> dict[str, tuple[int, int]]:
    """Size and alignment in bytes of every struct, by its full name.

    Raises:
        Broken: if a struct holds itself, nothing, too much, or what is stored elsewhere.
    """
    done: dict[str, tuple[int, int]] = {}
    structs = {name: item for name, item in schema.declarations.items() if isinstance(item, model.Struct)}
    for name in structs:
        # By hand, not by recursion: a chain of structs may be longer than the stack.
        path, inside = [(structs[name], _held(schema, structs[name]))], {name}
        while path:
            struct, held = path[-1]
            for field, other in held:
                if other in inside:
                    names = [above.name for above, _ in path]
                    chain = [*names[names.index(other) :], other]
                    shown = " -> ".join(chain if len(chain) < 10 else [*chain[:4], "...", *chain[-4:]])
                    raise Broken(
                        struct.name,
                        field,
                        f"expected a struct that does not hold itself, found {shown}: make one of them a table",
                    )
                if other not in done:
                    path.append((structs[other], _held(schema, structs[other])))
                    inside.add(other)
                    break
            else:
                if struct.name not in done:
                    done[struct.name] = _size(schema, struct, done)
                inside.discard(struct.name)
                path.pop()
    return done


def natural_alignment(schema: model.Schema, struct: model.Struct, known: dict[str, tuple[int, int]]) -> int:
    """The alignment that the fields of a struct ask for; `known` holds those of the structs in it."""
    return max(_one(schema, struct.name, field, known)[1] for field in struct.fields)


def _inner(kind: model.Type) -> model.Type:
    return kind.element if isinstance(kind, model.Array) else kind


def _held(schema: model.Schema, struct: model.Struct) -> Iterator[tuple[str, str]]:
    """The structs in place inside `struct`: the field's name and the struct's."""
    for field in struct.fields:
        inner = _inner(field.type)
        if isinstance(inner, model.Ref) and isinstance(schema.declarations.get(inner.name), model.Struct):
            yield field.name, inner.name


def _one(schema: model.Schema, owner: str, field: model.Field, done: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Size and alignment of a field."""
    kind = field.type
    inner = _inner(kind)
    scalar = stored_as(schema, inner)
    if scalar is not None:
        if scalar not in model.SCALARS:
            raise Broken(owner, field.name, f"expected a scalar type, found {scalar}")
        size = align = model.SCALARS[scalar][0]
    elif isinstance(inner, model.Ref) and inner.name in done:
        size, align = done[inner.name]
    else:
        if isinstance(inner, model.Ref) and inner.name not in schema.declarations:
            raise Broken(
                owner, field.name, f"expected a declared type, found {inner.name}: declare it or include its file"
            )
        what = "a vector" if isinstance(inner, model.Vector | model.Array) else "a string"
        if isinstance(inner, model.Ref):
            what = f"the {type(schema.declarations[inner.name]).__name__.lower()} {inner.name}"
        raise Broken(
            owner,
            field.name,
            f"expected scalars, enums, structs and arrays of these in a struct, found {what}: use a table",
        )
    if isinstance(kind, model.Array):
        if not 1 <= kind.length <= 65535:
            raise Broken(owner, field.name, f"expected a length from 1 to 65535, found {kind.length}")
        size *= kind.length
    return size, align


def _size(schema: model.Schema, struct: model.Struct, done: dict[str, tuple[int, int]]) -> tuple[int, int]:
    if not struct.fields:
        raise Broken(struct.name, None, "expected a field in a struct, found none: add one, or make it a table")
    at, widest = 0, 1
    for field in struct.fields:
        size, align = _one(schema, struct.name, field, done)
        at = -(-at // align) * align + size
        widest = max(widest, align)
    if struct.force_align is not None:
        widest = check_align(struct.name, None, struct.force_align, widest)
    at = -(-at // widest) * widest
    if at > LARGEST:
        raise Broken(struct.name, None, f"expected a struct of at most {LARGEST} bytes, found {at}: make it a table")
    return at, widest
