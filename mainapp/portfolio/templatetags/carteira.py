"""A portfolio's figures as its page writes them; portfolio/table.js does the same."""

from decimal import Decimal
from typing import Any

from django import template

from mainapp.core.templatetags import formats

register = template.Library()


@register.filter
def share(value: Any) -> str:
    """Turn 12.345 into 12,35%."""
    return f"{text}%" if (text := formats.number(value)) != formats.NOTHING else text


@register.filter
def change(value: Any) -> str:
    """Turn 1234.5 into +1.234,50."""
    return formats.brl_change(value).replace(f"R${formats.SPACE}", "")


@register.filter
def exact(value: Decimal | None, least: int = 0) -> str:
    """Turn 12.34500000 into 12,345: no trailing zeros beyond `least` decimal places."""
    if value is None:
        return formats.NOTHING
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # a letter for NaN and infinities only
    return formats.number(value, max(least, -exponent))
