"""np.datetime64 to nanoseconds and back, exactly; numpy is imported when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["datetime64_from_ns", "datetime64_to_ns"]


def datetime64_to_ns(value: Any) -> int:
    """Nanoseconds since 1970 of an np.datetime64 of any unit; -2**63 for NaT.

    Raises:
        TypeError: if it is not an np.datetime64.
        ValueError: if it is finer than a nanosecond, or outside 1678 to 2262.
    """
    import numpy as np

    if not isinstance(value, np.datetime64):
        raise TypeError(f"expected numpy.datetime64, found {type(value).__name__}")
    # numpy truncates when the target unit is coarser, and when it overflows, wraps around or (from 2.5 on) raises: the
    # way back tells.
    try:
        ns = value.astype("M8[ns]")
        if value.dtype == ns.dtype or np.isnat(value) or (not np.isnat(ns) and ns.astype(value.dtype) == value):
            return int(ns.astype("i8"))
    except OverflowError:
        pass
    raise ValueError(
        f"expected a time in whole nanoseconds between 1678 and 2262, found {str(value)[:80]} ({value.dtype})"
    )


def datetime64_from_ns(ns: int) -> np.datetime64:
    """The np.datetime64[ns] of nanoseconds since 1970 within int64; NaT for -2**63."""
    import numpy as np

    return np.datetime64(ns, "ns")
