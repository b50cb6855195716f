"""Every rule of the language: what breaks it is refused where it stands; what the language allows passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fbs.flatc import needs_flatc, refuses
from zlmdb import errors, fbs

#: Text, with » before the character that the error must point at -> a piece of the message.
BROKEN = [
    # words
    ("table T { a: int; } »#", "expected a name, number, string or one of"),
    ("»\0\1\2", "is this a binary file"),
    ("table T { a: string = »\"abc; }", "a string that ends with \""),
    ("table T { a: string = \"a»\\q\"; }", "expected one of \\n"),
    ("table T { a: string = »\"\\xff\"; }", "UTF-8"),
    ("table T { a: string = »\"\\ud800\"; }", "UTF-8"),
    ("table T { a: int = »12ab; }", "expected a number or a name, found '12ab'"),
    ("table T { a: int = »-x; }", "expected a number after '-'"),
    ("table T {} »/* never ends", "expected '*/'"),
    ("table T { a: int; »/// behind\n }", "documentation comment"),
    ("table »" + "N" * 501 + " {}", "at most 500 characters"),
    ("table T { a: int = »" + "1" * 401 + "; }", "at most 400 characters"),
    # statements
    ("»tabel T {}", "expected one of namespace, attribute, table"),
    ("table T {}»;", "expected one of"),
    ('table T { a: int; } »{ "a": 1 }', "a schema holds no data"),
    ("table T {} »include \"x.fbs\";", "before all declarations"),
    ("include »\"x.fbs\";", "found none"),
    ("include »x;", "in quotes"),
    ("namespace a.»;", "expected a name after '.'"),
    ("namespace »" + ".".join("a" * 40) + ";", "at most 32 parts"),
    ("attribute »5;", "expected the name of an attribute"),
    ("table T {} root_type T; »root_type T;", "found a second one"),
    ("root_type »T;", "found 'T', which is not declared"),
    ("struct S { a: int; } root_type »S;", "which is no table"),
    ('file_identifier »"abc";', "exactly 4 bytes, found 3"),
    ('file_identifier "abcd"; »file_identifier "abcd";', "a second one beside 'abcd'"),
    ('file_extension "a"; »file_extension "b";', "a second one"),
    ("table T»", "expected '{' after the name of the table"),
    # names
    ("table T {} table »T {}", "expected a name of its own, found T"),
    ("table T {} enum »T: byte { A }", "expected a name of its own, found T"),
    ("namespace a; table T {} namespace a; union »T {}", "found a.T"),
    ("table »int {}", "a built-in type"),
    ("table T { a: int; »a: int; }", "expected each field once"),
    ("struct T { a: int; »a: int; }", "expected each field once"),
    ("enum E: byte { A, »A }", "expected each value once"),
    ("table A {} union U { A, »A }", "expected each member once"),
    ("table A {} union U { »NONE: A }", "expected each member once"),
    ("table A {} union U { A } table T { u: U; »u_type: int; }", "NAME_type"),
    # types
    ("table T { a: »itn; }", "did you mean int"),
    ("namespace a; table Color {} namespace b; table T { a: »Color; }", "did you mean a.Color"),
    ("table T { a: [»[int]]; }", "vector of vectors"),
    ("table T { »a: [int:3]; }", "put the array in a struct"),
    ("struct S { a: [int:»0]; }", "from 1 to 65535, found 0"),
    ("struct S { a: [int:»65536]; }", "from 1 to 65535"),
    ("struct S { a: »[string:2]; }", "found string"),
    ("struct »S {}", "expected a field in a struct"),
    ("struct S { »a: string; }", "found a string"),
    ("struct S { »a: [int]; }", "found a vector"),
    ("table T {} struct S { »a: T; }", "found the table T"),
    ("table T {} union U { T } struct S { »a: U; }", "found the union U"),
    ("struct S { »a: S; }", "S -> S"),
    ("struct S { a: R; } struct R { »b: [S:2]; }", "S -> R -> S"),
    ("struct A { a: [double:65535]; } struct »B { a: [A:65535]; }", "at most 2147483647 bytes"),
    ("enum E: byte { A = 1 } struct S { »a: E; }", "that has a value 0"),
    # enums and unions
    ("enum E »{ A }", "name its integer type"),
    ("enum E: »bool { A }", "expected an integer type"),
    ("enum E: »float { A }", "expected an integer type"),
    ("enum E: byte { »A = 128 }", "from -128 to 127"),
    ("enum E: ubyte { A = 255, »B }", "found 256"),
    ("enum E: byte { A = 1, »B = 1 }", "which A has"),
    ("enum E: byte { A = »1.5 }", "to be an integer"),
    ("enum E: ubyte (bit_flags) { »A = 8 }", "from 0 to 255"),
    ("enum E: ulong (bit_flags) { A = »64 }", "number of a bit"),
    ("enum E: byte { A »B }", "expected ',' or '}'"),
    ("union U { A: »int }", "in a union"),
    ("enum E: byte { A } union U { »E }", "found an enum"),
    ("table A {} union V { A } union U { »V }", "found a union"),
    ("table A {} union U { »A = 256 }", "from 1 to 255"),
    ("table A {} union U { »A = 0 }", "which NONE has"),
    ("table A {} table B {} union U { A = 5, »B = 5 }", "which A has"),
    ("table A {} union U: »int { A }", "ubyte"),
    # defaults
    ("table T { a: int = »1.5; }", "an integer (int32)"),
    ("table T { »a: byte = 128; }", "from -128 to 127"),
    ("table T { »a: ulong = -1; }", "from 0 to"),
    ("table T { a: bool = »2; }", "true or false"),
    ("table T { a: bool = »yes; }", "true or false"),
    ("table T { a: int = »true; }", "expected an integer"),
    ("table T { »a: float = 1e39; }", "fits float32"),
    ("table T { a: double = »1e999; }", "fits float64"),
    ("table T { a: string = »abc; }", "in quotes"),
    ("table T { a: [int] = »5; }", "to be []"),
    ("table T { a: [int] = [»1]; }", "only [] is possible"),
    ("table T { a: int = »[]; }", "of a vector only"),
    ("table T { a: T = »null; }", "absent unless set"),
    ("struct S { a: int = »5; }", "no default in a struct"),
    ("enum E: byte { A = 1 } table T { »a: E; }", "write '= null', or name one"),
    ("enum E: byte { A } table T { a: E = »B; }", "expected a value of E (A)"),
    ('enum E: byte { A, B } table T { a: E = »"A B"; }', "only values of bit_flags"),
    ("enum E: byte { null } table T { »a: E = null; }", "a value of that name"),
    ("table T { a: double = »asin(2); }", "that asin is defined for"),
    ("table T { a: double = »" + "sin(" * 40 + "1; }", "at most 32 functions"),
    # attributes
    ("table T { »a: int (foo); }", 'attribute "foo";'),
    ("table »T (foo) {}", 'attribute "foo";'),
    ("table T { a: int (id: 0, »id: 0); }", "expected attribute id once"),
    ("table T { a: int (id: »1.5); }", "an integer or a string"),
    ("table T { a: int (id: 0); »b: int; }", "give ids to all"),
    ("table T { a: int (id: 0); »b: int (id: 0); }", "which a has"),
    ("table T { a: int (id: 0); »b: int (id: 2); }", "found 2 and no 1"),
    ('table T { a: int (»id: "x"); }', "expected an id from 0"),
    ("table A {} union U { A } table T { »u: U (id: 0); }", "of 1 or more"),
    ("table A {} union U { A } table T { a: int (id: 0); »u: U (id: 1); }", "the id before its own"),
    ("struct S { »a: int (id: 1); b: int (id: 0); }", "order of their ids"),
    ("table T { »a: int (required); }", "found it on a scalar"),
    ("struct S { »a: int (required); }", "no attribute required"),
    ("struct S { »a: int (deprecated); }", "no attribute deprecated"),
    ("table T { a: int (key); »b: int (key); }", "one key"),
    ("table T { »a: [int] (key); }", "to be a scalar, string, struct or array"),
    ("table T { »a: int = null (key); }", "always there"),
    ("struct »S (force_align: 3) { a: byte; }", "power of two"),
    ("struct »S (force_align: 2) { a: int; }", "from 4 to 32"),
    ("struct »S (force_align: 64) { a: int; }", "from 4 to 32"),
    ('table T { »a: int (hash: "md5"); }', "fnv1_32"),
    ('table T { »a: string (hash: "fnv1_32"); }', "32 or 64 bits"),
    ('table T { »a: [int] (nested_flatbuffer: "T"); }', "[ubyte]"),
    ('table T { a: [ubyte] (»nested_flatbuffer: "X"); }', "found 'X'"),
    ("table T { »a: [int] (flexbuffer); }", "[ubyte]"),
    ("table T { »a: int (shared); }", "expected shared on a string"),
    ("table T { »a: string (offset64); }", "64 bits are not supported"),
    # services
    ("table T {} rpc_service S { m(T): »X; }", "found 'X'"),
    ("table T {} rpc_service S { m(T): »int; }", "expected a table"),
    ("table T {} rpc_service S { m(T): T; »m(T): T; }", "each method once"),
]  # fmt: skip

ALLOWED = [
    "",
    "// nothing",
    "\ufefftable T {}",
    "table T { int: int; table: int; struct: bool; namespace: int; }",
    "table T { a: float = nan; b: float = -inf; c: float = +infinity; d: float = -nan; e: float = .5; }",
    "table T { f: float = 5.; }",
    "table T { a: float = 0x1.8p3; b: int = 0x10; c: int = -0x10; d: int = 007; }",
    'table T { a: int = "5"; b: float = "2.5"; c: bool = "true"; d: float = "nan"; e: int = "0x10"; }',
    "table T { a: double = sin(rad(90)); b: double = deg(atan(1)); }",
    "enum E: byte { B = 3, A = 1 } table T { a: E = A; }",
    'enum E: ubyte (bit_flags) { A, B } table T { a: E = 7; b: E = "A B"; c: E = B; d: E; e: E = null; }',
    "union U { A = 5, B = 3 } table A {} table B {}",
    "enum E: byte {} union U {} table T { e: E; }",
    "attribute priority; struct S (priority: \"high\") { a: int (priority: -5); }",
    "enum E: byte { A, B, } union U { T, } table T { e: E = B; u: U; }",
    "namespace a.b; table T {} namespace ; table U { t: a.b.T; }",
    "namespace a; table T {} namespace a.b; table U { t: T; } root_type a.T;",
    "native_include \"x.h\"; table T {}",
    'table T { a: uint (hash: "fnv1_32"); b: [ulong] (hash: "fnv1a_64"); }',
    'table T { a: [ubyte] (nested_flatbuffer: "T", force_align: 16); b: [ubyte] (flexbuffer); }',
    "table T { a: string (key, shared); b: [uint] (hash: \"fnv1_32\"); }",
    'table T {} rpc_service S { m(T): T (streaming: "server"); }',
    "struct S (force_align: \"16\") { a: int (id: 0); b: [S2:2]; } struct S2 { a: int (key); }",
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_rule_is_named_where_it_is_broken(text: str, message: str) -> None:
    offset = text.index("»")
    with pytest.raises(errors.SchemaTextError) as caught:
        fbs.parse("\n\r\n  " + text.replace("»", ""))
    error = caught.value
    assert message in str(error)
    assert (error.line, error.column) == (3, offset + 3), str(error)
    assert str(error).startswith(f"<text>:3:{offset + 3}: ")
    assert ("expected" in str(error), "found" in str(error)) == (True, True)
    assert len(str(error)) < 450


@pytest.mark.parametrize("text", ALLOWED)
def test_what_the_language_allows_is_read(text: str) -> None:
    schema = fbs.parse(text)
    again = fbs.unparse(schema)
    assert fbs.unparse(fbs.parse(again)) == again


def test_later_declarations_may_be_used_before() -> None:
    """More than the compiler takes of enums, unions and structs; they are printed in the order that it wants."""
    schema = fbs.parse(
        "table T { e: E; u: U; s: S; } union U { T } struct S { r: R; } struct R { e: E; } enum E: byte { A }"
    )
    assert fbs.unparse(schema).split()[::1].index("enum") < fbs.unparse(schema).split().index("table")


@needs_flatc
@pytest.mark.parametrize("text", [text for text in ALLOWED if "{" in text])
def test_the_compiler_allows_the_same(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.fbs").write_text(fbs.unparse(fbs.parse(text)), encoding="utf-8")
    assert not refuses("-b", "--schema", "t.fbs", cwd=tmp_path)


#: We refuse what the compiler lets pass without a use for it, or reads as something else.
STRICTER = (
    "#", "12ab", "a second one", "a built-in", "from 1 to 65535", "true or false", "fits float", "x.fbs",
    "order of their ids", "expected one of", "which A has", "which NONE", "found 64", "power of two", "at most",
    "offset64", "did you mean a.Color", "expected an id from 0", "2147483647", "expected a name of its own, found T",
    "asin", "exactly",
    "only values of bit_flags", "attribute id once", "found none",
)  # fmt: skip


@needs_flatc
@pytest.mark.parametrize(
    "text", [text for text, message in BROKEN if not any(word in message for word in STRICTER) and "\0" not in text]
)
def test_the_compiler_refuses_the_same(text: str, tmp_path: Path) -> None:
    (tmp_path / "t.fbs").write_text(text.replace("»", ""), encoding="utf-8")
    assert refuses("-b", "--schema", "t.fbs", cwd=tmp_path)
