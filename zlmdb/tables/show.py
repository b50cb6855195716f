"""What a notebook shows of databases, tables and selections: small HTML tables, made when a notebook asks for them.

A cell must not fail because of what it shows: a table whose transaction has ended is shown as that, and an object with
a broken ``repr`` by its type. Rows are bounded in number, and values in length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from typing import Any

from zlmdb import errors

__all__ = ["MOST", "selection", "table", "tag"]

#: How many rows are shown.
MOST = 10
#: How many characters of a value are shown.
LONGEST = 80


def tag(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]], note: str = "") -> str:
    """An HTML table; texts are shown as they are, everything else by its bounded ``repr``.

    Args:
        caption: what stands above it.
        head: names of the columns.
        rows: the cells of each row.
        note: what stands below it; empty for nothing.
    """
    parts = [f"<table><caption>{escape(caption)}</caption><thead>{_row(head, 'th')}</thead><tbody>"]
    parts += [_row(row, "td") for row in rows]
    parts.append("</tbody></table>")
    if note:
        parts.append(f"<p>{escape(note)}</p>")
    return "".join(parts)


def _row(cells: Sequence[Any], kind: str) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(_cell(cell))}</{kind}>' for cell in cells)}</tr>"


def _cell(value: Any) -> str:
    text = value if type(value) is str else errors.short(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def fields(value: Any) -> dict[str, Any] | None:
    """The fields of a record or plain dict, by name; None for a value without fields."""
    if isinstance(value, dict):
        return {str(name): field for name, field in value.items()}
    from zlmdb.values import describe

    info = describe(type(value))
    return None if info is None else {name: getattr(value, name, None) for name in info.fields}


def selection(rows: Iterable[Any], caption: str = "selection") -> str:
    """The first rows of a selection.

    Args:
        rows: keys, values, or pairs of both; read up to one more than is shown.
        caption: what stands above the table.
    """
    try:
        found = list(islice(iter(rows), MOST + 1))
    except errors.ZlmdbError as error:
        return tag(caption, ["cannot be shown"], [[str(error)]])
    return _shown(found, caption)


def _shown(found: list[Any], caption: str) -> str:
    note = f"the first {MOST} rows" if len(found) > MOST else ""
    found = found[:MOST]
    pairs = bool(found) and all(type(item) is tuple and len(item) == 2 for item in found)
    values = [item[1] for item in found] if pairs else found
    parts = [fields(value) for value in values]
    if not any(part is not None for part in parts):
        # A pair may be a key and a value, or a key of two parts: only the program knows.
        return tag(caption, ["", ""] if pairs else [""], found if pairs else [[value] for value in found], note)
    names = list(dict.fromkeys(name for part in parts for name in part or {}))
    rows = [
        [*([item[0]] if pairs else []), *([part.get(name, "") for name in names] if part else [value])]
        for item, part, value in zip(found, parts, values, strict=True)
    ]
    return tag(caption, [*(["key"] if pairs else []), *names], rows, note)


def table(definition: Any, slot: int | None) -> str:
    """What a table is: its types, its indexes, and where it lies."""
    rows = [
        ("keys", definition.key.name),
        ("values", definition.value.name),
        ("primary key", ", ".join(definition.pk) or "given with each row"),
        ("identity", str(definition.oid or "none")),
        ("slot", "none" if slot is None else str(slot)),
    ]
    for index in definition.indexes:
        words = [word for word in ("unique", "nullable") if getattr(index, word)]
        words += ["partial"] if index.where is not None else []
        over = ", ".join(index.fields) or "a function"
        kind = f" ({', '.join(words)})" if words else ""
        rows.append((f"index {index.name}", f"over {over}{kind}"))
    return tag(f"table {definition.name}", ["", definition.description or ""], rows)
