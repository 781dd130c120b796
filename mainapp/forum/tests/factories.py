"""Factories of the forum's rows."""

from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, Sequence, SubFactory

from mainapp.forum.models import Message, Room
from mainapp.market.tests.factories import RowFactory


class RoomFactory(RowFactory[Room]):
    """`RoomFactory(host=alice)`; without a host it has none."""

    class Meta:
        model = Room

    name = Sequence(lambda n: f"Sala {n}")
    created_at = LazyFunction(timezone.now)
    active_at = LazyAttribute(lambda room: room.created_at)


class MessageFactory(RowFactory[Message]):
    """`MessageFactory(room=room, author=alice)`: the room's next number, counted there too."""

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
