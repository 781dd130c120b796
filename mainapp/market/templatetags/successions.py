"""Notes on pages about codes that no longer trade."""

from collections.abc import Iterable

from django import template

from mainapp.market.selectors import successions

register = template.Library()


@register.inclusion_tag("mainapp/market/_succession_notes.html")
def succession_notes(texts: str | Iterable[str] | None) -> dict[str, list[str]]:
    """Show a sentence for each code that no longer trades. Two queries at most."""
    codes = [texts] if isinstance(texts, str) else texts or []
    return {"notes": successions.succession_notes(code.strip() for code in codes)}
