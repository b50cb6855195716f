"""What stands in one schema file, before names are looked up: as written, each part with its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from zlmdb.fbs.source import Place, Source

__all__ = [
    "Attribute",
    "Constant",
    "Declared",
    "EnumText",
    "FieldText",
    "FileText",
    "MemberText",
    "MethodText",
    "Name",
    "ServiceText",
    "TableText",
    "TypeText",
    "UnionText",
    "VariantText",
]


@dataclass(frozen=True, slots=True)
class Name:
    """A name, simple or with dots, where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class TypeText:
    """``Name``, ``[Name]`` or ``[Name:length]``."""

    name: str
    place: Place
    vector: bool = False
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    """A value after ``=``: its kind is ``number``, ``name``, ``string`` or ``empty`` (``[]``)."""

    kind: str
    value: int | float | str
    place: Place


@dataclass(frozen=True, slots=True)
class Attribute:
    """``name: value`` in parentheses; True where there is no value."""

    value: int | str | bool
    place: Place


@dataclass(frozen=True, slots=True)
class FieldText:
    """A field of a table or struct."""

    name: str
    place: Place
    type: TypeText
    default: Constant | None
    attributes: dict[str, Attribute]
    doc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableText:
    """A table, or a struct (`fixed`)."""

    name: str
    place: Place
    namespace: tuple[str, ...]
    fixed: bool
    fields: tuple[FieldText, ...]
    attributes: dict[str, Attribute]
    doc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberText:
    """A value of an enum."""

    name: str
    place: Place
    value: Constant | None
    doc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnumText:
    """An enum."""

    name: str
    place: Place
    namespace: tuple[str, ...]
    base: TypeText
    members: tuple[MemberText, ...]
    attributes: dict[str, Attribute]
    doc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VariantText:
    """A member of a union: its name, and the type it stands for."""

    name: str
    place: Place
    type: TypeText
    value: Constant | None


@dataclass(frozen=True, slots=True)
class UnionText:
    """A union."""

    name: str
    place: Place
    namespace: tuple[str, ...]
    members: tuple[VariantText, ...]
    attributes: dict[str, Attribute]
    doc: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MethodText:
    """A method of a service."""

    name: str
    place: Place
    request: TypeText
    response: TypeText


@dataclass(frozen=True, slots=True)
class ServiceText:
    """An ``rpc_service``: checked, and left out of the schema."""

    name: str
    place: Place
    namespace: tuple[str, ...]
    methods: tuple[MethodText, ...]
    attributes: dict[str, Attribute] = field(default_factory=dict)


Declared = TableText | EnumText | UnionText | ServiceText


@dataclass(slots=True)
class FileText:
    """One file."""

    source: Source
    includes: list[Name] = field(default_factory=list)
    declared: list[Declared] = field(default_factory=list)
    attributes: list[Name] = field(default_factory=list)
    root: Name | None = None
    root_namespace: tuple[str, ...] = ()
    identifier: Name | None = None
    extension: Name | None = None
