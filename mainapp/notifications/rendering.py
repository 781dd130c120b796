"""Appearance of notifications by kind, registered by the features that write them."""

from collections.abc import Callable
from dataclasses import dataclass


def _no_symbol(url: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An icon of the sprite, its tone (`accent`, `amber` or `down`), and the stock of its link.

    A notification about a stock has the stock's mark beside its icon.
    """

    icon: str = "bell"
    tone: str = "accent"
    symbol_of: Callable[[str], str] = _no_symbol


_looks: dict[str, Look] = {
    "platform": Look(icon="megaphone"),
    "delivery_failed": Look(icon="alert", tone="down"),
}
_default = Look()


def register_look(kind: str, look: Look) -> None:
    """Register the appearance of one kind of notification. Safe to repeat."""
    _looks[kind] = look


def look_of(kind: str) -> Look:
    return _looks.get(kind, _default)
