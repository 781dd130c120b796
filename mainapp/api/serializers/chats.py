"""Direct rooms and groups, the messages and marks sent there, and blocks."""

from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from mainapp.api.formats import Moment
from mainapp.api.serializers.common import ShortList, Strict
from mainapp.api.serializers.forum import Person
from mainapp.core.paths import MAX_KEY
from mainapp.forum.policies import EMOJI
from mainapp.forum.selectors.chats import Chat, is_muted, last_message
from mainapp.forum.selectors.members import host_id_among
from mainapp.forum.selectors.messages import MAX_SEQ, person_of

MAX_IDS = 1000


class _Key(serializers.IntegerField):
    """The id of a row."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_KEY, **options)


class ChatInput(Strict):
    """Other people, and the name of a new group."""

    user_ids = ShortList(child=_Key(), max_length=MAX_IDS)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)


class NameInput(Strict):
    """The new name of a group."""

    name = serializers.CharField(max_length=200)


class PeopleInput(Strict):
    """People to add to a group."""

    user_ids = ShortList(child=_Key(), max_length=MAX_IDS)


class RoomReadInput(Strict):
    """The number of the newest message that was read."""

    seq = serializers.IntegerField(min_value=0, max_value=MAX_SEQ)


class MuteInput(Strict):
    """The end of a room's muting; null turns its notifications on again."""

    until = serializers.DateTimeField(allow_null=True)


class ReactionInput(Strict):
    """A reaction, and whether it is added or removed."""

    emoji = serializers.ChoiceField(choices=EMOJI)
    on = serializers.BooleanField()


class BlockInput(Strict):
    """The user to block."""

    user_id = _Key()


class BlockData(serializers.Serializer):
    """A blocked user."""

    user = Person()
    blocked_at = Moment()


class SendInput(Strict):
    """A message of the type `text`, `image`, `link` or `file`.

    Without a `client_id` a repetition is another message.
    """

    room_id = _Key()
    type_message = serializers.CharField(max_length=20)
    content = serializers.DictField()
    client_id = serializers.UUIDField(required=False)
    reply_to = serializers.IntegerField(
        min_value=1, max_value=MAX_SEQ, required=False, allow_null=True
    )


class LastMessage(serializers.Serializer):
    """The newest message of a room, as plain text."""

    seq = serializers.IntegerField()
    user = Person(allow_null=True)
    kind = serializers.CharField()
    excerpt = serializers.CharField()
    sent_at = serializers.DateTimeField()


class ChatData(serializers.Serializer):
    """A private room of the user, `direct`, `group` or of the club with the slug `club`.

    A direct room has the other person's name. `host` is the id of the participant who may add,
    rename and remove, null in a direct room.
    """

    id = serializers.IntegerField()
    kind = serializers.CharField()
    name = serializers.CharField()
    club = serializers.CharField(source="room.club.slug", allow_null=True, default=None)
    host = serializers.IntegerField(allow_null=True)
    participants = Person(many=True)
    unread = serializers.IntegerField()
    muted = serializers.BooleanField()
    muted_until = Moment(allow_null=True)
    last = LastMessage(allow_null=True)
    last_seq = serializers.IntegerField()
    read_seq = serializers.IntegerField()
    created_at = Moment()
    active_at = Moment()


def chat_data(chat: Chat, *, at: Any, blocked: Collection[int]) -> Any:
    """Return a chat in its wire form, for somebody who blocks the users `blocked`."""
    own, room = chat.own, chat.room
    return ChatData(
        {
            "id": room.pk,
            "kind": room.kind,
            "room": room,
            "name": chat.name,
            "host": host_id_among(room, chat.people),
            "participants": [person_of(person.user) for person in chat.people],
            "unread": chat.unread,
            "muted": is_muted(own, at=at),
            "muted_until": own.muted_until,
            "last": last_message(own, chat.last, blocked=blocked),
            "last_seq": room.last_seq,
            "read_seq": own.read_seq,
            "created_at": room.created_at,
            "active_at": room.active_at,
        }
    ).data
