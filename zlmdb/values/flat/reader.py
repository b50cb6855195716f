"""Generates the classes of lazy objects: for each table one for any vtable, and quicker ones for our own layout.

- *general*: looks every field up in the vtable.
- *known*: for tables with a vtable that has come up before; positions are constants. Programs write few different ones.
- *root*: for the root of a buffer that we have built, whichever fields are absent.

Each exists twice: for bytes, and for memory of the map, with a look at the lease before every access.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer
from zlmdb.errors import ZlmdbError
from zlmdb.values.base import Lease, undecodable
from zlmdb.values.faults import MISSING, Fault
from zlmdb.values.flat import access, lazy
from zlmdb.values.flat.access import I32, U16, U32, Malformed, open_table
from zlmdb.values.flat.kinds import Declared, Item, Kind, Record
from zlmdb.values.flat.layout import RootLayout, TableLayout
from zlmdb.values.flat.model import SCALARS
from zlmdb.values.flat.structs import StructReader, class_of, construction
from zlmdb.values.flat.vectors import VectorReader
from zlmdb.values.scalars import uuid_from_bytes
from zlmdb.values.source import Source

__all__ = ["Reader"]

MODES = ("general", "known", "root")
#: Sets of absent fields that are remembered as seen in buffers of our own.
MOST_HEADS = 4096
#: So often a vtable has come up when a class is compiled for it, and so many classes there are at most for a table.
USUAL = 20
MOST_CLASSES = 16
#: Bytes that a vtable may have beyond our own, with fields of later classes, to come up as one of the usual ones.
MORE_BYTES = 256
#: A program that reads while another one attaches a newer class meets rows that are sound, and not for its class.
ABSENT = (
    "the field is required, and absent; if the row is not damaged, the table may have been declared otherwise since "
    "this program attached it: let the field be None, or give it a default, and attach it again"
)

_new = object.__new__


class Reader:
    """Reads buffers of one record class.

    Args:
        declared: the record.
    """

    def __init__(self, declared: Declared) -> None:
        self.declared = declared
        self.structs = StructReader(declared)
        self.vectors = VectorReader(self.structs, self.opener)
        self._classes: dict[tuple[str, str, bool, bytes], type[lazy.FlatView]] = {}
        self._openers: dict[str, access.Opener] = {}
        self.texts: list[str] = []
        root = declared.root
        self.root = RootLayout(TableLayout(root), root.identifier)
        #: What lies before the root tables that are ours, and of others that begin at the same place.
        self.known: set[bytes] = set()
        self.strange: set[bytes] = set()
        self.decode = self._decoder()

    def source(self) -> str:
        """The text of the classes of the root, for reading."""
        for mode in MODES:
            self.class_of(self.declared.root, mode, False, self.root.layout.vtable() if mode == "known" else b"")
        return "\n".join(self.texts)

    # -- opening

    def _decoder(self) -> Callable[[Buffer], Any]:
        known, length, root, slow = self.known, self.root.table + 4, self.declared.root, self.decode_any
        own, identifier, open_root = self.root.table, self.root.identifier, self.opener(self.declared.root)
        strange = self.strange
        cls: Any = None

        def decode(data: Buffer) -> Any:
            nonlocal cls
            if data.__class__ is not bytes:
                data = bytes(data)
            head = data[:length]
            if head in known:
                if cls is None:
                    cls = self.class_of(root, "root", False)
                view = _new(cls)
                view._zb = data
                return view
            try:
                at = U32(data, 0)[0]
                other = at != own or head in strange or len(known) == MOST_HEADS
                if other and (not identifier or data[4:8] == identifier):
                    return open_root(data, at, None)
            except (Malformed, struct.error):
                pass
            return slow(data, None)

        return decode

    def decode_leased(self, data: memoryview, lease: Lease) -> Any:
        """The lazy object over memory that a lease covers."""
        if bytes(data[: self.root.table + 4]) in self.known:
            view: Any = _new(self.class_of(self.declared.root, "root", True))
            view._zb = data
            view._zl = lease
            return view
        return self.decode_any(data, lease)

    def decode_any(self, data: Buffer, lease: Lease | None) -> Any:
        """The lazy object over any bytes.

        Raises:
            DecodeError: if there is no root table in them.
        """
        record = self.declared.root
        try:
            identifier = self.root.identifier
            if len(data) < 8 + len(identifier):
                raise Malformed("it is too short")
            if identifier and bytes(data[4:8]) != identifier:
                raise Malformed(f"it has the identifier {bytes(data[4:8])!r} in place of {identifier!r}")
            table = access.follow(data, 0)
            if table == self.root.table and bytes(data[: table + 4]) not in self.strange and self._is_own(data, table):
                if len(self.known) < MOST_HEADS:
                    self.known.add(bytes(data[: table + 4]))
                view: Any = _new(self.class_of(record, "root", lease is not None))
                view._zb = data
                if lease is not None:
                    view._zl = lease
                return view
            if table == self.root.table and len(self.strange) < MOST_HEADS:
                self.strange.add(bytes(data[: table + 4]))
            return self.opener(record)(data, table, lease)
        except (Malformed, struct.error) as error:
            raise undecodable(f"a FlatBuffer of {record.info.name}", data, str(error)) from error

    def _is_own(self, data: Buffer, table: int) -> bool:
        """True if the root table lies where we put it, with our vtable, of which fields may be absent."""
        root = self.root
        if table != root.table or I32(data, table)[0] != table - root.vtable:
            return False
        absent = []
        for slot in root.layout.slots:
            place = U16(data, root.vtable + 4 + 2 * slot.id)[0]
            if place == 0 and slot.item.optional:
                absent.append(slot.item)
        return bytes(data[:table]) == root.head(absent)

    def opener(self, record: Record) -> access.Opener:
        """The function that makes the lazy object of a table: (buffer, position, lease)."""
        known = self._openers.get(record.name)
        if known is None:
            known = self._openers[record.name] = self._opener(record)
        return known

    def _opener(self, record: Record) -> access.Opener:
        # For bytes and for leased memory: the classes by vtable.
        classes: tuple[dict[bytes, Any], dict[bytes, Any]] = ({}, {})
        general: list[Any] = [None, None]
        own = TableLayout(record).vtable()
        most = len(own) + MORE_BYTES
        times: dict[bytes, int] = {own: USUAL}

        def open_view(data: Buffer, at: int, lease: Lease | None) -> Any:
            leased = lease is not None
            start = at - I32(data, at)[0]
            if start < 0:
                raise Malformed(f"a table at {at} whose vtable would lie before the buffer")
            size: int = U16(data, start)[0]
            # A vtable may be long, and many tables may share it: what is longer than any likely one is not looked at.
            vtable: Any = data[start : start + size] if size <= most else b""
            if vtable.__class__ is not bytes:
                vtable = bytes(vtable)
            cls = classes[leased].get(vtable)
            if cls is None:
                start, size = open_table(data, at)
                seen = times.get(vtable, 0)
                if seen < USUAL or len(classes[leased]) >= MOST_CLASSES:
                    if vtable and (len(times) < MOST_HEADS or vtable in times):
                        times[vtable] = seen + 1
                    if general[leased] is None:
                        general[leased] = self.class_of(record, "general", leased)
                    view = _new(general[leased])
                    view._zv = start
                    view._zn = size
                    view._zb = data
                    view._zp = at
                    view._zl = lease
                    return view
                cls = classes[leased][vtable] = self.class_of(record, "known", leased, vtable)
            view = _new(cls)
            view._zb = data
            view._zp = at
            view._zl = lease
            return view

        return open_view

    # -- classes

    def class_of(self, record: Record, mode: str, leased: bool, vtable: bytes = b"") -> type[lazy.FlatView]:
        """A class of lazy objects of a table; compiled on the first call.

        Args:
            record: the table.
            mode: one of `MODES`.
            leased: for memory of the map.
            vtable: the one that its tables have, if `mode` is "known".
        """
        key = (record.name, mode, leased, vtable)
        known = self._classes.get(key)
        if known is None:
            known = self._classes[key] = _ClassWriter(self, record, mode, leased, vtable).build()
        return known


class _ClassWriter:
    """Writes the functions of one class."""

    def __init__(self, reader: Reader, record: Record, mode: str, leased: bool, vtable: bytes) -> None:
        self.reader = reader
        self.record = record
        self.mode = mode
        self.leased = leased
        self.layout = TableLayout(record)
        self.slots = {slot.id: slot for slot in self.layout.slots}
        #: Where the fields of a known vtable lie; 0 for those that are absent.
        self.places = dict(enumerate(struct.unpack(f"<{len(vtable) // 2}H", vtable)[2:])) if vtable else {}
        self.source = Source(f"FlatBuffers reader of {record.info.name} ({mode}{', leased' if leased else ''})")
        self.source.scope.update(
            U16=U16,
            U32=U32,
            Malformed=Malformed,
            fault=lazy.fault,
            expired=lazy.expired,
            spend=lazy.spend,
            detached=lazy.detached,
            uuid_from_bytes=uuid_from_bytes,
            ZlmdbError=ZlmdbError,
        )

    def build(self) -> type[lazy.FlatView]:
        """The class."""
        for at, item in enumerate(self.record.items):
            self.getter(at, item)
        self.detach()
        self.source.function("detach")
        scope = self.source.scope
        body = {item.name: scope[f"get_{at}"] for at, item in enumerate(self.record.items)}
        for item in self.record.dead:
            body[item.name] = _constant(item)
        body["_zlmdb_detach"] = scope["detach"]
        self.reader.texts.append(self.source.text)
        return lazy.view_class(self.record, class_of(self.record), body)

    def place(self, number: int) -> str:
        """Expression of the position of a slot that is there, whose place is known."""
        if self.mode == "root":
            return str(self.reader.root.table + self.slots[number].at)
        return f"self._zp + {self.places[number]}"

    def getter(self, at: int, item: Item) -> None:
        """``get_N(self)``."""
        line, kind, number = self.source.line, item.kind, item.field.id
        line(0, f"def get_{at}(self):")
        if self.leased:
            line(1, "if not self._zl.alive:")
            line(2, "raise expired(self)")
        line(1, "try:")
        line(2, "b = self._zb")
        if self.mode == "general":
            if kind.type_slot:
                self.look_up(number - 1, "t", item, at)
            self.look_up(number, "p", item, at)
        elif self.mode == "known" and not (
            self.places.get(number) and (not kind.type_slot or self.places.get(number - 1))
        ):
            line(2, self.absent(item, at))
            self.close(item)
            return
        else:
            if self.mode == "root" and item.optional:
                # The low byte of the place, or the high one where the low one is zero by chance.
                slot = self.slots[number]
                byte = self.reader.root.vtable + 4 + 2 * number + (0 if slot.at & 255 else 1)
                line(2, f"if not b[{byte}]:")
                line(3, "return None")
            if kind.type_slot:
                line(2, f"t = {self.place(number - 1)}")
        place = "p" if self.mode == "general" else self.place(number)
        self.read(kind, place, at)
        self.close(item)

    def close(self, item: Item) -> None:
        """The end of a getter."""
        self.source.line(1, "except MemoryError:")
        self.source.line(2, "raise")
        self.source.line(1, "except Exception as error:")
        self.source.line(2, f"raise fault(self, {item.name!r}, error) from error")

    def look_up(self, number: int, var: str, item: Item, at: int) -> None:
        """Statements that set the position of a slot, or return what the field is without it."""
        line, entry = self.source.line, 4 + 2 * number
        line(2, f"p = U16(b, self._zv + {entry})[0] if {entry} < self._zn else 0")
        line(2, "if not p:")
        line(3, self.absent(item, at))
        line(2, f"{var} = self._zp + p")

    def absent(self, item: Item, at: int) -> str:
        """The statement for a field that is not there."""
        if item.factory is not None:
            return f"return {self.source.name(item.factory, f'factory_{at}')}()"
        if item.default is MISSING:
            return f"raise Malformed({ABSENT!r})"
        return f"return {self.source.name(item.default, f'default_{at}')}"

    def read(self, kind: Kind, place: str, at: int) -> None:
        """Statements that return the value at a position."""
        line, name = self.source.line, self.source.name
        if kind.scalar_value:
            code = SCALARS[kind.scalar][1]
            number = f"{name(struct.Struct('<' + code).unpack_from, f'U_{code}')}(b, {place})[0]"
            if kind.name in ("int", "float", "bool"):
                line(2, f"return {number}")
            elif kind.name == "enum":
                line(2, f"return {name(_Members(kind), f'members_{at}')}[{number}]")
            else:
                line(2, f"return {name(kind.build, f'build_{kind.name}')}({number})")
        elif kind.name == "uuid":
            line(2, f"p = {place}")
            line(2, "return uuid_from_bytes(b[p:p + 16])")
        elif kind.name == "struct":
            line(2, f"return {name(self.reader.structs.read(kind.of()), f'read_{at}')}(b, {place})")
        elif kind.name == "str":
            line(2, f"p = {place}")
            line(2, "p += U32(b, p)[0]")
            line(2, "e = p + 4 + U32(b, p)[0]")
            line(2, "if e > len(b):")
            line(3, "raise Malformed('a text that goes beyond the buffer')")
            line(2, "return str(b[p + 4:e], 'utf-8')")
        else:
            read = name(self.reader.vectors.at(kind), f"read_{at}")
            lease = "self._zl" if self.leased else "None"
            types = "t, " if kind.type_slot else ""
            line(2, f"return {read}(b, {types}{place}, {lease})")

    def detach(self) -> None:
        """``detach(self, left, depth)``: the plain object."""
        line = self.source.line
        line(0, "def detach(self, left, depth):")
        # Counted before what lies within is looked at, so that no depth of it is entered in vain.
        early = [(at, item) for at, item in enumerate(self.record.items) if item.kind.sized]
        for at, item in early:
            line(1, f"v{at} = self.{item.name}")
        sizes = [_size(item, f"v{at}") for at, item in early]
        line(1, f"spend(self, left, depth, {' + '.join(sizes) or 0})")
        for at, item in enumerate(self.record.items):
            value, kind = f"v{at}" if item.kind.sized else f"self.{item.name}", item.kind
            if kind.name == "ndarray":
                line(1, f"v{at} = {f'None if v{at} is None else ' if item.optional else ''}v{at}.copy()")
            elif kind.name in ("table", "union") or (kind.element and kind.element.name in ("table", "union")):
                line(1, f"v{at} = detached({value}, left, depth + 1)")
            elif not kind.sized:
                line(1, f"v{at} = {value}")
        line(1, "try:")
        construction(self.source, self.record, 2)
        line(1, "except (ZlmdbError, MemoryError):")
        line(2, "raise")
        line(1, "except Exception as error:")
        line(2, "raise fault(self, None, error) from error")


def _size(item: Item, var: str) -> str:
    """Expression of the bytes that a text or vector takes, roughly."""
    kind = item.kind
    size = f"len({var})"
    if kind.name == "ndarray":
        size = f"{var}.nbytes"
    elif kind.element is not None and kind.element.name == "str":
        size = f"sum(map(len, {var}))"
    elif kind.element is not None:
        size = f"{8 * kind.element.size} * len({var})"
    return f"(0 if {var} is None else {size})" if item.optional else size


class _Members(dict[int, Any]):
    """Members of an enumeration by their numbers."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.table or {})
        self.kind = kind

    def __missing__(self, number: int) -> Any:
        try:
            return self.kind.value(number)
        except Fault as found:
            raise Malformed(f"expected {found.expected}, found {number}") from None


def _constant(item: Item) -> Callable[[Any], Any]:
    """What reads a deprecated field: its default."""
    if item.factory is not None:
        factory = item.factory
        return lambda view: factory()
    return lambda view: item.default
