"""From a record class to its FlatBuffers schema.

==========================================  ===================================================================
type of the field                           FlatBuffers
==========================================  ===================================================================
bool                                        bool
int, float                                  int64, float64; other widths: ``zlmdb.fbs.int8`` ... ``float32``
str                                         string
bytes                                       [ubyte]
uuid.UUID                                   struct Uuid { bytes:[ubyte:16]; }, the bytes in the order of the text
np.datetime64                               int64 nanoseconds since 1970; NaT is the smallest number
datetime.datetime (aware)                   int64 microseconds since 1970 in UTC
datetime.timedelta                          int64 microseconds
datetime.date                               int32 days since 1970
Enum, IntEnum with integer values           enum, int32 unless ``zlmdb.fbs.enum(base=...)`` says otherwise
Flag, IntFlag                               enum with bit_flags, uint32
attrs class, dataclass, Struct              table; struct if decorated with ``zlmdb.fbs.struct``
A | B (records, str)                        union
list[T], tuple[T, ...]                      vector of any of these
np.ndarray[Any, np.dtype[np.float32]]       vector of numbers (also of np.datetime64)
T | None                                    absent for None; a scalar has the default ``null``
==========================================  ===================================================================

What a number of time means is kept beside the wire type as the attribute ``logical`` of the field.
"""

from __future__ import annotations

import enum
import typing
import uuid
from dataclasses import replace
from typing import Any, NoReturn, get_args, get_origin

from zlmdb.errors import SchemaError, short
from zlmdb.values.faults import MISSING
from zlmdb.values.flat import annotations as words
from zlmdb.values.flat import model
from zlmdb.values.flat.enums import enum_declaration, enum_kind
from zlmdb.values.flat.hints import advice, doc_of, is_datetime64, is_ndarray, made_of_self, parts_of, unwrap
from zlmdb.values.flat.kinds import Declared, Item, Kind, Record, bool_kind, float_kind, int_kind
from zlmdb.values.flat.lazy import FlatView
from zlmdb.values.flat.moments import MOMENTS
from zlmdb.values.flat.numbering import Ids, check_former, number
from zlmdb.values.records import FieldInfo, RecordInfo, describe

__all__ = ["declare"]

UUID_FIELDS = (model.Field("bytes", model.Array(model.Scalar("uint8"), 16), 0),)
KINDS = ("attrs", "dataclass", "struct")
#: Offsets within a table, and the sizes of tables and their vtables, are numbers of 16 bits.
MAX_TABLE = 0xFFFF
NUMBERS = {"b": "bool", "i": "int", "u": "uint", "f": "float"}


def declare(record: Any, ids: Ids | None = None) -> Declared:
    """The schema of a record class, and what its compilers need to know of it.

    Args:
        record: an attrs class, dataclass or msgspec Struct.
        ids: numbers of fields that a file has settled; they go before those of the class. None for none.

    Raises:
        SchemaError: naming class and field, if it cannot be stored as a FlatBuffer.
    """
    return _Declaring(ids or {}).run(record)


class _Declaring:
    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.records: dict[Any, Record] = {}
        self.names: dict[str, Any] = {}
        self.declarations: dict[str, model.Declaration] = {}
        self.former: dict[str, dict[str, str]] = {}
        self.attributes: set[str] = set()
        self.enums: dict[Any, Kind] = {}

    def run(self, record: Any) -> Declared:
        info = describe(record)
        if info is None or info.kind not in KINDS:
            raise SchemaError(
                f"{short(record)} cannot be stored as FlatBuffers: expected an attrs class, a dataclass or a msgspec"
                " Struct as record type"
            )
        mark = words.mark_of(info.type)
        if mark is not None and mark.kind == "struct":
            raise SchemaError(f"{info.name} is marked as a struct, and the root of a FlatBuffer is always a table")
        root = self.record(record, "")
        schema = model.Schema(
            self.declarations,
            root.name,
            root.identifier,
            mark.file_extension if mark else None,
            tuple(sorted(self.attributes)),
        )
        records = {found.name: found for found in self.records.values()}
        return Declared(schema, root, records, self.former)

    # -- records

    def claim(self, name: str, what: Any, where: str) -> None:
        """Two classes must not have one name."""
        if self.names.setdefault(name, what) != what:
            raise SchemaError(
                f"{where}: {short(what)} and {short(self.names[name])} would both be {name} in the schema; "
                'give one of them another name, with @zlmdb.fbs.table(name="...") or the like'
            )

    def record(self, hint: Any, namespace: str) -> Record:
        """The table or struct of a record class; made on the first call."""
        known = self.records.get(hint)
        if known is not None:
            return known
        info = describe(hint)
        if info is None:
            raise SchemaError(f"{short(hint)} is no record class")
        mark = words.mark_of(info.type)
        space = namespace if mark is None or mark.namespace is None else mark.namespace
        name = (mark and mark.name) or (get_origin(hint) or hint).__name__
        full = f"{space}.{name}" if space else str(name)
        self.claim(full, hint, info.name)
        record = self.records[hint] = Record(
            info, full, mark is not None and mark.kind == "struct", identifier=mark.file_identifier if mark else None
        )
        attributes = dict(mark.attributes) if mark else {}
        self.attributes.update(attributes)
        doc = mark.doc if mark and mark.doc is not None else doc_of(info.type)
        if record.struct:
            self.declare_struct(record, info, mark.force_align if mark else None, attributes, doc, space)
        else:
            # Recursion finds the name; the place in the order is that of the first mention.
            self.declarations[full] = model.Table(full, ())
            self.declare_table(record, info, attributes, doc, space)
        return record

    def declare_table(
        self, record: Record, info: RecordInfo, attributes: dict[str, Any], doc: tuple[str, ...], space: str
    ) -> None:
        items = [self.item(record, info, found, space) for found in info.fields.values()]
        check_former(record, items, self.former.get(record.name, {}))
        number(record, items, self.ids.get(record.name, {}))
        for item in items:
            (record.dead if item.field.deprecated else record.items).append(item)
        if 4 + sum(item.kind.size + item.kind.align for item in record.items) > MAX_TABLE:
            raise SchemaError(f"{info.name}: its fields take more than the {MAX_TABLE} bytes that a table may have")
        self.declarations[record.name] = model.Table(record.name, tuple(item.field for item in items), attributes, doc)

    def declare_struct(
        self,
        record: Record,
        info: RecordInfo,
        force_align: int | None,
        attributes: dict[str, Any],
        doc: tuple[str, ...],
        space: str,
    ) -> None:
        items = [self.item(record, info, found, space) for found in info.fields.values()]
        at, align, offsets = 0, force_align or 1, []
        for position, item in enumerate(items):
            where = f"{info.name}.{item.name}"
            if item.optional or item.field.deprecated or item.field.required or not item.kind.in_place:
                raise SchemaError(
                    f"{where}: a struct holds numbers, enums, UUIDs, times, structs, and arrays of them with a Length, "
                    "all of which are always there; found "
                    f"{short(info.fields[item.name].type)}; make {info.name} a table",
                    field=item.name,
                )
            item.field = replace(item.field, id=position, default=None, required=False)
            align = max(align, item.kind.align)
            at += -at % item.kind.align
            offsets.append(at)
            at += item.kind.size
        if not items:
            raise SchemaError(f"{info.name}: a struct needs a field")
        record.items = items
        record.align, record.size, record.offsets = align, at + -at % align, tuple(offsets)
        fields = tuple(item.field for item in items)
        self.declarations[record.name] = model.Struct(record.name, fields, force_align, attributes, doc)

    def item(self, record: Record, info: RecordInfo, found: FieldInfo, space: str) -> Item:
        """A field; its number is -1 if the class does not give it one."""
        where = f"{info.name}.{found.name}"
        hint, extra = unwrap(found.type)
        details = next((word for word in extra if isinstance(word, words.Field)), words.Field())
        parts = [part for part in parts_of(hint) if part is not type(None)]
        optional = len(parts) < len(parts_of(hint))
        if not parts:
            raise SchemaError(f"{where}: there is nothing to store of {short(found.type)}", field=found.name)
        name = details.name or found.stored
        if not (name.isascii() and name.isidentifier()):
            raise SchemaError(
                f"{where}: expected an ASCII name, found {name!r}; give one with zlmdb.fbs.Field(name=...)",
                field=found.name,
            )
        if found.name.startswith("_z") and hasattr(FlatView, found.name):
            raise SchemaError(f"{where}: lazy objects use that name themselves; choose another", field=found.name)
        context = _Context(where, found.name, record, name, space)
        kind = self.kind_of_parts(parts, extra, context)
        if kind.length is not None and not record.struct:
            self.refuse(context, "only structs have arrays of fixed length; leave the Length out", found.type)
        if details.was is not None:
            self.former.setdefault(record.name, {})[name] = details.was
        item = Item(found.name, kind, model.Field(name, kind.type, -1), optional, given=details.id)
        default = self.settle_default(item, found, details, context)
        if made_of_self(info.type, found.name):
            if details.deprecated:
                self.refuse(context, "the default of a deprecated field cannot be made of the object", None)
            item.factory = None
        required = details.required
        if required is None:
            exempt = record.struct or optional or kind.scalar_value or details.deprecated
            required = found.required and not exempt
        if required and (optional or kind.scalar_value or details.deprecated):
            self.refuse(context, "only a field that is no scalar and not optional can be required", found.type)
        if details.deprecated and found.required:
            self.refuse(context, "a deprecated field reads as its default, so it needs one", found.type)
        attributes = dict(details.attributes)
        logical = _logical(kind)
        if logical is not None:
            attributes["logical"] = logical
        self.attributes.update(attributes)
        item.field = model.Field(
            name,
            kind.type,
            -1 if details.id is None else details.id,
            default,
            required,
            details.deprecated,
            details.key,
            attributes,
            details.doc,
        )
        return item

    def settle_default(self, item: Item, found: FieldInfo, details: words.Field, context: _Context) -> Any:
        """Set what an absent field reads as; the default that stands in the schema."""
        kind = item.kind
        if details.deprecated:
            item.default, item.factory = (None if item.optional else found.default), found.factory
            if item.optional and not found.required and found.default is not MISSING:
                item.default = found.default
        if item.optional:
            if details.default is not MISSING:
                self.refuse(context, "an optional field is None when it is absent, and has no other default", None)
            if not details.deprecated:
                item.default = None
            return None
        if not kind.scalar_value:
            if not details.deprecated:
                item.default, item.factory = found.default, found.factory
            if details.default is MISSING:
                return None
            # Few compilers know these defaults, so they stand in the schema only if the class asks for it.
            if isinstance(kind.type, model.String) and isinstance(details.default, str):
                if not details.deprecated:
                    item.default, item.factory = details.default, None
                return details.default
            if isinstance(kind.type, model.Vector) and details.default == "[]":
                return "[]"
            self.refuse(context, "only scalars, texts and vectors ([]) have a default in the schema", details.default)
        value = details.default if details.default is not MISSING else found.default
        if value is MISSING:
            value = kind.zero()
        try:
            number = kind.number(value)
        except Exception:
            self.refuse(context, f"its default is not {kind.expected}", value)
        if not details.deprecated:
            item.default = kind.value(number)
        return number

    # -- types

    def refuse(self, context: _Context, why: str, found: Any) -> NoReturn:
        raise SchemaError(
            f"{context.where}: it cannot be stored as FlatBuffers: {why}{f'; found {short(found)}' if found else ''}",
            field=context.attribute,
        )

    def kind_of_parts(self, parts: list[Any], extra: list[Any], context: _Context) -> Kind:
        if len(parts) > 1 or any(isinstance(word, words.UnionOf) for word in extra):
            return self.union(parts, extra, context)
        inner, more = unwrap(parts[0])
        inner_parts = parts_of(inner)
        if len(inner_parts) > 1 or any(isinstance(word, words.UnionOf) for word in more):
            # a union with details within an optional
            return self.kind_of_parts(inner_parts, [*more, *extra], context)
        return self.kind(inner, [*more, *extra], context)

    def kind(self, hint: Any, extra: list[Any], context: _Context) -> Kind:
        """How a type without None is stored."""
        length = next((word.length for word in extra if isinstance(word, words.Length)), None)
        width = next((word for word in extra if isinstance(word, model.Scalar)), None)
        origin = get_origin(hint)
        if hint is bool:
            return bool_kind()
        if hint is int or hint is float:
            scalar = width or model.Scalar("int64" if hint is int else "float64")
            if scalar.name.startswith("float") != (hint is float):
                self.refuse(context, f"{scalar.name} does not stand for {hint.__name__}", None)
            return int_kind(scalar.name) if hint is int else float_kind(scalar.name)
        if hint is str:
            return Kind("str", model.String(), "str")
        if hint is bytes:
            octets = model.Scalar("uint8")
            wire = model.Vector(octets) if length is None else model.Array(octets, _positive(length, context))
            return Kind("bytes", wire, "bytes" if length is None else f"bytes of length {length}", length=length)
        if hint is uuid.UUID:
            return self.uuid(context)
        if hint in MOMENTS or is_datetime64(hint):
            return (MOMENTS.get(hint) or MOMENTS["datetime64"])()
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return self.enum(hint, context)
        if origin in (list, tuple) or hint in (list, tuple):
            return self.vector(hint, origin, length, context)
        if is_ndarray(origin or hint):
            return self.ndarray(hint, length, context)
        info = describe(hint)
        if info is not None and info.kind in KINDS:
            record = self.record(hint, context.space)
            if record.struct and not record.size:
                self.refuse(context, "a struct cannot contain itself", hint)
            return Kind("struct" if record.struct else "table", model.Ref(record.name), info.name, record=record)
        self.refuse(context, advice(hint), hint)

    def uuid(self, context: _Context) -> Kind:
        root = next(iter(self.records.values())).name
        full = f"{root.rpartition('.')[0]}.Uuid".removeprefix(".")
        self.claim(full, uuid.UUID, context.where)
        self.declarations.setdefault(full, model.Struct(full, UUID_FIELDS))
        return Kind("uuid", model.Ref(full), "uuid.UUID")

    def enum(self, cls: type[enum.Enum], context: _Context) -> Kind:
        known = self.enums.get(cls)
        if known is None:
            declaration = enum_declaration(cls, context.space, context.where)
            self.claim(declaration.name, cls, context.where)
            self.attributes.update(declaration.attributes)
            self.declarations[declaration.name] = declaration
            known = self.enums[cls] = enum_kind(cls, declaration)
        return known

    def vector(self, hint: Any, origin: Any, length: int | None, context: _Context) -> Kind:
        arguments = get_args(hint)
        if origin is tuple and (len(arguments) != 2 or arguments[1] is not Ellipsis):
            self.refuse(context, "the elements of a vector have one type: tuple[T, ...]", hint)
        if not arguments:
            self.refuse(context, "say what its elements are, such as list[int]", hint)
        element, extra = unwrap(arguments[0])
        parts = parts_of(element)
        if type(None) in parts:
            self.refuse(context, "the elements of a vector cannot be None", hint)
        kind = self.kind_of_parts(parts, extra, context)
        if kind.name in ("list", "ndarray", "bytes"):
            self.refuse(context, "there are no vectors of vectors: put the inner one into a record of its own", hint)
        container = list if origin is list else tuple
        expected = f"{container.__name__} of {kind.expected}"
        if length is None:
            return Kind("list", model.Vector(kind.type), expected, cls=container, element=kind)
        if not isinstance(kind.type, model.Scalar | model.Ref) or not kind.in_place:
            self.refuse(context, "an array of fixed length holds scalars, enums or structs", hint)
        wire = model.Array(kind.type, _positive(length, context))
        return Kind("list", wire, f"{expected}, {length} of them", cls=container, element=kind, length=length)

    def ndarray(self, hint: Any, length: int | None, context: _Context) -> Kind:
        import numpy as np

        arguments = get_args(hint)
        inner = get_args(arguments[1]) if len(arguments) == 2 else ()
        scalar = inner[0] if inner else None
        if not (isinstance(scalar, type) and issubclass(scalar, np.generic)):
            self.refuse(context, "say what its elements are, such as numpy.typing.NDArray[np.float32]", hint)
        if scalar is np.datetime64:
            name, words_of_numpy = "int64", "<M8[ns]"
        else:
            try:
                dtype = np.dtype(scalar)
            except TypeError:
                dtype = np.dtype(object)
            name = NUMBERS.get(dtype.kind, "") + ("" if dtype.kind == "b" else str(8 * dtype.itemsize))
            if name not in model.SCALARS:
                self.refuse(context, "there are no numbers of this type in FlatBuffers", hint)
            words_of_numpy = model.SCALARS[name][2]
        element = model.Scalar(name)
        wire = model.Vector(element) if length is None else model.Array(element, _positive(length, context))
        expected = f"numpy.ndarray of {np.dtype(words_of_numpy)}" + ("" if length is None else f", {length} of them")
        return Kind("ndarray", wire, expected, name, words_of_numpy, length=length)

    def union(self, parts: list[Any], extra: list[Any], context: _Context) -> Kind:
        given = next((word for word in extra if isinstance(word, words.UnionOf)), None)
        kinds: list[Kind] = []
        for part in parts:
            inner, more = unwrap(part)
            kind = self.kind(inner, more, context)
            if kind.name not in ("table", "struct", "str"):
                self.refuse(context, "the members of a union are records (or str)", part)
            kinds.append(kind)
        default = f"{context.record.name.rpartition('.')[2]}{''.join(w.title() for w in context.field.split('_'))}"
        space = context.space if given is None or given.namespace is None else given.namespace
        name = default if given is None else given.name
        full = f"{space}.{name}" if space else name
        names = tuple(_member_name(kind) for kind in kinds) if given is None or given.members is None else given.members
        numbers = tuple(range(1, len(kinds) + 1)) if given is None or given.values is None else given.values
        if not len(names) == len(numbers) == len(set(names)) == len(set(numbers)) == len(kinds):
            self.refuse(context, f"its {len(kinds)} members need as many different names and numbers", names)
        if not all(0 < number < 256 for number in numbers):
            self.refuse(context, "the members of a union have numbers from 1 to 255", numbers)
        types = tuple(kind.type for kind in kinds)
        self.claim(full, (names, types), context.where)
        self.declarations[full] = model.Union(
            full,
            tuple(zip(names, types, strict=True)),  # type: ignore[arg-type]
            None if numbers == tuple(range(1, len(kinds) + 1)) else numbers,
            given.attributes if given else {},
            given.doc if given else (),
        )
        expected = " or ".join(kind.expected for kind in kinds)
        # A file that does not know a member may give its number to another one.
        known = self.ids.get(full, {}).values() or numbers
        members = tuple((number, kind) for number, kind in zip(numbers, kinds, strict=True) if number in known)
        return Kind("union", model.Ref(full), expected, members=members)


class _Context(typing.NamedTuple):
    """Where a type stands."""

    where: str
    attribute: str
    record: Record
    field: str
    space: str


def _logical(kind: Kind) -> str | None:
    """What a number stands for."""
    if kind.name == "list":
        return _logical(kind.inner())
    if kind.name == "ndarray":
        return "datetime64" if kind.cls == "<M8[ns]" else None
    return kind.name if kind.name in ("datetime64", "datetime", "date", "timedelta") else None


def _member_name(kind: Kind) -> str:
    return "Text" if kind.record is None else kind.record.name.rpartition(".")[2]


def _positive(length: int, context: _Context) -> int:
    if not 0 < length < MAX_TABLE:
        raise SchemaError(f"{context.where}: expected a Length from 1 to {MAX_TABLE - 1}, found {length}")
    return length
