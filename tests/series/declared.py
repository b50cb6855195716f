"""Series tables made on the spot."""

from __future__ import annotations

import types
from typing import Any

import zlmdb

OID = "0f7a3c52-1111-4c7e-9a55-0c8f0a1de100"


def declare(columns: dict[str, Any], oid: str = OID, kind: Any = str, **keywords: Any) -> Any:
    """A series table.

    Args:
        columns: by name.
        oid: identity.
        kind: type of the keys.
        keywords: of the class.
    """
    cls = types.new_class("Ticks", (zlmdb.Series[kind],), keywords, lambda namespace: namespace.update(columns))
    return zlmdb.table(oid)(cls)
