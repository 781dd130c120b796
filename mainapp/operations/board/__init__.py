"""Measurements of all processes, shared through Redis."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mainapp.core.redis import client
from mainapp.operations.board.meter import (
    BOUNDS_S,
    HISTOGRAMS,
    REGISTRY,
    SUM,
    Meter,
    gauges_key,
    meter,
)
from mainapp.operations.board.totals import TOTALS, Series, read_totals

# Task header with the time of sending, from which the age of the oldest task is computed.
SENT_AT = "pregao_sent_at"

__all__ = [
    "BOUNDS_S",
    "HISTOGRAMS",
    "REGISTRY",
    "SENT_AT",
    "SUM",
    "TOTALS",
    "Meter",
    "Reading",
    "Series",
    "meter",
    "read_totals",
    "readings",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One process's gauges: its open sockets by kind, and values by name and labels.

    `version` is the version of its code, "" for a process of the previous release.
    """

    process: str
    role: str
    version: str
    sockets: Mapping[str, int]
    gauges: Mapping[Series, float]


def readings() -> list[Reading]:
    """Return the gauges of all running processes. Two round trips. Raises: redis.RedisError."""
    processes = REGISTRY.names(client())
    if not processes:
        return []
    texts: Any = client().mget([gauges_key(process) for process in processes])
    return [
        _parse(process, json.loads(text))
        for process, text in zip(processes, texts, strict=True)
        if text
    ]


def _parse(process: str, row: Any) -> Reading:
    gauges = {tuple(series): value for *series, value in row.get("gauges", ())}
    # A process of the previous release sends neither role nor version.
    return Reading(
        process=process,
        role=row.get("role", "web"),
        version=row.get("version", ""),
        sockets=row["sockets"],
        gauges=gauges,
    )
