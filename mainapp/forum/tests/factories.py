"""Factories of rooms and messages."""

from datetime import timedelta

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory

from mainapp.accounts.models import User
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import DIRECT, GROUP
from mainapp.market.tests.factories import RowFactory


class RoomFactory(RowFactory[Room]):
    """A room, without a host unless one is passed: `RoomFactory(host=alice)`."""

    class Meta:
        model = Room

    name = Sequence(lambda n: f"Sala {n}")
    created_at = LazyFunction(timezone.now)
    active_at = LazyAttribute(lambda room: room.created_at)


class MessageFactory(RowFactory[Message]):
    """The next message of a room, whose counters it updates.

    `MessageFactory(room=room, author=alice)`.
    """

    class Meta:
        model = Message

    room = SubFactory(RoomFactory)
    body = Sequence(lambda n: f"mensagem {n}")
    body_html = LazyAttribute(lambda message: f"<p>{message.body}</p>")
    sent_at = LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class, *args, **fields):
        room = fields["room"]
        room.last_seq += 1
        room.revision += 1
        room.save()
        numbers = {"seq": room.last_seq, "revision": room.revision}
        return super()._create(model_class, *args, **numbers | fields)


def fill_room(room: Room, author: User, count: int) -> None:
    """Write the first `count` messages of a room at once."""
    sent_at = room.created_at - timedelta(days=1)
    Message.objects.bulk_create(
        [
            Message(
                room=room,
                author=author,
                seq=n,
                revision=n,
                body="x",
                body_html="x",
                sent_at=sent_at,
            )
            for n in range(1, count + 1)
        ],
        batch_size=1000,
    )
    Room.objects.filter(pk=room.pk).update(last_seq=count, revision=count)


def make_group(host: User, *others: User, name: str = "Grupo") -> Room:
    """Return a group of `host` and `others`, who may read it from its first message."""
    room = RoomFactory(kind=GROUP, host=host, name=name)
    _join(room, host, *others)
    return room


def make_direct(user: User, other: User) -> Room:
    """Return the direct room of two users."""
    first, second = sorted([user.pk, other.pk])
    room = RoomFactory(kind=DIRECT, name="", pair_key=f"{first}:{second}")
    _join(room, user, other)
    return room


def _join(room: Room, *users: User) -> None:
    at = room.created_at
    Participant.objects.bulk_create(
        Participant(room=room, user=user, joined_at=at) for user in users
    )
