"""Hypothesis strategies for schemas: any that the language can say, as data."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from zlmdb.values.flat import model

__all__ = ["schemas"]

INTEGERS = [name for name in model.SCALARS if "int" in name]
SPACES = ["", "a", "a.b", "b.c.d", "zoo"]
WORDS = ["x", "y", "name", "table", "struct", "int32", "string", "null", "nan", "id", "key", "type", "_", "A1", "Value"]
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=12)
DOCS = st.one_of(st.just(()), st.just(()), st.lists(LINE, min_size=1, max_size=3).map(tuple))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def bounds(scalar: str) -> tuple[int, int]:
    bits = model.SCALARS[scalar][0] * 8
    return (0, 2**bits - 1) if scalar[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def names(least: int, most: int, *, taken: frozenset[str] = frozenset()) -> st.SearchStrategy[list[str]]:
    """Names without repetition; none is another one's with ``_type`` behind it."""
    word = st.one_of(st.sampled_from(WORDS), st.from_regex(r"[a-z][a-z0-9_]{0,6}\Z", fullmatch=True))
    return st.lists(word.filter(lambda name: not name.endswith("_type") and name not in taken), min_size=least,
                    max_size=most, unique=True)  # fmt: skip


def attributes(own: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Attributes that the schema declares, and `own`, known ones without a value."""
    declared = st.dictionaries(
        st.sampled_from(["priority", "unit"]), st.one_of(st.just(True), st.integers(-9, 9**9), TEXTS), max_size=2
    )
    known = st.sets(st.sampled_from(own), max_size=1) if own else st.just(set())
    return st.builds(lambda some, words: some | dict.fromkeys(sorted(words), True), declared, known)


@st.composite
def enums(draw: st.DrawFn, name: str) -> model.Enum:
    base = draw(st.sampled_from(INTEGERS))
    low, high = bounds(base)
    flags = draw(st.booleans())
    words = draw(names(1, 5, taken=frozenset({"null", "_"})))  # one would be taken for no default, one is Python's own
    if flags:
        bits = draw(
            st.lists(st.integers(0, high.bit_length() - 1), min_size=len(words), max_size=len(words), unique=True)
        )
        values = [1 << bit for bit in bits]
    else:
        near = st.one_of(st.integers(max(low, -3), 3), st.sampled_from([low, high]), st.integers(low, high))
        values = draw(st.lists(near, min_size=len(words), max_size=len(words), unique=True))
    members = tuple(model.Member(word, value, draw(DOCS)) for word, value in zip(words, values, strict=True))
    return model.Enum(name, model.Scalar(base), members, flags, draw(attributes(())), draw(DOCS))


@st.composite
def structs(draw: st.DrawFn, name: str, known: list[str], arrays: bool) -> model.Struct:
    """Known: structs, and enums with a value 0."""
    scalars = st.sampled_from(list(model.SCALARS)).map(model.Scalar)
    one = st.one_of(scalars, st.sampled_from(known).map(model.Ref)) if known else scalars
    kind = st.one_of(one, one, st.builds(model.Array, one, st.integers(1, 4))) if arrays else one
    fields = [model.Field(word, draw(kind), at, doc=draw(DOCS)) for at, word in enumerate(draw(names(1, 4)))]
    # An alignment counts only if it is more than that of the fields.
    simple = all(isinstance(field.type, model.Scalar) for field in fields)
    align = draw(st.sampled_from([None, 16])) if simple else None
    return model.Struct(name, tuple(fields), align, draw(attributes(())), draw(DOCS))


def able(item: model.Declaration) -> bool:
    """True if a struct may hold it."""
    return not isinstance(item, model.Enum) or item.bit_flags or any(member.value == 0 for member in item.members)


@st.composite
def unions(draw: st.DrawFn, name: str, known: list[str], texts: bool, one_text: bool) -> model.Union:
    words = draw(names(1, 4, taken=frozenset({"NONE"})))
    kind: Any = st.sampled_from(known).map(model.Ref)
    kinds = st.one_of(kind, st.just(model.String())) if texts else kind
    types = [draw(kinds) for _ in words]
    if one_text:
        types = [kind for at, kind in enumerate(types) if kind != model.String() or model.String() not in types[:at]]
    members = tuple(zip(words, types, strict=False))
    words = words[: len(types)]
    values = None
    if draw(st.booleans()):
        drawn = draw(st.lists(st.integers(1, 255), min_size=len(words), max_size=len(words), unique=True))
        values = None if drawn == list(range(1, len(words) + 1)) else tuple(drawn)
    return model.Union(name, members, values, draw(attributes(())), draw(DOCS))


def default(draw: st.DrawFn, schema: model.Schema, kind: model.Type, texts: bool) -> Any:
    if isinstance(kind, model.String):
        return draw(st.one_of(st.none(), TEXTS)) if texts else None
    if isinstance(kind, model.Vector):
        return draw(st.sampled_from([None, "[]"])) if texts else None
    target = schema.declarations[kind.name] if isinstance(kind, model.Ref) else None
    if isinstance(target, model.Enum):
        values = [member.value for member in target.members]
        if target.bit_flags:
            combined = st.lists(st.sampled_from(values), unique=True).map(sum)
            return draw(st.one_of(st.none(), combined, st.integers(0, bounds(target.base.name)[1])))
        return draw(st.one_of(st.none(), st.sampled_from(values)))
    if not isinstance(kind, model.Scalar):
        return None
    if kind.name == "bool":
        return draw(st.sampled_from([None, True, False]))
    if kind.name in INTEGERS:
        low, high = bounds(kind.name)
        return draw(st.one_of(st.none(), st.just(0), st.sampled_from([low, high]), st.integers(low, high)))
    width = 32 if kind.name == "float32" else 64
    return draw(
        st.one_of(st.none(), st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 0.1]), st.floats(width=width))
    )


@st.composite
def tables(draw: st.DrawFn, name: str, schema: model.Schema, texts: bool) -> model.Table:
    known = list(schema.declarations)
    scalars = st.sampled_from(list(model.SCALARS)).map(model.Scalar)
    one: Any = st.one_of(scalars, st.just(model.String()), st.sampled_from(known).map(model.Ref))
    kinds = st.one_of(one, one, st.builds(model.Vector, one))
    words = draw(names(0, 7))
    types = [draw(kinds) for _ in words]
    order = draw(st.permutations(range(len(words)))) if draw(st.booleans()) else range(len(words))
    ids, at = {}, 0
    for index in order:
        inner = types[index].element if isinstance(types[index], model.Vector) else types[index]
        at += isinstance(inner, model.Ref) and isinstance(schema.declarations[inner.name], model.Union)
        ids[index] = at
        at += 1
    fields, has_key = [], False
    for index, (word, kind) in enumerate(zip(words, types, strict=True)):
        target = schema.declarations[kind.name] if isinstance(kind, model.Ref) else None
        scalar = isinstance(kind, model.Scalar) or isinstance(target, model.Enum)
        value = default(draw, schema, kind, texts)
        deprecated = draw(st.booleans()) and draw(st.booleans())
        required = not scalar and value is None and not deprecated and draw(st.booleans())
        able = (isinstance(kind, model.String) and required) or (scalar and value is not None)
        key = not has_key and able and not deprecated and draw(st.booleans())
        has_key = has_key or key
        own = ("shared",) if isinstance(kind, model.String) else ()
        fields.append(
            model.Field(
                word, kind, ids[index], value, required, deprecated, key, draw(attributes(own)),
                draw(DOCS),
            )
        )  # fmt: skip
    return model.Table(name, tuple(fields), draw(attributes(("original_order", "private"))), draw(DOCS))


@st.composite
def schemas(draw: st.DrawFn, *, texts: bool = True, python: bool = False, arrays: bool = True) -> model.Schema:
    """A schema that keeps every rule.

    Args:
        texts: defaults of strings and vectors, and strings in unions: not every compiler takes them.
        arrays: arrays in structs.
        python: True leaves out what no Python class can say: unions with several strings.
    """
    full: list[str] = []

    def fresh(letter: str) -> str:
        space = draw(st.sampled_from(SPACES))
        # Now and then the simple name of another declaration, in a namespace that hides none.
        others = [name for name in full if "." in name]
        if others and space == "zoo" and draw(st.booleans()):
            again = "zoo." + draw(st.sampled_from(others)).rpartition(".")[2]
            if again not in full:
                full.append(again)
                return again
        full.append(".".join(part for part in (space, f"{letter}{len(full)}") if part))
        return full[-1]

    schema = model.Schema()
    known = schema.declarations
    for _ in range(draw(st.integers(0, 3))):
        name = fresh("Enum")
        known[name] = draw(enums(name))
    for _ in range(draw(st.integers(0, 3))):
        name = fresh("Struct")
        known[name] = draw(structs(name, [other for other, item in known.items() if able(item)], arrays))
    future = [fresh("Table") for _ in range(draw(st.integers(1, 4)))]
    for name in future:
        known[name] = model.Table(name, ())
    for _ in range(draw(st.integers(0, 2))):
        name = fresh("Union")
        variants = [other for other, item in known.items() if isinstance(item, model.Table | model.Struct)]
        known[name] = draw(unions(name, variants if texts else future, texts, python))
    for name in future:
        known[name] = draw(tables(name, schema, texts))
    order = draw(st.permutations(list(known)))
    return model.Schema(
        {name: known[name] for name in order},
        draw(st.sampled_from([None, *future])),
        draw(st.one_of(st.none(), st.text(st.characters(codec="ascii"), min_size=4, max_size=4))),
        draw(st.one_of(st.none(), TEXTS)),
        ("priority", "unit"),
    )
