"""Wording of alerts in the reader's language."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from math import ceil

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mainapp.alerts.conditions import SAO_PAULO, Kind
from mainapp.core.templatetags.formats import brl_price, number, pct
from mainapp.market.kinds import QuoteKind
from mainapp.market.quotes import Quote
from mainapp.market.symbols import INDEX, is_pair

FAR_PCT = 5  # of the price
FAR_POINTS = 2  # of a change of the day
STOCK_LINK = re.compile(r"(?:[?&]ticker=|/ativo/)([A-Z0-9]+)")


def limit_text(kind: str, limit: object, *, symbol: str) -> str:
    """Return a limit without a sign: `R$ 36,00`, `2,50%`, or `130.000,00 pontos` for the index."""
    if kind.endswith("pct"):
        return f"{number(limit)}%"
    if symbol == INDEX:
        return _("%(points)s pontos") % {"points": number(limit)}
    return brl_price(limit)


def condition_text(kind: str, limit: object, *, symbol: str) -> str:
    """Return one condition in the form that follows *quando*: `cair até R$ 36,00`."""
    words = {
        "compra": _("cair até %(limit)s"),
        "venda": _("subir até %(limit)s"),
        "change_up_pct": _("subir %(limit)s no dia"),
        "change_down_pct": _("cair %(limit)s no dia"),
    }
    return words[kind] % {"limit": limit_text(kind, limit, symbol=symbol)}


def limit_name(kind: str) -> str:
    """Return the name of a limit, as its field in the form has it: *Cair até*."""
    return {
        "compra": _("Cair até"),
        "venda": _("Subir até"),
        "change_up_pct": _("Alta do dia de"),
        "change_down_pct": _("Queda do dia de"),
    }[kind]


def firing_title(kind: str, *, symbol: str, price: object, change_pct: object) -> str:
    """Return the event: `PETR4 atingiu R$ 35,99`, or `PETR4 atingiu +3,10% no dia`."""
    if kind.endswith("pct"):
        return _("%(symbol)s atingiu %(change)s no dia") % {
            "symbol": symbol,
            "change": pct(change_pct),
        }
    price_text = limit_text("price", price, symbol=symbol)
    return _("%(symbol)s atingiu %(price)s") % {"symbol": symbol, "price": price_text}


def reached_text(
    kind: str, *, symbol: str, limit: object, price: object, change_pct: object
) -> str:
    """Return the limit of a firing as a sentence, with the other figure of that moment."""
    words = {
        "compra": _("O preço caiu até o seu limite de %(limit)s%(other)s."),
        "venda": _("O preço subiu até o seu limite de %(limit)s%(other)s."),
        "change_up_pct": _("A alta do dia chegou ao seu limite de %(limit)s%(other)s."),
        "change_down_pct": _("A queda do dia chegou ao seu limite de %(limit)s%(other)s."),
    }
    other = ""
    if kind.endswith("pct"):
        other = _(", com o preço em %(price)s") % {"price": limit_text("", price, symbol=symbol)}
    elif change_pct is not None:
        other = _(" (%(change)s no dia)") % {"change": pct(change_pct)}
    return words[kind] % {"limit": limit_text(kind, limit, symbol=symbol), "other": other}


def quote_text(when: str, *, source: str, delay_s: int, quote_kind: QuoteKind) -> str:
    """Return the time and the origin of a firing's quote as a sentence."""
    if quote_kind == "replay":
        return _("Cotação de %(when)s, de um pregão repetido: não é um preço de agora.") % {
            "when": when
        }
    if quote_kind == "simulated":
        return _("Cotação de %(when)s, do mercado simulado: não é um preço real.") % {"when": when}
    values = {"when": when, "source": source, "minutes": delay_s // 60}
    if not delay_s:
        return _("Cotação de %(when)s, da fonte %(source)s.") % values
    return _("Cotação de %(when)s, da fonte %(source)s, com atraso de %(minutes)s min.") % values


def symbol_in(url: str) -> str:
    """Return the stock in the link of an alert's notification; empty without one."""
    match = STOCK_LINK.search(url)
    return match[1] if match else ""


def period_text(minutes: int) -> str:
    """Return the monitoring period in words: `verificado a cada 5 minutos`."""
    if not minutes:
        return _("verificado a cada cotação")
    return ngettext(
        "verificado a cada %(minutes)s minuto", "verificado a cada %(minutes)s minutos", minutes
    ) % {"minutes": minutes}


def summary(
    *,
    symbol: str,
    limits: Mapping[Kind, Decimal],
    minutes: int,
    hold_minutes: int,
    is_every: bool,
    rearm_pct: Decimal,
    cooldown_minutes: int,
    expires_at: datetime,
) -> str:
    """Return one sentence that describes an alert with these terms."""
    conditions = [condition_text(kind, limit, symbol=symbol) for kind, limit in limits.items()]
    clauses = [
        _("Aviso quando %(symbol)s %(conditions)s")
        % {"symbol": symbol, "conditions": _(" ou ").join(conditions)}
    ]
    if hold_minutes:
        clauses.append(_held(hold_minutes, is_continuous=is_pair(symbol)))
    else:
        clauses.append(period_text(minutes))
    clauses.append(_recurring(rearm_pct, cooldown_minutes) if is_every else _("uma vez"))
    clauses.append(_("até %(moment)s") % {"moment": moment_text(expires_at)})
    return ", ".join(clauses) + "."


def moment_text(moment: datetime) -> str:
    """Return a moment in São Paulo time: `07/12/2026 23:59:59`."""
    local = moment.astimezone(SAO_PAULO)
    return f"{date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M:%S}"


def _held(minutes: int, *, is_continuous: bool) -> str:
    if is_continuous:  # no session ends
        return ngettext(
            "e lá ficar por %(minutes)s minuto sem interrupção",
            "e lá ficar por %(minutes)s minutos sem interrupção",
            minutes,
        ) % {"minutes": minutes}
    return ngettext(
        "e lá ficar por %(minutes)s minuto sem interrupção, no mesmo pregão",
        "e lá ficar por %(minutes)s minutos sem interrupção, no mesmo pregão",
        minutes,
    ) % {"minutes": minutes}


def _recurring(rearm_pct: Decimal, cooldown_minutes: int) -> str:
    text = _("toda vez que o preço tiver voltado %(band)s%% para dentro do limite") % {
        "band": number(rearm_pct)
    }
    if not cooldown_minutes:
        return text
    pause = ngettext(
        "com pelo menos %(minutes)s minuto entre duas notificações",
        "com pelo menos %(minutes)s minutos entre duas notificações",
        cooldown_minutes,
    ) % {"minutes": cooldown_minutes}
    return f"{text}, {pause}"


def distance_text(kind: str, limit: Decimal, quote: Quote | None) -> str:
    """Return the distance of a quote to a limit: `faltam R$ 1,24 (3,33%)`.

    The percentage is relative to the price; the day's change is given in percentage points. The
    live page renders the same text in its script.
    """
    if quote is None:
        return _("sem cotação")
    value = quote.change_pct if kind.endswith("pct") else quote.price
    if value is None:
        return _("sem fechamento anterior")
    far = _missing(kind, limit, value)
    words = _("faltam %(distance)s") if far > 0 else _("já passou %(distance)s")
    if not far:
        return _("no limite")
    if kind.endswith("pct"):
        return words % {"distance": _("%(points)s p.p.") % {"points": number(abs(far))}}
    share = abs(far) * 100 / value
    money = limit_text(kind, abs(far), symbol=quote.symbol)
    return words % {"distance": f"{money} ({number(share)}%)"}


def nearness(kind: str, limit: Decimal, quote: Quote | None) -> int | None:
    """Return how near a quote is to a limit: 100 at the limit or beyond, 0 far from it.

    A price is far if it is FAR_PCT of itself away from its limit, a change of the day if it is
    FAR_POINTS away. `nearness` in js/alerts/distance.js computes the same.
    """
    if quote is None:
        return None
    value = quote.change_pct if kind.endswith("pct") else quote.price
    if value is None:
        return None
    far = Decimal(FAR_POINTS) if kind.endswith("pct") else value * FAR_PCT / 100
    done = 100 - _missing(kind, limit, value) * 100 / far
    return ceil(min(max(done, Decimal(0)), Decimal(100)))


def gap_pct(kind: str, limit: Decimal, quote: Quote | None) -> Decimal | None:
    """Return the distance to a limit in percent of the price; negative beyond it."""
    if quote is None:
        return None
    if kind.endswith("pct"):
        return None if quote.change_pct is None else _missing(kind, limit, quote.change_pct)
    return _missing(kind, limit, quote.price) * 100 / quote.price


def _missing(kind: str, limit: Decimal, value: Decimal) -> Decimal:
    """Return the distance to a limit; negative beyond it."""
    if kind == "compra":
        return value - limit
    if kind == "change_down_pct":
        return limit + value
    return limit - value
