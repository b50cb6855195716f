"""What a file remembers of a FlatBuffers schema, and how a class may differ from it.

Every buffer is read by numbers: of the slot of a field, of the member of a union. The file remembers which is which,
so a class may rename, reorder, add and drop fields, and old rows still mean what they meant. What would make them
mean something else is refused. Names of tables are not identities: classes may be renamed freely, and a table is
known by the field that holds it. Only a class that no known field leads to is looked for under its name: a version
before may have had it, and the next one may have both.

The form in which it is remembered: :mod:`zlmdb.values.flat.plain`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from zlmdb.values.flat import model
from zlmdb.values.flat.differences import Break, same_default, same_value, shape_of, shown
from zlmdb.values.flat.kinds import Declared, Item, Record
from zlmdb.values.flat.numbering import LAST_ID, Ids
from zlmdb.values.flat.plain import (
    Plain,
    absent,
    plain_enum,
    plain_field,
    plain_struct,
    plain_table,
    plain_union,
    type_text,
)

__all__ = ["Break", "settle"]


def settle(declared: Declared, stored: Plain, *, writing: bool = True) -> tuple[Ids, Plain]:
    """The numbers that the fields of a class have in a file, and what the file is to remember from now on.

    Args:
        declared: the class.
        stored: what the file remembers.
        writing: False if it will not remember more. What it does not know gets numbers that no row has: the next free
            ones may be given to other fields meanwhile.

    Raises:
        Break: if rows that were written before would mean something else.
    """
    settling = _Settling(declared, stored, writing)
    settling.identifier()
    settling.table(declared.root.name, stored["root"])
    settling.add()
    return settling.ids, settling.merged


class _Settling:
    """Walks the class and the stored schema together, from the root."""

    def __init__(self, declared: Declared, stored: Plain, writing: bool = True) -> None:
        self.declared = declared
        self.writing = writing
        self.stored = stored
        self.merged: Plain = copy.deepcopy(stored)
        self.ids: Ids = {}
        #: Name of a declared type -> name of the stored one that it is.
        self.pairs: dict[str, str] = {}
        #: Fields and members of unions that the file does not know. They wait until all types that it knows are found.
        self.fresh: list[Callable[[], None]] = []
        #: Fields of the class that the file knows: where they stand, and what is remembered of them.
        #: The highest number that stands for no field yet, if the file will not remember more.
        self.unknown = LAST_ID
        self.found: list[tuple[str, Item, dict[str, Any]]] = []

    def identifier(self) -> None:
        """The four characters that stand in each row."""
        mine = self.declared.root.identifier
        theirs = self.merged.setdefault("identifier", mine)
        if mine != theirs:
            rule = "the file_identifier of rows cannot change, because those that are there would not be taken for rows"
            raise Break(self.declared.root.info.name, rule, theirs, mine)

    def add(self) -> None:
        """Remember what is new."""
        for function in self.fresh:  # it grows meanwhile
            function()
        # Of one stored table there may be two classes, which must not contradict each other.
        for where, item, found in self.found:
            if item.field.required and not found["required"]:
                raise Break(
                    where,
                    "two classes are one stored table here, and only one of them requires the field; give it a "
                    "default, or let it be None",
                    "a required field",
                    "one that the other class lacks",
                )
            self.same_absent(where, item, found)

    def paired(self, mine: str, theirs: str, where: str) -> bool:
        """True if the two are known to be one already; they become one otherwise."""
        known = self.pairs.get(mine)
        if known is not None and known != theirs:
            raise Break(
                where,
                "one class cannot stand for two stored types; keep a class for each",
                theirs,
                f"{mine}, which is {known} elsewhere",
            )
        self.pairs[mine] = theirs
        return known is not None

    # -- tables

    def table(self, mine: str, theirs: str) -> None:
        """A table of the class and the stored one."""
        if self.paired(mine, theirs, mine):
            return
        record = self.declared.records[mine]
        fields: dict[str, dict[str, Any]] = self.merged["tables"][theirs]
        items = [*record.items, *record.dead]
        chosen = self.match(record, items, fields)
        ids = self.ids[mine] = {}
        for item, name in chosen:
            if name is not None:
                ids[item.field.name] = fields[name]["id"]
                self.known(record, item, name, fields)
        # What the class does not have any more keeps its number; the rows of the class will lack it. A class that is
        # older than the name of a field has it all the same.
        matched = {name for _, name in chosen if name is not None}
        for name, found in fields.items():
            if name not in ids and name not in matched:
                ids[name] = found["id"]
                found["required"] = False
                found["lacks"] = not self.scalar(found["type"])
            if self.type_slot(found["type"]):
                ids[f"{name} (its type)"] = found["id"] - 1
        for item, name in chosen:
            if name is None:
                self.fresh.append(partial(self.new, record, item, fields, ids))

    def match(
        self, record: Record, items: list[Item], fields: dict[str, dict[str, Any]]
    ) -> list[tuple[Item, str | None]]:
        """For each field of the class the name under which the file knows it, or None."""
        names = {item.field.name for item in items}
        former = self.declared.former.get(record.name, {})
        chosen: list[tuple[Item, str | None]] = []
        for item in items:
            name = item.field.name
            was = former.get(name)
            found: str | None = None
            if name in fields:
                found = name
                if was in fields and was not in names:
                    raise Break(
                        f"{record.info.name}.{item.name}",
                        f"a field cannot become another one that is there; rows may hold {was} and {name}",
                        f"{was} (id {fields[was]['id']}) and {name} (id {fields[name]['id']})",
                        f"{name}, which was {was}",
                    )
            elif was in fields and was not in names:
                found = was
            else:
                # A program that does not know of a renaming yet.
                older = [other for other, field in fields.items() if name in field["was"] and other not in names]
                found = older[0] if older else None
            chosen.append((item, found))
        return chosen

    def known(self, record: Record, item: Item, name: str, fields: dict[str, dict[str, Any]]) -> None:
        """A field that is in the file."""
        where, found, field = f"{record.info.name}.{item.name}", fields[name], item.field
        if item.given is not None and item.given != found["id"]:
            raise Break(where, "a field keeps its id", f"id {found['id']}", f"id {item.given}")
        self.type(type_text(field.type), found["type"], where)
        if field.attributes.get("logical") != found["logical"]:
            raise Break(
                where,
                "the type of a field cannot change; add a field of another name",
                found["logical"] or found["type"],
                field.attributes.get("logical") or type_text(field.type),
            )
        if not field.deprecated:
            if item.kind.scalar_value and not same_default(field.default, found["default"]):
                raise Break(
                    where,
                    "the default of a scalar cannot change, because rows without it were written under the old one; "
                    "keep it beside the type, Annotated[..., zlmdb.fbs.Field(default=...)], or add a field of another "
                    "name",
                    f"default {shown(found['default'])}",
                    f"default {shown(field.default)}",
                )
            if field.required and not found["required"]:
                raise Break(
                    where,
                    "a field cannot become required, because there may be rows without it; give it a default, or let "
                    "it be None",
                    "a field that is not required",
                    "a required one",
                )
            self.same_absent(where, item, found)
            found["required"] = found["required"] and field.required
            found["absent"], found["default"] = absent(item), field.default
            self.found.append((where, item, found))
        else:
            found["required"] = False
            found["absent"] = found["absent"] or absent(item)
        found["lacks"] = found["lacks"] or (not item.kind.scalar_value and (item.optional or field.deprecated))
        if name != field.name and field.name not in found["was"]:  # otherwise the class is older than the name
            del fields[name]
            found["was"] = [*found["was"], name]
            fields[field.name] = found

    def same_absent(self, where: str, item: Item, found: dict[str, Any]) -> None:
        """Rows without a field must go on reading as they did."""
        if item.kind.scalar_value or item.field.required or not found["lacks"]:
            return
        mine = absent(item)
        if not mine:
            raise Break(
                where,
                "a field that rows lack needs a default that is the same at each reading: a constant, or None",
                "rows without it",
                "a default that is made anew",
            )
        if found["absent"] and not same_value(mine[0], found["absent"][0]):
            raise Break(
                where,
                "the default of a field that rows lack cannot change; keep it (of a text beside the type, "
                "Annotated[..., zlmdb.fbs.Field(default=...)]), or add a field of another name",
                f"default {found['absent'][0]!r}",
                f"default {mine[0]!r}",
            )

    def new(self, record: Record, item: Item, fields: dict[str, dict[str, Any]], ids: dict[str, int]) -> None:
        """A field that the file does not know yet."""
        where, field = f"{record.info.name}.{item.name}", item.field
        for name, found in fields.items():
            # Of another class that is the same stored table, and has come before this one.
            ids.setdefault(name, found["id"])
            if self.type_slot(found["type"]):
                ids.setdefault(f"{name} (its type)", found["id"] - 1)
        if field.name in fields:
            self.known(record, item, field.name, fields)
            return
        slots = 2 if item.kind.type_slot else 1
        taken = set(ids.values())
        number = item.given if item.given is not None else max(taken, default=-1) + slots
        for slot in range(number - slots + 1, number + 1):
            if slot in taken:
                other = next(name for name, known in ids.items() if known == slot)
                raise Break(
                    where,
                    "an id is never used again; leave it out, or take the next one",
                    f"id {slot} for {other}",
                    f"id {slot} for {field.name}",
                )
        if field.required:
            raise Break(
                where,
                "a new field cannot be required, because there are rows without it; give it a default, or let it be "
                "None",
                "no such field",
                "a required one",
            )
        if not self.writing:
            number, self.unknown = self.unknown, self.unknown - slots
        found = fields[field.name] = {**plain_field(item, lacks=True), "id": number}
        self.same_absent(where, item, found)
        ids[field.name] = number
        if slots == 2:
            ids[f"{field.name} (its type)"] = number - 1
        found["type"] = self.adopt(field.type)

    # -- types

    def type_slot(self, text: str) -> bool:
        """True if a stored type is a union, or a vector of unions."""
        return text.strip("[]").removeprefix("@") in self.merged["unions"]

    def scalar(self, text: str) -> bool:
        """True if a stored type is a number or an enumeration."""
        return text in model.SCALARS or text.removeprefix("@") in self.merged["enums"]

    def type(self, mine: str, theirs: str, where: str) -> None:
        """A type of the class and the stored one."""
        if mine.startswith("@") and theirs.startswith("@"):
            self.ref(mine[1:], theirs[1:], where)
            return
        if mine.startswith("[") and theirs.startswith("["):
            inner, _, length = mine[1:-1].partition(":")
            other, _, other_length = theirs[1:-1].partition(":")
            if length == other_length:
                self.type(inner, other, where)
                return
        if mine != theirs:
            raise Break(where, "the type of a field cannot change; add a field of another name", theirs, mine)

    def ref(self, mine: str, theirs: str, where: str) -> None:
        """A declared type and the stored one."""
        declaration = self.declared.schema.declarations[mine]
        kinds = {model.Table: "tables", model.Struct: "structs", model.Enum: "enums", model.Union: "unions"}
        group = kinds[type(declaration)]
        if theirs not in self.merged[group]:
            other = next((kind for kind in kinds.values() if theirs in self.merged[kind]), "types")
            rule = "the type of a field cannot change; add a field of another name"
            raise Break(where, rule, f"{other[:-1]} {theirs}", f"{group[:-1]} {mine}")
        if isinstance(declaration, model.Table):
            self.table(mine, theirs)
        elif not self.paired(mine, theirs, where):
            getattr(self, group[:-1])(declaration, theirs, where)

    def struct(self, mine: model.Struct, theirs: str, where: str) -> None:
        """A struct and the stored one: their bytes must be the same."""
        new, old = plain_struct(mine), self.stored["structs"][theirs]
        rule = "a struct never changes; add a field with a new struct"
        if new["align"] != old["align"] or len(new["fields"]) != len(old["fields"]):
            raise Break(where, rule, shape_of(old), shape_of(new))
        for (name, tp, logical), (_, other, other_logical) in zip(new["fields"], old["fields"], strict=True):
            try:
                self.type(tp, other, f"{mine.name}.{name}")
                same = logical == other_logical
            except Break as found:
                raise Break(found.where, rule, found.expected, found.found) from None
            if not same:
                raise Break(f"{mine.name}.{name}", rule, other_logical, logical)
        for (name, _, _), field in zip(new["fields"], self.merged["structs"][theirs]["fields"], strict=True):
            field[0] = name

    def enum(self, mine: model.Enum, theirs: str, where: str) -> None:
        """An enumeration and the stored one: members may come, and be renamed."""
        new, old = plain_enum(mine), self.stored["enums"][theirs]
        if new["base"] != old["base"]:
            raise Break(where, f"the base of enum {mine.name} cannot change", old["base"], new["base"])
        for name, value in new["members"].items():
            before = old["members"].get(name, value)
            if before != value:
                raise Break(
                    where,
                    f"a member of enum {mine.name} keeps its value",
                    f"{name} = {before}",
                    f"{name} = {value}",
                )
        values = set(new["members"].values())
        gone = {name: value for name, value in old["members"].items() if value not in values}
        self.merged["enums"][theirs] = {**new, "members": {**new["members"], **gone}}

    def union(self, mine: model.Union, theirs: str, where: str) -> None:
        """A union and the stored one: members may come, at the end, and an older class does not have them all."""
        new = {number: (name, tp) for number, name, tp in plain_union(mine)}
        merged = self.merged["unions"][theirs]
        numbers = {name: number for number, (name, _) in new.items()}
        # One that lacks members must have the others under their names, or a member that went could not be told from
        # one that was renamed.
        older = {(number, name) for number, (name, _) in new.items()} <= {(entry[0], entry[1]) for entry in merged}
        for entry in merged:
            number, name, tp = entry
            if number not in new and not (older and number > max(new)):
                raise Break(
                    where,
                    "a member of a union cannot go, unless it is the last, because rows may hold it",
                    f"member {number}, {name}",
                    f"{len(new)} members",
                )
            if numbers.get(name, number) != number:
                raise Break(
                    where,
                    "the members of a union keep their order; put new ones behind them",
                    f"{name} as member {number}",
                    f"{name} as member {numbers[name]}",
                )
            if number in new:
                self.type(new[number][1], tp, f"{where} (member {name})")
                entry[1] = new[number][0]
        known = {entry[0] for entry in merged}
        if not self.writing and not known >= new.keys():
            self.ids[mine.name] = {name: number for number, name, _ in merged}
        for number, name, _ in plain_union(mine):
            if number not in known:
                self.fresh.append(partial(self.member, merged, number, name, dict(mine.members)[name]))

    def member(self, union: list[list[Any]], number: int, name: str, tp: model.Type) -> None:
        """A new member of a union."""
        union.append([number, name, self.adopt(tp)])

    # -- what is new

    def adopt(self, tp: model.Type) -> str:
        """The stored form of a type of a new field; what it refers to is remembered, too."""
        if isinstance(tp, model.Vector):
            return f"[{self.adopt(tp.element)}]"
        if isinstance(tp, model.Array):
            return f"[{self.adopt(tp.element)}:{tp.length}]"
        if not isinstance(tp, model.Ref):
            return type_text(tp)
        known = self.pairs.get(tp.name)
        if known is None and self.rejoin(tp.name):
            known = tp.name
        return f"@{self.adopt_ref(tp.name) if known is None else known}"

    def rejoin(self, mine: str) -> bool:
        """True if a type that no field of the class led to is the stored one of its name, as it was in some version."""
        if not any(mine in self.merged[group] for group in ("tables", "structs", "enums", "unions")):
            return False
        trial = _Settling(self.declared, self.merged, self.writing)
        trial.ids, trial.pairs = dict(self.ids), dict(self.pairs)
        try:
            trial.ref(mine, mine, mine)
            trial.add()
        except Break:
            return False
        self.ref(mine, mine, mine)
        return True

    def adopt_ref(self, mine: str) -> str:
        """Remember a declared type under a free name."""
        everything = {name for group in ("tables", "structs", "enums", "unions") for name in self.merged[group]}
        name, number = mine, 1
        while name in everything:
            number += 1
            name = f"{mine}_{number}"
        self.pairs[mine] = name
        declaration = self.declared.schema.declarations[mine]
        if isinstance(declaration, model.Table):
            fields = self.merged["tables"][name] = plain_table(self.declared.records[mine])
            for field in declaration.fields:
                fields[field.name]["type"] = self.adopt(field.type)
            self.ids[mine] = {field.name: field.id for field in declaration.fields}
        elif isinstance(declaration, model.Struct):
            plain = plain_struct(declaration)
            for entry, field in zip(plain["fields"], declaration.fields, strict=True):
                entry[1] = self.adopt(field.type)
            self.merged["structs"][name] = plain
        elif isinstance(declaration, model.Enum):
            self.merged["enums"][name] = plain_enum(declaration)
        else:
            self.merged["unions"][name] = union = plain_union(declaration)
            for entry, (_, member) in zip(union, declaration.members, strict=True):
                entry[2] = self.adopt(member)
        return name
