"""UUIDs: the 16 bytes of RFC 9562, which sort like :class:`uuid.UUID` objects do."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, SafeUUID

from zlmdb._typing import Buffer, Names
from zlmdb.keys.base import KeyCodec, wrong_bytes, wrong_type

__all__ = ["Uuid", "uuid_from_bytes"]

_new = object.__new__
# The class refuses assignment, and its constructor takes most of the time of UUID(bytes=...): it looks at six
# arguments. Setting the slots makes the same object in a third of the time.
_set_int = UUID.__dict__["int"].__set__
_set_safe = UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown
_from_bytes = int.from_bytes
_to_bytes = int.to_bytes
# Below this many, importing msgspec for the first time would cost more than it saves.
_MANY = 64


def uuid_from_bytes(data: Buffer) -> UUID:
    """The UUID of 16 bytes, like ``UUID(bytes=data)`` and in a third of its time.

    Args:
        data: bytes or memoryview.

    Raises:
        KeyValueError: if it is not 16 bytes long.

    >>> uuid_from_bytes(bytes(15) + b"\\x01")
    UUID('00000000-0000-0000-0000-000000000001')
    """
    if len(data) != 16:
        raise wrong_bytes(Uuid(), data, "a key has 16 bytes")
    result = _new(UUID)
    _set_int(result, _from_bytes(data))
    _set_safe(result, _UNKNOWN)
    return result


class Uuid(KeyCodec[UUID]):
    """A :class:`uuid.UUID`, as its 16 bytes.

    >>> Uuid().encode(UUID(int=1)).hex()
    '00000000000000000000000000000001'
    >>> Uuid().encode("abc")
    Traceback (most recent call last):
        ...
    zlmdb.errors.KeyTypeError: expected uuid.UUID as key, found str 'abc'
    """

    name = "uuid"
    width = 16
    expects = "uuid.UUID"

    def encode(self, value: UUID) -> bytes:
        if not isinstance(value, UUID):
            raise wrong_type(self, value)
        return value.bytes

    def decode(self, data: Buffer) -> UUID:
        return uuid_from_bytes(data)

    def decode_many(self, data: Sequence[Buffer]) -> list[UUID]:
        if len(data) >= _MANY:
            import msgspec

            try:
                return msgspec.convert(data, list[UUID])
            except msgspec.ValidationError:
                pass  # one by one below, which names the bytes
        return [uuid_from_bytes(item) for item in data]

    def encode_expr(self, var: str, names: Names) -> str:
        pack, encode = names.add(_to_bytes, "int_to_bytes"), names.add(self.encode, "encode_uuid")
        # The class is looked at because other classes, too, have an attribute `int`.
        return f"({pack}({var}.int, 16) if {var}.__class__ is {names.add(UUID, 'UUID')} else {encode}({var}))"

    def decode_expr(self, data: str, names: Names) -> str:
        return f"{names.add(uuid_from_bytes, 'uuid_from_bytes')}({data})"

    def decode_lines(self, var: str, start: int, names: Names) -> tuple[list[str], str]:
        set_int, from_bytes = names.add(_set_int, "set_int"), names.add(_from_bytes, "int_from_bytes")
        set_safe, unknown = names.add(_set_safe, "set_safe"), names.add(_UNKNOWN, "UNKNOWN")
        return [
            f"if len({var}) != {start + 16}: raise ValueError",
            f"key = {names.add(_new, 'new')}({names.add(UUID, 'UUID')})",
            f"{set_int}(key, {from_bytes}({f'{var}[{start}:]' if start else var}))",
            f"{set_safe}(key, {unknown})",
        ], "key"

    def held_expr(self, held: str, var: str, start: int, names: Names) -> str:
        pack = names.add(_to_bytes, "int_to_bytes")
        return f"{held}.__class__ is {names.add(UUID, 'UUID')} and {pack}({held}.int, 16) == {var}[{start}:]"
