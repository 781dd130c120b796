"""Appearance of notifications by kind, registered by the features that write them."""

from collections.abc import Callable
from dataclasses import dataclass


def _no_symbol(url: str) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """An icon of the sprite, its tone (`accent`, `amber` or `down`), and the stock of its link.

    A notification about a stock has the stock's mark beside its icon.
    """

    icon: str = "bell"
    tone: str = "accent"
    symbol_of: Callable[[str], str] = _no_symbol


_appearances: dict[str, Appearance] = {
    "platform": Appearance(icon="megaphone"),
    "delivery_failed": Appearance(icon="alert", tone="down"),
}
_default = Appearance()


def register_appearance(kind: str, appearance: Appearance) -> None:
    """Register the appearance of one kind of notification. Safe to repeat."""
    _appearances[kind] = appearance


def appearance_of(kind: str) -> Appearance:
    return _appearances.get(kind, _default)
