"""The quick ways to CBOR and back: constants joined with the fields' bytes; fields by name from the map.

The encoder writes what cbor2 would write for the map of the fields, byte for byte.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer
from zlmdb.values import cborbytes
from zlmdb.values.depth import SAFE_DEPTH, check_depth
from zlmdb.values.records import FieldInfo, RecordInfo
from zlmdb.values.shapes import Shape
from zlmdb.values.source import Source

__all__ = ["cbor_quick_decoder", "cbor_quick_encoder"]


def cbor_quick_encoder(
    shape: Shape, info: RecordInfo | None, name: str, slow: Callable[[Any], bytes]
) -> tuple[Callable[[Any], bytes], str]:
    """An encoder that joins constants and the fields' bytes.

    Args:
        shape: of the record.
        info: its description; None if it is not a record.
        name: of the record.
        slow: writes, or refuses, what the quick way does not know.
    """
    if info is None or (info.kind == "typeddict" and not all(field.required for field in info.fields.values())):
        return slow, ""
    source = Source(f"CBOR encoder of {name}")
    source.scope.update(
        slow=slow,
        INT=cborbytes.INT,
        TEXT=cborbytes.TEXT,
        BYTES=cborbytes.BYTES,
        int_item=cborbytes.int_item,
        float_item=cborbytes.float_item,
        head=cborbytes.head,
        join=b"".join,
    )
    if info.kind == "typeddict":
        same = f"type(o) is dict and len(o) == {len(info.fields)}"
    else:
        same = f"o.__class__ is {source.name(info.type, 'Record')}"
    source.line(0, "def encode(o):")
    source.line(1, f"if {same}:")
    source.line(2, "try:")
    writer = _Writer(source)
    writer.constant(cborbytes.head(5, len(info.fields)))
    for at, (field, part) in enumerate(zip(info.fields.values(), shape.inner, strict=True)):
        writer.constant(cborbytes.text_item(field.stored))
        writer.field(part, info.getter_expr("o", field.name), f"v{at}", f"h{at}")
    source.line(3, "return join((")
    for item in writer.finish():
        source.line(4, f"{item},")
    source.line(3, "))")
    source.line(2, "except Exception:")
    source.line(3, "pass")
    source.line(1, "return slow(o)")
    return source.function("encode"), source.text


class _Writer:
    """Writes the statements that prepare the fields, and collects the items to join; constants in a row
    become one."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.items: list[str] = []
        self.pending = b""

    def constant(self, data: bytes) -> None:
        """Adds bytes that are the same for every record."""
        self.pending += data

    def finish(self) -> list[str]:
        """The expressions to join."""
        self._flush()
        return self.items

    def _flush(self) -> None:
        if self.pending:
            self.items.append(repr(self.pending))
            self.pending = b""

    def field(self, shape: Shape, get: str, v: str, h: str) -> None:
        """Adds a field.

        Args:
            shape: of the field.
            get: source that reads it.
            v: a free variable, for the value.
            h: another, for the head of its item.
        """
        line = self.source.line
        optional = shape.kind == "optional"
        part = shape.inner[0] if optional else shape
        if part.kind in ("str", "bytes"):
            self._flush()
            table, major = ("TEXT", 3) if part.kind == "str" else ("BYTES", 2)
            depth = 3
            if optional:
                line(3, f"{v} = {get}")
                line(3, f"if {v} is None:")
                line(4, f"{h} = b'\\xf6'")
                line(4, f"{v} = b''")
                line(3, "else:")
                depth = 4
                get = v
            if part.kind == "str":
                line(depth, f"{v} = {get}.encode()")  # nothing but text has this method
            else:
                if not optional:
                    line(depth, f"{v} = {get}")
                line(depth, f"if type({v}) is not bytes:")
                line(depth + 1, "raise TypeError")
            line(depth, f"{h} = len({v})")
            line(depth, f"{h} = {table}[{h}] if {h} < 256 else head({major}, {h})")
            self.items += [h, v]
        elif part.kind == "uuid" and not optional:
            self.constant(b"\x50")
            self._flush()
            self.items.append(f'{get}.int.to_bytes(16, "big")')  # nor has anything but a UUID this attribute
        else:
            self._flush()
            line(3, f"{v} = {get}")
            check, item = self._item(part, v)
            if check:
                line(3, f"if {f'{v} is not None and ({check})' if optional else check}:")
                line(4, "raise TypeError")
            self.items.append(f"b'\\xf6' if {v} is None else {item}" if optional else item)

    def _item(self, part: Shape, v: str) -> tuple[str, str]:
        """When to give up ("" for never), and the expression for the bytes."""
        if part.kind == "uuid":
            return "", f'b"\\x50" + {v}.int.to_bytes(16, "big")'
        if part.kind == "int":
            return f"type({v}) is not int", f"INT[{v}] if 0 <= {v} < 256 else int_item({v})"
        if part.kind == "float":
            return f"type({v}) is not float", f"float_item({v})"
        if part.kind == "bool":
            return f"type({v}) is not bool", f"b'\\xf5' if {v} else b'\\xf4'"
        if part.kind == "enum":
            table = self.source.name(_enum_items(part), f"items_of_{part.cls.__name__}")
            cls = self.source.name(part.cls, part.cls.__name__)
            return f"type({v}) is not {cls}", f"{table}[{v}]"
        if part.kind == "datetime64":
            return "", f"int_item({self.source.name(part.norm, 'nanoseconds')}({v}))"
        return "", f"{self.source.name(_item_function(part), f'item_of_{part.kind}')}({v})"


def _enum_items(part: Shape) -> dict[Any, bytes]:
    from cbor2 import dumps

    return {member: dumps(part.norm(member)) for member in part.cls}


def _item_function(part: Shape) -> Callable[[Any], bytes]:
    from cbor2 import dumps

    norm = part.norm

    def item(value: Any) -> bytes:
        return dumps(norm(value))

    def deep_item(value: Any) -> bytes:
        plain = norm(value)
        if check_depth(plain) >= SAFE_DEPTH:
            raise TypeError  # the slow way looks at the whole
        return dumps(plain)

    return deep_item if part.deep else item


#: Kinds that CBOR's decoder returns ready for use, if they are of the declared type.
_READY = ("NoneType", "bool", "int", "float", "str", "bytes", "datetime", "date", "decimal")


def cbor_quick_decoder(
    shape: Shape, info: RecordInfo | None, name: str, slow: Callable[[Buffer], Any], keyed: str | None = None
) -> tuple[Callable[..., Any], str]:
    """A decoder that takes the fields from the map by name and calls the class.

    Args:
        shape: of the record.
        info: its description; None if it is not a record.
        name: of the record.
        slow: reads what the quick way does not know: absent fields with their defaults, and what is wrong at
            all.
        keyed: name of a field, a UUID, that is the key of the record. The decoder then takes the bytes of a key and
            the key itself, too, and where the field has these bytes, the record gets this object: another one like it
            need not be made.
    """
    from cbor2 import loads

    if info is None or not info.constructor or any(field.argument is None for field in info.fields.values()):
        return slow, ""
    if info.kind == "typeddict" and not all(field.required for field in info.fields.values()):
        return slow, ""
    source = Source(f"CBOR decoder of {name}")
    source.scope.update(
        slow=slow,
        loads=loads,
        new=object.__new__,
        UUID=uuid.UUID,
        set_int=uuid.UUID.__dict__["int"].__set__,
        set_safe=uuid.UUID.__dict__["is_safe"].__set__,
        unknown=uuid.SafeUUID.unknown,
        from_bytes=int.from_bytes,
    )
    source.line(0, "def decode(data):" if keyed is None else "def decode(data, kb, key):")
    source.line(1, "try:")
    source.line(2, "d = loads(data)")
    wrong: list[str] = []
    for at, (field, part) in enumerate(zip(info.fields.values(), shape.inner, strict=True)):
        source.line(2, f"v{at} = d[{field.stored!r}]")
        wrong += _read(source, part, f"v{at}", field.name == keyed)
    if wrong:
        # One statement takes less time to compile than one for each field.
        source.line(2, f"if {' or '.join(wrong)}:")
        source.line(3, "raise TypeError")
    source.line(2, f"return {_call(source, info)}")
    source.line(1, "except Exception:")
    source.line(2, "pass")
    source.line(1, "return slow(data)")
    return source.function("decode"), source.text


def _call(source: Source, info: RecordInfo) -> str:
    fields = list(info.fields.values())
    if info.kind == "typeddict":
        return "{" + ", ".join(f"{field.name!r}: v{at}" for at, field in enumerate(fields)) + "}"
    arguments = [(field, f"v{at}") for at, field in enumerate(fields)]
    return f"{source.name(info.type, 'Record')}({', '.join(_argument(field, v) for field, v in _ordered(arguments))})"


def _ordered(arguments: list[tuple[FieldInfo, str]]) -> list[tuple[FieldInfo, str]]:
    return sorted(arguments, key=lambda pair: pair[0].keyword)  # stable: those by position stay in their order


def _argument(field: FieldInfo, v: str) -> str:
    return f"{field.argument}={v}" if field.keyword else v


def _read(source: Source, shape: Shape, v: str, keyed: bool) -> list[str]:
    """Adds the statements that make a field's value of what the variable holds.

    Args:
        source: to add to.
        shape: of the field.
        v: the variable.
        keyed: as above, True for the field that is named there.

    Returns:
        Conditions under which it holds the wrong thing, to be looked at before the value is used.
    """
    optional = shape.kind == "optional"
    part = shape.inner[0] if optional else shape
    depth = 2
    if part.kind == "any":
        return []
    if part.kind in _READY:
        # What comes from the decoder is no object that could tell lies about its class, which is told quicker so.
        wrong = f"{v}.__class__ is not {source.name(part.cls, part.cls.__name__)}"
        return [f"{wrong} and {v} is not None" if optional else wrong]
    if optional:
        source.line(2, f"if {v} is not None:")
        depth = 3
    if part.kind == "uuid":
        if keyed:
            source.line(2, f"if {v} == kb and key.__class__ is UUID:")
            source.line(3, f"{v} = key")
            source.line(2, "else:")
            depth = 3
        source.line(depth, f"if {v}.__class__ is not bytes or len({v}) != 16:")
        source.line(depth + 1, "raise TypeError")
        source.line(depth, f'n = from_bytes({v}, "big")')
        source.line(depth, f"{v} = new(UUID)")
        source.line(depth, f"set_int({v}, n)")
        source.line(depth, f"set_safe({v}, unknown)")
    else:
        source.line(depth, f"{v} = {source.name(part.build, f'build_{part.kind}')}({v})")
    return []
