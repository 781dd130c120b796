"""Marks of papers: a monogram on a hue derived from the code, or the operator's logo."""

import os
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse

HUES = 24  # of css/parts/mark.css
CONTENT_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
MAX_BYTES = 256 * 1024  # of a logo, which is shown at 56 px at most; a larger one is not served


class Logo(NamedTuple):
    """A file of LOGOS_DIR, and the time of its last change."""

    path: Path
    version: int


def monogram(symbol: str) -> str:
    """Return the two letters of a paper's mark: PETR4 is PE."""
    return symbol[:2].upper()


def hue_of(symbol: str) -> int:
    """Return the number of a paper's hue. All papers of one company have the same.

    `js/market/mark.js` computes the same.
    """
    value = 0
    for letter in symbol[:4].upper():
        value = (value * 21 + ord(letter)) % 8191
    return value % HUES


def logo_url(symbol: str) -> str:
    """Return the URL of a paper's logo, with its version; empty without one."""
    logo = logo_of(symbol)
    return f"{reverse('logo', args=[symbol])}?{logo.version}" if logo else ""


def logo_of(symbol: str) -> Logo | None:
    """Return the logo of a code (PETR4.svg in LOGOS_DIR) or of its company (PETR.svg)."""
    files = _files()
    for name in (symbol.upper(), symbol[:4].upper()):
        if (path := files.get(name)) and (version := _version(path)) is not None:
            return Logo(path, version)
    return None


def _version(path: Path) -> int | None:
    """Return the time of a file's last change; None without a readable file, as for a bad link."""
    try:
        state = path.stat()
    except OSError:
        return None
    is_shown = S_ISREG(state.st_mode) and state.st_size <= MAX_BYTES and os.access(path, os.R_OK)
    return int(state.st_mtime) if is_shown else None


def _files() -> dict[str, Path]:
    """Return the logos by upper-case name; the folder is read again after it changed."""
    try:
        return _listed(settings.LOGOS_DIR, settings.LOGOS_DIR.stat().st_mtime_ns)
    except OSError:  # no folder, not a folder, or not ours to read: pages show monograms
        return {}


@lru_cache(maxsize=1)
def _listed(folder: Path, _changed_ns: int) -> dict[str, Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in CONTENT_TYPES)
    return {path.stem.upper(): path for path in files}
