"""Fresh random keys, for programs that want the database to name their rows."""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from zlmdb import errors, keys
from zlmdb.keys.base import KeyCodec

__all__ = ["new_key"]

#: Characters that are not mistaken for one another when read aloud or copied by hand.
ALPHABET = "345679ACEFGHJKLMNPQRSTUVWXY"


def _token() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(6)) for _ in range(4))


def _now() -> Any:
    import time

    import numpy

    return numpy.datetime64(time.time_ns(), "ns")


#: The first that fits makes the key.
MAKERS: tuple[tuple[type[KeyCodec[Any]], Callable[[], Any]], ...] = (
    (keys.Uuid, uuid.uuid4),
    (keys.String, _token),
    (keys.Oid, lambda: random.SystemRandom().randint(0, 2**53)),
    (keys.Timestamp, _now),
    (keys.Bytes16, lambda: secrets.token_bytes(16)),
    (keys.Bytes20, lambda: secrets.token_bytes(20)),
    (keys.Bytes32, lambda: secrets.token_bytes(32)),
    (keys.Uint8, lambda: secrets.randbelow(2**8)),
    (keys.Uint16, lambda: secrets.randbelow(2**16)),
    (keys.Uint32, lambda: secrets.randbelow(2**32)),
    (keys.Uint64, lambda: secrets.randbelow(2**64)),
)


def new_key(codec: KeyCodec[Any]) -> Any:
    """A fresh key of a codec.

    Raises:
        SchemaError: if its type has no random values.
    """
    if isinstance(codec, keys.Composite):
        return tuple(new_key(part) for part in codec.parts)
    for kind, make in MAKERS:
        if isinstance(codec, kind):
            return make()
    raise errors.SchemaError(f"new_key(): keys of type {codec.name} have no random values; make the key yourself")
