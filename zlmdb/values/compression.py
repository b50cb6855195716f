"""Any value codec, with its bytes compressed: zlib, zstd (extra ``zstd``) or snappy (extra ``snappy``).

- zlib: a zlib stream of level 6
- zstd: one frame of level 3 that says how long the value is
- snappy: the raw block format

Every value of the table is compressed, whether that makes it shorter or not; the files of earlier releases
demand it. What a value may expand to is bounded, so that a few broken bytes cannot fill the memory.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from zlmdb._typing import Buffer, Names
from zlmdb.errors import SchemaError, short
from zlmdb.values.base import T, ValueCodec, undecodable
from zlmdb.values.limits import MAX_DECOMPRESSED

__all__ = ["COMPRESS_SNAPPY", "COMPRESS_ZLIB", "Compressed", "compressed"]

#: The numbers that declarations of earlier releases use.
COMPRESS_ZLIB = 1
COMPRESS_SNAPPY = 2

_METHODS = {
    COMPRESS_ZLIB: "zlib",
    COMPRESS_SNAPPY: "snappy",
    "zlib": "zlib",
    "zstd": "zstd",
    "snappy": "snappy",
}
_MODULES = {"zstd": "zstandard", "snappy": "snappy"}


def compressed(codec: ValueCodec[T], method: str | int | None, *, limit: int = MAX_DECOMPRESSED) -> ValueCodec[T]:
    """A codec that compresses what another codec writes.

    Args:
        codec: the codec of the values.
        method: ``"zlib"``, ``"zstd"`` or ``"snappy"``; 1 stands for zlib, 2 for snappy; None: the codec itself.
        limit: the most bytes that a value may expand to on read; default 1 GiB.

    Raises:
        SchemaError: if there is no such method, or if its package is not installed.

    >>> from zlmdb.values import String
    >>> codec = compressed(String(), "zlib")
    >>> len(codec.encode("a" * 1000)) < 20
    True
    """
    if method is None:
        return codec
    name = _METHODS.get(method)
    if name is None:
        raise SchemaError(
            f"expected compression 'zlib', 'zstd' or 'snappy' (or 1 for zlib, 2 for snappy), found {short(method)}"
        )
    module = _MODULES.get(name)
    if module is not None and not _installed(module):
        raise SchemaError(
            f"compression {name} needs a package that is not installed: run pip install 'zlmdb[{name}]',"
            " or choose zlib, which is part of Python"
        )
    return Compressed(codec, name, limit)


class Compressed(ValueCodec[T]):
    """What :func:`compressed` makes.

    >>> from zlmdb.values import Json
    >>> Compressed(Json(), "zlib").name
    'json+zlib'
    """

    def __init__(self, codec: ValueCodec[T], method: str, limit: int = MAX_DECOMPRESSED) -> None:
        super().__init__(codec.record)
        self.name = f"{codec.name}+{method}"
        self.rebuilt = codec.rebuilt
        self.codec = codec
        self.method = method
        self.limit = limit
        self._functions: tuple[Callable[[bytes], bytes], Callable[[Buffer, int], bytes]] | None = None

    def encode(self, value: T) -> bytes:
        """The compressed bytes of a value."""
        return self._both()[0](self.codec.encode(value))

    def decode(self, data: Buffer) -> T:
        """The value of some compressed bytes."""
        expand = self._both()[1]
        try:
            plain = expand(data, self.limit)
        except Exception as error:
            raise undecodable(f"a value compressed with {self.method}", data, error) from error
        return self.codec.decode(plain)

    def allowing(self) -> ValueCodec[T]:
        """The same compression of a codec that may read pickles; itself, if it stores none."""
        allowing = getattr(self.codec, "allowing", None)
        return self if allowing is None else Compressed(allowing(), self.method, self.limit)

    def source(self) -> str:
        return self.codec.source()

    def keeps(self, path: str) -> bool:
        """As the codec within says."""
        return self.codec.keeps(path)

    def with_codec(self, codec: ValueCodec[T]) -> Compressed[T]:
        """The same compression of another codec."""
        return Compressed(codec, self.method, self.limit)

    def encode_expr(self, var: str, names: Names) -> str:
        shrink = names.add(self._both()[0], f"compress_{self.method}")
        return f"{shrink}({self.codec.encode_expr(var, names)})"

    def _both(self) -> tuple[Callable[[bytes], bytes], Callable[[Buffer, int], bytes]]:
        functions = self._functions
        if functions is None:
            functions = self._functions = _FUNCTIONS[self.method]()
        return functions


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ValueError:  # a module object without a spec, or None in its place
        return sys.modules.get(module) is not None


def _bounded(size: int, limit: int, possible: int) -> None:
    # A length that the compressed bytes cannot possibly give would be allocated before it proves wrong.
    if size > limit:
        raise ValueError(f"it expands to {size} bytes, more than the limit of {limit}")
    if size > possible:
        raise ValueError(f"it claims to expand to {size} bytes, which so few bytes cannot")


def _zlib() -> tuple[Callable[[bytes], bytes], Callable[[Buffer, int], bytes]]:
    import zlib

    def expand(data: Buffer, limit: int) -> bytes:
        if len(data) * 1032 <= limit:  # the most that deflate can do
            return zlib.decompress(data)
        stream = zlib.decompressobj()
        plain = stream.decompress(data, limit + 1)
        if len(plain) > limit:
            raise ValueError(f"it expands to more than the limit of {limit} bytes")
        if not stream.eof:
            raise ValueError("it is cut short")
        return plain

    return zlib.compress, expand


def _zstd() -> tuple[Callable[[bytes], bytes], Callable[[Buffer, int], bytes]]:
    import threading

    import zstandard

    # The contexts are costly to make and must not be used by two threads at once.
    local = threading.local()

    def shrink(data: bytes) -> bytes:
        try:
            compressor = local.compressor
        except AttributeError:
            compressor = local.compressor = zstandard.ZstdCompressor(level=3)
        result: bytes = compressor.compress(data)
        return result

    def expand(data: Buffer, limit: int) -> bytes:
        size = zstandard.get_frame_parameters(data).content_size
        if size == zstandard.CONTENTSIZE_UNKNOWN:
            raise ValueError("the frame does not say how long the value is")
        _bounded(size, limit, len(data) << 15)  # the densest block gives 128 KiB for 4 bytes
        try:
            decompressor = local.decompressor
        except AttributeError:
            decompressor = local.decompressor = zstandard.ZstdDecompressor()
        result: bytes = decompressor.decompress(data)
        return result

    return shrink, expand


def _snappy() -> tuple[Callable[[bytes], bytes], Callable[[Buffer, int], bytes]]:
    import snappy

    def expand(data: Buffer, limit: int) -> bytes:
        size = shift = 0
        for byte in bytes(data[:5]):  # the length stands first, 7 bits per byte, the lowest first
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        _bounded(size, limit, len(data) * 22)  # the densest element gives 64 bytes for 3
        expanded: Any = snappy.uncompress(bytes(data))
        return bytes(expanded)

    def shrink(data: bytes) -> bytes:
        return bytes(snappy.compress(data))

    return shrink, expand


_FUNCTIONS: dict[str, Callable[[], Any]] = {"zlib": _zlib, "zstd": _zstd, "snappy": _snappy}
