"""The source text of scans, bulk work and index lookups, and the list of all functions that a table is compiled to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from zlmdb.keys.base import KeyCodec
from zlmdb.keys.composite import Composite
from zlmdb.tables.bounds import after_slot
from zlmdb.tables.source import RowSource, indent

__all__ = ["BOUND_OPS", "HANDLE_OPS", "ROW_OPS", "SHARED_OPS", "Source", "Writer", "scans"]


class Source(RowSource):
    """Writes all functions of one table."""

    # -- scans

    def walk(self, mode: str, *, reverse: bool, target: str, values: bool, body: list[str]) -> list[str]:
        """The loop of a scan from `start` to `stop`, over the keys ``k`` (and what else `target` takes).

        The engine's iterator slips when the record under it is removed and another is put beside it. So in a
        transaction that writes, a scan looks after each row whether anything was written, and then goes on from the
        key, not from the iterator.

        Args:
            mode: "" in a transaction that reads, "buffers" in one that lends memory, "writing" in one that writes.
            reverse: from the end.
            target: the loop's variables.
            values: whether values are read.
            body: what is done for each record; its last line yields.
        """
        begin = (
            "if not (cursor.prev() if cursor.set_range({0}) else cursor.last()): return"
            if reverse
            else "if not cursor.set_range({0}): return"
        )
        loop = f"for {target} in cursor.{'iterprev' if reverse else 'iternext'}(True, {values}):"
        inner = ["k = bytes(k)"] if mode == "buffers" else []
        inner += ["if k < start: return" if reverse else "if k >= stop: return"]
        if mode != "writing":
            return [
                "cursor = txn._cursor()",
                begin.format("stop" if reverse else "start"),
                loop,
                *indent([*inner, *body]),
            ]
        inner += ["changes = txn._changes", *body, "if txn._changes != changes: break"]
        return [
            "cursor = txn._cursor()",
            begin.format("stop" if reverse else "start"),
            "while True:",
            *indent([loop, *indent(inner), "else: return", "cursor = txn._cursor()"]),
            f"    {begin.format('k' if reverse else 'k + SMALLEST')}",
        ]

    def scan(self, head: str, mode: str, *, keys: bool, values: bool, reverse: bool) -> list[str]:
        """A generator over the records between two encoded bounds."""
        lines, decoded_key = self.key.decode_lines("k", 2, self.names) if keys else ([], "")
        item = f"({decoded_key}, {self.decode('v')})" if keys and values else decoded_key or self.decode("v")
        if keys and values and (keyed := self.decode_keyed("v")):
            lines, decoded_key = self.key.decode_lines("kb", 0, self.names)
            lines = ["kb = k[2:]", *lines]
            item = f"({decoded_key}, {keyed})"
        elif keys and values and (test := self.held_key("row", "k", 2)):
            lines = [f"row = {self.decode('v')}", f"key = {test[0]}", f"if not ({test[1]}):"]
            lines.append(f"    key = {self.key.decode_source('k', 2, self.names)}")
            item = "(key, row)"
        target = "k, v" if values else "k"
        # What was read last is not to be looked at when the next step raises: its memory may be gone.
        forget = ["v = None"] if values and mode == "buffers" else []
        walk = self.walk(mode, reverse=reverse, target=target, values=values, body=[*lines, f"yield {item}", *forget])
        return [
            head,
            "    k = v = None",
            "    try:",
            *indent(walk, 2),
            "    except Exception as error:",
            "        raise self._scan_error(txn, k, v, error) from error",
        ]

    def pairs(self, head: str, *, row_key: bool) -> list[str]:
        """A function that gives the (key, value) bytes of many rows, as a list."""
        unpack, key = self.unpack_row() if row_key else self.unpack()
        item = "row" if row_key else "item"
        body = [*([] if row_key else ["key, row = item"]), *unpack]
        check = [] if row_key else self.same_key()
        if check:
            body += [f"kb = {key}", *check]
            key = "kb"
        whole = f"p + {key}"
        if self.key.width is None:
            body += [f"k = {whole}", "if len(k) > self._limit: raise ValueError"]
            whole = "k"
        body.append(f"add(({whole}, {self.encode('row')}))")
        return [
            head,
            "    p = self._p",
            "    pairs = []",
            "    add = pairs.append",
            f"    for {item} in rows:",
            "        try:",
            *indent(body, 3),
            "        except Exception as error:",
            f"            add(self._recover_pair({item}, {row_key}, error))",
            "    return pairs",
        ]

    def many(self, head: str) -> list[str]:
        """A function that gives the values of many keys."""
        unpack, key = self.unpack()
        lines = [
            head,
            "    txn = self._txn",
            "    get = txn._get",
            "    p = self._p",
            "    found = []",
            "    for key in keys:",
            "        try:",
        ]
        keyed = self.decode_keyed("data")
        if keyed:
            unpack, key = [*unpack, f"kb = {key}"], "kb"
        lines += [
            *indent([*unpack, f"data = get(p + {key})"], 3),
            "        except Exception as error:",
            f"            {'kb = None; ' if keyed else ''}data = self._recover_get((txn, key), error)[3]",
            "            get = txn._get",  # it may be another one since
        ]
        lines += [
            "        try:",
            f"            found.append(None if data is None else {keyed or self.decode('data')})",
        ]
        return [
            *lines,
            "        except Exception as error:",
            "            raise self._unreadable(key, data, error) from error",
            "    return found",
        ]

    # -- index lookups

    def index_get(self, head: str, i: int, missing: str) -> list[str]:
        """A function of a unique index that gives the row under an index key."""
        plan = self.plans[i]
        if isinstance(plan.codec, Composite):
            parts = [f"k{n}" for n in range(plan.arity)]
            unpack = ["if key.__class__ is not tuple: raise TypeError", f"{', '.join(parts)}, = key"]
            encoded = " + ".join(plan.codec.encode_parts(parts, self.names))
        else:
            unpack, encoded = [], plan.codec.encode_expr("key", self.names)
        body = ["txn = self._txn", *unpack, f"pk = txn._get(self._x + {encoded})"]
        lines = [
            head,
            "    try:",
            *indent(body, 2),
            "    except Exception as error:",
            "        pk = self._recover_get(key, error)",
        ]
        lines += ["    if pk is None:", f"        {missing}", "    data = None"]
        lines += [
            "    try:",
            "        data = txn._get(self._p + pk)",
            "        if data is not None:",
            f"            return {self.decode('data')}",
        ]
        return [
            *lines,
            "    except Exception as error:",
            "        raise self._unreadable(pk, data, error) from error",
            "    raise self._dangling(key, pk)",
        ]

    def index_scan(self, head: str, mode: str, *, keys: bool, values: bool, reverse: bool) -> list[str]:
        """A generator over the rows (or primary keys) that an index lists between two encoded bounds."""
        lines, decoded = self.key.decode_lines("pk", 0, self.names) if keys else ([], "")
        value = (self.decode_keyed("data", "pk") if keys else None) or self.decode("data")
        item = f"({decoded}, {value})" if keys and values else decoded or value
        # While rows are read in a transaction that writes, a savepoint may begin, which has a method of its own.
        hoisted = values and mode != "writing"
        look_up = f"data = {'get' if hoisted else 'txn._get'}(p + pk)"
        body = [*([look_up] if values else []), *lines, f"yield {item}"]
        if mode == "buffers":  # as in scan()
            body = ["pk = bytes(pk)", *body, "data = None"]
        walk = self.walk(mode, reverse=reverse, target="k, pk", values=True, body=body)
        if hoisted:
            walk.insert(1, "get = txn._get")  # not before there is a cursor: a reader may be begun again for it
        return [
            head,
            "    pk = data = None",
            "    p = self._p",
            "    try:",
            *indent(walk, 2),
            "    except Exception as error:",
            "        raise self._scan_error(txn, pk, data, error) from error",
        ]

    def index_range(self, head: str, i: int) -> list[str]:
        """A function that gives start and stop of the entries with leading fields, and bounds of the field behind."""
        plan = self.plans[i]
        codec = plan.codec if plan.bare else plan.full
        after = self.names.add(after_slot, "after_slot")
        lines = [head, "    try:", "        number = len(values)"]
        for number in range(plan.arity + 1):
            given = [f"k{n}" for n in range(number)]
            lines += [f"        if number == {number}:"]
            if given:
                lines += [f"            {', '.join(given)}, = values"]
            pieces = ["self._x", *self._leading(codec, given)]
            lines += [f"            prefix = {' + '.join(pieces)}"]
            if number < plan.arity:
                low, high = (self._leading(codec, [*given, bound])[number] for bound in ("lo", "hi"))
                lines += [
                    f"            if lo is None is hi: return prefix, {after}(prefix)",
                    "            if lo.__class__ is not tuple and hi.__class__ is not tuple: return (",
                    f"                prefix if lo is None else prefix + {low},",
                    f"                {after}(prefix) if hi is None else prefix + {high},",
                    "            )",
                ]
            elif plan.bare:
                lines += ["            return prefix, prefix + SMALLEST"]
            else:
                lines += [f"            if lo is None is hi: return prefix, {after}(prefix)"]
        # What is left is no key, or a bound that need not be one, or bounds of several fields.
        return [*lines, "    except Exception: pass", "    return self._range(values, lo, hi, '[)')"]

    def _leading(self, codec: KeyCodec[Any], given: list[str]) -> list[str]:
        """Expressions of the bytes of the leading parts of a key, one for each variable."""
        if not isinstance(codec, Composite):
            return [codec.encode_expr(var, self.names) for var in given]
        spare = [f"k{n}" for n in range(len(given), len(codec.parts))]
        return codec.encode_parts([*given, *spare], self.names)[: len(given)]


_PAIR = ["txn, key = item"]
_BOUND = ["txn = self._txn"]

Writer = Callable[[Source], list[str]]


def _bound_read(s: Source, head: str, missing: str) -> list[str]:
    lines = s.read(head, _BOUND, missing)
    return [
        line.replace("self._recover_get(item, error)", "self._recover_get((self._txn, key), error)") for line in lines
    ]


def _bound(lines: list[str]) -> list[str]:
    return [line.replace("(item, error)", "((self._txn, key), error)") for line in lines]


HANDLE_OPS: dict[str, Writer] = {
    "__getitem__": lambda s: s.read("def __getitem__(self, item):", _PAIR, "return None"),
    "__contains__": lambda s: s.contains("def __contains__(self, item):", _PAIR),
    "__setitem__": lambda s: s.write(
        "def __setitem__(self, item, row):", _PAIR, row_key=False, insert=False, recover="item, row"
    ),
    "__delitem__": lambda s: s.delete("def __delitem__(self, item):", _PAIR, "return", "return"),
}

BOUND_OPS: dict[str, Writer] = {
    "__getitem__": lambda s: _bound_read(s, "def __getitem__(self, key):", "raise KeyError(key)"),
    "get": lambda s: _bound_read(s, "def get(self, key, default=None):", "return default"),
    "__contains__": lambda s: _bound(s.contains("def __contains__(self, key):", _BOUND)),
    "__setitem__": lambda s: s.write(
        "def __setitem__(self, key, row):",
        _BOUND,
        row_key=False,
        insert=False,
        recover="(self._txn, key), row",
    ),
    "__delitem__": lambda s: _bound(s.delete("def __delitem__(self, key):", _BOUND, "raise KeyError(key)", "return")),
    "delete": lambda s: _bound(s.delete("def delete(self, key):", _BOUND, "return False", "return True")),
    "get_many": lambda s: s.many("def get_many(self, keys):"),
    "_pairs": lambda s: s.pairs("def _pairs(self, rows):", row_key=False),
}

#: For tables that know which field of a row is its key; without, the map of a transaction has slower, general ones.
ROW_OPS: dict[str, Writer] = {
    "put": lambda s: [
        "def put(self, row, value=FROM_ROW):",
        "    if value is not FROM_ROW:",
        "        return self._put_pair(row, value)",
        *s.write("", _BOUND, row_key=True, insert=False, recover="(self._txn, FROM_ROW), row")[1:],
    ],
    "add": lambda s: s.write(
        "def add(self, row):", _BOUND, row_key=True, insert=True, recover="(self._txn, FROM_ROW), row"
    ),
    "_pairs_of_rows": lambda s: s.pairs("def _pairs_of_rows(self, rows):", row_key=True),
}


#: What kinds of transaction scans are written for; see Source.walk.
MODES = ("", "buffers", "writing")


def scans(arguments: str, writer: Callable[..., list[str]]) -> dict[str, Writer]:
    """The scans of all shapes and modes."""
    ops: dict[str, Writer] = {}
    for shape, keys, values in (("items", True, True), ("keys", True, False), ("values", False, True)):
        for way, reverse in (("", False), ("_reverse", True)):
            for mode in MODES:
                name = f"_scan_{shape}{way}_{mode}"
                ops[name] = partial(
                    writer, head=f"def {name}({arguments}):", mode=mode, keys=keys, values=values, reverse=reverse
                )
    return ops


SHARED_OPS: dict[str, Writer] = {
    **scans("self, txn, start, stop", Source.scan),
    "_entry_keys": lambda s: s.entry_keys("def _entry_keys(self, kb, row):"),
}
