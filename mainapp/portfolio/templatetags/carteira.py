"""A portfolio's figures as its page writes them; portfolio/table.js does the same."""

from collections.abc import Container, Iterable
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from mainapp.core.templatetags import formats
from mainapp.portfolio.allocation import ResultBar, ShareBar
from mainapp.portfolio.valuation import ValuedRow

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


@register.filter
def big_brl(value: Any) -> SafeString | str:
    """Turn 1234.5 into R$ 1.234,50 with its unit and its cents in `small`."""
    text = formats.brl(value)
    unit, space, digits = text.partition(formats.SPACE)
    if not space:
        return text
    parts = (unit + space, digits[:-3], digits[-3:])
    return format_html("<small>{}</small>{}<small>{}</small>", *parts)


@register.filter
def any_late(rows: Iterable[ValuedRow], late_symbols: Container[str]) -> bool:
    """Return whether the last batch did not reach one of the rows: then their sum is late too."""
    return any(row.holding.symbol in late_symbols for row in rows)


BAR = (
    '<svg class="result-bar" data-bar="result" viewBox="0 0 1000 10" preserveAspectRatio="none"'
    ' aria-hidden="true" focusable="false"><rect class="bar-track" width="1000" height="10"></rect>'
    '<rect class="bar-fill" data-side="{}" x="{}" width="{}"'
    ' height="10"></rect><path class="bar-axis" d="M500 0V10"></path></svg>'
)


@register.simple_tag
def result_bar(bar: ResultBar | None) -> SafeString:
    """Draw a row's result as a bar from the middle. bars.js updates it."""
    start, width = (bar.start, bar.width) if bar else (500, 0)
    return format_html(BAR, "down" if start < 500 else "up", start, width)


SHARE_BAR = (
    '<svg class="share-bar" data-bar="share" viewBox="0 0 1000 10" preserveAspectRatio="none"'
    ' aria-hidden="true" focusable="false"><rect class="bar-track" width="1000" height="10"></rect>'
    '<rect class="bar-fill" width="{}" height="10"></rect><path class="bar-ideal" d="{}"></path>'
    "</svg>"
)


@register.simple_tag
def share_bar(bar: ShareBar | None) -> SafeString:
    """Draw a row's actual share as a bar, with a line at the ideal one. bars.js updates it."""
    ideal = "" if bar is None or bar.ideal is None else f"M{bar.ideal} 0V10"
    return format_html(SHARE_BAR, bar.actual if bar else 0, ideal)
