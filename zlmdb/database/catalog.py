"""The catalog: what tables a file holds, in which slots.

.. code-block:: text

    key    00 00 | slot (uint16, big-endian)
    value  CBOR map {oid: text, name: text, description?: text, tags?: list of text, creator: text, slot: int}

These records are those of earlier releases, field for field. What more is to be remembered of a table (its types, its
indexes, the layout of its keys) lies in a named database of its own, which is made when it is first needed:

.. code-block:: text

    named database  FF FF "zlmdb.tables"
    key             the table's oid (16 bytes)
    value           CBOR map {format: 1, key: text, value: text, pk: [text], layout: text,
                              indexes: {name: {fields, function, key, unique, nullable, where, version}},
                              schema?: map, of FlatBuffers declared by a class: see zlmdb.values.flat.plain}
"""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

import cbor2

from zlmdb import errors
from zlmdb._data import Data

__all__ = [
    "GENERATION",
    "LAST_SLOT",
    "REMEMBERED",
    "Catalog",
    "Remembered",
    "Slot",
    "allocate",
    "read_catalog",
    "read_slots",
    "write_slot",
]

#: Slot 65535 would share its prefix with the names of the named databases.
LAST_SLOT = 65534
#: Name of the named database with what the catalog's records have no room for.
REMEMBERED = b"\xff\xffzlmdb.tables"
#: Key of the number that rises with every change of what is remembered. It is a plain record of the main database,
#: where every transaction can read it; no table has this prefix.
GENERATION = b"\xff\xffzlmdb.generation"
FORMAT = 1


class Slot(Data):
    """A record of the catalog.

    Attributes:
        slot: the table's number, 1 to 65534; prefix of its keys.
        oid: identity of the table.
        name: name of its class when it was first attached.
        description: docstring of that class, or None.
        creator: who made it; "unknown" throughout.
        tags: texts, or None.
        problem: what is wrong with the record, if it cannot be understood; `oid` is then made up.
    """

    slot: int
    oid: uuid.UUID
    name: str = ""
    description: str | None = None
    creator: str = "unknown"
    tags: list[str] | None = None
    problem: str | None = None

    def key(self) -> bytes:
        """Its key in the main database."""
        return b"\0\0" + self.slot.to_bytes(2, "big")

    def encode(self) -> bytes:
        """Its bytes: fields in the order, and left out under the conditions, of earlier releases."""
        record: dict[str, Any] = {"oid": str(self.oid), "name": self.name}
        if self.description:
            record["description"] = self.description
        if self.tags:
            record["tags"] = self.tags
        record["creator"] = self.creator
        record["slot"] = self.slot
        return cbor2.dumps(record)

    @classmethod
    def decode(cls, slot: int, data: bytes) -> Slot:
        """The record of some bytes; one that cannot be understood has its `problem` set."""
        try:
            record = cbor2.loads(data)
            found = cls(
                slot=slot,
                oid=uuid.UUID(record["oid"]),
                name=record["name"],
                description=record.get("description"),
                creator=record.get("creator", "unknown"),
                tags=record.get("tags"),
            )
            if record["slot"] != slot:
                raise ValueError(f"it says it is of slot {record['slot']!r}")
            texts = (found.name, found.creator, found.description or "", *(found.tags or ()))
            for text in texts:
                if not isinstance(text, str):
                    raise TypeError("its name, creator, description and tags should be texts")
        except Exception as error:  # any damage: cbor2 and the checks raise many kinds
            return cls(slot, uuid.UUID(int=slot), problem=f"{type(error).__name__}: {error}")
        return found


class Catalog:
    """The catalog as a transaction sees it. One that others may hold is not changed: who adds to it takes a copy.

    A record is decoded when it is asked for: a file may have hundreds of tables, of which a program attaches a few.

    Args:
        data: bytes of each record, by the number of its slot.
        decoded: the meaning of some of them.
    """

    def __init__(self, data: dict[int, bytes], decoded: dict[int, Slot]) -> None:
        self._data = data
        self._decoded = decoded
        # Whoever writes these records begins with the identity. If one begins otherwise, or two have one identity, all
        # are decoded: they tell which of them holds.
        self._numbers = {
            record[7:43].lower(): number for number, record in data.items() if record[1:7] == b"\x63oid\x78\x24"
        }
        if len(self._numbers) < len(data):
            self._numbers.clear()
        #: The highest number in use; 0 if there is none.
        self.last = max(data, default=0)

    def __len__(self) -> int:
        return len(self._data)

    def __contains__(self, number: int) -> bool:
        return number in self._data

    def find(self, oid: uuid.UUID) -> Slot | None:
        """The slot of an identity, or None if no record that can be understood has it."""
        number = self._numbers.get(str(oid).encode())
        if number is not None:
            slot = self._slot(number)
            if slot.problem is None:
                return slot
        return self._all.get(oid)

    @cached_property
    def broken(self) -> list[Slot]:
        """The records that cannot be understood."""
        return [slot for slot in self.slots() if slot.problem is not None]

    @cached_property
    def _all(self) -> dict[uuid.UUID, Slot]:
        return {slot.oid: slot for slot in self.slots() if slot.problem is None}

    def slots(self) -> list[Slot]:
        """All records, by slot; those that cannot be understood with their `problem`."""
        return [self._slot(number) for number in self._data]

    def _slot(self, number: int) -> Slot:
        slot = self._decoded.get(number)
        if slot is None:
            slot = self._decoded[number] = Slot.decode(number, self._data[number])
        return slot

    def copy(self) -> Catalog:
        """Another one with the same slots, to be added to."""
        twin = object.__new__(Catalog)
        # Another thread may be reading this one, and what it decodes is kept here.
        for name, value in vars(self).copy().items():
            setattr(twin, name, value.copy() if isinstance(value, dict) else value)
        return twin

    def add(self, slot: Slot) -> None:
        """Take in a slot that was just stored."""
        data = slot.encode()
        self._data[slot.slot], self._decoded[slot.slot] = data, slot
        self._numbers[data[7:43]] = slot.slot
        self._all[slot.oid] = slot
        self.last = max(self.last, slot.slot)

    def followed_by(self, data: dict[int, bytes]) -> Catalog:
        """The catalog of other records, most of which are the same."""
        if data == self._data:
            return self
        decoded = self._decoded.copy()  # at once, for the same reason as in copy()
        same = {number: slot for number, slot in decoded.items() if data.get(number) == self._data[number]}
        return Catalog(data, same)


def read_catalog(env: Any, raw: Any, commit: int) -> Catalog:
    """The catalog of a transaction: that which was read last, if nothing was committed since.

    Args:
        env: the environment, which keeps what was read last.
        raw: a raw transaction.
        commit: number of the commit that it sees: a reader's own number, the one before a writer's.
    """
    before: tuple[int, Catalog] | None = env.catalog
    if before is not None and before[0] == commit:
        return before[1]
    data = _records(raw)
    found = Catalog(data, {}) if before is None else before[1].followed_by(data)
    env.catalog = commit, found
    return found


def _records(raw: Any) -> dict[int, bytes]:
    """The bytes of the records, by the number of the slot."""
    records: dict[int, bytes] = {}
    cursor = raw.cursor()
    if cursor.set_range(b"\0\0"):
        for key, data in cursor.iternext(True, True):
            key = bytes(key)
            if key[:2] != b"\0\0":
                break
            if len(key) == 4:
                records[int.from_bytes(key[2:], "big")] = bytes(data)
    return records


def read_slots(raw: Any) -> list[Slot]:
    """All records of the catalog, by slot; broken ones with their `problem`."""
    return Catalog(_records(raw), {}).slots()


def broken(slot: Slot, path: str) -> errors.CatalogError:
    """The error for a record that cannot be understood."""
    return errors.CatalogError(
        f"{path}: the catalog record of slot {slot.slot} cannot be understood ({slot.problem}); "
        "the other tables can be used; restore this record from a backup, or remove it together with the slot's rows"
    )


def allocate(found: Catalog, path: str) -> int:
    """A free slot: the highest in use and one, or, when the highest possible is taken, the first gap.

    Raises:
        CatalogError: if all are taken.
    """
    if found.last < LAST_SLOT:
        return found.last + 1
    for number in range(1, LAST_SLOT + 1):
        if number not in found:
            return number
    raise errors.CatalogError(f"{path}: all {LAST_SLOT} slots are taken; remove tables that are no longer used")


def write_slot(raw: Any, slot: Slot) -> None:
    """Store a record of the catalog."""
    raw.put(slot.key(), slot.encode())


class Remembered:
    """What the file remembers of its tables beside the catalog records.

    Args:
        env: the raw environment.
        raw: a raw transaction of it.
        write: whether the named database is made if it does not exist yet, when first needed.
    """

    def __init__(self, env: Any, raw: Any, *, write: bool) -> None:
        self._env = env
        self._raw = raw
        self._write = write
        self._handle: Any = None
        # The record of a named database lies in the main one, under its name (which the 1.0 format ends with a NUL).
        if raw.get(REMEMBERED) is not None or raw.get(REMEMBERED + b"\0") is not None:
            self._handle = env.open_db(REMEMBERED, txn=raw, create=False)

    def get(self, oid: uuid.UUID) -> dict[str, Any] | None:
        """What is remembered of a table, or None.

        Raises:
            CatalogError: if the record cannot be understood.
        """
        if self._handle is None:
            return None
        data = self._raw.get(oid.bytes, db=self._handle)
        if data is None:
            return None
        try:
            record: dict[str, Any] = cbor2.loads(bytes(data))
            form = record["format"]
        except Exception as error:
            raise errors.CatalogError(
                f"what the file remembers of table {oid} cannot be understood ({type(error).__name__}: {error}); "
                "restore it from a backup"
            ) from error
        if form != FORMAT:
            raise errors.CatalogError(
                f"what the file remembers of table {oid} is of format {form!r}, and this release knows {FORMAT}; "
                "open the file with a newer release of zlmdb"
            )
        problem = _misshapen(record)
        if problem is not None:
            raise errors.CatalogError(
                f"what the file remembers of table {oid} cannot be understood ({problem}); restore it from a backup"
            )
        return record

    def put(self, oid: uuid.UUID, record: dict[str, Any]) -> None:
        """Remember something of a table."""
        if self._handle is None:
            self._handle = self._env.open_db(REMEMBERED, txn=self._raw, create=True)
        self._raw.put(oid.bytes, cbor2.dumps({"format": FORMAT, **record}), db=self._handle)
        number = int.from_bytes(self._raw.get(GENERATION, b""), "big") + 1
        # It has eight bytes, unless damage has made it a number that has no other beyond it there: it must rise.
        self._raw.put(GENERATION, number.to_bytes(max(8, (number.bit_length() + 7) // 8), "big"))


_TEXT_OR_NONE = (str, type(None))
_TEXTS = {str}


def _misshapen(record: dict[str, Any]) -> str | None:
    """What of a table's record is of another kind than is ever written, in words; None if all is as it should be."""
    get = record.get  # each table that is attached comes here
    pk, indexes = get("pk"), get("indexes")
    if not isinstance(get("key"), _TEXT_OR_NONE) or not isinstance(get("value"), _TEXT_OR_NONE):
        return "its key and value should be texts"
    if pk is not None and not (isinstance(pk, list) and _TEXTS.issuperset(map(type, pk))):
        return "its pk should be a list of texts"
    if get("layout", "ordered") not in ("ordered", "earlier"):
        return f"its layout should be ordered or earlier, not {record['layout']!r}"
    if "indexes" in record and not (isinstance(indexes, dict) and _TEXTS.issuperset(map(type, indexes))):
        return "its indexes should be a map with texts as keys"
    return None
