"""Pseudo-random numbers derived from a key, so that every process draws the same ones."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate, islice
from math import exp, log
from statistics import NormalDist

NORMAL = tuple(NormalDist().inv_cdf((i + 0.5) / 256) for i in range(256))
EXPONENTIAL = tuple(-log(1 - (i + 0.5) / 256) for i in range(256))


def octets(key: str, count: int) -> bytes:
    return hashlib.shake_128(key.encode()).digest(count)


def normals(key: str, count: int) -> list[float]:
    """Return `count` standard normal numbers (quantised to 256 values, at most ±2.9)."""
    return [NORMAL[octet] for octet in octets(key, count)]


def exponentials(key: str, count: int) -> list[float]:
    """Return `count` numbers from the exponential distribution with mean 1."""
    return [EXPONENTIAL[octet] for octet in octets(key, count)]


def uniform(key: str, low: float, high: float) -> float:
    """Return a number between `low` and `high`."""
    return low + (high - low) * int.from_bytes(octets(key, 4), "big") / 2**32


@lru_cache(maxsize=256)
def market_normals(key: str, count: int) -> tuple[float, ...]:
    """Return the steps of the market as a whole, which all stocks share."""
    return tuple(normals(f"{key}:market", count))


@lru_cache(maxsize=256)
def clusters(key: str, count: int) -> tuple[float, ...]:
    """Return factors around 1 with volatility clustering (the log is an AR(1) process)."""

    def follow(level: float, shock: float) -> float:
        return 0.9 * level + 0.18 * shock

    shocks = normals(f"{key}:clusters", count + 1)
    levels: Iterator[float] = accumulate(shocks[1:], follow, initial=0.4 * shocks[0])
    return tuple(exp(level) for level in islice(levels, count))


def correlated(
    shared: Iterable[float], own: Iterable[float], correlation: float, sizes: Iterable[float]
) -> list[float]:
    """Return steps of the given sizes, correlated with the shared steps."""
    own_weight = (1 - correlation * correlation) ** 0.5
    return [
        size * (correlation * shared_step + own_weight * own_step)
        for size, shared_step, own_step in zip(sizes, shared, own, strict=True)
    ]
