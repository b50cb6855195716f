"""Which field of a table has which number."""

from __future__ import annotations

from dataclasses import replace

from zlmdb.errors import SchemaError
from zlmdb.values.flat.kinds import Item, Record

__all__ = ["Ids", "check_former", "number"]

#: Full name of a table -> name of a field -> its number; what a file has settled. Also full name of a union -> name of
#: a member -> its number, of those that the file knows, if it will not learn of the others.
Ids = dict[str, dict[str, int]]

#: The size of a vtable is a number of 16 bits.
LAST_ID = (0xFFFF - 4) // 2 - 1


def check_former(record: Record, items: list[Item], former: dict[str, str]) -> None:
    """Refuse former names that name no field that is gone, or more than one that has come of it.

    Args:
        record: the table.
        items: its fields.
        former: name of a field -> the name that it had before.

    Raises:
        SchemaError: also if fields exchange their names, or one takes over the name of another that is renamed:
            programs with the class as it was could not tell which of the two is theirs.
    """
    attributes = {item.field.name: item.name for item in items}
    heirs: dict[str, str] = {}
    for name, was in former.items():
        where = f"{record.info.name}.{attributes[name]}"
        if was in attributes and was != name:
            raise SchemaError(
                f'{where}: it has Field(was="{was}"), and there is a field of that name; a name that a field gives up '
                "cannot go to another field at the same time. Take a new name for one of them",
                field=attributes[name],
            )
        other = heirs.setdefault(was, name)
        if other != name:
            raise SchemaError(
                f'{where}: it has Field(was="{was}"), and so has {attributes[other]}; only one of them is that field',
                field=attributes[name],
            )


def number(record: Record, items: list[Item], settled: dict[str, int]) -> None:
    """Give every field its number: what the file has settled, what the class says, or the next free one.

    Args:
        record: the table.
        items: its fields; their number is -1 if the class does not give it.
        settled: numbers by names of fields.

    Raises:
        SchemaError: if two fields have one number, or the numbers of a class leave one out.
    """
    taken: dict[int, str] = dict.fromkeys(settled.values(), "a field of the file")
    for item in items:
        if item.field.name in settled and item.kind.type_slot:
            taken[settled[item.field.name] - 1] = "a field of the file"
    wanted: dict[str, int] = {}
    for item in items:
        name = item.field.name
        if name in settled:
            wanted[name] = settled[name]
        elif item.field.id >= 0:
            wanted[name] = item.field.id
            first = item.field.id - 1 if item.kind.type_slot else item.field.id
            for slot in range(first, item.field.id + 1):
                other = taken.setdefault(slot, name)
                if other != name or slot < 0:
                    raise SchemaError(
                        f"{record.info.name}.{item.name}: expected a number of its own, found id {slot}, which "
                        f"{'does not exist' if slot < 0 else f'is that of {other}'}; a union takes the number "
                        "before its own, too",
                        field=item.name,
                    )
    following = 0
    for item in items:
        slot = wanted.get(item.field.name, -1)
        if slot < 0:
            slots = 2 if item.kind.type_slot else 1
            while any(at in taken for at in range(following, following + slots)):
                following += 1
            slot = following + slots - 1
            taken.update(dict.fromkeys(range(following, slot + 1), item.field.name))
        if slot > LAST_ID:
            raise SchemaError(f"{record.info.name}.{item.name}: expected an id up to {LAST_ID}, found {slot}")
        item.field = replace(item.field, id=slot)
    explicit = [item for item in items if item.field.name in wanted and item.field.name not in settled]
    gap = next((n for n in range(max(taken)) if n not in taken), None) if explicit and not settled else None
    if gap is not None:
        raise SchemaError(
            f"{record.info.name}: expected the ids of its fields to be consecutive, found none with {gap}; a field "
            "that is gone keeps its id: declare it with zlmdb.fbs.Field(id=..., deprecated=True)"
        )
