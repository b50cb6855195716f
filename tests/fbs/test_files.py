"""Files and what they include."""

from __future__ import annotations

from pathlib import Path

import pytest

from zlmdb import errors, fbs
from zlmdb.values.flat import model


def write(place: Path, **texts: str) -> None:
    for name, text in texts.items():
        (place / f"{name}.fbs").write_text(text)


def test_includes_come_first_and_each_file_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        main='include "left.fbs"; include "right.fbs"; table Main { l: Left; r: Right; }',
        left='include "base.fbs"; table Left { b: Base; }',
        right='include "./base.fbs"; table Right { b: Base; }',
        base='include "main.fbs"; namespace x; table Inner {} namespace ; table Base {}',
    )
    schema = fbs.parse_file(tmp_path / "main.fbs")
    assert list(schema.declarations) == ["x.Inner", "Base", "Left", "Right", "Main"]


def test_the_namespace_of_an_included_file_ends_with_it(tmp_path: Path) -> None:
    write(tmp_path, main='include "a.fbs"; table T {}', a="namespace deep; table A {}")
    assert list(fbs.parse_file(tmp_path / "main.fbs").declarations) == ["deep.A", "T"]


def test_root_type_and_identifier_are_those_of_the_file_itself(tmp_path: Path) -> None:
    write(
        tmp_path,
        a='attribute "p"; table A {} root_type A; file_identifier "AAAA"; file_extension "aa";',
        b='include "a.fbs"; table B (p) {}',
        c='include "a.fbs"; table C {} root_type C; file_identifier "CCCC";',
    )
    assert fbs.parse_file(tmp_path / "a.fbs").file_identifier == "AAAA"
    found = fbs.parse_file(tmp_path / "b.fbs")
    assert (found.root, found.file_identifier, found.file_extension, found.attributes) == (None, None, None, ("p",))
    assert fbs.parse_file(tmp_path / "c.fbs").root == "C"


def test_includes_are_looked_for_beside_the_file_and_then_in_the_paths(tmp_path: Path) -> None:
    for place in ("own", "one", "two"):
        (tmp_path / place).mkdir()
    write(tmp_path / "own", main='include "x.fbs"; include "y.fbs";', y="table Own {}")
    write(tmp_path / "one", x="table One {}", y="table NotThis {}")
    write(tmp_path / "two", x="table NotThis {}")
    schema = fbs.parse_file(tmp_path / "own" / "main.fbs", include_paths=[tmp_path / "one", str(tmp_path / "two")])
    assert list(schema.declarations) == ["One", "Own"]
    text = fbs.parse('include "x.fbs";', include_paths=tmp_path / "two")
    assert list(text.declarations) == ["NotThis"]


def test_an_error_in_an_included_file_is_named_there(tmp_path: Path) -> None:
    write(tmp_path, main='include "a.fbs";\ntable T {}', a="table A {\n  x: flot;\n}")
    with pytest.raises(errors.SchemaTextError) as caught:
        fbs.parse_file(tmp_path / "main.fbs")
    error = caught.value
    assert (error.path, error.line, error.column) == (str(tmp_path / "a.fbs"), 2, 6)
    assert (error.source_line, error.table, error.field) == ("  x: flot;", "A", "x")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(errors.ValueTypeError, match="found bytes"):
        fbs.parse(b"table T {}")  # type: ignore[arg-type]


def test_the_meaning_of_a_schema() -> None:
    """One of each, as data."""
    schema = fbs.parse(
        """
        attribute "unit";
        namespace shop.stock;
        /// What it is made of.
        enum Stuff: ubyte { Wood, /* the other */ Iron = 5, Gold }
        enum Marks: ushort (bit_flags) { New, Sold = 3 }
        struct Size { x: float; y: [ushort:2]; s: Stuff; }
        union Any { Box, Label: string, B2: shop.stock.Box = 7 }
        /// A box.
        ///  It has an indented line.
        table Box (unit: "piece") {
          id: ulong (key);
          name: string (required);
          /// grams
          weight: double = 1.5 (unit: 3);
          stuff: Stuff = Iron;
          marks: Marks = "New|Sold";
          size: Size;
          inner: [Box];
          any: Any;
          many: [Any];
          gone: int (deprecated);
          maybe: short = null;
          on: bool = true;
        }
        root_type Box;
        """
    )
    box = schema.declarations["shop.stock.Box"]
    assert isinstance(box, model.Table)
    fields = {field.name: field for field in box.fields}
    assert schema.root == "shop.stock.Box"
    assert schema.declarations["shop.stock.Stuff"] == model.Enum(
        "shop.stock.Stuff",
        model.Scalar("uint8"),
        (model.Member("Wood", 0), model.Member("Iron", 5), model.Member("Gold", 6)),
        doc=("What it is made of.",),
    )
    marks = schema.declarations["shop.stock.Marks"]
    assert isinstance(marks, model.Enum)
    assert [(member.name, member.value) for member in marks.members] == [("New", 1), ("Sold", 8)]
    size = schema.declarations["shop.stock.Size"]
    assert isinstance(size, model.Struct)
    assert size.fields[1] == model.Field("y", model.Array(model.Scalar("uint16"), 2), 1)
    assert schema.declarations["shop.stock.Any"] == model.Union(
        "shop.stock.Any",
        (("Box", model.Ref("shop.stock.Box")), ("Label", model.String()), ("B2", model.Ref("shop.stock.Box"))),
        (1, 2, 7),
    )
    assert box.doc == ("A box.", " It has an indented line.")
    assert box.attributes == {"unit": "piece"}
    assert fields["id"] == model.Field("id", model.Scalar("uint64"), 0, 0, key=True)
    assert fields["name"] == model.Field("name", model.String(), 1, None, required=True)
    assert fields["weight"] == model.Field(
        "weight", model.Scalar("float64"), 2, 1.5, attributes={"unit": 3}, doc=("grams",)
    )
    assert (fields["stuff"].default, fields["marks"].default) == (5, 9)
    assert (fields["any"].id, fields["many"].id, fields["gone"].id) == (8, 10, 11)
    assert (fields["gone"].deprecated, fields["maybe"].default, fields["on"].default) == (True, None, True)
