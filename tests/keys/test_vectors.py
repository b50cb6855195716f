"""The byte vectors: the codecs keep them, and the page "Key encoding" shows them.

``python tests/keys/test_vectors.py`` writes the vectors of the file into the page.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from zlmdb import keys
from zlmdb.errors import KeyValueError
from zlmdb.keys import Composite, KeyCodec, upstream

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests" / "vectors" / "keys.json"
PAGE = ROOT / "docs" / "reference" / "key-encoding.rst"
VECTORS = json.loads(FILE.read_text())["vectors"]

#: From the file's form of a value to the value, by the codec's name; the others are in the file as they are.
READ: dict[str, Callable[[Any], Any]] = {
    "float64": lambda text: struct.unpack(">d", b"\xff\xf8" + bytes(6))[0] if text == "-nan" else float(text),
    "uuid": UUID,
    "bytes": bytes.fromhex,
    "bytes16": bytes.fromhex,
    "bytes20": bytes.fromhex,
    "bytes32": bytes.fromhex,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "timestamp": lambda text: np.datetime64(text, "ns"),
    "timestamp-le": lambda text: np.datetime64(text, "ns"),
}


def codec_of(source: str) -> KeyCodec[Any]:
    spec = eval(source, {**vars(keys), "upstream": upstream})  # our own file
    return keys.as_codec(spec)


def value_of(codec: KeyCodec[Any], value: Any) -> Any:
    if isinstance(codec, Composite):
        return tuple(value_of(part, item) for part, item in zip(codec.parts, value, strict=True))
    return READ.get(codec.name, lambda same: same)(value)


def rows(kind: str) -> list[Any]:
    return [pytest.param(entry["codec"], row, id=f"{entry['codec']} {row}") for entry in VECTORS for row in entry[kind]]


@pytest.mark.parametrize(("source", "row"), rows("good"))
def test_bytes_of_a_key(source: str, row: Any) -> None:
    codec = codec_of(source)
    value, data = value_of(codec, row[0]), bytes.fromhex(row[1])
    assert codec.encode(value) == data
    assert codec.encode(codec.decode(data)) == data
    if row[0] not in ("nan", "-nan"):  # they equal nothing
        assert codec.decode(data) == value


@pytest.mark.parametrize(("source", "value"), rows("refused"))
def test_what_is_no_key(source: str, value: Any) -> None:
    codec = codec_of(source)
    with pytest.raises(KeyValueError, match=r"expected .*found "):
        codec.encode(value_of(codec, value))


@pytest.mark.parametrize(("source", "data"), rows("bad"))
def test_bytes_of_no_key(source: str, data: str) -> None:
    with pytest.raises(KeyValueError, match=r"expected the bytes of a key of type .* found "):
        codec_of(source).decode(bytes.fromhex(data))


def test_vectors_are_in_the_order_of_the_bytes() -> None:
    for entry in VECTORS:
        if codec_of(entry["codec"]).ordered:
            data = [bytes.fromhex(row[1]) for row in entry["good"]]
            assert data == sorted(set(data)), entry["codec"]


def test_every_codec_has_vectors() -> None:
    named = {entry["codec"] for entry in VECTORS}
    assert len(named) == len(VECTORS)
    tools = {
        "Composite",
        "EnumKey",
        "KeyCodec",
        "as_codec",
        "for_type",
        "successor",
        "upstream",
        "uuid_from_bytes",
    }
    assert set(keys.__all__) - tools <= named
    assert {f"upstream.{name}" for name in upstream.__all__} <= named


def table(entry: Any) -> str:
    """The vectors of one codec as they stand in the page."""
    # What a value is quoted in tells text from all else; within a tuple everything is JSON.
    plain = isinstance(entry["good"][0][0], str) and entry["codec"] != "String"
    shown = [(row[0] if plain else json.dumps(row[0], ensure_ascii=False), row[1]) for row in entry["good"]]
    shown = [(value or "(none)", data or "(none)") for value, data in shown]
    width = max(len(value) for value, _ in shown)
    return "\n".join([".. code-block:: text", "", *(f"    {value:{width}}   {data}" for value, data in shown)])


def render(page: str) -> str:
    """The page with the file's vectors after each comment ``.. vectors: CODEC``."""
    tables = {entry["codec"]: table(entry) for entry in VECTORS}
    pattern = re.compile(r"^(\.\. vectors: (.+)\n)(?:\n\.\. code-block:: text\n\n(?: {4}.*\n)+)?", re.MULTILINE)
    return pattern.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n", page)


def test_the_page_shows_the_vectors_of_the_file() -> None:
    page = PAGE.read_text()
    assert render(page) == page, "run: python tests/keys/test_vectors.py"
    assert re.findall(r"^\.\. vectors: (.+)$", page, re.MULTILINE).sort() == [e["codec"] for e in VECTORS].sort()


@pytest.mark.parametrize("entry", VECTORS, ids=lambda entry: entry["codec"])
def test_the_page_tells_name_and_length(entry: Any) -> None:
    codec = codec_of(entry["codec"])
    if not isinstance(codec, Composite):
        length = "any" if codec.width is None else codec.width
        assert re.search(rf"^``{entry['codec']}``\s+``{codec.name}``\s+{length}\s", PAGE.read_text(), re.MULTILINE)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text()))
