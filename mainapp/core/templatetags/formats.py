"""Numbers and times in the reader's locale, formatted as in static/mainapp/js/core/number.js."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mainapp.core.prices import LEAST_PLACES, MOST_PLACES, places_of

register = template.Library()

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
DAYS = {"pt-br": "d/m", "en": "j M"}
YEARS = {"pt-br": "d/m/Y", "en": "j M Y"}
SCALES = (
    (12, {"pt-br": "tri", "en": "T"}),
    (9, {"pt-br": "bi", "en": "B"}),
    (6, {"pt-br": "mi", "en": "M"}),
    (3, {"pt-br": "mil", "en": "K"}),
)


def rounded(value: Any, places: int) -> Decimal | None:
    """Return a Decimal, int or decimal string rounded half-up; None for anything else.

    Floats are refused, because they are never used for money.
    """
    if value is None or isinstance(value, bool | float):
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return None
    if not number.is_finite():
        return None
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _text(number: Decimal, places: int, *, signed: bool) -> tuple[str, str]:
    sign = MINUS if number < 0 else "+" if signed and number > 0 else ""
    return sign, formats.number_format(abs(number), places, force_grouping=True)


@register.filter
def number(value: Any, places: int = 2) -> str:
    """Turn 1234.5 into 1.234,50."""
    amount = rounded(value, places)
    return NOTHING if amount is None else "".join(_text(amount, places, signed=False))


@register.filter
def number_change(value: Any, places: int = 2) -> str:
    """Turn 1234.5 into +1.234,50."""
    amount = rounded(value, places)
    return NOTHING if amount is None else "".join(_text(amount, places, signed=True))


@register.filter
def price(value: Any, places: int = LEAST_PLACES) -> str:
    """Turn 1234.5 into 1.234,50 and 0.00012345 into 0,00012345: a price carries its places.

    `places` are those of the stock, for a column of the database, which has no zeros at its end.
    """
    return number(value, max(_places(value), places))


@register.filter
def price_change(value: Any) -> str:
    """Turn 0.00000012 into +0,00000012."""
    return number_change(value, _places(value))


@register.filter
def brl_price(value: Any, places: int = LEAST_PLACES) -> str:
    """Turn 0.00012345 into R$ 0,00012345; `places` as for `price`."""
    return _money(value, signed=False, places=max(_places(value), places))


def _places(value: Any) -> int:
    try:
        exact = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        return LEAST_PLACES
    return min(places_of(exact), MOST_PLACES)


@register.filter
def brl(value: Any) -> str:
    """Turn 1234.5 into R$ 1.234,50."""
    return _money(value, signed=False)


@register.filter
def brl_change(value: Any) -> str:
    """Turn 0.5 into +R$ 0,50."""
    return _money(value, signed=True)


def _money(value: Any, *, signed: bool, places: int = LEAST_PLACES) -> str:
    amount = rounded(value, places)
    if amount is None:
        return NOTHING
    sign, text = _text(amount, places, signed=signed)
    return f"{sign}R${SPACE}{text}"


@register.filter
def pct(value: Any) -> str:
    """Turn 1.234 into +1,23%."""
    amount = rounded(value, 2)
    return NOTHING if amount is None else "".join(_text(amount, 2, signed=True)) + "%"


@register.filter
def percentage(value: Any) -> str:
    """Turn 1.234 into 1,23%: a part of a whole, without the sign of a change."""
    amount = rounded(value, 2)
    return NOTHING if amount is None else "".join(_text(amount, 2, signed=False)) + "%"


@register.filter
def small_cents(text: str) -> SafeString:
    """Turn the text 1.234,50 into 1.234<small>,50</small>, as large figures show it."""
    whole, sign, cents = text.rpartition(formats.get_format("DECIMAL_SEPARATOR"))
    if not whole:
        return format_html("{}", text)
    return format_html("{}<small>{}{}</small>", whole, sign, cents)


@register.filter
def compact(value: Any) -> str:
    """Turn 1234567 into 1,2 mi."""
    whole = rounded(value, 0)
    if whole is None:
        return NOTHING
    for power, names in SCALES:
        # Rounding counts: 999.950 is "1,0 mi", not "1.000,0 mil".
        if abs(whole) * 20 >= 20 * 10**power - 10 ** (power - 3):
            scaled = rounded(whole.scaleb(-power), 1) or whole
            sign, text = _text(scaled, 1, signed=False)
            return f"{sign}{text}{SPACE}{names.get(get_language() or '', names['pt-br'])}"
    return "".join(_text(whole, 0, signed=False))


@register.filter
def direction(value: Any) -> str:
    """Return the CSS class of a change: up, down or flat."""
    amount = rounded(value, 2)
    return "flat" if not amount else "up" if amount > 0 else "down"


@register.filter
def price_direction(value: Any) -> str:
    """Return the CSS class of a change of a price, to its last place: up, down or flat."""
    amount = rounded(value, _places(value))
    return "flat" if not amount else "up" if amount > 0 else "down"


@register.filter
def day(moment: datetime | date | None) -> str:
    """Turn a day into 20/11, in English 20 Nov, as some English readers expect the month first."""
    return _day(moment, DAYS)


@register.filter
def full_day(moment: datetime | date | None) -> str:
    """Turn a day into 20/11/2026, in English 20 Nov 2026."""
    return _day(moment, YEARS)


@register.filter
def day_name(moment: date) -> str:
    """Turn a day of São Paulo into Hoje, Ontem, or 20/11/2026."""
    days = (timezone.localdate() - moment).days
    return {0: _("Hoje"), 1: _("Ontem")}.get(days) or full_day(moment)


def _day(moment: datetime | date | None, patterns: dict[str, str]) -> str:
    if moment is None:
        return NOTHING
    if isinstance(moment, datetime):
        moment = timezone.localtime(moment)
    return formats.date_format(moment, patterns.get(get_language() or "", patterns["pt-br"]))


@register.filter
def age(moment: datetime | None) -> str:
    """Turn an aware time into its age: há 5 s, há 3 min, há 2 h, há 4 d."""
    if moment is None:
        return NOTHING
    seconds = max(0, int((timezone.now() - moment).total_seconds()))
    if seconds < 60:
        return _("há %s s") % seconds
    if seconds < 3600:
        return _("há %s min") % (seconds // 60)
    if seconds < 86400:
        return _("há %s h") % (seconds // 3600)
    return _("há %s d") % (seconds // 86400)


@register.filter
def moment(time: datetime | None) -> str:
    """Turn an aware time into 14:05 (of today), ontem, 20/11, or 20/11/2025 (of another year)."""
    if time is None:
        return NOTHING
    local, today = timezone.localtime(time), timezone.localdate()
    days = (today - local.date()).days
    if days <= 0:
        return formats.date_format(local, "H:i")
    if days == 1:
        return _("ontem")
    return day(local) if local.year == today.year else full_day(local)


@register.filter
def next_moment(time: datetime) -> str:
    """Format a future aware time as "às 14:05" (today) or "em 20/11, às 14:05"."""
    local = timezone.localtime(time)
    clock = formats.date_format(local, "H:i")
    if local.date() == timezone.localdate():
        return _("às %(time)s") % {"time": clock}
    return _("em %(day)s, às %(time)s") % {"day": day(local), "time": clock}


@register.filter
def duration(seconds: float | None) -> str:
    """Turn seconds into 8 s, 15 min or 2 h; None into a dash."""
    if seconds is None:
        return NOTHING
    if seconds < 120:
        return f"{number(round(seconds), 0)} s"
    if seconds < 7200:
        return f"{number(round(seconds / 60), 0)} min"
    return f"{number(round(seconds / 3600), 0)} h"
