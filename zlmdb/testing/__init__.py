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

from typing import TYPE_CHECKING

from zlmdb._lazy import names_of

if TYPE_CHECKING:
    from zlmdb.testing import faults as faults
    from zlmdb.testing import strategies as strategies
    from zlmdb.testing.engines import EngineSuite as EngineSuite
    from zlmdb.testing.key_codecs import KeyCodecSuite as KeyCodecSuite
    from zlmdb.testing.value_codecs import ValueCodecSuite as ValueCodecSuite

__all__ = ["EngineSuite", "KeyCodecSuite", "ValueCodecSuite", "faults", "strategies"]

_HOMES = {
    "engines": ("EngineSuite",),
    "faults": (),
    "key_codecs": ("KeyCodecSuite",),
    "strategies": (),
    "value_codecs": ("ValueCodecSuite",),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = names_of(__name__, _HOMES, __all__)
