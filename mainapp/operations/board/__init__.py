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

# The header of a task with the time at which it was sent, for the age of the oldest one.
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
    """One running process's gauges: its open sockets by kind, and values by name and labels.

    `version` is that of its code, "" for a process of the last version.
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
    # A process of the last version has neither role nor version.
    return Reading(
        process=process,
        role=row.get("role", "web"),
        version=row.get("version", ""),
        sockets=row["sockets"],
        gauges=gauges,
    )
