"""The source text of the functions that a table is compiled to.

Each operation is written out for one table: its prefix, its key and value codecs and its indexes are in the text, so
that the function does little more than what a careful programmer would have written by hand on py-lmdb. Wrong input is
not looked for: it makes the fast text raise, and the handler goes to a slow twin (:mod:`zlmdb.tables.ops`) that finds
out what is wrong and says so, or finds that the input was right after all.

Two kinds of class get these functions. A *handle* is what ``db.attach_table()`` gives: its key arguments are pairs
(transaction, key). A *bound* map is what ``txn[Table]`` gives: it knows its transaction. In the text both have a local
variable ``txn``; only the heads differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zlmdb._typing import Names
from zlmdb.keys.base import KeyCodec
from zlmdb.keys.composite import Composite
from zlmdb.keys.uuids import Uuid
from zlmdb.tables.definition import TableDefinition
from zlmdb.tables.plan import IndexPlan, field_of

__all__ = ["RowSource", "indent"]


#: Statement of every function that writes: scans of the same transaction look at the number.
CHANGED = "txn._changes += 1"


def indent(lines: Sequence[str], by: int = 1) -> list[str]:
    """The lines, moved right by so many steps."""
    return ["    " * by + line for line in lines]


class RowSource:
    """Writes the functions of one table that read and write single rows.

    Args:
        definition: the table.
        plans: its indexes, declared and attached, in the order of the map's prefixes.
        names: receives the constants that the text refers to.
        fields: the record's fields, if values have a declared record type; None otherwise.
    """

    def __init__(self, definition: TableDefinition, plans: tuple[IndexPlan, ...], names: Names, fields: Any) -> None:
        self.definition = definition
        self.key = definition.key
        self.value = definition.value
        self.plans = plans
        self.names = names
        self.fields = fields

    # -- pieces

    def unpack(self, var: str = "key") -> tuple[list[str], str]:
        """Statements that take a key apart, and the expression of its bytes."""
        key = self.key
        if not isinstance(key, Composite):
            return [], key.encode_expr(var, self.names)
        parts = [f"k{n}" for n in range(len(key.parts))]
        lines = [f"if {var}.__class__ is not tuple: raise TypeError", f"{', '.join(parts)}, = {var}"]
        return lines, " + ".join(key.encode_parts(parts, self.names))

    def unpack_row(self) -> tuple[list[str], str]:
        """The same, for a row that holds its primary key."""
        key = self.key
        if not isinstance(key, Composite):
            return [f"key = {self.field('row', self.definition.pk[0])}"], key.encode_expr("key", self.names)
        parts = [f"k{n}" for n in range(len(key.parts))]
        lines = [f"{part} = {self.field('row', name)}" for part, name in zip(parts, self.definition.pk, strict=True)]
        return [*lines, f"key = ({', '.join(parts)},)"], " + ".join(key.encode_parts(parts, self.names))

    def same_key(self) -> list[str]:
        """Statements that refuse a row which holds another key than the one it is stored under (``kb``)."""
        names = self.definition.pk
        if not names:
            return []
        held = [f"r{n}" for n in range(len(names))]
        lines = [f"{var} = {self.field('row', name)}" for var, name in zip(held, names, strict=True)]
        key = self.key
        if isinstance(key, Composite):
            pieces, given = key.encode_parts(held, self.names), [f"k{n}" for n in range(len(names))]
        else:
            pieces, given = [key.encode_expr("r0", self.names)], ["key"]
        # Mostly it is the very object: rows[row.oid] = row.
        other = " or ".join(f"{mine} is not {theirs}" for mine, theirs in zip(held, given, strict=True))
        return [*lines, f"if ({other}) and {' + '.join(pieces)} != kb: raise ValueError"]

    def field(self, var: str, path: str) -> str:
        """Expression of a row's field."""
        info = self.fields
        known = None if info is None else info.fields.get(path)
        if info is not None and known is not None and (known.required or info.kind != "typeddict"):
            return str(info.getter_expr(var, path))
        return f"{self.names.add(field_of, 'field_of')}({var}, {path!r})"

    def held_key(self, row: str, k: str, start: int) -> tuple[str, str] | None:
        """Expression of the key that a decoded row holds, and a test whether the variable ``key`` is that of a record.

        None where decoding the key costs no more: if the row makes the field when it is asked for it, or holds none.
        """
        pk = self.definition.pk
        if self.fields is None or self.value.zero_copy or len(pk) != 1 or pk[0] not in self.fields.fields:
            return None
        test = self.key.held_expr("key", k, start, self.names)
        return None if test is None else (self.field(row, pk[0]), test)

    def decode(self, data: str) -> str:
        """Expression of a value; one that keeps the engine's memory is put under the transaction's lease."""
        plain = self.value.decode_expr(data, self.names)
        if not self.value.zero_copy:
            return plain
        leased = self.names.add(self.value.decode_leased, "decode_leased")
        return f"({plain} if {data}.__class__ is bytes else txn._lease({leased}, {data}))"

    def decode_keyed(self, data: str, kb: str = "kb") -> str | None:
        """Expression of the value under ``key``, whose bytes the variable `kb` holds, if it can do with that object."""
        pk = self.definition.pk
        if len(pk) != 1 or type(self.key) is not Uuid:
            return None
        return self.value._decode_keyed_expr(data, pk[0], kb, "key", self.names)

    def encode(self, row: str) -> str:
        """Expression of a value's bytes."""
        return self.value.encode_expr(row, self.names)

    # -- index entries

    @property
    def stored_keys(self) -> bool:
        """True if the index keys of a row that is written must be made of its bytes, as those of a stored row are.

        Otherwise the two could differ: what is rounded, or otherwise put into its common form when it is stored, is not
        what the object holds. Functions may look at anything; what a plain field holds is known.
        """
        return self.value.rebuilt and any(
            plan.function is not None or plan.where is not None or not all(map(self.value.keeps, plan.fields))
            for plan in self.plans
        )

    def entries(self, target: str, source: str, held: str) -> list[str]:
        """Statements that set ``<target><i>`` to the entry key of each index, or None.

        Args:
            target: prefix of the variables to set.
            source: variable with the row; its fields are put into ``<held><i>_<j>``.
            held: prefix of the variables that hold the fields.
        """
        lines = []
        for i, plan in enumerate(self.plans):
            lines += self.fields_of(i, source, held)
            lines += self.entry(i, plan, target, source, held)
        return lines

    def fields_of(self, i: int, source: str, held: str) -> list[str]:
        """Statements that read what index `i` needs of the row."""
        plan = self.plans[i]
        if plan.function is None:
            return [f"{held}{i}_{j} = {self.field(source, path)}" for j, path in enumerate(plan.fields)]
        function = self.names.add(plan.function, f"function_{plan.name}")
        if plan.arity == 1:
            return [f"{held}{i}_0 = {function}({source})"]
        parts = ", ".join(f"{held}{i}_{j}" for j in range(plan.arity))
        none = " = ".join(f"{held}{i}_{j}" for j in range(plan.arity))
        return [
            f"index_key = {function}({source})",
            "if index_key is None:",
            f"    {none} = None",
            "else:",
            "    if index_key.__class__ is not tuple: raise TypeError",
            f"    {parts} = index_key",
        ]

    def entry(self, i: int, plan: IndexPlan, target: str, source: str, held: str) -> list[str]:
        """Statements that set ``<target><i>`` from the fields read before."""
        parts = [f"{held}{i}_{j}" for j in range(plan.arity)]
        codec: KeyCodec[Any] = plan.codec if plan.bare else plan.full
        if isinstance(codec, Composite):
            # The primary key that ends the key of a many-rows index is bytes already.
            pieces = (
                codec.encode_parts(parts, self.names)
                if plan.bare
                else [*plan.full.encode_parts([*parts, "kb"], self.names)[:-1], "kb"]
            )
        else:
            pieces = [codec.encode_expr(parts[0], self.names)]
        expression = f"x{i} + " + " + ".join(pieces)
        conditions = []
        if plan.where is not None:
            conditions.append(f"not {self.names.add(plan.where, f'where_{plan.name}')}({source})")
        if plan.nullable:
            conditions += [f"{part} is None" for part in parts]
        elif plan.attached or plan.arity > 1:
            # A codec of earlier layouts writes None as zeros; in an index it is a violation.
            conditions_null = " or ".join(f"{part} is None" for part in parts)
            lines = [f"if {conditions_null}: raise TypeError"]
            return [*lines, *self._assign(i, plan, target, expression, conditions)]
        return self._assign(i, plan, target, expression, conditions)

    def _assign(self, i: int, plan: IndexPlan, target: str, expression: str, conditions: list[str]) -> list[str]:
        lines = [
            f"{target}{i} = None if {' or '.join(conditions)} else {expression}"
            if conditions
            else f"{target}{i} = {expression}"
        ]
        if plan.codec.width is None or not plan.bare:
            guard = f"len({target}{i}) > self._limit"
            if conditions:
                guard = f"{target}{i} is not None and {guard}"
            lines.append(f"if {guard}: raise ValueError")
        return lines

    def pointer(self, i: int) -> str:
        """Variable with what an entry of index `i` holds."""
        return "kb" if self.plans[i].pointer is None else f"p{i}"

    @property
    def pointers(self) -> list[str]:
        """Statements that set these variables, before anything is written: a key may not fit an index table."""
        return [
            f"p{i} = {plan.pointer.encode_expr('key', self.names)}"
            for i, plan in enumerate(self.plans)
            if plan.pointer is not None
        ]

    @property
    def prefixes(self) -> list[str]:
        """Statement that takes the index prefixes from the map."""
        return ["".join(f"x{i}, " for i in range(len(self.plans))) + "= self._xs"] if self.plans else []

    @property
    def remembers(self) -> bool:
        """True if old index keys can be made from fields kept at reading, without decoding the old row again."""
        return bool(self.plans) and all(p.function is None and p.where is None for p in self.plans)

    def held(self, prefix: str) -> str:
        """All variables that hold index fields, as the inside of a tuple."""
        return "".join(f"{prefix}{i}_{j}, " for i, plan in enumerate(self.plans) for j in range(plan.arity))

    # -- reading

    def read(self, head: str, opening: list[str], missing: str) -> list[str]:
        """A function that gives the value of a key."""
        unpack, key = self.unpack()
        keyed = self.decode_keyed("data")
        decoded = keyed or self.decode("data")
        if keyed:
            unpack, key = [*unpack, f"kb = {key}"], "kb"
        lines = [
            head,
            "    try:",
            *indent([*opening, *unpack, f"k = self._p + {key}", "get = txn._get", "data = get(k)"], 2),
        ]
        lines += [
            "    except Exception as error:",
            "        txn, key, k, data = self._recover_get(item, error)",
        ]
        if keyed:
            lines += ["        kb = None"]
        lines += ["    if data is None:"]
        lines += [f"        {missing}", "    try:"]
        if not self.remembers:
            lines += [f"        return {decoded}"]
        else:
            lines += [f"        row = {decoded}", "        if txn._write:"]
            for i in range(len(self.plans)):
                lines += indent(self.fields_of(i, "row", "g"), 3)
            lines += [f"            txn._seen = (k, data, ({self.held('g')}), self._compiled)", "        return row"]
        return [
            *lines,
            "    except Exception as error:",
            "        raise self._unreadable(key, data, error) from error",
        ]

    def contains(self, head: str, opening: list[str]) -> list[str]:
        """A function that tells whether a key is there."""
        unpack, key = self.unpack()
        body = [*opening, *unpack, "get = txn._get", f"return get(self._p + {key}) is not None"]
        return [
            head,
            "    try:",
            *indent(body, 2),
            "    except Exception as error:",
            "        return self._recover_get(item, error)[3] is not None",
        ]

    def entry_keys(self, head: str) -> list[str]:
        """A function that gives the entry keys of a row."""
        body = [*self.prefixes, *self.entries("n", "row", "f")]
        body.append(f"return {''.join(f'n{i}, ' for i in range(len(self.plans)))}")
        return [head, "    try:", *indent(body, 2), "    except Exception:", "        return self._entries(kb, row)"]

    # -- writing

    def write(self, head: str, opening: list[str], *, row_key: bool, insert: bool, recover: str) -> list[str]:
        """A function that stores a row.

        Args:
            head: the ``def`` line.
            opening: statements that set ``txn`` (and ``key``).
            row_key: the key is taken from the row, and returned.
            insert: an existing row is an error.
            recover: arguments for the slow twin.
        """
        unpack, key = self.unpack_row() if row_key else self.unpack()
        done = "return key" if row_key else "return"
        lines = [head, "    try:"]
        check = [] if row_key else self.same_key()
        if not self.plans and not insert:
            body = [*opening, CHANGED, *unpack]
            if check:
                body += [f"kb = {key}", *check]
            body += ["put = txn._put", f"put(self._p + {'kb' if check else key}, {self.encode('row')})"]
            return [
                *lines,
                *indent([*body, done], 2),
                "    except Exception as error:",
                f"        return self._recover_put({recover}, error)",
            ]
        body = [
            *opening,
            CHANGED,
            *self.prefixes,
            *unpack,
            f"kb = {key}",
            *check,
            "k = self._p + kb",
            f"data = {self.encode('row')}",
        ]
        keyed = "kept" if self.stored_keys else "row"
        if self.stored_keys:
            body.append(f"kept = {self.value.decode_expr('data', self.names)}")
        body += [*self.entries("n", keyed, "f"), *self.pointers]
        lines += [*indent(body, 2), "    except Exception as error:"]
        entries = f"({''.join(f'n{i}, ' for i in range(len(self.plans)))})"
        lines += [f"        txn, key, k, kb, data, {entries} = self._recover_plan({recover}, error)"]
        lines += indent([*self.prefixes, *self.pointers], 2)
        lines += [
            "    try:",
            *indent(self._store(insert, done), 2),
            "    except EngineError as error:",
            "        raise self._write_fault(txn, key, error) from error",
            *self._broken_off("data"),
        ]
        return [*lines, f"    {done}"]

    def _broken_off(self, data: str) -> list[str]:
        """What is done if an exception comes between the records of a row, whose own would hold `data` afterwards."""
        if not self.plans:
            return []
        return [
            "    except BaseException as error:",
            f"        self._interrupted(txn, k, {data}, error)",
            "        raise",
        ]

    def _store(self, insert: bool, done: str) -> list[str]:
        plans = list(enumerate(self.plans))
        lines = ["put = txn._put", "if put(k, data, True, False):"]
        written = ["k"]
        for i, plan in plans:
            optional = f"n{i} is not None and " if plan.nullable or plan.where is not None else ""
            if plan.unique:
                undo = ", ".join(written)
                lines += [f"    if {optional}not put(n{i}, {self.pointer(i)}, True, False):"]
                lines += [f"        self._conflict(txn, {i}, n{i}, {self.pointer(i)}, key, ({undo},))"]
                written.append(f"n{i}")
        for i, plan in plans:
            if not plan.unique:
                line = f"put(n{i}, {self.pointer(i)})"
                lines.append(
                    f"    if n{i} is not None: {line}" if plan.nullable or plan.where is not None else f"    {line}"
                )
        lines.append(f"    {done}")
        if insert:
            return [*lines, "raise self._duplicate(key)"]
        lines += ["old = txn._get(k)", f"if old == data: {done}"]
        if not plans:
            return [*lines, "put(k, data)"]
        return [*lines, *self._replace()]

    def _replace(self) -> list[str]:
        plans = list(enumerate(self.plans))
        olds = "".join(f"o{i}, " for i, _ in plans)
        fresh = [f"prior = {self.decode('old')}", *self.entries("o", "prior", "g")]
        lines = ["try:"]
        if self.remembers:
            lines += [
                "    seen = txn._seen",
                "    if seen is not None and seen[0] == k and seen[1] == old and seen[3] is self._compiled:",
            ]
            lines += [f"        {self.held('g')}= seen[2]"]
            for i, plan in plans:
                lines += indent(self.entry(i, plan, "o", "None", "g"), 2)
            lines += ["    else:", *indent(fresh, 2)]
        else:
            lines += indent(fresh)
        lines += ["except Exception as error:", f"    {olds}= self._old_entries(key, kb, old, error)"]
        for i, plan in plans:
            if plan.unique:
                lines.append(
                    f"if n{i} != o{i} and n{i} is not None: self._check_unique(txn, {i}, n{i}, {self.pointer(i)}, key)"
                )
        lines.append("put(k, data)")
        for i, plan in plans:
            lines += [
                f"if n{i} != o{i}:",
                *indent(self._drop(i, plan)),
                f"    if n{i} is not None: put(n{i}, {self.pointer(i)})",
            ]
        return lines

    def _drop(self, i: int, plan: IndexPlan) -> list[str]:
        if plan.attached:
            return [f"if o{i} is not None and txn._get(o{i}) == {self.pointer(i)}: txn._delete(o{i})"]
        return [f"if o{i} is not None: txn._delete(o{i})"]

    def delete(self, head: str, opening: list[str], missing: str, done: str) -> list[str]:
        """A function that removes a row."""
        unpack, key = self.unpack()
        if not self.plans:
            body = [*opening, CHANGED, *unpack, f"found = txn._delete(self._p + {key})"]
            lines = [
                head,
                "    try:",
                *indent(body, 2),
                "    except Exception as error:",
                "        txn, key, found = self._recover_delete(item, error)",
            ]
            return [*lines, "    if not found:", f"        {missing}", f"    {done}"]
        # The row is taken out last: until its entries are known, functions of the program may raise.
        body = [*opening, CHANGED, *self.prefixes, *unpack, f"kb = {key}", "k = self._p + kb", "old = txn._get(k)"]
        lines = [
            head,
            "    try:",
            *indent(body, 2),
            "    except Exception as error:",
            "        txn, key, k, kb, old = self._recover_old(item, error)",
            *indent(self.prefixes),
            "    if old is None:",
            f"        {missing}",
            "    try:",
            f"        prior = {self.decode('old')}",
            *indent([*self.entries("o", "prior", "g"), *self.pointers], 2),
            "    except Exception as error:",
        ]
        olds = "".join(f"o{i}, " for i in range(len(self.plans)))
        lines += [f"        {olds}= self._old_entries(key, kb, old, error)", *indent(self.pointers, 2)]
        lines += ["    try:", "        txn._delete(k)"]
        for i, plan in enumerate(self.plans):
            lines += indent(self._drop(i, plan), 2)
        lines += ["    except EngineError as error:", "        raise self._fault(txn, error) from error"]
        return [*lines, *self._broken_off("None"), f"    {done}"]
