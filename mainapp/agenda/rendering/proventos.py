"""The days of a stock's corporate events, in the shape of an event of the agenda without seats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from mainapp.agenda.sessions import SAO_PAULO
from mainapp.market.templatetags.proventos import per_share, source_names
from mainapp.market.templatetags.sectors import ratio

Moment = Literal["ex", "pay"]


class NoTags:
    """The tags of an entry: none."""

    def all(self) -> Sequence[Any]:
        return ()


@dataclass(frozen=True, slots=True)
class Entry:
    """The ex-date or the payday of a corporate event, `event`, of a stock."""

    event: Any
    day: date
    moment: Moment

    # What rows of the agenda have too.
    is_entry = True
    is_all_day = True
    kind = "proventos"
    place = link = own_state = wall_end = ""
    time_zone = SAO_PAULO
    club = free_seats = seats = ends_at = None
    price = Decimal(0)
    tags = NoTags()

    @property
    def title(self) -> str:
        words = _pay_title() if self.moment == "pay" else _ex_title(self.event)
        title = words % {"symbol": self.event.stock.symbol, "kind": kind_name(self.event)}
        return _("%(title)s (simulado)") % {"title": title} if self.event.simulated else title

    @property
    def amount(self) -> str:
        """The amount or the ratio, as a text."""
        if self.event.amount is not None:
            return per_share(self.event.amount)
        return ratio(self.event.ratio) if self.event.ratio is not None else ""

    @property
    def description(self) -> str:
        parts = [self.event.stock.name]
        if self.event.amount is not None:
            parts.append(_("%(amount)s por ação") % {"amount": self.amount})
        elif self.amount:
            parts.append(_("proporção: %(ratio)s") % {"ratio": self.amount})
        if self.is_announced:
            parts.append(_("anunciado, ainda sem confirmação"))
        source = source_names(self.event) if self.event.is_reported else self.event.source
        parts.append(_("fonte: %(source)s") % {"source": source})
        return " · ".join(parts)

    @property
    def is_announced(self) -> bool:
        return bool(self.event.status == "announced")

    @property
    def is_cancelled(self) -> bool:
        return self.event.withdrawn_at is not None

    @property
    def calendar_status(self) -> str:
        if self.is_cancelled:
            return "CANCELLED"
        return "TENTATIVE" if self.is_announced else "CONFIRMED"

    @property
    def wall_start(self) -> str:
        return f"{self.day.isoformat()}T00:00"

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.day, time(), ZoneInfo(SAO_PAULO))

    @property
    def created_at(self) -> datetime:
        moment: datetime = self.event.touched_at
        return moment

    @property
    def changed_at(self) -> datetime:
        return self.created_at

    @property
    def sequence(self) -> int:
        number: int = self.event.revision
        return number

    @property
    def uid(self) -> str:
        return f"corporate-event-{self.event.pk}-{self.moment}@pregao"

    def get_kind_display(self) -> str:
        return _("Proventos")

    def get_absolute_url(self) -> str:
        return f"{reverse('paper', args=[self.event.stock.symbol])}#proventos"


def entries_of(event: Any) -> Iterator[Entry]:
    """Yield the days of an event: its ex-date, and its payday if it is a payment."""
    if event.ex_on:
        yield Entry(event, event.ex_on, "ex")
    if event.pay_on and event.is_payment:
        yield Entry(event, event.pay_on, "pay")


def kind_name(event: Any) -> str:
    """Return the kind of an event within a sentence."""
    if event.kind == "interest":
        return _("JCP")
    name: str = event.get_kind_display()
    return name[:1].lower() + name[1:]


def _ex_title(event: Any) -> str:
    if event.is_payment:
        return _("%(symbol)s: data ex de %(kind)s")
    return _("%(symbol)s: %(kind)s")


def _pay_title() -> str:
    return _("%(symbol)s: pagamento de %(kind)s")
