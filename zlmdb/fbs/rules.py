"""The rules of the schema language, checked on a schema as data: whatever passes can be written as text and compiled.

Source of the rules: the FlatBuffers documentation, "Schema" and "FlatBuffer Internals", and what its compiler refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from zlmdb.fbs import layout
from zlmdb.fbs.broken import Broken
from zlmdb.fbs.constants import check_default
from zlmdb.fbs.members import Members
from zlmdb.fbs.source import quoted
from zlmdb.values.flat import model

__all__ = ["ALIASES", "ATTRIBUTES", "RESERVED", "check"]

#: Spellings of the scalar types, the canonical names among them.
ALIASES = {
    **{name: name for name in model.SCALARS},
    "byte": "int8",
    "ubyte": "uint8",
    "short": "int16",
    "ushort": "uint16",
    "int": "int32",
    "uint": "uint32",
    "long": "int64",
    "ulong": "uint64",
    "float": "float32",
    "double": "float64",
}
#: Names of types that no declaration can have.
RESERVED = {*ALIASES, "string"}

#: Attributes with a meaning in the model: they have a place of their own there.
OWN = {
    model.Table: frozenset[str](),
    model.Struct: frozenset({"force_align"}),
    model.Enum: frozenset({"bit_flags"}),
    model.Union: frozenset[str](),
    model.Field: frozenset({"id", "required", "deprecated", "key"}),
}
#: Attributes that need not be declared.
ATTRIBUTES = frozenset(
    [
        *("id", "deprecated", "required", "key", "bit_flags", "force_align", "hash", "nested_flatbuffer", "flexbuffer"),
        *("shared", "original_order", "private", "streaming", "idempotent", "csharp_partial", "native_inline"),
        *("native_custom_alloc", "native_type", "native_type_pack_name", "native_default", "cpp_type", "cpp_ptr_type"),
        *("cpp_ptr_type_get", "cpp_str_type", "cpp_str_flex_ctor"),
    ]
)
#: They change what the bytes of a buffer mean, in a way that readers of 32-bit offsets cannot follow.
WIDE = ("offset64", "vector64")

HASHES = {4: ("fnv1_32", "fnv1a_32"), 8: ("fnv1_64", "fnv1a_64")}
#: A vtable is at most 65535 bytes long: its own size, the table's, and two bytes for each slot.
MOST_SLOTS = (65535 - 4) // 2

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def check(schema: model.Schema) -> None:
    """Nothing, if the schema keeps every rule.

    Raises:
        Broken: if it does not; the error names the declaration and the field.
    """
    known = ATTRIBUTES.union(schema.attributes)
    for name in schema.attributes:
        if not isinstance(name, str) or not name or not _plain(name):
            raise Broken(None, None, f"expected the name of an attribute, found {quoted(str(name))}")
    for name, declaration in schema.declarations.items():
        if name != declaration.name:
            raise Broken(name, None, f"expected the declaration of {name}, found one named {declaration.name}")
        parts = name.split(".")
        if not all(map(_WORD.match, parts)):
            raise Broken(name, None, f"expected a name of letters, digits and _, found {quoted(name)}: rename it")
        if parts[-1] in RESERVED:
            raise Broken(name, None, f"expected a name of its own, found {parts[-1]!r}, a built-in type: rename it")
        _check_attributes(declaration, name, None, known)
        _check_doc(name, None, declaration.doc)
        if isinstance(declaration, model.Enum):
            for member in declaration.members:
                _check_doc(name, member.name, member.doc)
        elif not isinstance(declaration, model.Union):
            for field in declaration.fields:
                _check_doc(name, field.name, field.doc)
    members = Members()
    layout.sizes(schema)  # refuses what cannot be laid out, before anything asks for it
    for declaration in schema.declarations.values():
        if isinstance(declaration, model.Table):
            _check_table(schema, declaration, known, members)
        elif isinstance(declaration, model.Struct):
            _check_struct(schema, declaration, known, members)
        elif isinstance(declaration, model.Enum):
            _check_enum(declaration)
        else:
            _check_union(schema, declaration)
    if schema.root is not None and not isinstance(schema.declarations.get(schema.root), model.Table):
        raise Broken(None, "root_type", f"expected root_type to be a table, found {schema.root}: name a table")
    if schema.file_identifier is not None and len(schema.file_identifier.encode()) != 4:
        raise Broken(None, None, f"expected a file_identifier of 4 bytes, found {quoted(schema.file_identifier)}")


def _plain(text: str) -> bool:
    """True if a text can be written in UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _check_doc(owner: str, member: str | None, doc: tuple[str, ...]) -> None:
    for line in doc:
        if any(char in line for char in "\n\r\0") or not _plain(line):
            raise Broken(
                owner, member, f"expected single lines of text as documentation, found {quoted(line)}: split it"
            )


def _check_attributes(
    item: model.Declaration | model.Field, owner: str, member: str | None, known: frozenset[str]
) -> None:
    own = OWN[type(item)]
    for name, value in item.attributes.items():
        if name in WIDE:
            raise Broken(
                owner, member, f"expected offsets of 32 bits, found attribute {name}: 64 bits are not supported"
            )
        if name in own:
            raise Broken(owner, member, f"expected {name} in its own place, found it among the other attributes")
        if name not in known:
            raise Broken(
                owner,
                member,
                f"expected a known attribute, found {quoted(name)}: declare it with 'attribute \"{name}\";'",
            )
        if not isinstance(value, int | str) or value is False or (isinstance(value, str) and not _plain(value)):
            raise Broken(
                owner, member, f"expected attribute {name} to be an integer, a string or True, found {value!r}"
            )


def _check_names(owner: str, names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if not _WORD.match(name):
            raise Broken(owner, name, f"expected a name of letters, digits and _, found {quoted(name)}: rename it")
        if name in seen:
            raise Broken(owner, name, f"expected each {what} once, found {name} twice: rename one")
        seen.add(name)


def _check_table(schema: model.Schema, table: model.Table, known: frozenset[str], members: Members) -> None:
    names: list[str] = []
    owners: dict[int, str] = {}
    keys = 0
    for field in table.fields:
        union = is_union(schema, field.type)
        if union:
            names.append(f"{field.name}_type")
        names.append(field.name)
        _check_type(schema, table.name, field)
        _check_attributes(field, table.name, field.name, known)
        _check_field(schema, table.name, field)
        check_default(schema, table.name, field, members)
        keys += field.key
        if keys > 1:
            raise Broken(table.name, field.name, "expected one key in a table, found a second one: remove one")
        if union and field.id == 0:
            raise Broken(
                table.name, field.name, "expected an id of 1 or more, found 0: a union takes the id before its own, too"
            )
        for slot in (field.id - 1, field.id) if union else (field.id,):
            if slot in owners:
                also = f" (a union takes the id before its own, too: {field.id - 1})" if union else ""
                raise Broken(
                    table.name, field.name, f"expected an id of its own, found {slot}, which {owners[slot]} has{also}"
                )
            owners[slot] = field.name
    duplicate = _twice(names)
    if duplicate is not None:
        also = "; a field that is a union takes the name NAME_type, too" if duplicate.endswith("_type") else ""
        raise Broken(table.name, duplicate, f"expected each field once, found {duplicate} twice: rename one{also}")
    _check_names(table.name, (field.name for field in table.fields), "field")
    if len(owners) > MOST_SLOTS:
        raise Broken(table.name, None, f"expected at most {MOST_SLOTS} fields, found {len(owners)}")
    for slot in range(len(owners)):
        if slot not in owners:
            last = max(owners)
            raise Broken(
                table.name,
                owners[last],
                f"expected ids from 0 to {len(owners) - 1} without a gap, found {last} and no {slot}: a field that is "
                "gone stays, with the attribute deprecated",
            )


def _twice(names: list[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _check_struct(schema: model.Schema, struct: model.Struct, known: frozenset[str], members: Members) -> None:
    _check_names(struct.name, (field.name for field in struct.fields), "field")
    if sum(field.key for field in struct.fields) > 1:
        raise Broken(struct.name, None, "expected one key in a struct, found more: remove one")
    for position, field in enumerate(struct.fields):
        for wrong, what in (
            (field.default is not None, "no default"),
            (field.required, "no attribute required"),
            (field.deprecated, "no attribute deprecated"),
        ):
            if wrong:
                raise Broken(struct.name, field.name, f"expected {what} in a struct, found one: remove it")
        if field.id != position:
            raise Broken(
                struct.name,
                field.name,
                f"expected a struct's fields in the order of their ids, found id {field.id} at "
                f"position {position}: remove the ids",
            )
        enum = schema.declarations.get(field.type.name) if isinstance(field.type, model.Ref) else None
        zero = not isinstance(enum, model.Enum) or not enum.members or members.name(enum, 0) is not None
        if isinstance(enum, model.Enum) and not zero and not enum.bit_flags:
            raise Broken(
                struct.name,
                field.name,
                f"expected an enum that has a value 0 in a struct, found {enum.name} without one: add it, or use "
                f"{enum.base.name}",
            )
        _check_attributes(field, struct.name, field.name, known)
        _check_field(schema, struct.name, field)


def _check_type(schema: model.Schema, owner: str, field: model.Field) -> None:
    kind = field.type
    if isinstance(kind, model.Array):
        raise Broken(
            owner, field.name, "expected a vector in a table, found an array of fixed length: put the array in a struct"
        )
    inner = kind.element if isinstance(kind, model.Vector) else kind
    if isinstance(inner, model.Vector | model.Array):
        raise Broken(owner, field.name, "expected a vector of other than vectors: put the inner one in a table")
    if isinstance(inner, model.Scalar) and inner.name not in model.SCALARS:
        raise Broken(owner, field.name, f"expected a scalar type, found {inner.name}")
    if isinstance(inner, model.Ref) and inner.name not in schema.declarations:
        raise Broken(owner, field.name, f"expected a declared type, found {inner.name}: declare it or include its file")


def is_union(schema: model.Schema, kind: model.Type) -> bool:
    inner = kind.element if isinstance(kind, model.Vector) else kind
    return isinstance(inner, model.Ref) and isinstance(schema.declarations.get(inner.name), model.Union)


def _check_field(schema: model.Schema, owner: str, field: model.Field) -> None:
    kind, attributes = field.type, field.attributes
    scalar = layout.stored_as(schema, kind)
    if field.required and scalar is not None:
        raise Broken(
            owner, field.name, "expected required on a string, vector, struct, table or union, found it on a scalar"
        )
    if field.key:
        if scalar is None and not _can_be_key(schema, kind):
            raise Broken(
                owner,
                field.name,
                "expected the key to be a scalar, string, struct or array, found another type: choose another field",
            )
        if scalar is not None and field.default is None and not _in_struct(schema, owner):
            raise Broken(
                owner, field.name, "expected a key that is always there, found '= null': give it another default"
            )
        if isinstance(kind, model.String) and not field.required:
            raise Broken(owner, field.name, "expected a key of type string to be required, found it optional: mark it")
    ubytes = kind == model.Vector(model.Scalar("uint8"))
    for name in ("nested_flatbuffer", "flexbuffer"):
        if name in attributes and not ubytes:
            raise Broken(owner, field.name, f"expected {name} on a field of type [ubyte], found another type")
    if "nested_flatbuffer" in attributes and not isinstance(attributes["nested_flatbuffer"], str):
        raise Broken(owner, field.name, 'expected the name of a table, found none: write nested_flatbuffer: "Name"')
    if "shared" in attributes and not isinstance(kind, model.String):
        raise Broken(owner, field.name, "expected shared on a string, found it on another type")
    if "hash" in attributes:
        inner = kind.element if isinstance(kind, model.Vector) else kind
        names = HASHES.get(model.SCALARS[inner.name][0], ()) if isinstance(inner, model.Scalar) else ()
        if not names or (isinstance(inner, model.Scalar) and inner.name.startswith("float")):
            raise Broken(owner, field.name, "expected hash on an integer of 32 or 64 bits, found it on another type")
        if attributes["hash"] not in names:
            raise Broken(
                owner, field.name, f"expected hash to be one of {', '.join(names)}, found {attributes['hash']!r}"
            )
    if "force_align" in attributes:
        layout.check_align(owner, field.name, attributes["force_align"], 1)


def _can_be_key(schema: model.Schema, kind: model.Type) -> bool:
    """True for what is no scalar, and can be compared: texts, and what lies in place."""
    if isinstance(kind, model.String | model.Array):
        return True
    return isinstance(kind, model.Ref) and isinstance(schema.declarations.get(kind.name), model.Struct)


def _in_struct(schema: model.Schema, owner: str) -> bool:
    return isinstance(schema.declarations.get(owner), model.Struct)


def _check_enum(enum: model.Enum) -> None:
    scalar = enum.base.name
    if scalar not in model.SCALARS or scalar in ("bool", "float32", "float64"):
        raise Broken(enum.name, None, f"expected an integer type, found {scalar}: name one of byte ... ulong")
    _check_names(enum.name, (member.name for member in enum.members), "value")
    low, high = layout.bounds(scalar)
    taken: dict[int, str] = {}
    for member in enum.members:
        value = member.value
        if not low <= value <= high:
            raise Broken(enum.name, member.name, f"expected a value from {low} to {high} ({scalar}), found {value}")
        if enum.bit_flags and (value <= 0 or value & (value - 1)):
            raise Broken(enum.name, member.name, f"expected a single bit, found {value}")
        if value in taken:
            raise Broken(
                enum.name,
                member.name,
                f"expected a number of its own, found {value}, which {taken[value]} has: change one",
            )
        taken[value] = member.name


def _check_union(schema: model.Schema, union: model.Union) -> None:
    _check_names(union.name, ("NONE", *(name for name, _ in union.members)), "member")
    for name, kind in union.members:
        target = schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
        if isinstance(kind, model.String) or isinstance(target, model.Table | model.Struct):
            continue
        found = (
            "an enum" if isinstance(target, model.Enum) else "a union" if target else repr(getattr(kind, "name", kind))
        )
        raise Broken(
            union.name, name, f"expected a table, struct or string in a union, found {found}: wrap it in a table"
        )
    values = union.values if union.values is not None else tuple(range(1, len(union.members) + 1))
    if len(values) != len(union.members):
        raise Broken(union.name, None, f"expected {len(union.members)} numbers of members, found {len(values)}")
    seen = {0: "NONE"}
    for (name, _), value in zip(union.members, values, strict=True):
        if not 0 <= value <= 255:
            raise Broken(union.name, name, f"expected a number from 1 to 255, found {value}")
        if value in seen:
            raise Broken(union.name, name, f"expected a number of its own, found {value}, which {seen[value]} has")
        seen[value] = name
