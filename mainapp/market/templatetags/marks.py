"""Marks of papers: `{% mark "PETR4" %}`, `{% mark stock.symbol "l" stock.country %}`.

Sizes are s, m and l.
"""

from typing import Any

from django import template

from mainapp.market.marks import hue_of, logo_url, monogram
from mainapp.market.names import COUNTRIES

register = template.Library()


@register.inclusion_tag("mainapp/parts/mark.html")
def mark(symbol: str, size: str = "m", country: str = "") -> dict[str, Any]:
    """Render a paper's logo or monogram, with the flag of a code of COUNTRIES.

    Hidden from screen readers: the paper's code is next to it.
    """
    return {
        "size": size,
        "monogram": monogram(symbol),
        "hue": hue_of(symbol),
        "logo_url": logo_url(symbol),
        "country": country if country in COUNTRIES else "",
    }
