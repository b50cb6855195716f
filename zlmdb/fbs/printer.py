"""Writes a schema as text, in one form: ``parse(unparse(schema)) == schema``.

- One text, without includes; an enum, union or struct stands before what uses it, as the FlatBuffers compiler wants it;
  otherwise the order is that of the schema.
- Types have their canonical names (``int32``, ``float64``).
- Ids are written where they are not those that the order of the fields gives.
- A default is written where it is not the one that a field has without any.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from zlmdb import errors
from zlmdb.fbs import layout, names, rules
from zlmdb.fbs.broken import Broken
from zlmdb.fbs.constants import zero
from zlmdb.fbs.members import Members
from zlmdb.fbs.parser import FUNCTIONS, NOT_A_NUMBER
from zlmdb.values.flat import model

__all__ = ["ids_follow", "named", "ordered", "unparse"]

#: Words that a reader of defaults may take for something else than a value of an enum.
_TAKEN = {"null", "true", "false", *FUNCTIONS, *NOT_A_NUMBER}
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def unparse(schema: model.Schema) -> str:
    r"""The text of a schema, in the schema language of FlatBuffers.

    ``parse(unparse(schema)) == schema``, and the text of what has been read from a text in this form is that text.

    Args:
        schema: the schema.

    Raises:
        SchemaError: if the schema breaks a rule of the language, so that no text says it.

    >>> from zlmdb import fbs
    >>> print(fbs.unparse(fbs.parse("table Point { x: int = 5; y: int; } root_type Point;")), end="")
    table Point {
      x: int32 = 5;
      y: int32;
    }
    <BLANKLINE>
    root_type Point;
    """
    try:
        rules.check(schema)
        return _Printer(schema).text()
    except Broken as broken:
        broken.without_text()


def ordered(schema: model.Schema) -> list[model.Declaration]:
    """The declarations, each behind those that it needs by value; otherwise in their order."""
    done: dict[str, None] = {}
    for name in schema.declarations:
        path = [(name, _needed(schema, name))] if name not in done else []
        while path:
            current, needed = path[-1]
            following = next((other for other in needed if other not in done), None)
            if following is None:
                done[current] = None
                path.pop()
            else:
                path.append((following, _needed(schema, following)))
    return [schema.declarations[name] for name in done]


def _needed(schema: model.Schema, name: str) -> Iterator[str]:
    """Enums, unions and structs that a declaration names; nothing goes round in a circle through these alone."""
    for other in named(schema.declarations[name]):
        if not isinstance(schema.declarations[other], model.Table):
            yield other


def named(declaration: model.Declaration) -> Iterator[str]:
    """What a declaration names."""
    kinds: list[model.Type] = []
    if isinstance(declaration, model.Table | model.Struct):
        kinds = [field.type for field in declaration.fields]
    elif isinstance(declaration, model.Union):
        kinds = [kind for _, kind in declaration.members]
    for kind in kinds:
        inner = kind.element if isinstance(kind, model.Vector | model.Array) else kind
        if isinstance(inner, model.Ref):
            yield inner.name


def ids_follow(schema: model.Schema, owner: model.Table | model.Struct) -> bool:
    """True if the ids are those that the order of the fields gives."""
    following = 0
    for field in owner.fields:
        following += rules.is_union(schema, field.type)
        if field.id != following:
            return False
        following += 1
    return True


class _Printer:
    def __init__(self, schema: model.Schema) -> None:
        self._schema = schema
        self._namespace: tuple[str, ...] = ()
        self._written: set[str] = set()
        self._values = Members()
        self._simple: dict[str, int] = {}
        for name in schema.declarations:
            last = name.rpartition(".")[2]
            self._simple[last] = self._simple.get(last, 0) + 1
        self._order = ordered(schema)
        #: Tables that are named before they are declared, from another namespace than their own.
        self._far: set[str] = set()
        seen: set[str] = set()
        for declaration in self._order:
            seen.add(declaration.name)
            space = declaration.name.rpartition(".")[0]
            self._far.update(
                name for name in named(declaration) if name not in seen and name.rpartition(".")[0] != space
            )

    def text(self) -> str:
        schema = self._schema
        blocks = ["\n".join(f"attribute {_quote(name)};" for name in schema.attributes)] if schema.attributes else []
        for declaration in self._order:
            namespace = tuple(declaration.name.split(".")[:-1])
            if namespace != self._namespace:
                self._namespace = namespace
                blocks.append(f"namespace {'.'.join(namespace)};" if namespace else "namespace ;")
            self._written.add(declaration.name)
            blocks.append("\n".join(self._declaration(declaration)))
        ending = []
        if schema.root is not None:
            ending.append(f"root_type {schema.root};")
        if schema.file_identifier is not None:
            ending.append(f"file_identifier {_quote(schema.file_identifier)};")
        if schema.file_extension is not None:
            ending.append(f"file_extension {_quote(schema.file_extension)};")
        if ending:
            blocks.append("\n".join(ending))
        return "\n\n".join(blocks) + "\n" if blocks else ""

    def _declaration(self, declaration: model.Declaration) -> Iterator[str]:
        yield from _doc(declaration.doc, "")
        name = declaration.name.rpartition(".")[2]
        attributes = dict(declaration.attributes)
        if isinstance(declaration, model.Enum):
            if declaration.bit_flags:
                attributes = {"bit_flags": True, **attributes}
            yield f"enum {name}: {declaration.base.name}{_attributes(attributes)} {{"
            yield from self._members(declaration)
        elif isinstance(declaration, model.Union):
            yield f"union {name}{_attributes(attributes)} {{"
            yield from self._variants(declaration)
        else:
            word = "table" if isinstance(declaration, model.Table) else "struct"
            if isinstance(declaration, model.Struct) and declaration.force_align is not None:
                attributes = {"force_align": declaration.force_align, **attributes}
            yield f"{word} {name}{_attributes(attributes)} {{"
            yield from self._fields(declaration)
        yield "}"

    def _members(self, enum: model.Enum) -> Iterator[str]:
        following = 0
        for member in enum.members:
            yield from _doc(member.doc, "  ")
            number = member.value.bit_length() - 1 if enum.bit_flags else member.value
            yield f"  {member.name}," if number == following else f"  {member.name} = {number},"
            following = number + 1

    def _variants(self, union: model.Union) -> Iterator[str]:
        values = union.values if union.values is not None else range(1, len(union.members) + 1)
        following = 1
        lines = []
        for (name, kind), value in zip(union.members, values, strict=True):
            spelled = self._type(kind)
            alias = "" if spelled.replace(".", "_") == name and spelled != "string" else f"{name}: "
            lines.append(f"  {alias}{spelled}" + ("" if value == following else f" = {value}"))
            following = value + 1
        if lines:
            yield ",\n".join(lines)

    def _fields(self, owner: model.Table | model.Struct) -> Iterator[str]:
        fixed = isinstance(owner, model.Struct)
        with_ids = not fixed and not ids_follow(self._schema, owner)
        for field in owner.fields:
            yield from _doc(field.doc, "  ")
            attributes: dict[str, object] = {}
            if with_ids:
                attributes["id"] = field.id
            if field.key:
                attributes["key"] = True
            if field.required and not (field.key and isinstance(field.type, model.String)):
                attributes["required"] = True
            if field.deprecated:
                attributes["deprecated"] = True
            attributes.update(field.attributes)
            default = "" if fixed else self._default(field)
            yield f"  {field.name}: {self._type(field.type)}{default}{_attributes(attributes)};"

    def _type(self, kind: model.Type) -> str:
        if isinstance(kind, model.Vector):
            return f"[{self._type(kind.element)}]"
        if isinstance(kind, model.Array):
            return f"[{self._type(kind.element)}:{kind.length}]"
        if isinstance(kind, model.Scalar):
            return kind.name
        return "string" if isinstance(kind, model.String) else self._ref(kind.name)

    def _ref(self, name: str) -> str:
        """A name that means a declaration here: the simple one where there is no doubt, else the full one."""
        parts = name.split(".")
        known = self._schema.declarations
        near = tuple(parts[:-1]) == self._namespace
        # The compiler takes a simple name that it does not know yet for the first declaration of that name anywhere,
        # and takes names that it does not know yet for different ones if they are spelled differently.
        if near and (name in self._written or (self._simple[parts[-1]] == 1 and name not in self._far)):
            return parts[-1]
        for first in (0, *range(len(parts) - 1, 0, -1)):
            spelled = ".".join(parts[first:])
            if names.find(self._namespace, spelled, known) == name:
                return spelled
        raise errors.SchemaError(
            f"{name}: expected a name that means it in namespace {'.'.join(self._namespace)}, found another "
            "declaration there that hides it: rename one of the two",
            table=name,
        )

    def _default(self, field: model.Field) -> str:
        default, kind = field.default, field.type
        usual = zero(self._schema, kind)
        if default is None:
            return "" if usual is None else " = null"
        if isinstance(kind, model.String):
            return f" = {_quote(str(default))}"
        if isinstance(kind, model.Vector):
            return " = []"
        target = self._schema.declarations[kind.name] if isinstance(kind, model.Ref) else None
        if isinstance(target, model.Enum):
            return "" if default == 0 else f" = {self._enum_value(target, int(default))}"
        if isinstance(default, bool):
            return " = true" if default else ""
        if layout.stored_as(self._schema, kind) in ("float32", "float64"):
            # -0.0 equals 0.0, and is another number.
            same = default == 0 and math.copysign(1, float(default)) == 1
            return "" if same else f" = {float(default)!r}"
        return "" if default == 0 else f" = {default}"

    def _enum_value(self, enum: model.Enum, value: int) -> str:
        name = self._values.name(enum, value)
        if name is not None:
            return str(value) if name in _TAKEN else name
        bits = [member for member in enum.members if member.value & value]
        if sum(member.value for member in bits) == value:
            return _quote(" ".join(member.name for member in bits))
        return str(value)


def _attributes(attributes: dict[str, object]) -> str:
    if not attributes:
        return ""
    parts = []
    for name, value in attributes.items():
        if value is True:
            parts.append(name)
        else:
            parts.append(f"{name}: {_quote(value) if isinstance(value, str) else value}")
    return f" ({', '.join(parts)})"


def _doc(lines: tuple[str, ...], indent: str) -> Iterator[str]:
    for line in lines:
        yield f"{indent}/// {line}" if line else f"{indent}///"


def _quote(text: str) -> str:
    shown = "".join(_ESCAPES.get(char) or (f"\\u{ord(char):04x}" if char < " " else char) for char in text)
    return f'"{shown}"'
