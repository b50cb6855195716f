"""np.datetime64 to nanoseconds and back, exactly; numpy is imported when first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["datetime64_from_ns", "datetime64_to_ns"]

SECOND = 10**9
#: Nanoseconds of the units of numpy's times that are always as long.
COARSER = {"W": 604_800 * SECOND, "D": 86_400 * SECOND, "h": 3600 * SECOND, "m": 60 * SECOND, "s": SECOND}
COARSER |= {"ms": 10**6, "us": 1000, "ns": 1}
#: How many of a finer unit a nanosecond has.
FINER = {"ps": 1000, "fs": 10**6, "as": 10**9}
#: Months, or years, from 1970 that are surely outside of the range in nanoseconds, and inside of that in days.
MOST_MONTHS = 100_000


def datetime64_to_ns(value: Any) -> int:
    """Nanoseconds since 1970 of an np.datetime64 of any unit; -2**63 for NaT.

    Raises:
        TypeError: if it is not an np.datetime64.
        ValueError: if it is finer than a nanosecond, or outside 1678 to 2262.
    """
    import numpy as np

    if not isinstance(value, np.datetime64):
        raise TypeError(f"expected numpy.datetime64, found {type(value).__name__}")
    unit, count = np.datetime_data(value.dtype)
    if unit == "ns" and count == 1:
        return int(value.astype("i8"))
    if np.isnat(value):
        return -(2**63)
    # Reckoned in Python's integers: numpy truncates when the target unit is coarser, and when it overflows, wraps
    # around or (from 2.5 on) raises.
    number = int(value.astype("i8")) * count
    if unit in ("Y", "M") and abs(number) < MOST_MONTHS:
        number, unit = int(np.array(number, f"M8[{unit}]").astype("M8[D]").astype("i8")), "D"
    rest = 0
    if unit in FINER:
        number, rest = divmod(number, FINER[unit])
    else:
        number *= COARSER.get(unit, 2**63)
    if not rest and -(2**63) < number < 2**63:
        return number
    raise ValueError(
        f"expected a time in whole nanoseconds between 1678 and 2262, found {str(value)[:80]} ({value.dtype})"
    )


def datetime64_from_ns(ns: int) -> np.datetime64:
    """The np.datetime64[ns] of nanoseconds since 1970 within int64; NaT for -2**63."""
    import numpy as np

    return np.datetime64(ns, "ns")
