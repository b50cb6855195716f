"""From what the files say to one schema: names looked up, ids given, defaults read, rules checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zlmdb.fbs import layout, names, rules, syntax
from zlmdb.fbs.broken import Broken
from zlmdb.fbs.constants import read_default, zero
from zlmdb.fbs.members import Members
from zlmdb.fbs.source import Place, failure, quoted
from zlmdb.values.flat import model

__all__ = ["link"]

#: More declarations than any schema has: what is read must stay bounded.
MOST = 100_000


def link(files: Sequence[syntax.FileText]) -> model.Schema:
    """The schema that files make together.

    Args:
        files: each file once, those that others include before them; the last one is the schema's own, whose root type,
            file identifier and extension count.

    Raises:
        SchemaTextError: if they break a rule of the schema language.
    """
    return _Linker(files).schema()


class _Linker:
    def __init__(self, files: Sequence[syntax.FileText]) -> None:
        self._files = files
        self._texts: dict[str, syntax.TableText | syntax.EnumText | syntax.UnionText] = {}
        self._members = Members()
        self._services: list[syntax.ServiceText] = []
        self._places: dict[tuple[str | None, str | None], Place] = {}
        main = files[-1]
        self._places[None, None] = Place(main.source, 0)
        for name in (main.identifier, main.extension):
            if name is not None:
                self._places[None, None] = name.place

    def schema(self) -> model.Schema:
        self._collect()
        main = self._files[-1]
        # Enums first: defaults, and what is stored as a scalar, depend on them; then what refers to anything by name.
        self._schema = model.Schema({name: _stub(name, text) for name, text in self._texts.items()})
        for name, text in self._texts.items():
            if isinstance(text, syntax.EnumText):
                self._schema.declarations[name] = self._enum(name, text)
        try:
            for name, text in self._texts.items():
                if isinstance(text, syntax.UnionText):
                    self._schema.declarations[name] = self._union(name, text)
                elif isinstance(text, syntax.TableText):
                    self._schema.declarations[name] = self._table(name, text)
            self._align()
            root = self._root(main)
            schema = replace(
                self._schema,
                root=root,
                file_identifier=main.identifier.text if main.identifier else None,
                file_extension=main.extension.text if main.extension else None,
                attributes=tuple(dict.fromkeys(name.text for file in self._files for name in file.attributes)),
            )
            rules.check(schema)
        except Broken as broken:
            place = self._places.get((broken.owner, broken.member)) or self._places.get((broken.owner, None))
            where = ".".join(part for part in (broken.owner, broken.member) if part and broken.owner)
            message = f"{where}: {broken.message}" if where else broken.message
            raise failure(place or self._places[None, None], message, table=broken.owner, field=broken.member) from None
        for service in self._services:
            self._check_service(service)
        for _, text in self._texts.items():
            if isinstance(text, syntax.TableText):
                self._check_nested(text)
        return schema

    def _collect(self) -> None:
        for file in self._files:
            if len(self._texts) + len(file.declared) > MOST:
                raise failure(Place(file.source, 0), f"expected at most {MOST} declarations, found more")
            for text in file.declared:
                if isinstance(text, syntax.ServiceText):
                    self._services.append(text)
                    continue
                name = names.full_name(text.namespace, text.name)
                if name in self._texts:
                    first = self._texts[name].place
                    raise failure(
                        text.place,
                        f"expected a name of its own, found {name}, which {first.source.name} declares, too: rename it",
                        table=name,
                    )
                self._texts[name] = text
                self._places[name, None] = text.place
                if isinstance(text, syntax.TableText):
                    for field in text.fields:
                        self._places[name, field.name] = field.place
                else:
                    for member in text.members:
                        self._places[name, member.name] = member.place

    # -- types ---------------------------------------------------------------------------------------------------------

    def _type(self, namespace: tuple[str, ...], text: syntax.TypeText, owner: str, member: str) -> model.Type:
        inner: model.Scalar | model.String | model.Ref
        if text.name in rules.ALIASES:
            inner = model.Scalar(rules.ALIASES[text.name])
        elif text.name == "string":
            inner = model.String()
        else:
            name = names.find(namespace, text.name, self._texts)
            if name is None:
                raise failure(
                    text.place,
                    f"{owner}.{member}: expected a type, found {quoted(text.name)}, which is not declared: "
                    f"{names.similar(text.name, [*self._texts, *rules.ALIASES, 'string'])}",
                    table=owner,
                    field=member,
                )
            inner = model.Ref(name)
        if text.length is not None:
            if isinstance(inner, model.String):
                raise failure(
                    text.place,
                    f"{owner}.{member}: expected scalars, enums or structs in an array, found string: use a table",
                )
            return model.Array(inner, text.length)
        return model.Vector(inner) if text.vector else inner

    def _enum(self, name: str, text: syntax.EnumText) -> model.Enum:
        base = rules.ALIASES.get(text.base.name)
        if base is None or text.base.vector or base in ("bool", "float32", "float64"):
            raise failure(
                text.base.place,
                f"{name}: expected an integer type (byte, ubyte, short, ... ulong), found {quoted(text.base.name)}",
                table=name,
            )
        attributes = _values(text.attributes)
        bit_flags = attributes.pop("bit_flags", None) is not None
        members: list[model.Member] = []
        numbers: dict[str, int] = {}
        following = 0
        for member in text.members:
            number = following if member.value is None else int(member.value.value)
            if bit_flags and not 0 <= number < 64:
                place = member.value.place if member.value else member.place
                raise failure(
                    place,
                    f"{name}.{member.name}: expected the number of a bit, found {number}: a value of bit_flags is "
                    "written as n and stored as 1 << n",
                    table=name,
                    field=member.name,
                )
            following = number + 1
            numbers[member.name] = number
            members.append(model.Member(member.name, 1 << number if bit_flags else number, member.doc))
        return model.Enum(name, model.Scalar(base), tuple(members), bit_flags, attributes, text.doc)

    def _union(self, name: str, text: syntax.UnionText) -> model.Union:
        members: list[tuple[str, model.Ref | model.String]] = []
        values: list[int] = []
        for member in text.members:
            kind = self._type(text.namespace, member.type, name, member.name)
            if not isinstance(kind, model.Ref | model.String):
                raise failure(
                    member.type.place,
                    f"{name}.{member.name}: expected a table, struct or string in a union, found another type: "
                    "wrap it in a table",
                    table=name,
                    field=member.name,
                )
            members.append((member.name, kind))
            values.append((values[-1] if values else 0) + 1 if member.value is None else int(member.value.value))
        numbers = None if values == list(range(1, len(values) + 1)) else tuple(values)
        return model.Union(name, tuple(members), numbers, _values(text.attributes), text.doc)

    # -- tables and structs --------------------------------------------------------------------------------------------

    def _table(self, name: str, text: syntax.TableText) -> model.Table | model.Struct:
        with_id = [field for field in text.fields if "id" in field.attributes]
        if with_id and len(with_id) < len(text.fields) and not text.fixed:
            field = next(field for field in text.fields if "id" not in field.attributes)
            raise failure(
                field.place,
                f"{name}.{field.name}: expected an id, found none, though {with_id[0].name} has one: give ids to all "
                "fields of a table, or to none",
                table=name,
                field=field.name,
            )
        fields: list[model.Field] = []
        following = 0
        for field in text.fields:
            made = self._field(name, text, field, following)
            following = made.id + 1
            fields.append(made)
        attributes = _values(text.attributes)
        if not text.fixed:
            return model.Table(name, tuple(fields), attributes, text.doc)
        align = attributes.pop("force_align", None)
        # Checked, and made None where it says nothing, when the sizes of all structs are known.
        return model.Struct(name, tuple(fields), align, attributes, text.doc)

    def _field(self, owner: str, text: syntax.TableText, field: syntax.FieldText, following: int) -> model.Field:
        kind = self._type(text.namespace, field.type, owner, field.name)
        attributes = _values(field.attributes)
        flags = {}
        for name in ("required", "deprecated", "key"):
            flags[name] = attributes.pop(name, None) is not None
        number = self._id(owner, field, attributes.pop("id", None))
        if number is None:
            inner = kind.element if isinstance(kind, model.Vector) else kind
            target = self._texts.get(inner.name) if isinstance(inner, model.Ref) else None
            number = following + isinstance(target, syntax.UnionText) * (not text.fixed)
        default: Any = None
        if field.default is not None:
            if text.fixed:
                raise failure(
                    field.default.place,
                    f"{owner}.{field.name}: expected no default in a struct, found one: its fields are always there; "
                    "remove it",
                    table=owner,
                    field=field.name,
                )
            default, wrong = read_default(
                self._schema, kind, field.default, lambda enum: self._find_enum(text.namespace, enum), self._members
            )
            if wrong is not None:
                raise failure(field.default.place, f"{owner}.{field.name}: {wrong}", table=owner, field=field.name)
        elif not text.fixed:
            default = zero(self._schema, kind)
        # A key of type string is there in every table, or the tables could not be sorted.
        required = flags["required"] or (flags["key"] and isinstance(kind, model.String) and not text.fixed)
        return model.Field(
            field.name, kind, number, default, required, flags["deprecated"], flags["key"], attributes, field.doc
        )

    def _id(self, owner: str, field: syntax.FieldText, value: object) -> int | None:
        if value is None:
            return None
        number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 6 else value
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < rules.MOST_SLOTS:
            raise failure(
                field.attributes["id"].place,
                f"{owner}.{field.name}: expected an id from 0 to {rules.MOST_SLOTS - 1}, found {value!r}",
                table=owner,
                field=field.name,
            )
        return number

    def _find_enum(self, namespace: tuple[str, ...], name: str) -> model.Enum | None:
        found = names.find(namespace, name, self._texts)
        enum = self._schema.declarations[found] if found is not None else None
        return enum if isinstance(enum, model.Enum) else None

    def _align(self) -> None:
        known = layout.sizes(self._schema)
        for name, item in self._schema.declarations.items():
            if isinstance(item, model.Struct) and item.force_align is not None:
                natural = layout.natural_alignment(self._schema, item, known)
                align = layout.check_align(name, None, item.force_align, natural)
                self._schema.declarations[name] = replace(item, force_align=align if align > natural else None)

    # -- the rest ------------------------------------------------------------------------------------------------------

    def _root(self, main: syntax.FileText) -> str | None:
        if main.root is None:
            return None
        name = names.find_root(main.root_namespace, main.root.text, self._texts)
        if not isinstance(self._schema.declarations.get(name or ""), model.Table):
            found = "which is not declared" if name is None else "which is no table"
            advice = names.similar(main.root.text, list(self._texts)) if name is None else "name a table"
            raise failure(
                main.root.place,
                f"expected root_type to name a table, found {quoted(main.root.text)}, {found}: {advice}",
            )
        return name

    def _check_service(self, service: syntax.ServiceText) -> None:
        seen: set[str] = set()
        for method in service.methods:
            if method.name in seen:
                raise failure(
                    method.place, f"{service.name}: expected each method once, found {method.name} twice: rename one"
                )
            seen.add(method.name)
            for text in (method.request, method.response):
                kind = self._type(service.namespace, text, service.name, method.name)
                target = self._schema.declarations.get(kind.name) if isinstance(kind, model.Ref) else None
                if not isinstance(target, model.Table | model.Struct):
                    raise failure(
                        text.place,
                        f"{service.name}.{method.name}: expected a table, found {quoted(text.name)}: name a table",
                    )

    def _check_nested(self, text: syntax.TableText) -> None:
        for field in text.fields:
            nested = field.attributes.get("nested_flatbuffer")
            if nested is not None and names.find_root(text.namespace, str(nested.value), self._texts) is None:
                raise failure(
                    nested.place,
                    f"{text.name}.{field.name}: expected nested_flatbuffer to name a table, found "
                    f"{quoted(str(nested.value))}: "
                    f"{names.similar(str(nested.value), list(self._texts))}",
                )


def _values(attributes: dict[str, syntax.Attribute]) -> dict[str, Any]:
    return {name: attribute.value for name, attribute in attributes.items()}


def _stub(name: str, text: syntax.TableText | syntax.EnumText | syntax.UnionText) -> model.Declaration:
    """A declaration of the right kind, in the right place of the order, until its own can be made."""
    if isinstance(text, syntax.EnumText):
        return model.Enum(name, model.Scalar("int32"), ())
    if isinstance(text, syntax.UnionText):
        return model.Union(name, ())
    return model.Struct(name, ()) if text.fixed else model.Table(name, ())
