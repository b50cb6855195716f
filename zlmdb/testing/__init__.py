"""Tests that anyone may run: the contracts of engines and codecs as suites, strategies for keys, injected faults.

A codec or an engine of your own is tested by deriving a class from the suite of its contract, in a file that pytest
collects:

.. code-block:: python

    import zlmdb
    from hypothesis import strategies as st
    from zlmdb.testing import KeyCodecSuite


    class TestPort(KeyCodecSuite):
        codec = zlmdb.Uint16()

        def values(self):
            return st.integers(0, 65535)

The suites and :mod:`zlmdb.testing.strategies` need the package ``hypothesis``, which ``pip install 'zlmdb[test]'``
brings along; :mod:`zlmdb.testing.faults` needs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zlmdb.testing import faults as faults
    from zlmdb.testing import strategies as strategies
    from zlmdb.testing.engines import EngineSuite as EngineSuite
    from zlmdb.testing.key_codecs import KeyCodecSuite as KeyCodecSuite
    from zlmdb.testing.value_codecs import ValueCodecSuite as ValueCodecSuite

__all__ = ["EngineSuite", "KeyCodecSuite", "ValueCodecSuite", "faults", "strategies"]

_HOMES = {"EngineSuite": "engines", "KeyCodecSuite": "key_codecs", "ValueCodecSuite": "value_codecs"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'zlmdb.testing' has no attribute {name!r}")
