"""Store a day of trades, and make candles of them.

python examples/candles.py [directory of the database]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # schemas/ lies beside examples/ and is not installed

import zlmdb
from schemas.timeseries import Candles, Market, Ticks

DAY = np.datetime64("2026-01-05", "ns")
SYMBOLS = {"BTCUSD": 95_000.0, "ETHUSD": 3_400.0}


def trades(symbol: str, number: int) -> dict[str, np.ndarray]:
    """A day of random trades: columns by name, "times" among them."""
    rng = np.random.default_rng(len(symbol) + number)
    times = DAY + np.sort(rng.integers(0, 86_400 * 10**9, number)).astype("m8[ns]")
    return {
        "times": times,
        "price": np.round(SYMBOLS[symbol] + np.cumsum(rng.normal(0, 0.5, number)), 2),
        "size": rng.integers(1, 100, number).astype("u4"),
        "side": rng.integers(0, 2, number).astype("u1"),
    }


def store(db: zlmdb.Database, number: int) -> None:
    """Append the trades in batches, as a feed would bring them, each in a transaction of its own."""
    for symbol in SYMBOLS:
        columns = trades(symbol, number)
        for at in range(0, number, 5_000):
            with db.begin(write=True) as txn:
                txn[Ticks].append(symbol, **{name: values[at : at + 5_000] for name, values in columns.items()})


def main(path: str, number: int = 50_000) -> dict[str, zlmdb.Slice]:
    """Store, make candles, and show the busiest minute of each symbol: the candles by symbol."""
    with zlmdb.open(path, Market) as db:
        store(db, number)
        with db.begin(write=True) as txn:
            # Written to a table of their own: done again for the same day, they replace what is there.
            txn[Ticks].downsample(
                Candles, "1m", DAY, DAY + np.timedelta64(1, "D"), price="ohlc", volume=("size", "sum")
            )
        with db.begin() as txn:
            found = {symbol: txn[Candles].range(symbol) for symbol in txn[Candles]}
            for symbol, candles in found.items():
                busiest = int(candles.volume.argmax())
                print(
                    f"{symbol}: {txn[Ticks].count(symbol)} trades, {len(candles)} minutes; busiest at "
                    f"{candles.time[busiest].astype('M8[m]')} with {candles.volume[busiest]}, "
                    f"{candles.low[busiest]} to {candles.high[busiest]}"
                )
            # Not everything has to be written down: any other length is computed when it is asked for.
            hours = txn[Ticks].resample("ETHUSD", "1h", price=["mean", "std"])
            print(f"ETHUSD by the hour: {len(hours)} means, the first {hours.price_mean[0]:.2f}")
    return found


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ":memory:")
