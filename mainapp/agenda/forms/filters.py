"""Filters of events, for the page, the files and the API."""

from datetime import date, datetime, timedelta
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from mainapp.agenda.models import Event
from mainapp.agenda.policies import MAX_PRICE, MAX_TAGS
from mainapp.agenda.sessions import parse_time, start_of, zone
from mainapp.core.forms import NumberFilter
from mainapp.market.symbols import fold

MAX_WORDS = 60
DAY_LETTERS = len("2026-03-10")
ORDERINGS = (
    ("starts_at", _("Data")),
    ("-starts_at", _("Mais distantes primeiro")),
    ("price", _("Menor preço")),
    ("-price", _("Maior preço")),
    ("-created_at", _("Novos primeiro")),
    ("created_at", _("Antigos primeiro")),
    ("title", _("Título")),
    ("-title", _("Título, de Z a A")),
)
ALIASES = {"title": "q", "start_date_from": "start_from", "start_date_to": "start_to"}


# Names of the same orders in the APIs of other services.
ORDER_ALIASES = {"start_date": "starts_at", "-start_date": "-starts_at"}


class MomentField(forms.CharField):
    """A day or an ISO time; times without a zone are in the reader's."""

    def clean(self, value: Any) -> date | datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            moment = parse_time(text)
        except ValueError:
            raise ValidationError(_("Escreva uma data como 2026-03-10."), code="invalid") from None
        return moment.date() if len(text) == DAY_LETTERS else moment


class MomentFilter(django_filters.Filter):  # type: ignore[misc] # without types
    field_class = MomentField


class EventFilter(django_filters.FilterSet):  # type: ignore[misc] # without types
    """The filters of events; all of them combine. `zone_name` is the reader's."""

    q = django_filters.CharFilter(method="by_words", max_length=MAX_WORDS, label=_("Palavras"))
    kind = django_filters.MultipleChoiceFilter(choices=Event.Kind.choices, label=_("Tipo"))
    tags = django_filters.CharFilter(method="by_tags", max_length=200, label=_("Etiquetas"))
    is_free = django_filters.BooleanFilter(method="by_free", label=_("Grátis"))
    price_min = NumberFilter("price", "gte", min_value=0, max_value=MAX_PRICE)
    price_max = NumberFilter("price", "lte", min_value=0, max_value=MAX_PRICE)
    start_from = MomentFilter(method="by_start", max_length=40, label=_("De"))
    start_to = MomentFilter(method="by_end", max_length=40, label=_("Até"))
    ordering = django_filters.ChoiceFilter(
        method="in_order", choices=ORDERINGS, label=_("Ordem"), empty_label=None
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def __init__(self, data: Any, *, queryset: QuerySet[Event], zone_name: str) -> None:
        super().__init__(_with_own_names(data), queryset=queryset)
        self.zone_name = zone_name

    @property
    def qs(self) -> QuerySet[Event]:
        rows: QuerySet[Event] = super().qs
        return rows if rows.query.order_by else rows.order_by("starts_at", "pk")

    def by_words(self, rows: QuerySet[Event], _name: str, text: str) -> QuerySet[Event]:
        for word in fold(text).split():
            rows = rows.filter(search_text__contains=word)
        return rows

    def by_tags(self, rows: QuerySet[Event], _name: str, text: str) -> QuerySet[Event]:
        """Filter by any of several tags, by their ids or names."""
        parts = [part.strip() for part in text.split(",") if part.strip()][:MAX_TAGS]
        ids = [int(part) for part in parts if part.isdecimal() and len(part) < 10]
        condition = Q(tags__pk__in=ids) | Q(tags__key__in=[fold(part) for part in parts])
        return rows.filter(pk__in=Event.objects.filter(condition).values("pk")) if parts else rows

    def by_free(self, rows: QuerySet[Event], _name: str, is_free: bool) -> QuerySet[Event]:
        return rows.filter(price=0) if is_free else rows.exclude(price=0)

    def by_start(self, rows: QuerySet[Event], _name: str, day: Any) -> QuerySet[Event]:
        return rows.filter(starts_at__gte=self._moment(day))

    def by_end(self, rows: QuerySet[Event], _name: str, day: Any) -> QuerySet[Event]:
        """Filter by the latest start; the whole of a day counts."""
        if isinstance(day, datetime):
            return rows.filter(starts_at__lte=self._moment(day))
        return rows.filter(starts_at__lt=start_of(day + timedelta(days=1), self.zone_name))

    def in_order(self, rows: QuerySet[Event], _name: str, order: str) -> QuerySet[Event]:
        return rows.order_by(order, "pk")

    def _moment(self, day: date | datetime) -> datetime:
        if not isinstance(day, datetime):
            return start_of(day, self.zone_name)
        return day if day.tzinfo else day.replace(tzinfo=zone(self.zone_name))


def _with_own_names(data: Any) -> Any:
    """Replace the field names of other services by ours."""
    named = data.copy()
    for theirs, ours in ALIASES.items():
        if named.get(theirs) and not named.get(ours):
            named.setlist(ours, named.getlist(theirs))
    order = named.get("ordering")
    if order in ORDER_ALIASES:
        named["ordering"] = ORDER_ALIASES[order]
    return named
