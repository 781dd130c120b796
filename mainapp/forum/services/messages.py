"""Writing, editing and deleting messages."""

from datetime import datetime
from html import escape
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import check_not_suspended
from mainapp.core.audience import key_of
from mainapp.core.limits import consume, of_user
from mainapp.core.limits.database_store import check_and_increment_quota
from mainapp.forum.exceptions import (
    Closed,
    Forbidden,
    Invalid,
    Muted,
    RoomGone,
    TooLong,
    UnavailablePerson,
)
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import CHANGES, CLUB_FILES, DIRECT, POSTS
from mainapp.forum.selectors.members import is_partner_reachable, notifiable_people
from mainapp.forum.selectors.messages import MAX_SEQ, MESSAGE
from mainapp.forum.selectors.moderation import moderates
from mainapp.forum.services.checks import check_text, lock_author
from mainapp.forum.services.contents import Draft, draft_of
from mainapp.forum.services.mentions import notify_mentioned
from mainapp.forum.services.moderation_log import log_action
from mainapp.forum.services.numbering import advance_revision
from mainapp.forum.services.states import announce_room
from mainapp.forum.services.talk import drop_read_talk, mark_talk_read
from mainapp.market.selectors.markup import render_text
from mainapp.moderation.models import LogEntry
from mainapp.moderation.services.complaints import close_case_of
from mainapp.uploads.services.uploads import attach_upload, delete_attached


def post_message(
    *,
    room_pk: int,
    author: User,
    body: Any = None,
    kind: Any = None,
    content: Any = None,
    reply_to: int | None = None,
    client_id: UUID | None = None,
) -> Message:
    """Add a message to a room under its next number; committed when this returns.

    It has a `body`, or the `content` of a `kind` (see `draft_of`). `reply_to` is the number of
    another message of the room.

    If this author has used `client_id` in this room before, the earlier message is returned,
    whatever the body. A user's own posts wait for each other, so that no race stores one twice or
    exceeds the rate limit. The database counts that limit: it holds across processes and without
    Redis. Cost: 8 queries in one short transaction, independent of the room's size; some more in a
    private room.

    Raises: Invalid, RoomGone (also for a private room without the author), UnavailablePerson (in a
    direct room), TooLong, LoginRequired (deactivated), Suspended, NewAccount, Muted, Closed,
    RateLimited.
    """
    try:
        draft = draft_of(body, kind=kind, content=content)
    except (Invalid, TooLong):
        # A client that missed its acknowledgement needs it, even if it sends another body.
        if client_id and (sent := _already_sent(room_pk, author, client_id)):
            return sent
        raise
    html, named = _render(draft)
    with transaction.atomic():
        writer = lock_author(author)
        if client_id and (sent := _already_sent(room_pk, author, client_id)):
            return sent
        now = timezone.now()
        room = advance_revision(room_pk, last_seq=F("last_seq") + 1, active_at=now)
        participant = check_may_write(room, writer)
        check_text(text=draft.text, html=html, room=room, writer=writer, at=now)
        check_and_increment_quota(author, POSTS, at=now)
        if not participant:
            Participant.objects.create(room=room, user=author, joined_at=now)
        message = Message.objects.create(
            room=room,
            author=author,
            seq=room.last_seq,
            revision=room.revision,
            client_id=client_id,
            kind=draft.kind,
            content=draft.content,
            reply_to=_quoted_message(room, author, reply_to),
            body=draft.text,
            body_html=html,
            sent_at=now,
        )
        if draft.upload:
            _attach(message, author, draft.upload)
        _mark_as_seen(room, author, now)
        announce_room(room)
        message.outsiders = notify_mentioned(
            message=message, room=room, author=author, named=named, at=now
        )
        return message


def edit_message(*, room_pk: int, seq: int, author: User, body: str) -> Message:
    """Replace the text of one's own message.

    Raises: Invalid (no such message, or deleted), RoomGone, UnavailablePerson, TooLong,
    LoginRequired, Forbidden, Suspended, NewAccount, Muted, Closed, RateLimited.
    """
    consume(CHANGES, of_user(author))
    draft = draft_of(body)
    html, named = _render(draft)
    with transaction.atomic():
        writer = lock_author(author)
        room = advance_revision(room_pk)
        message = message_of(room, seq, author)
        if message.author_id != author.pk:
            raise Forbidden
        check_may_write(room, writer)
        check_text(text=draft.text, html=html, room=room, writer=writer, at=timezone.now())
        if message.deleted_at:
            raise Invalid(_("Esta mensagem foi apagada."))
        if message.kind != Message.Kind.TEXT:
            raise Forbidden
        message.body, message.body_html = draft.text, html
        message.revision, message.edited_at = room.revision, timezone.now()
        message.save(update_fields=["body", "body_html", "revision", "edited_at"])
        at = message.edited_at
        announce_room(room)
        message.outsiders = notify_mentioned(
            message=message, room=room, author=author, named=named, at=at
        )
        return message


def delete_message(*, room_pk: int, seq: int, actor: User) -> Message:
    """Clear a message's text and keep its number; for its author, the room's host and staff.

    Deleting another user's message adds an entry to the moderation log. Safe to repeat: the
    deletion is published again, for a client that missed it.
    Raises: Invalid (no such message), RoomGone, LoginRequired, Forbidden, Suspended
    (another user's message), RateLimited.
    """
    consume(CHANGES, of_user(actor))
    with transaction.atomic():
        actor = lock_author(actor)
        room = advance_revision(room_pk)
        message = message_of(room, seq, actor)
        is_own = message.author_id == actor.pk
        if not is_own and not moderates(actor, room):
            raise Forbidden
        if message.kind == Message.Kind.SYSTEM:
            raise Forbidden
        if not is_own:
            check_not_suspended(actor, at=timezone.now())
        if not is_own and not message.deleted_at:
            _log_deletion(message, room, actor)
        clear_message(message, room, at=timezone.now())
        return message


def clear_message(message: Message, room: Room, *, at: datetime) -> None:
    """Clear a message of a locked room, with its reactions and files. Safe to repeat."""
    message.body = message.body_html = ""
    message.content = {}
    message.revision = room.revision
    message.deleted_at = message.deleted_at or at
    message.save(update_fields=["body", "body_html", "content", "revision", "deleted_at"])
    message.reactions.all().delete()
    delete_attached(audience=key_of(MESSAGE, message.pk))
    if room.is_private:
        drop_read_talk(room_pk=room.pk, at=at)
    announce_room(room)


def _attach(message: Message, author: User, upload_pk: int) -> None:
    """Attach an upload to a message, whose readers may then open it. Raises: DomainError."""
    if message.room.club:
        check_and_increment_quota(message.room.club, CLUB_FILES, at=message.sent_at)
    upload = attach_upload(
        pk=upload_pk, owner=author, kind=message.kind, audience=key_of(MESSAGE, message.pk)
    )
    check_text(text=upload.name, html="", room=message.room, writer=author, at=message.sent_at)
    message.content = {"upload": upload.pk, "url": reverse("upload-file", args=[upload.pk])}
    if message.kind == Message.Kind.IMAGE:
        message.content |= {"width": upload.width, "height": upload.height}
    else:
        message.content |= {"name": upload.name, "size": upload.size}
    # Readers of the text alone can open it too.
    shown = f'<p><a href="{message.content["url"]}">{escape(upload.name)}</a></p>'
    message.body_html = message.body_html or shown
    message.save(update_fields=["content", "body_html"])


def _render(draft: Draft) -> tuple[str, list[User]]:
    """Return a message as HTML, and the users mentioned in it."""
    if draft.html:
        return draft.html, []
    if not draft.text:
        return "", []
    return render_text(draft.text)


def _already_sent(room_pk: int, author: User, client_id: UUID) -> Message | None:
    """Return an earlier message, with the same `outsiders` as when it was sent."""
    rows = Message.objects.filter(room=room_pk, author=author, client_id=client_id)
    sent = next(
        iter(rows.select_related("room").only("seq", "revision", "body", "room__kind")), None
    )
    if sent and sent.room.is_private and "@" in sent.body:
        _html, named = _render(Draft(text=sent.body))
        people = [user for user in named if user.pk != author.pk]
        sent.outsiders = sorted(
            user.username for user in notifiable_people(sent.room, author, people)[1]
        )
    return sent


def check_may_write(room: Room, author: User) -> Participant | None:
    """Return the author's participation, if there is one; the author and the room are locked.

    Raises: RoomGone, Suspended, UnavailablePerson, Closed, Muted.
    """
    participations = Participant.objects.active().filter(room=room, user=author)
    own = next(iter(participations[:1]), None)
    if room.is_private and own is None:
        raise RoomGone
    check_not_suspended(author, at=timezone.now())
    if room.kind == DIRECT and not is_partner_reachable(room, author):
        raise UnavailablePerson
    if room.is_closed:
        raise Closed
    if own and own.is_muted:
        raise Muted
    return own


def _mark_as_seen(room: Room, author: User, at: datetime) -> None:
    """Mark a private room as read by its newest author; list a direct room for both people."""
    if room.is_private:
        own = Participant.objects.filter(room=room, user=author)
        own.update(read_seq=room.last_seq, notified_seq=room.last_seq)
        mark_talk_read(rooms=[room.pk], user=author, at=at)
    if room.kind == DIRECT:
        Participant.objects.filter(room=room, is_hidden=True).update(is_hidden=False)


def _quoted_message(room: Room, author: User, seq: int | None) -> Message | None:
    """Return the message to which a new one replies. Raises: Invalid."""
    if seq is None:
        return None
    quoted = message_of(room, seq, author)
    if quoted.deleted_at or quoted.kind == Message.Kind.SYSTEM:
        raise Invalid(_("Esta mensagem não existe."), fields={"reply_to": "unknown"})
    return quoted


def message_of(room: Room, seq: int, reader: User) -> Message:
    """Return a message of a room that `reader` may read. Raises: RoomGone, Invalid."""
    messages = Message.objects.filter(room=room, seq=min(seq, MAX_SEQ))
    if room.is_private:
        if not Room.objects.visible_to(reader).filter(pk=room.pk).exists():
            raise RoomGone
        messages = messages.visible_to(reader)
    message = messages.first()
    if message is None:
        raise Invalid(_("Esta mensagem não existe."), fields={"seq": "unknown"})
    return message


def _log_deletion(message: Message, room: Room, actor: User) -> None:
    """Log a moderator's deletion, without the text, and close the case about the message."""
    action, number = LogEntry.Action.DELETE_MESSAGE, f"#{message.seq}"
    log_action(room, actor, action, target_id=message.author_id, detail=number)
    close_case_of(kind=MESSAGE, pk=message.pk, actor=actor, at=timezone.now())
