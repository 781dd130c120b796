"""Rooms and messages."""

from rest_framework import serializers

from mainapp.api.formats import Moment
from mainapp.api.serializers.common import Strict
from mainapp.core.rendering import MAX_BODY
from mainapp.forum.selectors.messages import MAX_SEQ


class RoomQuery(serializers.Serializer):
    """Filter and order of rooms; the most recently active come first.

    `club` is the slug of a club of the user; any other value gives the rooms of the forum alone.
    """

    q = serializers.CharField(max_length=60, required=False)
    topic = serializers.CharField(max_length=40, required=False)
    club = serializers.CharField(required=False, allow_blank=True)
    ordering = serializers.ChoiceField(
        choices=["-active_at", "active_at", "name", "-name", "created_at", "-created_at"],
        default="-active_at",
    )


class Person(serializers.Serializer):
    """A user's public profile."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    avatar = serializers.CharField(allow_null=True)


class RoomInput(Strict):
    """A new room; `stock` is the ticker whose price it shows.

    `club` is the slug of a club that the user manages; without one the room is the forum's.
    """

    name = serializers.CharField(max_length=80)
    topic = serializers.CharField(max_length=40, required=False, allow_blank=True)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    stock = serializers.CharField(max_length=12, required=False, allow_blank=True)
    club = serializers.CharField(max_length=60, required=False, allow_null=True)


class RoomData(serializers.Serializer):
    """A room; `last_seq` is the number of its newest message, `host` null for a deleted user.

    `club` is the slug of its club, null in the forum.
    """

    id = serializers.IntegerField()
    name = serializers.CharField()
    topic = serializers.CharField()
    description = serializers.CharField()
    stock = serializers.CharField(source="stock.symbol", allow_null=True, default=None)
    host = Person(source="host_data", allow_null=True)
    club = serializers.CharField(source="club.slug", allow_null=True, default=None)
    is_closed = serializers.BooleanField()
    last_seq = serializers.IntegerField()
    created_at = Moment()
    active_at = Moment()


class MessageQuery(serializers.Serializer):
    after = serializers.IntegerField(min_value=0, max_value=MAX_SEQ, default=0)


class MessageInput(Strict):
    """A message to post: its text as `body`, or the `content` of a `kind`.

    A `kind` is `text`, `image`, `link` or `file`. A repetition with the same `client_id` is the
    same message; without one it is another message. `reply_to` is the number of a message of the
    room.
    """

    client_id = serializers.UUIDField(required=False)
    body = serializers.CharField(
        max_length=MAX_BODY * 2, trim_whitespace=False, allow_blank=True, required=False
    )
    kind = serializers.CharField(max_length=20, required=False)
    content = serializers.DictField(required=False)
    reply_to = serializers.IntegerField(
        min_value=1, max_value=MAX_SEQ, required=False, allow_null=True
    )


class ReplyData(serializers.Serializer):
    """The message that another one replies to; without user and excerpt if it is not readable."""

    seq = serializers.IntegerField()
    user = Person(allow_null=True)
    excerpt = serializers.CharField()


class ReactionData(serializers.Serializer):
    """The number of people with a reaction; `mine` if the user is one of them."""

    emoji = serializers.CharField()
    count = serializers.IntegerField()
    mine = serializers.BooleanField()


class MessageData(serializers.Serializer):
    """A message as the socket sends it; only its author gets `client_id` and `body`."""

    id = serializers.IntegerField()
    seq = serializers.IntegerField()
    user = Person(allow_null=True)
    kind = serializers.CharField()
    content = serializers.DictField()
    body_html = serializers.CharField()
    reply_to = ReplyData(allow_null=True)
    reactions = ReactionData(many=True)
    sent_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(required=False)
    deleted = serializers.BooleanField(required=False)
    client_id = serializers.UUIDField(required=False)
    body = serializers.CharField(required=False)


class Messages(serializers.Serializer):
    """At most a hundred messages after a number, in order."""

    items = MessageData(many=True)
    more = serializers.BooleanField()
    last_seq = serializers.IntegerField()


class Ack(serializers.Serializer):
    """Confirmation of a stored message, with its number.

    `not_notified` has the mentioned usernames that are outside of the private room, if any.
    """

    id = serializers.IntegerField()
    client_id = serializers.UUIDField(allow_null=True)
    seq = serializers.IntegerField()
    not_notified = serializers.ListField(child=serializers.CharField(), required=False)
