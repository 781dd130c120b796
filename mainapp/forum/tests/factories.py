"""Factories of rooms and messages."""

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory

from mainapp.forum.models import Message, Room
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
