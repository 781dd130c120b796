"""Events, the orders of their seats, sent reminders, and the private links of calendars."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mainapp.agenda.policies import MAX_PRICE, MAX_SEATS, MAX_SEATS_A_PERSON
from mainapp.clubs.models import ClubScoped, ClubScopedQuerySet
from mainapp.core.audit import Audited, AuditedModel, AuditedQuerySet
from mainapp.core.models import Tag


class EventQuerySet(ClubScopedQuerySet["Event"]):
    def visible_to(self, user: Any) -> "EventQuerySet":
        """Return the events that a user, possibly anonymous, may see, cancelled ones included."""
        visible: EventQuerySet = super().visible_to(user)  # type: ignore[assignment] # our own class
        return visible.exclude(state="removed")


class Event(ClubScoped, AuditedModel):
    """An event at a wall time of its place.

    `wall_start` and `wall_end`, such as `2026-03-10T19:00`, and `time_zone` decide; `starts_at` and
    `ends_at` are the same moments in UTC by the current rules of the zone. `wall_end` is exclusive,
    and empty for an event without an end. An all-day event is on the same days in every zone.

    `taken` counts the seats of confirmed orders. It changes in `services.seats` only, under a lock
    of this row.
    """

    audit = Audited(
        shown="kind host club state time_zone wall_start wall_end is_all_day seats",
        hidden="title description place link price",
        ignored="starts_at ends_at taken uid sequence changed_at created_at search_text import_key "
        "announced_at told notice_due_at cancelled_at",
        owner="host",
        hidden_links="tags",
    )

    class Kind(models.TextChoices):
        COURSE = "course", _("Curso")
        MEETING = "meeting", _("Encontro")
        ASSEMBLY = "assembly", _("Assembleia")
        RESULTS = "results", _("Resultados")
        PROVENTOS = "proventos", _("Proventos")

    class State(models.TextChoices):
        ACTIVE = "active", _("confirmado")
        CANCELLED = "cancelled", _("cancelado")
        REMOVED = "removed", _("removido")  # by a moderator: nobody sees it

    kind = models.CharField(_("tipo"), max_length=9, choices=Kind, default=Kind.MEETING)
    title = models.CharField(_("título"), max_length=120)
    description = models.TextField(_("descrição"), max_length=4000, blank=True)
    host = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="events"
    )
    time_zone = models.CharField(_("fuso horário"), max_length=40, default="America/Sao_Paulo")
    wall_start = models.CharField(max_length=16)
    wall_end = models.CharField(max_length=16, blank=True)
    is_all_day = models.BooleanField(_("dia inteiro"), default=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    place = models.CharField(_("lugar"), max_length=200, blank=True)
    link = models.URLField(_("link"), max_length=300, blank=True)
    price = models.DecimalField(
        _("preço"),
        max_digits=10,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(MAX_PRICE)],
    )
    seats = models.PositiveIntegerField(
        _("vagas"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)],
    )
    taken = models.PositiveIntegerField(default=0, editable=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="events")
    state = models.CharField(max_length=9, choices=State, default=State.ACTIVE)
    # For calendar files: a permanent identifier, and the number of changes.
    uid = models.CharField(max_length=255, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, editable=False)
    # A hash of an imported event, so that a second import of the file changes nothing. NULL for
    # other events, because a unique column allows any number of NULLs, but only one "".
    import_key = models.CharField(  # noqa: DJ001 - see above
        max_length=64, null=True, unique=True, editable=False
    )
    # Title, description and place without case and accents, for searches.
    search_text = models.TextField(editable=False, default="")
    # When the notifications of this new event were written; empty before.
    announced_at = models.DateTimeField(null=True, editable=False)
    # The time and place that people with seats were last notified of, and when to notify them of
    # the change. Both are empty if nothing has changed.
    told = models.JSONField(default=dict, editable=False)
    notice_due_at = models.DateTimeField(null=True, editable=False)

    objects = EventQuerySet.as_manager()  # type: ignore[misc] # as in User

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["club", "starts_at"], name="events_by_start"),
            models.Index(fields=["starts_at"], name="events_to_come"),
            models.Index(
                fields=["notice_due_at"],
                name="changed_events",
                condition=Q(notice_due_at__isnull=False),
            ),
            models.Index(
                fields=["created_at"], name="new_events", condition=Q(announced_at__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(seats__isnull=True) | Q(taken__lte=F("seats")),
                name="no_more_seats_than_there_are",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="no_negative_price"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="an_event_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"  # without the title, which may be a club's

    def get_absolute_url(self) -> str:
        return reverse("evento", args=[self.pk])

    @property
    def is_free(self) -> bool:
        return not self.price

    @property
    def is_cancelled(self) -> bool:
        return self.state == self.State.CANCELLED

    @property
    def calendar_status(self) -> str:
        return "CANCELLED" if self.is_cancelled else "CONFIRMED"

    @property
    def free_seats(self) -> int | None:
        """The seats that are left; None without a limit."""
        return None if self.seats is None else max(0, self.seats - self.taken)

    def has_begun(self, at: datetime) -> bool:
        return self.starts_at <= at

    def is_over(self, at: datetime) -> bool:
        return (self.ends_at or self.starts_at + timedelta(hours=1)) <= at


class OrderQuerySet(AuditedQuerySet["Order"]):
    def visible_to(self, user: Any) -> "OrderQuerySet":
        """Return a user's own orders, without those of events that the user may not see."""
        if user.pk is None:
            return self.none()
        seen = Event.objects.visible_to(user).filter(pk=OuterRef("event"))
        return self.filter(Exists(seen), user=user.pk)


class Order(AuditedModel):
    """Seats of an event for one person, or their place on the waiting list.

    A person has at most one open order of an event; closed ones stay. `price` is the price of one
    seat at the time of the order. The waiting list is in the order of `queued_at`.
    """

    audit = Audited(
        shown="event user seats state is_paid",
        hidden="price",
        ignored="queued_at confirmed_at closed_at",
        owner="user",
    )

    class State(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmada")
        WAITING = "waiting", _("na lista de espera")
        CANCELLED = "cancelled", _("cancelada")
        REFUNDED = "refunded", _("devolvida")

    OPEN = (State.CONFIRMED, State.WAITING)

    event = models.ForeignKey(Event, models.CASCADE, related_name="orders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="orders")
    seats = models.PositiveSmallIntegerField(
        _("vagas"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS_A_PERSON)],
    )
    state = models.CharField(max_length=9, choices=State)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    is_paid = models.BooleanField(_("pago"), default=False)
    queued_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = OrderQuerySet.as_manager()  # type: ignore[misc] # as in User

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "user"],
                condition=Q(state__in=["confirmed", "waiting"]),
                name="one_open_order_a_person",
            ),
            models.CheckConstraint(
                condition=Q(seats__gte=1, seats__lte=MAX_SEATS_A_PERSON), name="one_to_four_seats"
            ),
        ]
        indexes = [
            models.Index(fields=["event", "state", "queued_at"], name="orders_of_an_event"),
            models.Index(fields=["user", "state"], name="orders_of_a_user"),
        ]

    def __str__(self) -> str:
        return f"{self.state} order {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def total(self) -> Any:
        return self.price * self.seats


class Reminder(models.Model):
    """A person's newest reminder of an event, for each lead; `starts_at` is the event's then."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="reminders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    lead_minutes = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "user", "lead_minutes"], name="one_reminder_a_lead"
            )
        ]

    def __str__(self) -> str:
        return f"{self.lead_minutes} min before event {self.event_id}"


class CalendarLink(AuditedModel):
    """The private link of a user's calendar, which can be read by anybody with the link."""

    audit = Audited(shown="user", hidden="key", ignored="renewed_at", owner="user")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="calendar_link"
    )
    key = models.CharField(max_length=43, unique=True)
    renewed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"calendar link of {self.user_id}"
