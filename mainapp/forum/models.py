"""Rooms, messages, participants and reactions."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mainapp.clubs.models import ClubMember, ClubScoped, ClubScopedQuerySet
from mainapp.core.audit import Audited, AuditedModel
from mainapp.forum.policies import CLUB, DIRECT, FORUM, GROUP, PRIVATE
from mainapp.market.models import Stock
from mainapp.market.symbols import fold


class RoomQuerySet(ClubScopedQuerySet["Room"]):
    def public(self) -> "RoomQuerySet":
        """Return the rooms of the forum, which everybody may read."""
        return self.filter(kind=FORUM)

    def visible_to(self, user: Any) -> "RoomQuerySet":
        """Return the rooms that a user, possibly anonymous, may read."""
        if user.pk is None:
            return self.public()
        own = Participant.objects.active().filter(room=OuterRef("pk"), user=user.pk)
        return self.filter(Q(kind=FORUM) | Exists(own))

    def listed_for(self, user: Any) -> "RoomQuerySet":
        """Return the rooms of the forum, and those of the clubs of a user, possibly anonymous."""
        return self.visible_to(user).filter(kind__in=[FORUM, CLUB])


class MessageQuerySet(models.QuerySet["Message"]):
    def public(self) -> "MessageQuerySet":
        """Return the messages of the forum's rooms."""
        return self.filter(room__kind=FORUM)

    def visible_to(self, user: Any) -> "MessageQuerySet":
        """Return the messages that a user, possibly anonymous, may read.

        In a group these are the messages since the user joined it for the last time.
        """
        if user.pk is None:
            return self.public()
        own = Participant.objects.active().filter(
            room=OuterRef("room"), user=user.pk, joined_seq__lt=OuterRef("seq")
        )
        return self.filter(Q(room__kind=FORUM) | Exists(own))


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def active(self) -> "ParticipantQuerySet":
        """Return the participations that last; in a club's room, those of the club's members."""
        member = ClubMember.objects.filter(
            club=OuterRef("room__club"), user=OuterRef("user"), club__archived_at=None
        )
        return self.filter(Q(room__club=None) | Exists(member), left_at=None)

    def with_moderates(self) -> "ParticipantQuerySet":
        """Annotate participations with `moderates`: whether the user manages the room's club."""
        own = ClubMember.objects.filter(club=OuterRef("room__club"), user=OuterRef("user"))
        return self.annotate(moderates=Exists(own.exclude(role=ClubMember.Role.MEMBER)))


class Room(ClubScoped, AuditedModel):
    """A chat room. `last_seq` numbers its newest message; the room survives its host's account.

    Everybody may read a room of the forum. The others are private: a club's room to the members of
    its club, a group to its participants, and a direct room, which has neither name nor host, to
    two people. Lists and pages read rooms and messages through `visible_to`.

    `revision` counts every change visible to readers, and lets them load the changes they missed.
    Both counters are incremented under the row's lock: once a number is visible, so are all lower
    ones.
    """

    audit = Audited(
        shown="host stock is_closed",
        hidden="name topic description filtered_words",
        ignored="kind club pair_key search_text last_seq revision rules_revision "
        "created_at active_at",
        owner="host",
        # To those who do not take part in it, a private room does not exist.
        needs="kind",
        skips=lambda room: room.is_private,
    )

    class Kind(models.TextChoices):
        FORUM = FORUM, _("fórum")
        CLUB = CLUB, _("clube")
        GROUP = GROUP, _("grupo")
        DIRECT = DIRECT, _("conversa direta")

    kind = models.CharField(max_length=6, choices=Kind, default=Kind.FORUM, editable=False)
    # "4:7" for the direct room of these two users: concurrent requests of both make one room.
    pair_key = models.CharField(max_length=41, null=True, blank=True, unique=True, editable=False)
    name = models.CharField(_("nome"), max_length=80)
    topic = models.CharField(_("tópico"), max_length=40, blank=True)
    description = models.TextField(_("descrição"), max_length=500, blank=True)
    # Name, topic and description without case and accents, set by `save`: SQLite's LIKE ignores
    # the case of ASCII letters only.
    search_text = models.TextField(editable=False, default="")
    stock = models.ForeignKey(
        Stock, models.SET_NULL, null=True, blank=True, related_name="rooms", verbose_name=_("ativo")
    )
    host = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="hosted_rooms"
    )
    is_closed = models.BooleanField(default=False)
    # Words that messages of the room may not contain, one per line.
    filtered_words = models.TextField(_("palavras barradas"), max_length=2000, blank=True)
    last_seq = models.PositiveIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=0)
    # The last revision that changed the room's data, its muted users or whether it is closed. Only
    # then do processes read the muted users again.
    rules_revision = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    # Time of the newest message; for an empty room, of its creation.
    active_at = models.DateTimeField()

    objects = RoomQuerySet.as_manager()  # type: ignore[misc] # as above, in User

    class Meta:
        ordering = ["-active_at", "-pk"]
        indexes = [
            models.Index(fields=["kind", "-active_at", "-id"], name="rooms_by_activity"),
            models.Index(fields=["kind", "topic", "-active_at"], name="rooms_by_topic"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=DIRECT, pair_key__isnull=False)
                | (~Q(kind=DIRECT) & Q(pair_key=None)),
                name="direct_rooms_have_a_pair",
            ),
            models.CheckConstraint(
                condition=Q(kind=CLUB, club__isnull=False) | (~Q(kind=CLUB) & Q(club=None)),
                name="club_rooms_have_a_club",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}" if self.is_private else self.name

    def save(self, *args: Any, **options: Any) -> None:
        self.search_text = fold(f"{self.name} {self.topic} {self.description}")
        if (fields := options.get("update_fields")) is not None:
            options["update_fields"] = {*fields, "search_text"}
        super().save(*args, **options)

    def get_absolute_url(self) -> str:
        return reverse("conversa" if self.is_private else "room", args=[self.pk])

    @property
    def is_private(self) -> bool:
        return self.kind in PRIVATE


class Participant(models.Model):
    """A user who created a room, wrote in it or was muted there; a member of a private room.

    Members of a club take part in all of its rooms. A muted user (`is_muted`) can only read. The
    row of a user who left a group or a club stays, with `left_at`. A direct room that is hidden
    from the user's list remains theirs.
    """

    room = models.ForeignKey(Room, models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="participations"
    )
    is_muted = models.BooleanField(default=False)
    joined_at = models.DateTimeField()
    # Messages of a group up to this number are older than the participation; the user may not
    # read them.
    joined_seq = models.PositiveIntegerField(default=0)
    left_at = models.DateTimeField(null=True)
    is_hidden = models.BooleanField(default=False)
    # The newest message that the user has read; it never decreases.
    read_seq = models.PositiveIntegerField(default=0)
    # The newest message about which the user was notified.
    notified_seq = models.PositiveIntegerField(default=0)
    # Until then the user gets no notifications of the room's messages.
    muted_until = models.DateTimeField(null=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "user"], name="one_participation_a_room")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"


class Message(models.Model):
    """A message. Deletion clears its text and keeps its number; the author may have no account.

    `body` is its text: what was typed, or a picture's caption. `content` has the further values of
    a kind: see `mainapp.forum.contents`. Only the server writes messages of the kind `system`.
    """

    class Kind(models.TextChoices):
        TEXT = "text", _("texto")
        IMAGE = "image", _("imagem")
        LINK = "link", _("link")
        FILE = "file", _("arquivo")
        SYSTEM = "system", _("aviso do sistema")

    kind = models.CharField(max_length=6, choices=Kind, default=Kind.TEXT)
    content = models.JSONField(default=dict)
    # Another message of the room. It is read with the message: its text is not copied.
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies")
    # The room's revision when a reaction last changed; 0 without one.
    reacted_revision = models.PositiveBigIntegerField(default=0)
    room = models.ForeignKey(Room, models.CASCADE, related_name="messages")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="messages"
    )
    seq = models.PositiveIntegerField()
    # The room's revision when this message last changed.
    revision = models.PositiveBigIntegerField(default=0)
    # Chosen by the client and never reused: it makes sending a message again idempotent.
    client_id = models.UUIDField(null=True)
    body = models.TextField()
    body_html = models.TextField()
    sent_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    # Usernames in a new text that were not notified: they are outside of the private room.
    outsiders: Sequence[str] = ()

    objects = MessageQuerySet.as_manager()

    class Meta:
        # Not "room": Django would join the table of rooms and order by their ordering.
        ordering = ["room_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="one_message_a_number"),
            models.UniqueConstraint(
                fields=["room", "author", "client_id"], name="one_message_a_client_id"
            ),
        ]
        indexes = [
            models.Index(fields=["author", "-sent_at"], name="messages_by_author"),
            models.Index(fields=["room", "revision"], name="messages_by_revision"),
            models.Index(
                fields=["room", "sent_at"],
                condition=Q(kind__in=["image", "file"]),
                name="files_by_room",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.room_id} #{self.seq}"


class Reaction(models.Model):
    """A person's reaction to a message, each kind at most once."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reactions")
    emoji = models.CharField(max_length=8)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "user", "emoji"], name="one_reaction_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.emoji} on {self.message_id}"
