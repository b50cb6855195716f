"""The source text of scans, bulk work and index lookups, and the list of all functions that a table is compiled to."""

from __future__ import annotations

from collections.abc import Callable

from zlmdb.keys import Composite
from zlmdb.tables.source import RowSource, indent

__all__ = ["BOUND_OPS", "HANDLE_OPS", "ROW_OPS", "SHARED_OPS", "Source"]


class Source(RowSource):
    """Writes all functions of one table."""

    def scan(self, head: str, *, keys: bool, values: bool, reverse: bool) -> list[str]:
        """A generator over the records between two encoded bounds."""
        decoded_key = self.key.decode_source("k", 2, self.names)
        item = f"({decoded_key}, {self.decode('v')})" if keys and values else decoded_key if keys else self.decode("v")
        target = "k, v" if values else "k"
        lines = [head, "    k = v = None", "    try:", "        cursor = txn._cursor()"]
        if reverse:
            lines += ["        if not (cursor.prev() if cursor.set_range(stop) else cursor.last()): return"]
            lines += [f"        for {target} in cursor.iterprev(True, {values}):"]
            test = "if k < start: return"
        else:
            lines += ["        if not cursor.set_range(start): return"]
            lines += [f"        for {target} in cursor.iternext(True, {values}):"]
            test = "if k >= stop: return"
        lines += ["            if buffers: k = bytes(k)"] if head.endswith("buffers=True):") else []
        lines += [f"            {test}", f"            yield {item}"]
        return [
            *lines,
            "    except Exception as error:",
            "        raise self._scan_error(txn, k, v, error) from error",
        ]

    def pairs(self, head: str, *, row_key: bool) -> list[str]:
        """A generator of (key, value) bytes for many rows."""
        unpack, key = self.unpack_row() if row_key else self.unpack()
        take = ["row = item"] if row_key else ["key, row = item"]
        body = [*take, *unpack, f"k = p + {key}"]
        if self.key.width is None:
            body.append("if len(k) > self._limit: raise ValueError")
        body.append(f"pair = (k, {self.encode('row')})")
        return [
            head,
            "    p = self._p",
            "    for item in rows:",
            "        try:",
            *indent(body, 3),
            "        except Exception as error:",
            f"            pair = self._recover_pair(item, {row_key}, error)",
            "        yield pair",
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
        lines += [
            *indent([*unpack, f"data = get(p + {key})"], 3),
            "        except Exception as error:",
            "            data = self._recover_get((txn, key), error)[3]",
        ]
        lines += [
            "        try:",
            f"            found.append(None if data is None else {self.decode('data')})",
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
        lines += ["    if pk is None:", f"        {missing}", "    data = txn._get(self._p + pk)"]
        lines += [
            "    if data is None:",
            "        raise self._dangling(key, pk)",
            "    try:",
            f"        return {self.decode('data')}",
        ]
        return [
            *lines,
            "    except Exception as error:",
            "        raise self._unreadable(pk, data, error) from error",
        ]

    def index_scan(self, head: str, *, keys: bool, values: bool, reverse: bool) -> list[str]:
        """A generator over the rows (or primary keys) that an index lists between two encoded bounds."""
        step = "iterprev" if reverse else "iternext"
        lines = [
            head,
            "    pk = data = None",
            "    try:",
            "        get = txn._get",
            "        p = self._p",
            "        cursor = txn._cursor()",
        ]
        if reverse:
            lines += ["        if not (cursor.prev() if cursor.set_range(stop) else cursor.last()): return"]
        else:
            lines += ["        if not cursor.set_range(start): return"]
        lines += [f"        for k, pk in cursor.{step}(True, True):", "            if buffers: k = bytes(k)"]
        lines += [f"            if k {'< start' if reverse else '>= stop'}: return"]
        if values:
            lines += ["            data = get(p + pk)"]
        decoded = self.key.decode_source("pk", 0, self.names)
        item = f"({decoded}, {self.decode('data')})" if keys and values else decoded if keys else self.decode("data")
        return [
            *lines,
            f"            yield {item}",
            "    except Exception as error:",
            "        raise self._scan_error(txn, pk, data, error) from error",
        ]


_PAIR = ["txn, key = item"]
_BOUND = ["txn = self._txn"]
_ITEM = ["txn = self._txn", "item = (txn, key)"]

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
        "def put(self, row, *rest):",
        "    if rest:",
        "        return self._put_pair(row, *rest)",
        *s.write("", _BOUND, row_key=True, insert=False, recover="(self._txn, FROM_ROW), row")[1:],
    ],
    "add": lambda s: s.write(
        "def add(self, row):", _BOUND, row_key=True, insert=True, recover="(self._txn, FROM_ROW), row"
    ),
    "_pairs_of_rows": lambda s: s.pairs("def _pairs_of_rows(self, rows):", row_key=True),
}


def _scans() -> dict[str, Writer]:
    ops: dict[str, Writer] = {}
    for shape, keys, values in (("items", True, True), ("keys", True, False), ("values", False, True)):
        for way, reverse in (("", False), ("_reverse", True)):
            for kind, tail in (("", ")"), ("_buffers", ", buffers=True)")):
                name = f"_scan_{shape}{way}{kind}"
                head = f"def {name}(self, txn, start, stop{tail}:"

                def write(
                    s: Source, head: str = head, k: bool = keys, v: bool = values, r: bool = reverse
                ) -> list[str]:
                    return s.scan(head, keys=k, values=v, reverse=r)

                ops[name] = write
    return ops


SHARED_OPS: dict[str, Writer] = {
    **_scans(),
    "_entry_keys": lambda s: s.entry_keys("def _entry_keys(self, kb, row):"),
}
