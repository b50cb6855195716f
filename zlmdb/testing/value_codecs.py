"""The contract of value codecs as tests: derive a class, give it the codec and a strategy of its values.

The laws are those of :class:`zlmdb.values.ValueCodec`: what is written comes back equal in type and value, or writing
refuses; and no bytes, whatever they are, do more harm than a DecodeError.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

import zlmdb
from zlmdb.errors import DecodeError, EncodeError, ValueTypeError
from zlmdb.testing._laws import Constants, check_law, fail, outcome, st
from zlmdb.values import ValueCodec, compressed

__all__ = ["ValueCodecSuite"]


class _Alive:
    alive = True


class ValueCodecSuite:
    """The laws of value codecs.

    A subclass sets `codec` and defines :meth:`values`.

    Attributes:
        codec: the codec under test.
        rejects: values that it must refuse with ValueTypeError or EncodeError.
        garbage: bytes that it must refuse with DecodeError; any others may be refused, too.

    >>> class TestText(ValueCodecSuite):
    ...     codec = zlmdb.values.String()
    ...     rejects = (1, b"bytes")
    ...     garbage = (b"\\xff",)
    ...     def values(self):
    ...         return st.text()
    >>> TestText().test_a_value_comes_back_as_it_was()
    """

    codec: ClassVar[ValueCodec[Any]]
    rejects: ClassVar[Sequence[Any]] = ()
    garbage: ClassVar[Sequence[bytes]] = ()

    def values(self) -> st.SearchStrategy[Any]:
        """A strategy of values, each of the very type that the codec gives back."""
        raise NotImplementedError(f"{type(self).__name__}: define values(), a strategy of what the codec stores")

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values are equal in type and value; override it for arrays, NaN and the like."""
        return type(one) is type(other) and bool(one == other)

    def _same(self, found: Any, value: Any, how: str) -> None:
        if not (self.same(value, found)):
            fail(f"{how}: expected {type(value).__name__} {value!r}, found {type(found).__name__} {found!r}")

    def test_a_value_comes_back_as_it_was(self) -> None:
        codec = self.codec

        def statement(value: Any) -> None:
            data = codec.encode(value)
            if type(data) is not bytes:
                fail(f"encode({value!r}): expected bytes, found {type(data).__name__}")
            if codec.encode(value) != data:
                fail(f"encode({value!r}) gives other bytes the second time")
            for buffer in (data, memoryview(data)):
                found = codec.decode(buffer)
                self._same(found, value, f"decode({data!r})")
                self._same(codec.decode(codec.encode(found)), value, "written and read twice")
            self._same(codec.decode_leased(memoryview(data), _Alive()), value, "decode_leased")

        check_law(statement, self.values())

    def test_a_value_keeps_nothing_of_the_memory_it_was_read_from(self) -> None:
        if self.codec.zero_copy:
            return  # then the memory is guarded by the transaction's lease

        def statement(value: Any) -> None:
            memory = bytearray(self.codec.encode(value))
            found = self.codec.decode(memoryview(memory))
            memory[:] = b"\xff" * len(memory)
            self._same(found, value, "after the memory was overwritten")

        check_law(statement, self.values())

    def test_expressions_do_what_the_methods_do(self) -> None:
        codec, names = self.codec, Constants()
        encode = names.function("row", codec.encode_expr("row", names))
        decode = names.function("data", codec.decode_expr("data", names))

        def statement(value: Any) -> None:
            data, written = codec.encode(value), outcome(encode, value)
            if not (isinstance(written, Exception) or written == data):
                fail(f"encode_expr of {value!r}: expected {data!r} or an error, never other bytes; came {written!r}")
            for buffer in (data, memoryview(data)):
                self._same(decode(buffer), value, "decode_expr")

        check_law(statement, self.values())

    def test_any_bytes_are_read_or_refused(self) -> None:
        codec, names = self.codec, Constants()
        decode = names.function("data", codec.decode_expr("data", names))
        written = self.values().map(codec.encode)
        cut = written.flatmap(lambda data: st.integers(0, len(data)).map(lambda at: data[:at]))
        flipped = written.filter(bool).flatmap(
            lambda data: st.tuples(st.integers(0, len(data) - 1), st.integers(1, 255)).map(
                lambda change: data[: change[0]] + bytes([data[change[0]] ^ change[1]]) + data[change[0] + 1 :]
            )
        )

        def statement(data: bytes) -> None:
            for buffer in (data, memoryview(data)):
                found = outcome(codec.decode, buffer)
                if isinstance(found, Exception) and not isinstance(found, DecodeError):
                    fail(f"decode({data!r}): expected a value or a DecodeError, came {found!r}")
                quick = outcome(decode, buffer)
                if isinstance(quick, Exception) and not (
                    isinstance(quick, DecodeError) or isinstance(found, DecodeError)
                ):
                    fail(f"decode_expr of {data!r}: expected a value, as decode() gives, came {quick!r}")

        check_law(statement, st.one_of(st.binary(max_size=40), cut, flipped))

    def test_garbage_is_refused_with_a_sentence(self) -> None:
        for data in self.garbage:
            found = outcome(self.codec.decode, data)
            if not (isinstance(found, DecodeError) and "found" in str(found)):
                fail(f"decode({data!r}): expected a DecodeError that says what was found, came {found!r}")

    def test_what_is_no_value_is_refused(self) -> None:
        names = Constants()
        encode = names.function("row", self.codec.encode_expr("row", names))
        for value in self.rejects:
            found, written = outcome(self.codec.encode, value), outcome(encode, value)
            if not (isinstance(found, ValueTypeError | EncodeError) and "expected" in str(found)):
                fail(
                    f"encode({value!r}): expected a ValueTypeError or EncodeError that says what was expected, "
                    f"came {found!r}"
                )
            if not (isinstance(written, Exception)):
                fail(f"encode_expr of {value!r}: expected an error, came {written!r}")

    def test_compression_changes_nothing_but_the_bytes(self) -> None:
        codec = compressed(self.codec, "zlib")

        def statement(value: Any) -> None:
            self._same(codec.decode(codec.encode(value)), value, "compressed")

        check_law(statement, self.values())

    def test_a_table_stores_it(self) -> None:
        table = zlmdb.table(uuid.uuid5(uuid.NAMESPACE_OID, f"value {self.codec.name}"))(
            type("Rows", (zlmdb.Map,), {}, key=zlmdb.Oid, value=self.codec)
        )
        with zlmdb.open(":memory:", [table], allow_pickle=True) as db:

            def statement(found: list[Any]) -> None:
                with db.begin(write=True) as txn:
                    rows: Any = txn[table]
                    rows.clear()
                    rows.put_many(enumerate(found))
                for buffers in (False, True):
                    with db.begin(buffers=buffers) as txn:
                        read: list[Any] = list(txn[table].select(return_keys=False))
                        if len(read) != len(found):
                            fail(f"expected {len(found)} rows, found {len(read)}")
                        again = None
                        for value, again in zip(found, read, strict=True):
                            self._same(again, value, f"read from a table with buffers={buffers}")
                        del read, again

            check_law(statement, st.lists(self.values(), min_size=1, max_size=4))
