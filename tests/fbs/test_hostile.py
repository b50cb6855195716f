"""Texts that want to do harm: whatever comes is a schema or a SchemaTextError, and no text is too deep."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zlmdb import errors, fbs
from zlmdb.fbs import files

WORDS = [
    *("table", "struct", "enum", "union", "namespace", "attribute", "root_type", "include", "rpc_service"),
    *("file_identifier", "T", "U", "E", "a", "b", "int", "string", "ubyte", "id", "required", "key", "bit_flags"),
    *("force_align", "deprecated", "nan", "null", "true", "[", "]", "{", "}", "(", ")", ":", ";", ",", ".", "=", '"x"'),
    *("'y'", "5", "-1", "1.5", "0x10", "//", "///", "/*", "*/", "\n", "é", "\\", "\0", "@"),
]


def read(text: str) -> None:
    try:
        fbs.unparse(fbs.parse(text))
    except errors.SchemaTextError as error:
        message = str(error)
    else:
        message = ""
    assert len(message) < 2000


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    read(text)


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_words(words: list[str]) -> None:
    read(" ".join(words))


@given(st.randoms(use_true_random=False))
def test_a_schema_with_something_changed(chance: random.Random) -> None:
    text = (
        "namespace a.b; attribute \"p\"; enum E: ubyte (bit_flags) { A, B = 4 }\n"
        "struct S (force_align: 8) { a: [int:3]; }\n"
        "/// doc\ntable T (p: 5) { e: E = \"A B\"; s: S (required); u: U; v: [string]; x: float = nan; t: [T]; }\n"
        'union U { T, X: string = 7 } root_type T; file_identifier "ABCD"; rpc_service R { m(T): T; }'
    )  # fmt: skip
    for _ in range(chance.randrange(1, 4)):
        at, size = chance.randrange(len(text)), chance.randrange(6)
        text = text[:at] + chance.choice(["", chance.choice(WORDS), text[at : at + size] * 2]) + text[at + size :]
    read(text)


@pytest.mark.parametrize(
    "text",
    [
        "table T { a: " + "[" * 100_000,
        "table T { a: int = " + "sin(" * 100_000,
        "namespace " + "a." * 100_000 + "a;",
        "table T { a: " + "a." * 100_000 + "a; }",
        "{" * 100_000,
        "(" * 100_000,
        "/*" * 100_000,
        '"' + "\\" * 100_001,
        "table T { a: string = '" + "\\n" * 50_000 + "'; }",
        "/// doc\n" * 50_000,
        "0x" + "f" * 100_000,
        "table T { a: double = 0x1p99999; }",
        "table T { a: double = " + "9" * 399 + "; }",
        "table T { a: double = sin(" + "9" * 399 + "); }",
        "enum E: ulong (bit_flags) { A = " + "9" * 399 + " }",
        "".join(f"struct S{n} {{ a: S{n + 1}; }} " for n in range(3_000)) + "struct S3000 { a: int; }",
        "".join(f"struct S{n} {{ a: S{n + 1}; }} " for n in range(3_000)) + "struct S3000 { a: S0; }",
        "struct S0 { a: [int:65535]; } "
        + "".join(f"struct S{n} {{ a: [S{n - 1}:65535]; }} " for n in range(1, 2_000)),
        "enum E: ulong { " + ", ".join(f"a{n}" for n in range(20_000)) + " }",
        "table T { " + " ".join(f"a{n}: int;" for n in range(33_000)) + " }",
        "union U { " + ", ".join(f"a{n}: T" for n in range(1_000)) + " } table T {}",
        "table T { a: int (" + ", ".join(f"a{n}" for n in range(20_000)) + "); }",
        "enum E: ulong { " + ", ".join(f"a{n}" for n in range(8_000)) + " } table T { "
        + " ".join(f"f{n}: E = a7999;" for n in range(8_000)) + " }",
        " ".join(f"table {'T' * 400}{n} {{}}" for n in range(1_500)) + f"table X {{ a: {'T' * 401}; }}",
    ],
    ids=range(24),
)  # fmt: skip
def test_deep_and_long(text: str) -> None:
    read(text)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "s.fbs"
    path.write_bytes(b"table T {}\n\xff\xfe")
    with pytest.raises(errors.SchemaTextError, match=r"s\.fbs:2:1: .* found the byte ff"):
        fbs.parse_file(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    for path in (tmp_path, tmp_path / "gone.fbs", fifo, Path("/dev/zero"), tmp_path / ("n" * 5000)):
        with pytest.raises(errors.SchemaTextError, match="expected a schema file at"):
            fbs.parse_file(path)


def test_too_large_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    (tmp_path / "a.fbs").write_text('include "b.fbs";' + " " * 600)
    (tmp_path / "b.fbs").write_text(" " * 600)
    with pytest.raises(errors.SchemaTextError, match=r"a\.fbs:1:9: .*more than 1000 bytes"):
        fbs.parse_file(tmp_path / "a.fbs")
    with pytest.raises(errors.SchemaTextError, match="at most 1000 characters"):
        fbs.parse(" " * 1001)


def test_a_long_chain_of_includes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1200):
        (tmp_path / f"f{number}.fbs").write_text(
            f'include "f{number + 1}.fbs"; table T{number} {{ t: T{number + 1}; }}'
        )
    (tmp_path / "f1200.fbs").write_text("table T1200 {}")
    schema = fbs.parse_file(tmp_path / "f0.fbs")
    assert len(schema.declarations) == 1201
    monkeypatch.setattr(files, "MOST_FILES", 100)
    with pytest.raises(errors.SchemaTextError, match="at most 100 files"):
        fbs.parse_file(tmp_path / "f0.fbs")
