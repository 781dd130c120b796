"""Marks of papers: `{% mark "PETR4" %}`, `{% mark stock.symbol "l" %}`; sizes are s, m and l."""

from typing import Any

from django import template

from mainapp.market.marks import colours_of, logo_url, monogram

register = template.Library()


@register.inclusion_tag("mainapp/parts/mark.html")
def mark(symbol: str, size: str = "m") -> dict[str, Any]:
    """Render a paper's logo or monogram; hidden from screen readers: its code is next to it."""
    first, second = colours_of(symbol)
    return {
        "size": size,
        "monogram": monogram(symbol),
        "first": first,
        "second": second,
        "logo_url": logo_url(symbol),
    }
