"""Notifications to users who are mentioned in a message."""

from collections.abc import Collection
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from mainapp.accounts.models import User, language_of
from mainapp.forum.models import Message, Room
from mainapp.notifications.selectors.channels import Destination, deliveries_for
from mainapp.notifications.services.notices import Notice, letters_for, notify_many

MENTION = "mention"


def notify_mentioned(
    *, message: Message, room: Room, author: User, named: Collection[User], at: datetime
) -> None:
    """Notify the mentioned users, each once per message, however often it is edited.

    The author is not notified. The notification does not contain the message's text, which its
    author may delete later. No query if nobody is mentioned, otherwise a fixed number.
    """
    readers = [user for user in named if user.pk != author.pk and user.is_active]
    destinations = deliveries_for(readers, MENTION)
    notices = [_notice(message, room, author, user, destinations[user.pk]) for user in readers]
    notify_many(notices=notices, at=at)


def _notice(
    message: Message, room: Room, author: User, reader: User, destinations: Collection[Destination]
) -> Notice:
    path = f"{reverse('room', args=[room.pk])}#m{message.seq}"
    with translation.override(language_of(reader)):
        values = {"user": author.name, "room": room.name}
        title = (_("%(user)s citou você em %(room)s") % values)[:200]
        return Notice(
            user_id=reader.pk,
            kind=MENTION,
            title=title,
            url=path,
            dedupe_key=f"mention.{message.pk}.{reader.pk}",
            deliveries=letters_for(
                destinations=destinations,
                subject=f"{title} · Pregão",
                text="",  # the title is enough; the link is added when the delivery is sent
                name=f"mention.{message.pk}.{reader.pk}",
            ),
        )
