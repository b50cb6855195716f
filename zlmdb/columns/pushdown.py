"""What a query asks of a table's key, read from DuckDB's plan: so that only that range of keys is scanned.

The plan (``EXPLAIN (FORMAT json)``) says for every scan which conditions its rows must meet, as text:
``("t0_c1" >= TIMESTAMPTZ '2013-01-01 00:00:00+00')``. What is understood of it narrows the range; what is not
understood does not. All conditions are checked again on the rows, so a range may be too wide, but never too narrow.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from zlmdb.columns import kinds, timekinds
from zlmdb.columns.kind import Kind

__all__ = ["Condition", "conditions", "key_range", "key_ranges", "scans"]

#: Name of a column, operator ("=", "<=", ">=") and value as text; or "in" and several values, of which it is one; or
#: "within" and, for each of several alternatives, operators with values.
Condition = tuple[str, str, Any]
#: How many ranges of keys a scan is cut into at most; of more alternatives it reads what lies between them, too.
MOST_RANGES = 1000
#: Of how many tokens a condition may consist to have alternatives within alternatives looked for, which takes the
#: square of the time.
MOST_TOKENS = 6000

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<quoted>"(?:[^"]|"")*") | (?P<string>'(?:[^']|'')*') | (?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z_0-9]*) | (?P<mark>::|<=|>=|!=|<>|[-+*/=<>(),.:\[\]{}%|&~^@\#?;!])
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"=": "=", "<=": "<=", "<": "<=", ">=": ">=", ">": ">="}
_MIRRORED = {"=": "=", "<=": ">=", ">=": "<="}

Token = tuple[str, str]


def _tokens(text: str) -> list[Token] | None:
    """The tokens of a condition; None if there is something that is none."""
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            return None
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def conditions(text: str) -> list[Condition]:
    """The conditions on single columns that must all be true where a condition is.

    >>> conditions("((t0_c0 = 'it''s') AND ((t0_c1 > '2020-01-01'::TIMESTAMP_NS) AND (lower(t0_c2) = 'x')))")
    [('t0_c0', '=', "it's"), ('t0_c1', '>=', '2020-01-01')]
    >>> conditions("(((t0_c0 = 'a') AND (t0_c1 > 2)) OR (t0_c0 = 'b'))")
    [('t0_c0', 'in', ('a', 'b'))]
    >>> conditions("((t0_c0 < 2) OR (t0_c0 BETWEEN 5 AND 6))")
    [('t0_c0', 'within', ((('<=', '2'),), (('>=', '5'), ('<=', '6'))))]
    """
    tokens = _tokens(text)
    try:
        return [] if tokens is None else list(_all_of(tokens))
    except RecursionError:  # hundreds of conditions, each within the other
        return []


def _bare(tokens: list[Token]) -> list[Token]:
    """The tokens without parentheses around all of them."""
    while tokens and tokens[0][1] == "(" and _closing(tokens, 0) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def _choices(tokens: list[Token]) -> list[list[Token]]:
    """The alternatives of a condition, also where one is made of alternatives again; itself, if there are none."""
    found: list[list[Token]] = []
    waiting = [tokens]
    while waiting:
        bare = _bare(waiting.pop())
        parts: list[list[Token]] = [[]]
        depth = 0
        for kind, text in bare:
            if kind == "mark" and text in "()":
                depth += 1 if text == "(" else -1
            if kind == "word" and depth == 0 and text.upper() == "OR":
                parts.append([])
            else:
                parts[-1].append((kind, text))
        if len(parts) == 1:
            found.append(bare)
        else:
            waiting += reversed(parts)
    return found


def _all_of(tokens: list[Token]) -> Iterator[Condition]:
    tokens = _bare(tokens)
    parts: list[list[Token]] = [[]]
    choices: list[list[Token]] = [[]]
    depth, between = 0, False
    for kind, text in tokens:
        if text == "(" and kind == "mark":
            depth += 1
        elif text == ")" and kind == "mark":
            depth -= 1
        word = text.upper() if kind == "word" and depth == 0 else ""
        if word in ("NOT", "CASE"):
            return
        if word == "OR":
            choices.append([])
            continue
        choices[-1].append((kind, text))
        if word == "BETWEEN":
            between = True
        elif word == "AND" and between:
            between = False
        elif word == "AND":
            parts.append([])
            continue
        parts[-1].append((kind, text))
    if len(choices) > 1:
        yield from _one_of(choices if len(tokens) > MOST_TOKENS else _choices(tokens))
    elif len(parts) > 1:
        for part in parts:
            yield from _all_of(part)
    else:
        yield from _one(parts[0])


def _one_of(choices: list[list[Token]]) -> Iterator[Condition]:
    """The conditions of alternatives: of a column about which each of them says something."""
    held = [list(_all_of(part)) for part in choices]
    for name in dict.fromkeys(name for name, _, _ in held[0]):
        mine = [tuple((mark, text) for column, mark, text in found if column == name) for found in held]
        exact = [[text for mark, text in found if mark in ("=", "in")][-1:] for found in mine]
        if all(exact):
            values = [text if isinstance(text, tuple) else (text,) for (text,) in exact]
            yield name, "in", tuple(value for one in values for value in one)
        elif all(mine):
            yield name, "within", tuple(mine)


def _closing(tokens: list[Token], start: int) -> int:
    depth = 0
    for at in range(start, len(tokens)):
        if tokens[at] == ("mark", "("):
            depth += 1
        elif tokens[at] == ("mark", ")"):
            depth -= 1
            if depth == 0:
                return at
    return -1


def _one(tokens: list[Token]) -> Iterator[Condition]:
    """The conditions of a comparison; none, if it is something else."""
    if len(tokens) < 3:
        return
    name = _name(tokens[0])
    word = tokens[1][1].upper()
    if name is not None and tokens[1][0] == "mark" and word in _COMPARISONS:
        value = _literal(tokens[2:])
        if value is not None:
            yield name, _COMPARISONS[word], value
    elif name is not None and word == "BETWEEN":
        middle = next((at for at, token in enumerate(tokens) if token[1].upper() == "AND"), None)
        if middle is not None:
            low, high = _literal(tokens[2:middle]), _literal(tokens[middle + 1 :])
            if low is not None and high is not None:
                yield name, ">=", low
                yield name, "<=", high
    elif name is not None and word == "IN" and tokens[2][1] == "(" and _closing(tokens, 2) == len(tokens) - 1:
        values = _listed(tokens[3:-1])
        if values is not None:
            yield name, "in", values
    elif name is None and (mark := tokens[-2][1]) in _COMPARISONS and (name := _name(tokens[-1])) is not None:
        value = _literal(tokens[:-2])
        if value is not None:
            yield name, _MIRRORED[_COMPARISONS[mark]], value


def _listed(tokens: list[Token]) -> tuple[str, ...] | None:
    """The texts of constants with commas between them; None if one of them is something else."""
    items: list[list[Token]] = [[]]
    for token in tokens:
        if token == ("mark", ","):
            items.append([])
        else:
            items[-1].append(token)
    values = [_literal(item) for item in items]
    return None if None in values else tuple(value for value in values if value is not None)


def _name(token: Token) -> str | None:
    if token[0] == "quoted":
        return token[1][1:-1].replace('""', '"')
    return token[1] if token[0] == "word" else None


_TYPES = frozenset(("DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS", "UUID", "VARCHAR", "WITH", "TIME", "ZONE"))
_TYPES |= {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


def _literal(tokens: list[Token]) -> str | None:
    """The text of a constant: ``'a'``, ``1``, ``DATE '2020-01-01'``, ``'...'::UUID``; None if it is something else."""
    while tokens and tokens[0][0] == "word" and tokens[0][1].upper() in _TYPES:
        tokens = tokens[1:]
    if not tokens or tokens[0][0] not in ("string", "number", "word"):
        return None
    kind, text = tokens[0]
    rest = tokens[1:]
    # A collation, or anything else behind it, would give the comparison another meaning.
    if rest and (rest[0] != ("mark", "::") or any(token[1].upper() not in _TYPES for token in rest[1:])):
        return None
    if kind == "word":
        return text.lower() if text.lower() in ("true", "false") and not rest else None
    return text[1:-1].replace("''", "'") if kind == "string" else text


def scans(plan: Any) -> Iterator[tuple[list[str], list[Condition]]]:
    """Each scan of a plan: the columns that it reads, and the conditions that all of its rows must meet.

    Args:
        plan: what ``EXPLAIN (FORMAT json)`` gives, parsed: a list of nodes.
    """

    def walk(node: Any, above: list[Condition]) -> Iterator[tuple[list[str], list[Condition]]]:
        info = node.get("extra_info", {})
        name = str(node.get("name", "")).strip().upper()
        if "ARROW_SCAN" in name:
            found = [c for text in _texts(info.get("Filters")) for c in conditions(text)]
            yield [*_texts(info.get("Projections")), *[c[0] for c in found]], above + found
            return
        # Only a filter passes all its rows on unchanged; what stands above anything else is about other rows.
        here = [c for text in _texts(info.get("Expression")) for c in conditions(text)] if name == "FILTER" else []
        for child in node.get("children", ()):
            yield from walk(child, [*above, *here] if name == "FILTER" else [])

    for node in plan:
        yield from walk(node, [])


def _texts(found: Any) -> list[str]:
    if isinstance(found, str):
        return [found]
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def _moment(text: str) -> Any:
    found = dt.datetime.fromisoformat(text)
    return found if found.tzinfo is not None else None


def _time(text: str) -> Any:
    import numpy as np

    if not re.fullmatch(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?)?", text):
        return None
    found = np.datetime64(text.replace(" ", "T"), "ns")
    return found if str(np.datetime64(text.replace(" ", "T"), "s"))[:10] == text[:10] == str(found)[:10] else None


# Not floats: SQL has one zero and one NaN, and orders them in its own way.
_READERS: dict[Kind, Callable[[str], Any]] = {
    kinds.STR: str,
    kinds.INT: int,
    kinds.UINT64: int,
    kinds.UUID: uuid.UUID,
    timekinds.DATE: dt.date.fromisoformat,
    timekinds.AWARE: _moment,
    timekinds.DATETIME64: _time,
}


def _reader(kind: Kind) -> Callable[[str], Any] | None:
    """What reads the values of a column in a plan; None if its values are not understood."""
    found = _READERS.get(kind)
    if found is None and kind.optional:
        same = (base for base in _READERS if type(base) is type(kind) and kind.expects == f"{base.expects} or None")
        found = next((_READERS[base] for base in same), None)
    return found


def key_ranges(
    known: Sequence[tuple[str, Kind]], found: Sequence[Condition]
) -> list[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The bounds of all ranges of keys that together hold what meets conditions; see :func:`key_range`."""
    alternatives = [list(found)]
    for name, _ in known:
        mine = [(mark, text) for column, mark, text in found if column == name]
        if any(mark == "=" for mark, _ in mine):
            continue
        values = min((text for mark, text in mine if mark == "in"), key=len, default=None)
        ranges = next((text for mark, text in mine if mark == "within"), None)
        choices: list[Any] = [(("=", value),) for value in dict.fromkeys(values or ())] or list(ranges or ())
        if not choices or len(alternatives) * len(choices) > MOST_RANGES:
            break
        alternatives = [
            [*one, *[(name, mark, text) for mark, text in choice]] for one in alternatives for choice in choices
        ]
        if values is None:
            break
    return [key_range(known, one) for one in alternatives]


def key_range(known: Sequence[tuple[str, Kind]], found: Sequence[Condition]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The bounds, both inclusive, of the leading parts of a key that meet conditions: tuples of as many parts as known.

    Args:
        known: name and kind of the column of each part of the key.
        found: the conditions.
    """
    lows: list[Any] = []
    highs: list[Any] = []
    for name, kind in known:
        read = _reader(kind)
        low = high = None
        for column, mark, text in found:
            if column != name or read is None or mark == "within":
                continue
            try:
                values = [read(value) for value in (text if isinstance(text, tuple) else (text,))]
            except ValueError:
                continue
            if None in values:
                continue
            if mark != "<=":
                low = min(values) if low is None else max(low, min(values))
            if mark != ">=":
                high = max(values) if high is None else min(high, max(values))
        if low is not None:
            lows.append(low)
        if high is not None:
            highs.append(high)
        if low is None or high is None or low != high:
            break
    return tuple(lows), tuple(highs)
