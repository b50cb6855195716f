"""The bounds that keep a hostile or broken value from exhausting the stack or the memory."""

from __future__ import annotations

__all__ = ["MAX_DECOMPRESSED", "MAX_DEPTH"]

#: Containers within containers, in JSON and CBOR. It is what the CBOR decoder reads at most: deeper values
#: could be written but never read again, and far deeper ones overflow the C stack of the CBOR encoder.
MAX_DEPTH = 400

#: Bytes that a compressed value may expand to.
MAX_DECOMPRESSED = 1 << 30
