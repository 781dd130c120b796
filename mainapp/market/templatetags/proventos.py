"""Corporate events in words: `{{ event|event_name }}`."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _

from mainapp.core.templatetags.formats import SPACE, full_day, number
from mainapp.market.models import CorporateEvent
from mainapp.market.selectors.source_words import source_label
from mainapp.market.templatetags.sectors import ratio

register = template.Library()
MIN_PLACES, MAX_PLACES = 2, 8


@register.filter
def event_name(event: CorporateEvent) -> str:
    """Return the kind of an event, with the usual short form of interest on capital."""
    return _("JCP") if event.kind == event.Kind.INTEREST else event.get_kind_display()


@register.filter
def per_share(amount: Decimal) -> str:
    """Turn 0.3342 into R$ 0,3342: with as many decimals as there are, from two to eight."""
    exponent = amount.normalize().as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else MIN_PLACES
    return f"R${SPACE}{number(amount, min(max(places, MIN_PLACES), MAX_PLACES))}"


@register.filter
def source_names(event: CorporateEvent) -> str:
    """Return the names of the sources that report an event."""
    return ", ".join(source_label(name) for name in event.sources.split())


@register.filter
def other_values(event: CorporateEvent) -> Sequence[str]:
    """Return what other sources say instead: Yahoo Finance: R$ 0,48."""
    others: Mapping[str, str] = event.others or {}
    show: Any = per_share if event.is_payment else ratio
    return [f"{source_label(name)}: {show(Decimal(value))}" for name, value in others.items()]


@register.filter
def former_values(event: CorporateEvent) -> str:
    """Return what a source has changed about an event; empty if nothing."""
    parts = [_former(name, value) for name, value in (event.former or {}).items()]
    if not any(parts) or event.changed_at is None:
        return ""
    values = {"day": full_day(event.changed_at), "what": ", ".join(filter(None, parts))}
    return _("alterado em %(day)s; antes: %(what)s") % values


def _former(name: str, value: str) -> str:
    if name == "kind":
        return str(dict(CorporateEvent.Kind.choices).get(value, ""))
    if name == "amount":
        return per_share(Decimal(value)) if value else ""
    if name == "ratio":
        return ratio(Decimal(value)) if value else _("sem proporção")
    if name == "ex_on":
        return _("data ex %(day)s") % {"day": full_day(date.fromisoformat(value))}
    if not value:
        return _("sem data de pagamento")
    return _("pagamento em %(day)s") % {"day": full_day(date.fromisoformat(value))}
