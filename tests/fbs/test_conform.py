"""Changes of a schema: what the FlatBuffers compiler calls an evolution, and what a file with rows lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fbs.flatc import needs_flatc, refuses
from zlmdb import fbs
from zlmdb.values.flat.declared import declare
from zlmdb.values.flat.evolution import Break, settle
from zlmdb.values.flat.plain import remembered

OLD = """
enum E: byte { A, B }
struct S { x: int; y: int; }
table In { v: int (id: 0); }
table Also { w: string (id: 0); }
union U { In, Also }
table T {
  a: int = 5 (id: 0);
  b: string (id: 1);
  e: E (id: 2);
  s: S (id: 3);
  n: In (id: 4);
  u: U (id: 6);
  v: [short] (id: 7);
  o: long = null (id: 8);
}
root_type T;
"""

#: What changes: (name, text before, text after, allowed by the compiler, allowed by a file).
CHANGES = [
    ("nothing", "", "", True, True),
    ("a field at the end", "o: long = null (id: 8);", "o: long = null (id: 8); p: int = 7 (id: 9);", True, True),
    ("a vector at the end", "o: long = null (id: 8);", "o: long = null (id: 8); p: [S] (id: 9);", True, True),
    ("a new table", "table In", "table More { x: int (id: 0); m: More (id: 1); } table In", True, True),
    ("a field of a nested table", "v: int (id: 0);", "v: int (id: 0); w: E (id: 1);", True, True),
    ("fields in another order", "a: int = 5 (id: 0);\n  b: string (id: 1);", "b: string (id: 1); a: int = 5 (id: 0);",
     True, True),
    ("a field deprecated", "b: string (id: 1)", "b: string (id: 1, deprecated)", True, True),
    ("a value of an enum", "A, B", "A, B, C", True, True),
    ("a value of an enum before", "A, B", "A, B, Z = -1", True, True),
    ("the last member of a union gone", "{ In, Also }", "{ In }", True, True),
    ("a member of a union", "union U { In, Also }", "table New {} union U { In, Also, New }", True, True),
    ("another type of number", "a: int = 5", "a: uint = 5", False, False),
    ("a wider number", "a: int = 5", "a: long = 5", False, False),
    ("a float for a number", "a: int = 5", "a: float = 5", False, False),
    ("bytes for a string", "b: string", "b: [ubyte]", False, False),
    ("another default", "a: int = 5", "a: int = 6", False, False),
    ("no default", "a: int = 5", "a: int", False, False),
    ("another element", "v: [short]", "v: [ushort]", False, False),
    ("an element for a vector", "v: [short]", "v: short", False, False),
    ("ids exchanged", "5 (id: 0);\n  b: string (id: 1);", "5 (id: 1); b: string (id: 0);", False, False),
    ("a field between others", "b: string (id: 1);", "b: string (id: 9); z: string (id: 1);", False, False),
    ("a value of an enum moved", "A, B", "A = 1, B = 0", False, False),
    ("members of a union exchanged", "{ In, Also }", "{ Also, In }", False, False),
    ("a base of an enum", "enum E: byte", "enum E: short", False, False),
    ("an optional number", "a: int = 5 (id: 0)", "a: int = null (id: 0)", False, False),
    ("a number for an optional one", "o: long = null (id: 8)", "o: long (id: 8)", False, False),
    # The compiler looks at less than rows need: ...
    ("a field that becomes required", "b: string (id: 1)", "b: string (id: 1, required)", True, False),
    ("the first member of a union gone", "{ In, Also }", "{ Also }", False, False),
    ("a field of a struct at the end", "y: int; }", "y: int; z: int; }", True, False),
    # ... and a file knows fields by their names, too.
    ("a field renamed", "b: string (id: 1)", "bb: string (id: 1)", True, False),
]  # fmt: skip


def ours(old: str, new: str) -> bool:
    """True if a file with rows of the old schema takes the new one."""
    before, after = (declare(fbs.load(text).T) for text in (old, new))
    try:
        settle(after, remembered(before))
    except Break:
        return False
    return True


@pytest.mark.parametrize(("old", "new", "allowed"), [pytest.param(*row[1:3], row[4], id=row[0]) for row in CHANGES])
def test_what_a_file_lets_pass(old: str, new: str, allowed: bool) -> None:
    assert old in OLD
    assert ours(OLD, OLD.replace(old, new, 1)) == allowed


@needs_flatc
@pytest.mark.parametrize(("old", "new", "allowed"), [pytest.param(*row[1:4], id=row[0]) for row in CHANGES])
def test_what_the_compiler_lets_pass(old: str, new: str, allowed: bool, tmp_path: Path) -> None:
    (tmp_path / "old.fbs").write_text(OLD)
    (tmp_path / "new.fbs").write_text(OLD.replace(old, new, 1))
    assert refuses("--conform", "old.fbs", "new.fbs", cwd=tmp_path) != allowed
