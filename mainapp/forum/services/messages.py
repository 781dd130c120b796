"""Writing, editing and deleting messages."""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.core.limits import consume, of_user
from mainapp.core.limits.database_store import consume_stored
from mainapp.forum.exceptions import (
    Closed,
    Forbidden,
    Invalid,
    LoginRequired,
    Muted,
    TooLong,
)
from mainapp.forum.models import Message, ModerationEntry, Participant, Room
from mainapp.forum.policies import (
    CHANGES,
    MAX_EXCERPT,
    POSTS,
    clean_body,
    is_moderator,
    is_too_long,
)
from mainapp.forum.rendering import mentioned_in, mentions_in, render, symbols_in
from mainapp.forum.services.mentions import notify_mentioned
from mainapp.forum.services.moderation_log import log_action
from mainapp.forum.services.numbering import advance_revision
from mainapp.market.selectors.catalogue import catalogue


def post_message(
    *, room_pk: int, author: User, body: str, client_id: UUID | None = None
) -> Message:
    """Add a message to a room under its next number; committed when this returns.

    If this author has used `client_id` in this room before, the earlier message is returned,
    whatever the body. A user's own posts wait for each other, so that no race stores one twice or
    exceeds the rate limit. The database counts that limit: it holds across processes and without
    Redis. Cost: 8 queries in one short transaction, independent of the room's size.

    Raises: Invalid, TooLong, LoginRequired (deactivated), Muted, Closed, RateLimited.
    """
    try:
        text = _checked_body(body)
    except (Invalid, TooLong):
        # A client that missed its acknowledgement needs it, even if it sends another body.
        if client_id and (sent := _already_sent(room_pk, author, client_id)):
            return sent
        raise
    html, named = _render_body(text)
    with transaction.atomic():
        _lock_author(author)
        if client_id and (sent := _already_sent(room_pk, author, client_id)):
            return sent
        now = timezone.now()
        room = advance_revision(room_pk, last_seq=F("last_seq") + 1, active_at=now)
        takes_part = _check_may_write(room, author)
        consume_stored(POSTS, of_user(author), at=now)
        if not takes_part:
            Participant.objects.create(room=room, user=author, joined_at=now)
        message = Message.objects.create(
            room=room,
            author=author,
            seq=room.last_seq,
            revision=room.revision,
            client_id=client_id,
            body=text,
            body_html=html,
            sent_at=now,
        )
        notify_mentioned(message=message, room=room, author=author, named=named, at=now)
        return message


def edit_message(*, room_pk: int, seq: int, author: User, body: str) -> Message:
    """Replace the text of one's own message.

    Raises: Invalid (no such message, or deleted), TooLong, LoginRequired, Forbidden, Muted, Closed,
    RateLimited.
    """
    consume(CHANGES, of_user(author))
    text = _checked_body(body)
    html, named = _render_body(text)
    with transaction.atomic():
        _lock_author(author)
        room = advance_revision(room_pk)
        message = _message(room, seq)
        if message.author_id != author.pk:
            raise Forbidden
        _check_may_write(room, author)
        if message.deleted_at:
            raise Invalid(_("Esta mensagem foi apagada."))
        message.body, message.body_html = text, html
        message.revision, message.edited_at = room.revision, timezone.now()
        message.save(update_fields=["body", "body_html", "revision", "edited_at"])
        at = message.edited_at
        notify_mentioned(message=message, room=room, author=author, named=named, at=at)
        return message


def delete_message(*, room_pk: int, seq: int, actor: User) -> Message:
    """Clear a message's text and keep its number; for its author, the room's host and staff.

    Deleting another user's message adds an entry with an excerpt to the moderation log. Safe to
    repeat: the deletion is published again, for a client that missed it.
    Raises: Invalid (no such message), LoginRequired, Forbidden, RateLimited.
    """
    consume(CHANGES, of_user(actor))
    with transaction.atomic():
        actor = _lock_author(actor)
        room = advance_revision(room_pk)
        message = _message(room, seq)
        is_own = message.author_id == actor.pk
        if not is_own and not is_moderator(actor, host_id=room.host_id, kind=room.kind):
            raise Forbidden
        if not is_own and not message.deleted_at:
            _log_deletion(message, room, actor)
        message.body = message.body_html = ""
        message.revision = room.revision
        message.deleted_at = message.deleted_at or timezone.now()
        message.save(update_fields=["body", "body_html", "revision", "deleted_at"])
        return message


def _checked_body(body: str) -> str:
    text = clean_body(body)
    if not text:
        raise Invalid(_("Escreva uma mensagem."), fields={"body": "1-4000"})
    if is_too_long(text):
        raise TooLong
    return text


def _render_body(text: str) -> tuple[str, list[User]]:
    """Return a text as HTML, and the users mentioned in it."""
    symbols = {}
    if tickers := symbols_in(text):
        known = catalogue()
        symbols = {ticker: now for ticker in tickers if (now := known.canonical(ticker))}
    people: dict[str, User] = {}
    if names := mentions_in(text):
        users = User.objects.alias(lower=Lower("username")).filter(lower__in=names, is_active=True)
        people = {user.username.lower(): user for user in users.select_related("preferences")}
    urls = {name: reverse("user-profile", args=[user.pk]) for name, user in people.items()}
    named = [people[name] for name in sorted(mentioned_in(text, people))]
    return render(text, symbols=symbols, users=urls), named


def _lock_author(author: User) -> User:
    """Lock the user's row, so that their other writes wait, and return its current state.

    Raises: LoginRequired (deleted or deactivated).
    """
    # FOR NO KEY UPDATE: inserting rows that refer to the user, such as alerts, does not wait.
    users = User.objects.select_for_update(no_key=True)
    locked = users.only("is_active", "access_level", "is_superuser").filter(pk=author.pk)
    if (user := locked.first()) is None or not user.is_active:
        raise LoginRequired
    return user


def _already_sent(room_pk: int, author: User, client_id: UUID) -> Message | None:
    sent = Message.objects.filter(room=room_pk, author=author, client_id=client_id)
    return next(iter(sent.only("seq", "revision")[:1]), None)


def _check_may_write(room: Room, author: User) -> bool:
    """Return whether the author is a participant; the room is locked. Raises: Closed, Muted."""
    if room.is_closed:
        raise Closed
    participations = Participant.objects.filter(room=room, user=author)
    is_muted = next(iter(participations.values_list("is_muted", flat=True)), None)
    if is_muted:
        raise Muted
    return is_muted is not None


def _message(room: Room, seq: int) -> Message:
    message = Message.objects.filter(room=room, seq=seq).first()
    if message is None:
        raise Invalid(_("Esta mensagem não existe."), fields={"seq": "unknown"})
    return message


def _log_deletion(message: Message, room: Room, actor: User) -> None:
    log_action(
        room,
        actor,
        ModerationEntry.Action.DELETE_MESSAGE,
        target_id=message.author_id,
        detail=message.body[:MAX_EXCERPT],
    )
