"""``.. named-maps::``: which named map has which key and which value, as a table made from the package."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from zlmdb import maps

#: What a name may end with; the longest first.
VALUES = re.findall(
    r"\w+",
    "FlatBuffers Timestamp StringSet OidSet UuidSet Bytes16 Bytes20 Bytes32 Pickle String Numpy Cbor Json Uuid Oid",
)
PARTS = re.compile(r"Uint16|Uint64|Uint8|Bytes16|Bytes20|Bytes32|Timestamp|String|Uuid|Slot|Oid3|Oid")


def split(name: str) -> tuple[str, str]:
    """The key's and the value's part of a map's name: ("UuidString", "Oid") of MapUuidStringOid."""
    if name == "MapBytes20Bytes20Timestamp":  # the one whose value has two parts
        return "Bytes20", "Bytes20Timestamp"
    rest = name.removeprefix("Map")
    value = next(value for value in VALUES if rest.endswith(value) and rest != value)
    return rest.removesuffix(value), value


class NamedMaps(Directive):
    """A table of all named maps: a row for each key, and in it a link for each value."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        keys: dict[str, list[tuple[str, str]]] = {}
        for name in maps.__all__:
            key, value = split(name)
            keys.setdefault(key, []).append((value, name))
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 30 70", "", "   * - key", "     - values"]
        for key in sorted(keys, key=lambda key: (len(PARTS.findall(key)), key)):
            parts = ", ".join(PARTS.findall(key))
            links = ", ".join(f":class:`{value} <zlmdb.maps.{name}>`" for value, name in sorted(keys[key]))
            lines += [f"   * - {parts}", f"     - {links}"]
        made = nodes.container()
        self.state.nested_parse(StringList([*lines, ""], "named maps"), self.content_offset, made)
        return list(made.children)


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("named-maps", NamedMaps)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
