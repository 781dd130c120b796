"""`chats/`: the user's direct rooms and groups; `blocks/`: the people whom the user blocks."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.accounts.models import Block, User
from mainapp.accounts.selectors import blocks_by, blocks_of
from mainapp.accounts.services.blocking import block_user, unblock_user
from mainapp.api.pagination import Pages
from mainapp.api.serializers.chats import (
    BlockData,
    BlockInput,
    ChatData,
    ChatInput,
    MuteInput,
    NameInput,
    PeopleInput,
    ReactionInput,
    RoomReadInput,
    chat_data,
)
from mainapp.api.serializers.common import NoFields
from mainapp.api.serializers.forum import ReactionData
from mainapp.api.views.base import ApiView, valid
from mainapp.core.paths import get_owned_or_404, missing_as_404
from mainapp.core.realtime import flush_published
from mainapp.forum.fanout.archive import Reader
from mainapp.forum.models import Participant, Room
from mainapp.forum.selectors.chats import chat_of, chats, chats_of
from mainapp.forum.selectors.messages import person_of, wire_message
from mainapp.forum.services.chats import (
    add_people,
    leave_room,
    open_chat,
    remove_person,
    rename_room,
)
from mainapp.forum.services.marks import mark_room_read, mute_room, react


class ChatsView(ApiView):
    """The user's direct rooms and groups, and opening one."""

    serializer_class = ChatInput
    pagination_class = Pages

    @extend_schema(responses={200: ChatData(many=True)})
    def get(self, request: Any) -> Response:
        page: list[Participant] = self.paginate_queryset(chats_of(request.user))
        return self.get_paginated_response(_chats_data(page, request.user))

    @extend_schema(responses={200: ChatData, 201: ChatData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        room, is_new = open_chat(user=request.user, **data)
        return Response(_data(room.pk, request.user), 201 if is_new else 200)


class ChatView(ApiView):
    """One of the user's direct rooms and groups, and renaming a group."""

    serializer_class = NameInput

    @extend_schema(responses={200: ChatData})
    def get(self, request: Any, pk: int) -> Response:
        return Response(_data(pk, request.user))

    @extend_schema(responses={200: ChatData})
    def patch(self, request: Any, pk: int) -> Response:
        _own(pk, request.user)
        name = valid(self.get_serializer(data=request.data))["name"]
        rename_room(room_pk=pk, actor=request.user, name=name)
        return Response(_data(pk, request.user))


class EndingView(ApiView):
    """An operation that ends a participation: the room's frames stop before its response."""

    serializer_class = NoFields

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().dispatch(request, *args, **kwargs)
        flush_published()
        return response


class LeaveChatView(EndingView):
    """Leave a group, or hide a direct room until its next message."""

    @extend_schema(responses={204: None})
    def post(self, request: Any, pk: int) -> Response:
        valid(self.get_serializer(data=request.data))
        _own(pk, request.user)
        leave_room(room_pk=pk, user=request.user)
        return Response(status=204)


class ParticipantsView(ApiView):
    """Add people to a group."""

    serializer_class = PeopleInput

    @extend_schema(responses={200: ChatData})
    def post(self, request: Any, pk: int) -> Response:
        _own(pk, request.user)
        data = valid(self.get_serializer(data=request.data))
        add_people(room_pk=pk, actor=request.user, user_ids=data["user_ids"])
        return Response(_data(pk, request.user))


class ParticipantView(EndingView):
    """Remove a participant from a group."""

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int, user_pk: int) -> Response:
        _own(pk, request.user)
        remove_person(room_pk=pk, actor=request.user, user_pk=user_pk)
        return Response(status=204)


class ReadRoomView(ApiView):
    """Move the user's read mark."""

    serializer_class = RoomReadInput

    @extend_schema(responses={204: None})
    def post(self, request: Any, pk: int) -> Response:
        get_owned_or_404(Room.objects.visible_to(request.user), pk)
        data = valid(self.get_serializer(data=request.data))
        mark_room_read(room_pk=pk, user=request.user, seq=data["seq"])
        return Response(status=204)


class MuteRoomView(ApiView):
    """Turn the notifications of a room off and on."""

    serializer_class = MuteInput

    @extend_schema(responses={204: None})
    def post(self, request: Any, pk: int) -> Response:
        get_owned_or_404(Room.objects.visible_to(request.user), pk)
        data = valid(self.get_serializer(data=request.data))
        mute_room(room_pk=pk, user=request.user, until=data["until"])
        return Response(status=204)


class ReactionsView(ApiView):
    """Add or remove a reaction to a message."""

    serializer_class = ReactionInput

    @extend_schema(responses={200: ReactionData(many=True)})
    def post(self, request: Any, pk: int, seq: int) -> Response:
        get_owned_or_404(Room.objects.visible_to(request.user), pk)
        data = valid(self.get_serializer(data=request.data))
        message = react(
            room_pk=pk, seq=seq, user=request.user, emoji=data["emoji"], is_on=data["on"]
        )
        return Response(wire_message(message.pk).reactions_for(Reader(request.user.pk)))


class BlocksView(ApiView):
    """The people whom the user blocks, and blocking one."""

    serializer_class = BlockInput
    pagination_class = Pages

    @extend_schema(responses={200: BlockData(many=True)})
    def get(self, request: Any) -> Response:
        page: list[Block] = self.paginate_queryset(blocks_by(request.user))
        return self.get_paginated_response([_block_data(block) for block in page])

    @extend_schema(responses={200: BlockData, 201: BlockData})
    def post(self, request: Any) -> Response:
        data = valid(self.get_serializer(data=request.data))
        blocked = get_owned_or_404(User.objects.all(), data["user_id"])
        is_new = block_user(blocker=request.user, blocked=blocked, at=timezone.now())
        block = Block.objects.select_related("blocked").get(blocker=request.user, blocked=blocked)
        return Response(_block_data(block), 201 if is_new else 200)


class BlockView(ApiView):
    """Unblock a user; their id is in the address."""

    serializer_class = NoFields

    @extend_schema(responses={204: None})
    def delete(self, request: Any, pk: int) -> Response:
        if blocked := User.objects.filter(pk=pk).first():
            unblock_user(blocker=request.user, blocked=blocked)
        return Response(status=204)


def _own(pk: int, user: Any) -> Participant:
    """Return the user's participation in a private room. Raises: Http404."""
    with missing_as_404():
        return chat_of(pk, user)


def _data(pk: int, user: Any) -> Any:
    return _chats_data([_own(pk, user)], user)[0]


def _chats_data(rows: list[Participant], user: Any) -> list[Any]:
    at, blocked = timezone.now(), blocks_of([user.pk])[user.pk].by
    return [chat_data(chat, at=at, blocked=blocked) for chat in chats(rows)]


def _block_data(block: Block) -> Any:
    return BlockData({"user": person_of(block.blocked), "blocked_at": block.blocked_at}).data
