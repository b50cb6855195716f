"""Values as finished FlatBuffers, built and read by functions of the application.

Fields of a FlatBuffer are read in place, one by one, when they are asked for. So an object read in a
transaction with ``buffers=True`` looks into the map: it serves until the transaction ends, and raises
ValueError afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer
from zlmdb.errors import EncodeError, SchemaError, ZlmdbError
from zlmdb.values.base import T, ValueCodec, undecodable, wrong_type

__all__ = ["FlatBuffers"]


class FlatBuffers(ValueCodec[T]):
    """A codec that stores objects as FlatBuffers.

    Args:
        record: the class of the values, for type checkers and messages; None: whatever `cast` returns.
        build: ``build(value, builder) -> offset`` writes the value into a ``flatbuffers.Builder`` and returns
            the offset of the root table; the codec finishes the buffer.
        cast: ``cast(data) -> value`` makes an object that reads its fields from `data`, bytes or memoryview.

    >>> FlatBuffers(cast=bytes).decode(memoryview(b"abc"))
    b'abc'
    """

    name = "flatbuffers"
    zero_copy = True

    def __init__(
        self,
        record: Any = None,
        *,
        build: Callable[[T, Any], int] | None = None,
        cast: Callable[[Any], T] | None = None,
    ) -> None:
        super().__init__(record)
        self.build = build
        self.cast = cast

    def encode(self, value: T) -> bytes:
        """The finished buffer of a value; see :meth:`ValueCodec.encode`.

        Raises:
            SchemaError: if the codec was made without `build`.
        """
        if self.build is None:
            raise _missing("written", "build=, a function (value, builder) -> offset")
        from flatbuffers import Builder

        builder = Builder(256)
        try:
            offset = self.build(value, builder)
            builder.Finish(offset)
            return bytes(builder.Output())
        except ZlmdbError:
            raise
        except (TypeError, AttributeError) as error:
            wrong = wrong_type("an object that build() understands", value)
            wrong.args = (f"{wrong.message}: {error}",)
            raise wrong from error
        except Exception as error:
            raise EncodeError(f"build() could not write the value: {type(error).__name__}: {error}") from error

    def decode(self, data: Buffer) -> T:
        """The object over some bytes; see :meth:`ValueCodec.decode`.

        Args:
            data: bytes or memoryview; the object may keep it.

        Raises:
            SchemaError: if the codec was made without `cast`.
        """
        if self.cast is None:
            raise _missing("read", "cast=, a function (bytes) -> value")
        try:
            return self.cast(data)
        except ZlmdbError:
            raise
        except Exception as error:
            raise undecodable("a FlatBuffer that cast() understands", data, error) from error


def _missing(done: str, what: str) -> SchemaError:
    return SchemaError(f"FlatBuffers values cannot be {done} without {what}: give it to @zlmdb.table or to the codec")
