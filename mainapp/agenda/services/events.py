"""Creating, changing, cancelling and removing events."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended, is_staff_level
from mainapp.agenda.exceptions import EventClosed, EventGone, Invalid
from mainapp.agenda.models import Event
from mainapp.agenda.policies import FOLD, MAX_DURATION, MAX_SEATS, MAX_TAGS, NEW_EVENTS
from mainapp.agenda.selectors.access import may_manage, role_in
from mainapp.agenda.services.notices import notify_cancelled
from mainapp.agenda.services.seats import close_orders, locked_event, set_seats
from mainapp.agenda.sessions import FIRST_YEAR, LAST_YEAR, WALL, is_zone, moment_of
from mainapp.agenda.signals import agenda_changed
from mainapp.clubs.models import Club
from mainapp.clubs.services.words import check_club_text
from mainapp.core.exceptions import DomainError
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.core.models import Tag
from mainapp.core.names import is_plain_text, title
from mainapp.core.paths import absolute_url
from mainapp.market.symbols import fold

# The fields that a host fills in; `tags` are names, and `seats` is None without a limit.
FIELDS = (
    *("kind", "title", "description", "time_zone", "wall_start", "wall_end", "is_all_day"),
    *("place", "link", "price", "seats", "tags"),
)
MAX_LINK = 300
_check_link = URLValidator(schemes=["http", "https"])
# People with seats are notified if one of these fields changes.
NOTIFIED_FIELDS = ("wall_start", "wall_end", "time_zone", "is_all_day", "place", "link")


def create_event(
    *,
    host: User,
    club: Club | None = None,
    fields: Mapping[str, Any],
    at: datetime,
    import_key: str | None = None,
    is_counted: bool = True,
) -> Event:
    """Create an event of a club, as one of its managers, or a public one.

    Staff make any number of public events, others EVENTS_A_DAY. Raises: DomainError (`forbidden`,
    `invalid`), RateLimited, Suspended.
    """
    check_not_suspended(host, at=at)
    values = dict(fields)
    tags = values.pop("tags", ())
    event = Event(host=host, club=club, created_at=at, changed_at=at, import_key=import_key)
    _set_fields(event, values)
    if event.is_over(at):
        raise Invalid(_("O evento já terminou."), field="starts_at")
    check_club_text(club, *_texts(event, tags), field="title")
    with transaction.atomic():
        _check_may_create(host, club, at, is_counted=is_counted)
        event.uid = f"{uuid4().hex}@{urlsplit(absolute_url()).hostname or 'localhost'}"
        event.save()
        _set_tags(event, tags)
        agenda_changed.send(sender=Event, event=event)
    return event


def update_event(*, event_pk: int, actor: User, fields: Mapping[str, Any], at: datetime) -> Event:
    """Change the given fields of an event, as one of its managers.

    People with seats are notified of a new time or place, FOLD after the last change. Raises:
    EventGone, EventClosed, Invalid, Suspended.
    """
    check_not_suspended(actor, at=at)
    values = dict(fields)
    tags = values.pop("tags", None)
    with transaction.atomic():
        event = _managed(event_pk, actor)
        if event.is_cancelled:
            raise EventClosed(_("Este evento foi cancelado."))
        before = notified_values(event)
        new_seats = values.pop("seats", event.seats)
        _check_number(new_seats)
        _set_fields(event, values)
        check_club_text(event.club, *_texts(event, tags or ()), field="title")
        if notified_values(event) != before:
            event.told = event.told or before
            event.notice_due_at = max(at, min(at + FOLD, event.starts_at - timedelta(hours=2)))
        event.sequence, event.changed_at = event.sequence + 1, at
        event.save()
        if new_seats != event.seats:
            set_seats(event=event, seats=new_seats, at=at)
        if tags is not None:
            _set_tags(event, tags)
        agenda_changed.send(sender=Event, event=event)
    return event


def cancel_event(*, event_pk: int, actor: User, at: datetime) -> Event:
    """Cancel an event and all of its orders, and notify their users. Safe to repeat.

    Raises: EventGone, EventClosed, Suspended.
    """
    check_not_suspended(actor, at=at)
    with transaction.atomic():
        event = _managed(event_pk, actor)
        if event.is_cancelled:
            return event
        if event.is_over(at):
            raise EventClosed(_("O evento já terminou."))
        _end(event, Event.State.CANCELLED, at)
    return event


def remove_event(pk: int, _actor: User, at: datetime) -> None:
    """Remove an event, as a moderator: nobody sees it any more. Safe to repeat."""
    with transaction.atomic():
        try:
            event = locked_event(pk)
        except EventGone:
            return
        _end(event, Event.State.REMOVED, at)


def is_link(text: str) -> bool:
    """Return whether a text is a web address that an event can have."""
    try:
        _check_link(text)
    except ValidationError:
        return False
    return len(text) <= MAX_LINK


def apply_zone_rules(*, at: datetime) -> int:
    """Move future events whose wall time is at another moment by new rules of their zone."""
    count = 0
    for event in Event.objects.filter(starts_at__gt=at, state=Event.State.ACTIVE):
        before = (event.starts_at, event.ends_at)
        _set_moments(event)
        if (event.starts_at, event.ends_at) != before:
            event.sequence, event.changed_at = event.sequence + 1, at
            event.save(update_fields=["starts_at", "ends_at", "sequence", "changed_at"])
            count += 1
    return count


def _end(event: Event, state: str, at: datetime) -> None:
    event.state, event.cancelled_at, event.changed_at = state, at, at
    event.sequence, event.notice_due_at = event.sequence + 1, None
    event.announced_at = event.announced_at or at
    event.save()
    orders = close_orders(event=event, at=at)
    if state == Event.State.CANCELLED:
        notify_cancelled(orders=orders, event=event, at=at)
    agenda_changed.send(sender=Event, event=event)


def _managed(pk: int, actor: User) -> Event:
    """Lock an event that `actor` may change. Raises: EventGone."""
    event = locked_event(pk)
    if not may_manage(actor, event):
        raise EventGone
    return event


def _check_may_create(host: User, club: Club | None, at: datetime, *, is_counted: bool) -> None:
    if club is not None:
        if role_in(host, club.pk) in ("", "member"):
            raise DomainError("forbidden", _("Só quem gere o clube cria eventos nele."))
    elif is_counted and not is_staff_level(host):
        check_and_increment_quota(host, NEW_EVENTS, at=at)


def _texts(event: Event, tags: Sequence[str]) -> Sequence[str]:
    return (event.title, event.description, event.place, *tags)


def notified_values(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in NOTIFIED_FIELDS}


def _set_fields(event: Event, values: Mapping[str, Any]) -> None:
    """Set and check the fields of an event. Raises: Invalid."""
    for name, value in values.items():
        setattr(event, name, value)
    _check_texts(event)
    if not is_zone(event.time_zone):
        raise Invalid(_("Este fuso horário não existe."), field="time_zone")
    _check_number(event.seats)
    _check_wall(event.wall_start, "starts_at")
    if event.wall_end:
        _check_wall(event.wall_end, "ends_at")
    if event.is_all_day:
        event.wall_start = f"{event.wall_start[:10]}T00:00"
        event.wall_end = f"{event.wall_end[:10]}T00:00" if event.wall_end else ""
    _set_moments(event)
    if event.ends_at and not timedelta(0) < event.ends_at - event.starts_at <= MAX_DURATION:
        raise Invalid(_("O fim deve vir depois do início, em até 31 dias."), field="ends_at")
    event.search_text = fold(f"{event.title} {event.description} {event.place}")


def _check_texts(event: Event) -> None:
    event.title = " ".join(event.title.split())
    if not event.title:
        raise Invalid(_("Escreva um título."), field="title")
    for name in ("title", "description", "place"):
        if not is_plain_text(getattr(event, name)):
            raise Invalid(_("Há um caractere que não se pode mostrar."), field=name)
    if event.link and not is_link(event.link):
        raise Invalid(_("Use um endereço que comece com https://."), field="link")


def _set_moments(event: Event) -> None:
    event.starts_at = moment_of(event.wall_start, event.time_zone)
    event.ends_at = moment_of(event.wall_end, event.time_zone) if event.wall_end else None


def _check_wall(text: str, field: str) -> None:
    try:
        year = datetime.strptime(text, WALL).year  # noqa: DTZ007 - a wall time has no zone
    except ValueError:
        raise Invalid(_("Esta data não existe."), field=field) from None
    if not FIRST_YEAR <= year < LAST_YEAR:
        raise Invalid(_("Esta data não existe."), field=field)


def _check_number(seats: int | None) -> None:
    if seats is not None and not 1 <= seats <= MAX_SEATS:
        raise Invalid(_("Confira o número de vagas."), field="seats")


def _set_tags(event: Event, names: Sequence[str]) -> None:
    """Set the tags; names that differ in case or accents only are one tag. Raises: Invalid."""
    by_key = {key: name[:30] for name in map(title, names) if (key := fold(name)[:30])}
    if len(by_key) > MAX_TAGS:
        raise Invalid(_("Use no máximo 8 etiquetas."), field="tags")
    Tag.objects.bulk_create(
        [Tag(name=name, key=key) for key, name in by_key.items()], ignore_conflicts=True
    )
    event.tags.set(Tag.objects.filter(key__in=by_key))
