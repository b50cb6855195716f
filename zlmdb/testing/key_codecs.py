"""The contract of key codecs as tests: derive a class, give it the codec and a strategy of its keys, let pytest run it.

The laws are those of :class:`zlmdb.keys.KeyCodec`. The codec is tried alone, as the table compiler uses it, within a
composite key, and in a table of a real database.
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

import zlmdb
from zlmdb.errors import KeyTypeError, KeyValueError
from zlmdb.keys import Composite, KeyCodec, Uint8
from zlmdb.testing import strategies
from zlmdb.testing._laws import Constants, check_law, fail, outcome, st

__all__ = ["KeyCodecSuite"]

_NEVER_KEYS: tuple[Any, ...] = (None, object(), 1j, {}, set(), int)


class KeyCodecSuite:
    """The laws of key codecs.

    A subclass sets `codec`, and defines :meth:`values` (unless the codec is one that
    :func:`zlmdb.testing.strategies.values` knows).

    Attributes:
        codec: the codec under test.
        rejects: values that it must refuse, beside None, objects and classes.

    >>> from zlmdb import keys
    >>> class TestOurOwn(KeyCodecSuite):
    ...     codec = keys.Uint16()
    ...     rejects = (-1, 65536, "1", 1.5)
    >>> TestOurOwn().test_a_key_comes_back_as_it_was()
    """

    codec: ClassVar[KeyCodec[Any]]
    rejects: ClassVar[Sequence[Any]] = ()

    def values(self) -> st.SearchStrategy[Any]:
        """A strategy of keys, each of the very type that the codec gives back."""
        return strategies.values(self.codec)

    def order(self, key: Any) -> Any:
        """What keys are equal and ordered by; override it where keys themselves do not compare (NaN, numpy)."""
        return strategies.order_of(self.codec)(key)

    # -- alone

    def test_a_key_comes_back_as_it_was(self) -> None:
        codec = self.codec

        def statement(key: Any) -> None:
            data = codec.encode(key)
            if type(data) is not bytes:
                fail(f"encode({key!r}): expected bytes, found {type(data).__name__}")
            if codec.width not in (None, len(data)):
                fail(f"encode({key!r}): expected {codec.width} bytes (the width), found {len(data)}")
            if codec.encode(key) != data:
                fail(f"encode({key!r}) gives other bytes the second time")
            for buffer in (data, memoryview(data), memoryview(bytearray(data))):
                self._same(codec.decode(buffer), key, data)

        check_law(statement, self.values())

    def _same(self, found: Any, key: Any, data: bytes) -> None:
        if type(found) is not type(key):
            fail(f"decode({data!r}): expected a {type(key).__name__} as it was encoded, found {found!r}")
        if self.order(found) != self.order(key):
            fail(f"decode({data!r}): expected {key!r}, found {found!r}")
        if self.codec.encode(found) != data:
            fail(f"{key!r} and {found!r}, read back, have other bytes")

    def test_bytes_sort_like_keys(self) -> None:
        codec = self.codec

        def statement(one: Any, other: Any) -> None:
            a, b = codec.encode(one), codec.encode(other)
            x, y = self.order(one), self.order(other)
            if (a == b) != (x == y):
                fail(f"{one!r} and {other!r}: the keys and their bytes {a!r}, {b!r} disagree")
            if codec.ordered and (a < b) != (x < y):
                fail(f"{one!r} and {other!r}: their bytes {a!r} and {b!r} sort otherwise")

        check_law(statement, self.values(), self.values())

    def test_bytes_that_it_does_not_write_are_refused(self) -> None:
        codec = self.codec
        width = codec.width or 12

        def statement(data: bytes) -> None:
            for buffer in (data, memoryview(data)):
                found = outcome(codec.decode, buffer)
                if isinstance(found, Exception):
                    if not (isinstance(found, KeyValueError) and "found" in str(found)):
                        fail(f"decode({data!r}): expected a KeyValueError that says what was found, came {found!r}")
                else:
                    if codec.encode(found) != data:
                        fail(f"decode({data!r}): expected a KeyValueError, as no key has these bytes; got {found!r}")

        near = st.binary(min_size=max(width - 1, 0), max_size=width + 1)
        changed = (
            self.values()
            .map(codec.encode)
            .flatmap(
                lambda good: st.sampled_from(
                    [good[:-1], good + b"\0", good[1:], b"\xff" + good[1:], good[:-1] + b"\xff"]
                )
            )
        )
        check_law(statement, st.one_of(strategies.byte_strings(), near, changed))

    def test_what_is_no_key_is_refused(self) -> None:
        compiled = self._compiled()
        for value in (*_NEVER_KEYS, *self.rejects):
            found, written = outcome(self.codec.encode, value), outcome(compiled, value)
            if not (isinstance(found, KeyTypeError | KeyValueError) and "found" in str(found)):
                fail(
                    f"encode({value!r}): expected a KeyTypeError or KeyValueError that says what was found, "
                    f"came {found!r}"
                )
            if not isinstance(written, Exception):
                fail(f"encode_expr of {value!r}: expected an error, came {written!r}")

    def test_it_is_a_value(self) -> None:
        codec = self.codec
        if not (isinstance(codec.name, str) and codec.name != ""):
            fail(f"name: expected a text, found {codec.name!r}")
        copy = pickle.loads(pickle.dumps(codec))  # as tables travel to other processes
        if not (copy == codec and hash(copy) == hash(codec)):
            fail(f"{codec!r}: a pickled copy is not equal")
        if copy.name != codec.name:
            fail(f"{codec!r}: a pickled copy has the name {copy.name!r}")

    # -- as the table compiler uses it

    def _compiled(self) -> Any:
        names = Constants()
        return names.function("x", self.codec.encode_expr("x", names))

    def test_expressions_do_what_the_methods_do(self) -> None:
        codec, names = self.codec, Constants()
        encode = names.function("x", f"b'<' + {codec.encode_expr('x', names)} + b'>'")
        decode = names.function("d", f"({codec.decode_expr('d[2:]', names)}, d)")
        source = names.function("d", codec.decode_source("d", 2, names))

        def statement(key: Any) -> None:
            data = codec.encode(key)
            written = outcome(encode, key)
            if not (isinstance(written, Exception) or written == b"<" + data + b">"):
                fail(f"encode_expr of {key!r}: expected {data!r} or an error, never other bytes; came {written!r}")
            for buffer in (b"\xff\xff" + data, memoryview(b"\xff\xff" + data)):
                self._same(decode(buffer)[0], key, data)
                self._same(source(buffer), key, data)

        check_law(statement, self.values())

    def test_many_keys_are_read_like_each(self) -> None:
        codec = self.codec

        def statement(found: list[Any]) -> None:
            for many in (found, found * 20):
                encoded = [codec.encode(key) for key in many]
                for buffers in (encoded, [memoryview(data) for data in encoded]):
                    read = codec.decode_many(buffers)
                    if len(read) != len(many):
                        fail(f"decode_many: expected {len(many)} keys, found {len(read)}")
                    for data, key, again in zip(encoded, many, read, strict=True):
                        self._same(again, key, data)

        check_law(statement, st.lists(self.values(), max_size=5))

    def test_a_bound_parts_the_keys_as_their_order_does(self) -> None:
        codec = self.codec

        def statement(key: Any, bound: Any) -> None:
            data, edge = codec.encode(key), codec.encode_bound(bound)
            if codec.ordered and (data >= edge) != (self.order(key) >= self.order(bound)):
                fail(f"encode_bound({bound!r}) = {edge!r} does not part {key!r} = {data!r} from the smaller keys")
            if codec.encode_bound(key) != data:
                fail(
                    f"encode_bound({key!r}): expected the bytes of the key, {data!r}, found {codec.encode_bound(key)!r}"
                )

        check_law(statement, self.values(), self.values())

    # -- with others

    def test_it_keeps_its_laws_within_a_composite_key(self) -> None:
        codec = Composite((Uint8, self.codec, self.codec, Uint8))
        small = st.integers(0, 2)
        drawn = st.tuples(small, self.values(), self.values(), small)

        def order(key: Any) -> Any:
            return key[0], self.order(key[1]), self.order(key[2]), key[3]

        def statement(one: Any, other: Any) -> None:
            # Independent draws seldom share a beginning.
            for two in (other, (one[0], *other[1:]), (*one[:2], *other[2:]), (*one[:3], other[3])):
                a, b = codec.encode(one), codec.encode(two)
                if order(codec.decode(a)) != order(one):
                    fail(f"{one!r} came back as {codec.decode(a)!r}")
                if self.codec.ordered and (a < b) != (order(one) < order(two)):
                    fail(f"{one!r} and {two!r}: {a!r} and {b!r} sort otherwise")

        check_law(statement, drawn, drawn)

    def test_a_table_finds_and_orders_its_rows(self) -> None:
        table = zlmdb.table(uuid.uuid5(uuid.NAMESPACE_OID, self.codec.name))(
            type("Rows", (zlmdb.Map,), {}, key=self.codec, value=zlmdb.values.Bytes)
        )
        with zlmdb.open(":memory:", [table]) as db:

            def statement(found: list[Any]) -> None:
                expected = {self.codec.encode(key): key for key in found}
                with db.begin(write=True) as txn:
                    rows: Any = txn[table]
                    rows.clear()
                    for data, key in expected.items():
                        rows[key] = data
                with db.begin() as txn:
                    rows = txn[table]
                    if len(rows) != len(expected):
                        fail(f"expected {len(expected)} rows, found {len(rows)}")
                    in_order = sorted(expected)
                    for data, (key, value) in zip(in_order, rows.select(), strict=True):
                        if bytes(value) != data:
                            fail(f"expected {data!r}, found {value!r}")
                        self._same(key, expected[data], data)
                    for at, data in enumerate(in_order):
                        key = expected[data]
                        if rows[key] != data:
                            fail(f"the row under {key!r} is not found")
                        above = list(rows.select(key, return_keys=False))
                        below = list(rows.select(None, key, return_keys=False, reverse=True))
                        if not (above == in_order[at:] and below == in_order[:at][::-1]):
                            fail(f"select() from and to {key!r} does not part the rows")

            check_law(statement, st.lists(self.values().filter(self._fits), max_size=6))

    def _fits(self, key: Any) -> bool:
        return len(self.codec.encode(key)) < 500
