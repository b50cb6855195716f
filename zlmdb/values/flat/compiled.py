"""What a record class is compiled to: the functions that the codec calls."""

from __future__ import annotations

from typing import Any

from zlmdb.errors import ZlmdbError
from zlmdb.values.faults import Fault, encode_error, unencodable
from zlmdb.values.flat.builder import builder
from zlmdb.values.flat.declared import declare
from zlmdb.values.flat.normal import normal
from zlmdb.values.flat.numbering import Ids
from zlmdb.values.flat.reader import Reader

__all__ = ["Compiled"]


class Compiled:
    """Builder and reader of a record class.

    Args:
        record: the class.
        ids: numbers of fields that a file has settled; None for none.

    Attributes:
        declared: what the class declares.
        encode: object -> bytes.
        decode: bytes -> lazy object.
        decode_leased: (memoryview, lease) -> lazy object over the memory.

    Raises:
        SchemaError: if the class cannot be stored as FlatBuffers.
    """

    def __init__(self, record: Any, ids: Ids | None) -> None:
        self.declared = declare(record, ids)
        self.encode, self._build, self.builder_source = builder(self.declared, self._slow)
        self.reader = Reader(self.declared)
        self.decode = self.reader.decode
        self.decode_leased = self.reader.decode_leased

    def _slow(self, value: Any) -> bytes:
        root = self.declared.root
        try:
            return self._build(normal(root, value))
        except Fault as fault:
            raise encode_error(fault, root.info.name) from None
        except ZlmdbError:
            raise
        except Exception as error:
            raise unencodable(error, root.info.name) from error

    def source(self) -> str:
        """The generated text, for reading."""
        return f"{self.builder_source}\n{self.reader.source()}"
