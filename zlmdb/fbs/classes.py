"""Writes the Python module that declares the record classes of a schema.

What :func:`zlmdb.fbs.load` runs is what ``python -m zlmdb.fbs classes`` prints, so a type checker may see the same.

==========================  ==========================================================================================
.fbs                        Python
==========================  ==========================================================================================
bool, int64, float64        ``bool``, ``int``, ``float``
other numbers               ``fbs.int8`` ... ``fbs.float32``; ``int`` and ``float`` to a type checker
string, [ubyte]             ``str``, ``bytes``
[T]                         ``list[T]``, or NumPy arrays of numbers if that is asked for
[T:N]                       ``list[T]`` or ``bytes`` of that length
table, struct               a class; the arguments of a table are given by name
enum, with bit_flags        ``enum.IntEnum``, ``enum.IntFlag``
union                       ``A | B``; a subclass for a member whose type an earlier one has, too
struct Uuid of 16 bytes     ``uuid.UUID``
(logical: "datetime") ...   ``datetime.datetime`` ...: what ``zlmdb.fbs.export`` says of a number of time
= null, or no default       ``T | None``, and None if it is not there
required                    ``T``, without a default
==========================  ==========================================================================================
"""

from __future__ import annotations

import inspect
import io
import keyword
import math
import tokenize
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Literal

from zlmdb import errors
from zlmdb.fbs.members import Members
from zlmdb.fbs.printer import ordered
from zlmdb.fbs.pynames import BUILTINS, class_names, field_names, free, member_trouble
from zlmdb.values.flat import model

__all__ = ["Kind", "classes_source"]

Kind = Literal["dataclass", "struct", "attrs"]
Arrays = Literal["list", "numpy"]

_UUID = (model.Field("bytes", model.Array(model.Scalar("uint8"), 16), 0),)
_TIMES = {
    "datetime64": ("int64", "np.datetime64"),
    "datetime": ("int64", "datetime.datetime"),
    "timedelta": ("int64", "datetime.timedelta"),
    "date": ("int32", "datetime.date"),
}
_PLAIN = {"bool": "bool", "int64": "int", "float64": "float"}
_IMPORTS = {
    "attrs.": "import attrs",
    "builtins.": "import builtins",
    "dataclasses.": "import dataclasses",
    "datetime.": "import datetime",
    "enum.": "import enum",
    "uuid.": "import uuid",
    "Annotated[": "from typing import Annotated",
    "msgspec.": "import msgspec",
    "np.": "import numpy as np",
}
#: What a field may hide from those that come after it in its class.
_MODULES = frozenset(("attrs", "builtins", "dataclasses", "datetime", "fbs", "msgspec", "np", "uuid"))
_STANDARD = ("builtins", "dataclasses", "datetime", "enum", "uuid", "typing")


def classes_source(schema: model.Schema, kind: Kind = "dataclass", arrays: Arrays = "list", title: str = "") -> str:
    """The text of a module that declares the classes of a schema.

    Args:
        schema: one that keeps the rules.
        kind: of the record classes: ``"dataclass"``, ``"struct"`` (of msgspec) or ``"attrs"``.
        arrays: what vectors of numbers are: ``"list"``, or ``"numpy"`` for arrays.
        title: the first line of the module's docstring; empty for none.

    Raises:
        SchemaError: if a declaration has no counterpart in Python.

    >>> from zlmdb import fbs
    >>> "class Point" in fbs.classes_source(fbs.parse("struct Point { x: float; y: float; }"))
    True
    """
    return Writer(schema, kind, arrays).module(title)


class Writer:
    def __init__(self, schema: model.Schema, kind: Kind, arrays: Arrays) -> None:
        self._schema, self._kind, self._arrays = schema, kind, arrays
        self._uuids = {name for name in schema.declarations if self._is_uuid(name)}
        self._order = [item for item in ordered(schema) if item.name not in self._uuids]
        self.names = class_names(self._order)
        #: "Union.Member" -> name of the class of a member whose type an earlier member has, too.
        self.doubles: dict[str, str] = {}
        taken = {*self.names.values()}
        for item in self._order:
            for member, _ in self._doubled(item):
                self.doubles[f"{item.name}.{member}"] = free(f"{self.names[item.name]}_{member}", taken)
                taken.add(self.doubles[f"{item.name}.{member}"])
        self._shadowed: frozenset[str] = frozenset()
        self._members = Members()
        #: Names of the module that a field hides within its class; each has another one there, with a ``_`` before it.
        self._hidden: set[str] = set()

    def module(self, title: str) -> str:
        enums = [item for item in self._order if isinstance(item, model.Enum)]
        records = [item for item in self._order if isinstance(item, model.Table | model.Struct)]
        unions = [item for item in self._order if isinstance(item, model.Union)]
        blocks = ["\n".join(block) for item in enums for block in [list(self._enum(item))]]
        classes = ["\n".join(self._record(item)) for item in records]
        late = {self.names[item.name] for item in (*records, *unions)}
        aliases = [f"_{name} = {name}" for name in sorted(self._hidden - late)]
        blocks += ["\n".join(aliases)] if aliases else []
        blocks += classes
        blocks += ["\n".join(block) for item in unions for block in self._double_classes(item)]
        blocks += ["\n".join(self._union(item)) for item in unions]
        aliases = [f"_{name} = {name}" for name in sorted(self._hidden & late)]
        blocks += ["\n".join(aliases)] if aliases else []
        body = "\n\n\n".join(blocks)
        needed = [line for word, line in _IMPORTS.items() if word in body]
        own = [line for line in needed if line.split()[1] in _STANDARD]
        other = [line for line in needed if line not in own]
        if "fbs." in body:
            other.append("from zlmdb import fbs")
        head = [f'"""{title}"""' if _simple_line(title) else repr(title)] if title else []
        head += ["from __future__ import annotations", *("\n".join(lines) for lines in (own, other) if lines)]
        names = sorted([*self.names.values(), *self.doubles.values()])
        head.append(
            "__all__ = [\n" + "".join(f'    "{name}",\n' for name in names) + "]"
            if names
            else "__all__: list[str] = []"
        )
        return "\n\n".join(head) + (f"\n\n\n{body}\n" if body else "\n")

    # -- enums and unions ----------------------------------------------------------------------------------------------

    def _enum(self, item: model.Enum) -> Iterator[str]:
        for member in item.members:
            why = member_trouble(member.name)
            if why is not None:
                raise errors.SchemaError(
                    f"{item.name}.{member.name}: expected a name that a Python enumeration can have, found "
                    f"{member.name!r}: {why}; rename it",
                    table=item.name,
                    field=member.name,
                )
        base = "enum.IntFlag" if item.bit_flags else "enum.IntEnum"
        words = [*self._named(item), f"base=fbs.{item.base.name}"]
        if item.bit_flags:
            words.append("bit_flags=True")
        name = self.names[item.name]
        docs = {member.name: member.doc for member in item.members if member.doc}
        if all(member.name.isidentifier() and not keyword.iskeyword(member.name) for member in item.members):
            yield f"@fbs.enum({', '.join([*words, *self._more(item)])})"
            yield f"class {name}({base}):"
            yield from self._docstring(item.doc)
            for member in item.members:
                yield f"    {member.name} = {member.value}"
            if not item.members and not item.doc:
                yield "    pass"
        else:
            members = ", ".join(f'"{member.name}": {member.value}' for member in item.members)
            yield f'{name} = {base}("{name}", {{{members}}}, module=__name__)'
            yield f"fbs.enum({', '.join([*words, *self._more(item, True)])})({name})"
        if docs:
            yield ""
            for word, lines in docs.items():
                text = "\n".join(lines)
                yield f'{name}["{word}"].__doc__ = {text!r}'

    def _union(self, item: model.Union) -> Iterator[str]:
        """An alias; annotations that name it are looked up when the module is complete."""
        parts = [self.doubles.get(f"{item.name}.{name}") or self._type(kind) for name, kind in item.members]
        if len(set(parts)) < len(parts) or not parts:
            raise errors.SchemaError(
                f"{item.name}: expected {'one string' if parts else 'a member'} in a union, found "
                f"{'several: Python cannot tell them apart; wrap one in a table' if parts else 'none: add one'}",
                table=item.name,
            )
        space, _, name = item.name.rpartition(".")
        words = [_text(name), f"namespace={_text(space)}"]
        members = tuple(member for member, _ in item.members)
        if members != tuple(self._simple(kind) for _, kind in item.members):
            words.append(f"members={_tuple(members)}")
        if item.values is not None:
            words.append(f"values={item.values!r}")
        if item.attributes:
            words.append(f"attributes={item.attributes!r}")
        if item.doc:
            words.append(f"doc={_tuple(item.doc)}")
        yield f"{self.names[item.name]} = Annotated[{' | '.join(parts)}, fbs.UnionOf({', '.join(words)})]"

    @staticmethod
    def _doubled(item: model.Declaration) -> Iterator[tuple[str, str]]:
        """Members of a union whose type an earlier one has, too: their names and those of the types."""
        seen: set[model.Type] = set()
        for name, kind in item.members if isinstance(item, model.Union) else ():
            if kind in seen and isinstance(kind, model.Ref):
                yield name, kind.name
            seen.add(kind)

    def _double_classes(self, item: model.Union) -> Iterator[list[str]]:
        """Classes that tell such members apart: of the same fields, and so of the same bytes."""
        for member, full in self._doubled(item):
            base = self._schema.declarations[full]
            space, _, simple = full.rpartition(".")
            name = free(f"{simple}_{member}", {known.rpartition(".")[2] for known in self._schema.declarations})
            table = isinstance(base, model.Table)
            align = f", force_align={base.force_align}" if isinstance(base, model.Struct) and base.force_align else ""
            lines = [f"@fbs.{'table' if table else 'struct'}(name={_text(name)}, namespace={_text(space)}{align})"]
            options = [*(["slots=True"] if self._kind == "dataclass" else []), *(["kw_only=True"] if table else [])]
            if self._kind != "struct":
                decorator = "attrs.define" if self._kind == "attrs" else "dataclasses.dataclass"
                lines.append(f"@{decorator}({', '.join(options)})")
            lines.append(f"class {self.doubles[f'{item.name}.{member}']}({self.names[full]}):")
            lines.append(f'    """A {simple} as member {member} of union {item.name}."""')
            yield lines

    @staticmethod
    def _simple(kind: model.Type) -> str:
        """The name that a member of a union has if it is given none."""
        return kind.name.rpartition(".")[2] if isinstance(kind, model.Ref) else "Text"

    # -- records -------------------------------------------------------------------------------------------------------

    def _record(self, item: model.Table | model.Struct) -> Iterator[str]:
        words = self._named(item)
        table = isinstance(item, model.Table)
        if isinstance(item, model.Struct) and item.force_align is not None:
            words.append(f"force_align={item.force_align}")
        if item.name == self._schema.root:
            for word in ("file_identifier", "file_extension"):
                value = getattr(self._schema, word)
                if value is not None:
                    words.append(f"{word}={_text(value)}")
        yield f"@fbs.{'table' if table else 'struct'}({', '.join([*words, *self._more(item)])})"
        name = self.names[item.name]
        if self._kind == "struct":
            yield f"class {name}(msgspec.Struct{', kw_only=True' if table else ''}):"
        else:
            decorator = "attrs.define" if self._kind == "attrs" else "dataclasses.dataclass"
            options = [*(["slots=True"] if self._kind == "dataclass" else []), *(["kw_only=True"] if table else [])]
            yield f"@{decorator}({', '.join(options)})" if options else f"@{decorator}"
            yield f"class {name}:"
        attributes = field_names(item.fields)
        self._shadowed = frozenset(attributes.values()) & {*BUILTINS}
        body = list(self._docstring(item.doc))
        for field in item.fields:
            text = self._field(field, attributes[field.name], table)
            body.append(f"    {attributes[field.name]}: {self._unhidden(text, attributes.values())}")
        if body and not body[-1]:
            del body[-1]
        yield from body or ["    pass"]
        self._shadowed = frozenset()

    def _unhidden(self, text: str, attributes: Collection[str]) -> str:
        """Annotation and default of a field, with other names for what fields of the class hide."""
        hidden = (_MODULES | {*self.names.values(), *self.doubles.values()}) & {*attributes}
        if not hidden:
            return text
        before, tokens = "", list(tokenize.generate_tokens(io.StringIO(text).readline))
        parts, at = [], 0
        for token, after in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
            argument = after.string == "=" and before in ("(", ",")
            if token.type == tokenize.NAME and token.string in hidden and before != "." and not argument:
                parts.append(f"{text[at : token.start[1]]}_")
                at = token.start[1]
                self._hidden.add(token.string)
            before = token.string
        return "".join([*parts, text[at:]])

    def _field(self, field: model.Field, attribute: str, table: bool) -> str:
        words: list[str] = []
        attributes = dict(field.attributes)
        kind = self._timed(field, attributes) or self._type(field.type)
        default = self._default(field) if table else None
        optional = default == "None"
        if table:
            # The text gives every field its number, by their order if by nothing else, and other programs rely on that.
            words.append(f"id={field.id}")
        if field.deprecated:
            words.append("deprecated=True")
        if field.key:
            words.append("key=True")
        if isinstance(field.type, model.String | model.Vector) and field.default is not None:
            words.append(f"default={field.default!r}")
            if field.required:
                words.append("required=True")
        if attribute != field.name:
            words.append(f"name={_text(field.name)}")
        if attributes:
            words.append(f"attributes={attributes!r}")
        if field.doc:
            words.append(f"doc={_tuple(field.doc)}")
        if isinstance(field.type, model.Array):
            words = [f"fbs.Length({field.type.length})", *([f"fbs.Field({', '.join(words)})"] if words else [])]
        elif words:
            words = [f"fbs.Field({', '.join(words)})"]
        hint = f"{kind} | None" if optional else kind
        if words:
            hint = f"Annotated[{hint}, {', '.join(words)}]"
        return hint if default is None else f"{hint} = {default}"

    def _default(self, field: model.Field) -> str | None:
        """The default of a table's field in its class; None if it has to be given."""
        kind, default = field.type, field.default
        if field.required and not field.deprecated:
            # The class may not leave it out; what the text says is kept beside it.
            return None
        if isinstance(kind, model.Vector) and default is not None:
            if self._type(kind) in ("bytes", "builtins.bytes"):
                return 'b""'
            made = f"lambda: np.empty(0, np.{self._dtype(kind)})" if "np." in self._type(kind) else "list"
            return {
                "dataclass": f"dataclasses.field(default_factory={made})",
                "struct": f"msgspec.field(default_factory={made})",
                "attrs": f"attrs.field(factory={made})",
            }[self._kind]
        if default is None:
            return "None"
        target = self._schema.declarations[kind.name] if isinstance(kind, model.Ref) else None
        timed = self._timed(field, dict(field.attributes))
        if timed is not None:
            return _moment(timed, int(default))
        if isinstance(target, model.Enum):
            if not target.members:
                raise errors.SchemaError(
                    f"{target.name}: expected a value, for field {field.name} to have one, found none: add one",
                    table=target.name,
                )
            name, member = self.names[target.name], self._members.name(target, int(default))
            return f"{name}({default})" if member is None or keyword.iskeyword(member) else f"{name}.{member}"
        if isinstance(default, float) and not math.isfinite(default):
            return f'{"builtins." if "float" in self._shadowed else ""}float("{default!r}")'
        return repr(default)

    # -- types ---------------------------------------------------------------------------------------------------------

    def _type(self, kind: model.Type) -> str:
        if isinstance(kind, model.Scalar):
            plain = _PLAIN.get(kind.name)
            return self._builtin(plain) if plain else f"fbs.{kind.name}"
        if isinstance(kind, model.String):
            return self._builtin("str")
        if isinstance(kind, model.Ref):
            return "uuid.UUID" if kind.name in self._uuids else self.names[kind.name]
        if kind.element == model.Scalar("uint8"):
            return self._builtin("bytes")
        if self._arrays == "numpy" and isinstance(kind.element, model.Scalar):
            return f"np.ndarray[tuple[{self._builtin('int')}, ...], np.dtype[np.{self._dtype(kind)}]]"
        return f"{self._builtin('list')}[{self._type(kind.element)}]"

    def _dtype(self, kind: model.Vector | model.Array) -> str:
        name = kind.element.name if isinstance(kind.element, model.Scalar) else ""
        return "bool_" if name == "bool" else name

    def _timed(self, field: model.Field, attributes: dict[str, object]) -> str | None:
        """The type of a field that holds times as numbers; takes the attribute that says so away."""
        scalar, hint = _TIMES.get(str(attributes.get("logical")), ("", ""))
        if field.type == model.Scalar(scalar):
            del attributes["logical"]
            return hint
        if field.type == model.Vector(model.Scalar(scalar)):
            del attributes["logical"]
            if self._arrays == "numpy" and hint == "np.datetime64":
                return f"np.ndarray[tuple[{self._builtin('int')}, ...], np.dtype[np.datetime64]]"
            return f"{self._builtin('list')}[{hint}]"
        return None

    def _builtin(self, name: str) -> str:
        """A built-in type; a field of that name would hide it in its class."""
        return f"builtins.{name}" if name in self._shadowed else name

    def _is_uuid(self, name: str) -> bool:
        """True for what ``zlmdb.fbs.export`` writes for uuid.UUID: it stands in the namespace of the root table."""
        item = self._schema.declarations[name]
        space, _, last = name.rpartition(".")
        if (
            last != "Uuid"
            or not isinstance(item, model.Struct)
            or replace(item, name="", doc=()) != model.Struct("", _UUID)
        ):
            return False
        root = self._schema.root
        tables = [root] if root else [n for n, it in self._schema.declarations.items() if isinstance(it, model.Table)]
        return all(table.rpartition(".")[0] == space for table in tables)

    # -- words ---------------------------------------------------------------------------------------------------------

    def _named(self, item: model.Declaration) -> list[str]:
        space, _, name = item.name.rpartition(".")
        words = [f"namespace={_text(space)}"]
        return words if name == self.names[item.name] else [f"name={_text(name)}", *words]

    def _more(self, item: model.Declaration, always: bool = False) -> list[str]:
        words = [f"attributes={item.attributes!r}"] if item.attributes else []
        if item.doc and (always or tuple(inspect.cleandoc("\n".join(item.doc)).splitlines()) != item.doc):
            words.append(f"doc={_tuple(item.doc)}")
        return words

    @staticmethod
    def _docstring(doc: tuple[str, ...]) -> Iterator[str]:
        if not doc:
            return
        text = "\n".join(doc)
        if len(doc) == 1 and _simple_line(text):
            yield f'    """{text}"""'
        elif any(map(str.strip, doc[1:])) and all(
            line.isprintable() and "\\" not in line and '"""' not in line for line in doc
        ):
            first, *rest = doc
            yield f'    """{first}'
            yield from (f"    {line}" if line else "" for line in rest)
            yield '    """'
        else:
            yield f"    {text!r}"
        yield ""


def _simple_line(text: str) -> bool:
    """True if a text may stand between quotes as it is."""
    return text.isprintable() and "\\" not in text and '"' not in text


def _text(text: str) -> str:
    """A string in double quotes where that is as short."""
    return f'"{text}"' if text.isprintable() and '"' not in text and "\\" not in text else repr(text)


def _tuple(texts: tuple[str, ...]) -> str:
    return f"({', '.join(map(_text, texts))}{',' if len(texts) == 1 else ''})"


def _moment(hint: str, number: int) -> str:
    """The value that a number of time stands for."""
    if hint == "np.datetime64":
        return f'np.datetime64({number}, "ns")'
    if hint == "datetime.date":
        return f"datetime.date(1970, 1, 1) + datetime.timedelta({number})"
    if hint == "datetime.timedelta":
        return f"datetime.timedelta(microseconds={number})"
    return f"datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds={number})"
