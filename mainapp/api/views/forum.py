"""`rooms/`: the forum, for clients without a socket."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.serializers.chats import SendInput
from mainapp.api.serializers.forum import (
    Ack,
    MessageInput,
    MessageQuery,
    Messages,
    RoomData,
    RoomInput,
    RoomQuery,
)
from mainapp.api.views.base import ApiView, valid
from mainapp.clubs.selectors.audience import in_club
from mainapp.clubs.selectors.clubs import membership
from mainapp.core.paths import missing_as_404
from mainapp.forum.fanout.archive import Reader
from mainapp.forum.forms import RoomForm
from mainapp.forum.models import Message, Room
from mainapp.forum.selectors.messages import messages_after, person_of, readable_room
from mainapp.forum.services.club_rooms import create_club_room
from mainapp.forum.services.messages import post_message
from mainapp.forum.services.rooms import create_room
from mainapp.market.selectors.folded import in_search_text


class RoomsView(ApiView):
    """The rooms, and creating one."""

    serializer_class = RoomInput
    pagination_class = Pages

    @extend_schema(parameters=[RoomQuery], responses={200: RoomData(many=True)})
    def get(self, request: Any) -> Response:
        query = valid(RoomQuery(data=request.query_params))
        rooms: Any = Room.objects.listed_for(request.user).select_related("stock", "host", "club")
        slugs = request.query_params.getlist("club") if "club" in query else []
        rooms = in_club(rooms, slugs, request.user).order_by(query["ordering"], "-pk")
        rooms = rooms.filter(in_search_text(query.get("q", "")))
        if "topic" in query:
            rooms = rooms.filter(topic=query["topic"])
        page: list[Room] = self.paginate_queryset(rooms)
        return self.get_paginated_response([_room_data(room) for room in page])

    @extend_schema(responses={201: RoomData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        slug, form = data.pop("club", None), RoomForm(data)
        if not form.is_valid():
            raise ValidationError({name: list(messages) for name, messages in form.errors.items()})
        if not slug:
            return Response(_room_data(create_room(host=request.user, **form.cleaned_data)), 201)
        with missing_as_404():
            club = membership(slug, request.user).club_id
        room = create_club_room(club_pk=club, actor=request.user, **form.cleaned_data)
        return Response(_room_data(room), 201)


class MessagesView(ApiView):
    """A room's messages, and posting one: the fallback of its socket."""

    serializer_class = MessageInput

    @extend_schema(parameters=[MessageQuery], responses={200: Messages})
    def get(self, request: Any, pk: int) -> Response:
        after = valid(MessageQuery(data=request.query_params))["after"]
        room, reader = _room(pk, request.user)
        reader_id = reader.user_id if room.is_private else None
        messages, more = messages_after(pk, after, reader_id=reader_id)
        items = [message.item_for(reader) for message in messages]
        return Response({"items": items, "more": more, "last_seq": room.last_seq})

    @extend_schema(responses={201: Ack})
    def post(self, request: Any, pk: int) -> Response:
        data = valid(self.get_serializer(data=request.data))
        _room(pk, request.user)
        message = post_message(room_pk=pk, author=request.user, **data)
        return Response(ack_of(message, data), 201)


class SendView(ApiView):
    """Posting a message in the form of other services."""

    serializer_class = SendInput

    @extend_schema(responses={201: Ack})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        pk, kind = data.pop("room_id"), data.pop("type_message")
        _room(pk, request.user)
        message = post_message(room_pk=pk, author=request.user, kind=kind, **data)
        return Response(ack_of(message, data), 201)


def ack_of(message: Message, data: dict[str, Any]) -> Any:
    ack = {"id": message.pk, "client_id": data.get("client_id"), "seq": message.seq}
    if message.outsiders:
        ack["not_notified"] = list(message.outsiders)
    return Ack(ack).data


def _room(pk: int, user: Any) -> tuple[Room, Reader]:
    """Return a room that `user` may read, and its Reader. Raises: Http404."""
    with missing_as_404():
        return readable_room(pk, user)


def _room_data(room: Room) -> Any:
    room.host_data = person_of(room.host) if room.host else None  # type: ignore[attr-defined] # for its serializer
    return RoomData(room).data
