"""Events and orders."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from mainapp.agenda.models import Event, Order
from mainapp.agenda.policies import MAX_PRICE, MAX_SEATS, MAX_SEATS_A_PERSON, MAX_TAGS
from mainapp.agenda.sessions import SAO_PAULO, WALL, is_zone, parse_time, zone
from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Money, ShortList, Strict, TagData
from mainapp.api.serializers.forum import Person
from mainapp.core.models import Tag
from mainapp.core.names import is_plain_text
from mainapp.core.paths import MAX_KEY
from mainapp.forum.selectors.messages import person_of


class EventQuery(serializers.Serializer):
    """Filters of events, which combine; see also `ordering`. Days are in the user's time zone."""

    q = serializers.CharField(max_length=60, required=False)
    title = serializers.CharField(max_length=60, required=False)
    kind = serializers.ChoiceField(choices=Event.Kind.choices, required=False)
    tags = serializers.CharField(max_length=200, required=False)
    is_free = serializers.BooleanField(required=False)
    price_min = Money(required=False)
    price_max = Money(required=False)
    start_from = serializers.CharField(max_length=40, required=False)
    start_to = serializers.CharField(max_length=40, required=False)
    start_date_from = serializers.CharField(max_length=40, required=False)
    club = serializers.CharField(max_length=60, required=False)
    ordering = serializers.ChoiceField(
        choices=[
            *("starts_at", "-starts_at", "price", "-price", "created_at", "-created_at"),
            *("title", "-title", "start_date", "-start_date"),
        ],
        required=False,
    )


class WallTime(serializers.CharField):
    """A wall time in the event's zone, such as `2026-03-10T19:00`; or a time with an offset."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 40} | options)

    def to_internal_value(self, data: Any) -> Any:
        text: str = super().to_internal_value(data)
        try:
            parse_time(text)
        except ValueError:
            raise serializers.ValidationError(_("Esta data não existe.")) from None
        return text


class PlainText(serializers.CharField):
    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data).replace("\r\n", "\n")
        if not is_plain_text(text):
            raise serializers.ValidationError(_("Há um caractere que não se pode mostrar."))
        return text


class EventInput(Strict):
    """An event. Times without an offset are wall times in `time_zone`, which is what holds.

    `seats` null is no limit; `tags` are names, or ids of known tags; `club` is the slug of a club
    that the user manages, and without one the event is public. Of whole days (`is_all_day`),
    `ends_at` is the day after the last one.
    """

    kind = serializers.ChoiceField(choices=Event.Kind.choices, default=Event.Kind.MEETING)
    title = PlainText(max_length=120)
    description = PlainText(max_length=4000, required=False, allow_blank=True)
    starts_at = WallTime()
    ends_at = WallTime(required=False, allow_null=True)
    time_zone = serializers.CharField(max_length=40, default=SAO_PAULO)
    is_all_day = serializers.BooleanField(required=False)
    place = PlainText(max_length=200, required=False, allow_blank=True)
    link = serializers.URLField(max_length=300, required=False, allow_blank=True)
    price = Money(max_digits=10, min_value=Decimal(0), max_value=Decimal(MAX_PRICE), required=False)
    seats = serializers.IntegerField(
        min_value=1, max_value=MAX_SEATS, required=False, allow_null=True
    )
    tags = ShortList(
        child=serializers.CharField(max_length=30), max_length=MAX_TAGS, required=False
    )
    club = serializers.CharField(max_length=60, required=False, allow_null=True)

    def current_values(self) -> Mapping[str, Any]:
        return event_data(self.instance) if self.instance else {}

    def validate_link(self, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise serializers.ValidationError(_("Use um endereço que comece com https://."))
        return value

    def validate_time_zone(self, value: str) -> str:
        if not is_zone(value):
            raise serializers.ValidationError(_("Este fuso horário não existe."))
        return value

    def validate_tags(self, value: list[str]) -> list[str]:
        """Replace ids of known tags by their names."""
        ids = [int(tag) for tag in value if tag.isdecimal() and len(tag) < 10]
        known = {str(tag.pk): tag.name for tag in Tag.objects.filter(pk__in=ids)} if ids else {}
        return [known.get(tag, tag) for tag in value]

    def fields_of_event(self) -> dict[str, Any]:
        """Return the validated fields in the form of the services, without the club."""
        values = dict(self.validated_data)
        values.pop("club", None)
        zone_name = values.get("time_zone") or getattr(self.instance, "time_zone", SAO_PAULO)
        for name, wall in (("starts_at", "wall_start"), ("ends_at", "wall_end")):
            if name in values:
                values[wall] = _wall(values.pop(name), zone_name)
        return values


class CourseInput(EventInput):
    """A course: an event whose `kind` is `course`."""

    kind = serializers.ChoiceField(choices=[Event.Kind.COURSE], default=Event.Kind.COURSE)


class EventData(serializers.Serializer):
    """An event. `taken` are the seats of confirmed orders, `free_seats` is null without a limit.

    `order_state` is that of the user's open order, null without one. `wall_start` and `wall_end`
    are the times at the place of the event.
    """

    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    starts_at = Moment()
    ends_at = Moment(allow_null=True)
    wall_start = serializers.CharField()
    wall_end = serializers.CharField()
    time_zone = serializers.CharField()
    is_all_day = serializers.BooleanField()
    place = serializers.CharField()
    link = serializers.CharField()
    host = Person(source="host_data", allow_null=True)
    club = serializers.CharField(source="club.slug", allow_null=True, default=None)
    tags = TagData(many=True)
    price = Money()
    is_free = serializers.BooleanField()
    seats = serializers.IntegerField(allow_null=True)
    taken = serializers.IntegerField()
    free_seats = serializers.IntegerField(allow_null=True)
    state = serializers.CharField()
    order_state = serializers.CharField(source="own_state", allow_null=True)
    created_at = Moment()
    changed_at = Moment()


class EnrolInput(Strict):
    """Seats to order; with `wait` a place on the waiting list if they are not left."""

    seats = serializers.IntegerField(min_value=1, max_value=MAX_SEATS_A_PERSON, default=1)
    wait = serializers.BooleanField(default=False)


class OrderInput(Strict):
    """Seats of the event `product_id`."""

    product_id = serializers.IntegerField(min_value=1, max_value=MAX_KEY)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_SEATS_A_PERSON, default=1)
    wait = serializers.BooleanField(default=False)


class PaidInput(Strict):
    paid = serializers.BooleanField()


class OrderData(serializers.Serializer):
    """Seats of an event; `price` is that of one seat. `product_id` and `quantity` are synonyms."""

    id = serializers.IntegerField()
    event = serializers.IntegerField(source="event_id")
    product_id = serializers.IntegerField(source="event_id")
    title = serializers.CharField(source="event.title")
    user = serializers.IntegerField(source="user_id")
    seats = serializers.IntegerField()
    quantity = serializers.IntegerField(source="seats")
    state = serializers.CharField()
    price = Money()
    total = Money()
    paid = serializers.BooleanField(source="is_paid")
    created_at = Moment(source="queued_at")
    confirmed_at = Moment(allow_null=True)
    closed_at = Moment(allow_null=True)


def event_data(event: Any) -> Any:
    event.host_data = person_of(event.host) if event.host else None
    if not hasattr(event, "own_state"):
        event.own_state = None
    return EventData(event).data


def order_data(order: Order) -> Any:
    return OrderData(order).data


def _wall(text: str | None, zone_name: Any) -> str:
    if text is None:
        return ""
    moment = parse_time(text)
    return (moment.astimezone(zone(zone_name)) if moment.tzinfo else moment).strftime(WALL)
