"""Notifications of mentions and of replies."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mainapp.accounts.models import Block, User, language_of
from mainapp.accounts.selectors import preferences_of
from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.members import notifiable_people
from mainapp.notifications.models import Mark, Notification
from mainapp.notifications.selectors.channels import Destination, deliveries_for
from mainapp.notifications.services.inbox import delete_notifications
from mainapp.notifications.services.notices import Notice, letters_for, notify_many

MENTION, REPLY = "mention", "reply"
SENTENCES = {
    MENTION: gettext_noop("%(user)s citou você em %(room)s"),
    REPLY: gettext_noop("%(user)s respondeu a você em %(room)s"),
}
# The newest notices, among which those of a blocked author are found; older ones are far down.
MAX_HIDDEN = 1000


def notify_mentioned(
    *, message: Message, room: Room, author: User, named: Collection[User], at: datetime
) -> list[str]:
    """Notify the mentioned users, each once per message, however often it is edited.

    Only those who may read the room, without a block in either direction, and not the author. In
    the forum, the author of the message to which this one replies is notified too; participants of
    a private room are notified of all new messages anyway. Notifications do not contain the
    message's text, which its author may delete later.

    Returns the usernames that were not notified because they are outside of a private room. No
    query if there is nobody to notify, otherwise a fixed number.
    """
    people = dict.fromkeys(named, MENTION)
    if (quoted := message.reply_to) and quoted.author and not room.is_private:
        people.setdefault(quoted.author, REPLY)
    people.pop(author, None)
    if not people:
        return []
    readers, outsiders = notifiable_people(room, author, people)
    destinations = deliveries_for(readers, MENTION)
    notices = [
        _notice(people[user], message, room, author, user, destinations[user.pk])
        for user in readers
    ]
    notify_many(notices=notices, at=at)
    return sorted(user.username for user in outsiders)


def hide_notices(*, reader: User, author: User, at: datetime) -> None:
    """Remove the mentions and replies by `author` from the inbox of `reader`."""
    notices = Notification.objects.filter(user=reader, kind__in=SENTENCES)
    notices = notices.exclude(marks__kind=Mark.Kind.DELETED).order_by("-pk")
    by_message: dict[int, list[int]] = {}
    for pk, key in notices.values_list("pk", "dedupe_key")[:MAX_HIDDEN]:
        by_message.setdefault(int(str(key).split(".")[1]), []).append(pk)
    written = Message.objects.filter(pk__in=by_message, author=author)
    ids = [pk for message in written.values_list("pk", flat=True) for pk in by_message[message]]
    if ids:
        delete_notifications(user=reader, ids=ids, at=at)


def wanted_mentions(notifications: Collection[Notification]) -> set[int]:
    """Return the unseen notices whose message their user may still read.

    Two queries, and two for each notice.
    """
    unmarked = Notification.objects.filter(pk__in=[row.pk for row in notifications], marks=None)
    return {row.pk for row in unmarked.select_related("user") if _is_readable(row)}


def _is_readable(notice: Notification) -> bool:
    message = Message.objects.visible_to(notice.user).filter(
        pk=int(str(notice.dedupe_key).split(".")[1]), deleted_at=None
    )
    author = message.values_list("author", flat=True).first()
    blocked = Block.objects.filter(
        Q(blocker=author, blocked=notice.user_id) | Q(blocker=notice.user_id, blocked=author)
    )
    return author is not None and not blocked.exists()


def _notice(
    kind: str,
    message: Message,
    room: Room,
    author: User,
    reader: User,
    destinations: Collection[Destination],
) -> Notice:
    path = f"{room.get_absolute_url()}#m{message.seq}"
    # One key for both kinds: a person whom an edit adds to a reply may know of the reply already.
    key = f"mention.{message.pk}.{reader.pk}"
    with translation.override(language_of(reader)):
        values = {"user": author.name, "room": room.name or _("uma conversa")}
        title = subject = (_(SENTENCES[kind]) % values)[:200]
        if room.is_private and preferences_of(reader).hides_talk_in_mails:
            subject = _("Citaram você numa conversa")
        return Notice(
            user_id=reader.pk,
            kind=kind,
            title=title,
            url=path,
            dedupe_key=key,
            deliveries=letters_for(
                destinations=destinations,
                subject=f"{subject} · Pregão",
                text="",  # the title is enough; the link is added when the delivery is sent
                name=key,
            ),
        )
