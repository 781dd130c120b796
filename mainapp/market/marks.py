"""Marks of papers: a monogram on a hue derived from the code, or the operator's logo."""

from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse

HUES = 24  # of css/parts/mark.css
CONTENT_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}


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
    path = logo_path(symbol)
    return f"{reverse('logo', args=[symbol])}?{int(path.stat().st_mtime)}" if path else ""


def logo_path(symbol: str) -> Path | None:
    """Return LOGOS_DIR's file for a code (PETR4.svg) or its company (PETR.svg)."""
    files = _files()
    return files.get(symbol.upper()) or files.get(symbol[:4].upper())


def _files() -> dict[str, Path]:
    """Return the logos by upper-case name; the folder is read again after it changed."""
    try:
        changed_ns = settings.LOGOS_DIR.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    return _listed(settings.LOGOS_DIR, changed_ns)


@lru_cache(maxsize=1)
def _listed(folder: Path, _changed_ns: int) -> dict[str, Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in CONTENT_TYPES)
    return {path.stem.upper(): path for path in files}
