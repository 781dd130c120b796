"""The page of a room, with a form to write in it without scripts."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypedDict
from uuid import UUID, uuid4

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.paths import parse_key
from mainapp.forum.forms import MessageForm
from mainapp.forum.models import Message, Room
from mainapp.forum.policies import Rules, permissions
from mainapp.forum.selectors.chats import Chat
from mainapp.forum.selectors.conversations import conversation_list
from mainapp.forum.selectors.lines import blank_line
from mainapp.forum.selectors.members import host_id_among
from mainapp.forum.selectors.pages import OpenedRoom, RoomPage, room_page
from mainapp.forum.selectors.people import people_named
from mainapp.forum.selectors.quoting import quotable_message
from mainapp.forum.selectors.rooms import active_rooms
from mainapp.forum.services.marks import mark_room_read
from mainapp.forum.services.messages import post_message
from mainapp.forum.services.sending import post_with_file
from mainapp.forum.views.finding import room_or_404
from mainapp.market.selectors.feed import market_status
from mainapp.uploads.models import Upload
from mainapp.uploads.tasks import queue_thumbnails

MAX_NAME_LENGTH = 60


@vary_on_headers("HX-Request")
def room(request: HttpRequest, pk: int, *, is_private: bool = False) -> HttpResponse:
    """Show the newest messages, or those of `?before=` or `?after=`; scripts load the list alone.

    `room` is the address of a room of the forum, `conversa` that of a private one.
    """
    opened = room_or_404(request, pk, is_private=is_private)
    if request.method == "POST":
        return _post(request, opened)
    address = opened.room.get_absolute_url()
    if request.path != address:
        query = request.GET.urlencode()
        return redirect(f"{address}?{query}" if query else address)
    if request.headers.get("HX-Request") == "true":
        context = _messages_context(request, opened)
        return render(request, "mainapp/forum/_messages.html", context)
    return _page(request, opened, MessageForm())


def people(request: MemberRequest, pk: int) -> HttpResponse:
    """Suggest people of the room for a mention, as options of a list."""
    room = room_or_404(request, pk).room
    text = request.GET.get("q", "")[:MAX_NAME_LENGTH]
    suggested = people_named(room, text, besides=request.user)
    return render(request, "mainapp/forum/_people.html", {"people": suggested})


def read(request: MemberRequest, pk: int) -> HttpResponse:
    """Mark a private room as read, without scripts."""
    room = room_or_404(request, pk).room
    with shown_as_message(request):
        mark_room_read(room_pk=room.pk, user=request.user, seq=room.last_seq)
    return redirect(room.get_absolute_url() + "#end")


def _post(request: HttpRequest, opened: OpenedRoom) -> HttpResponse:
    address = opened.room.get_absolute_url()
    if not isinstance(request.user, User):
        return redirect_to_login(address)
    form = MessageForm(request.POST, request.FILES)
    if form.is_valid():
        with shown_in_form(form, "body"):
            _send(request.user, opened.room, form, _uuid(request.POST.get("client_id", "")))
            return HttpResponseRedirect(address + "#end")
    return _page(request, opened, form, status=422)


def _send(author: User, room: Room, form: MessageForm, client_id: UUID | None) -> None:
    body, file = form.cleaned_data["body"], form.cleaned_data["file"]
    sent = {"room_pk": room.pk, "author": author, "reply_to": form.cleaned_data["reply_to"]}
    if not file:
        post_message(body=body, client_id=client_id, **sent)
        return
    upload = post_with_file(
        body=body, name=file.name, data=file.read(), client_id=client_id or uuid4(), **sent
    )
    if upload.state == Upload.State.PENDING:
        queue_thumbnails(upload.pk)


def _page(
    request: HttpRequest, opened: OpenedRoom, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    shared = _messages_context(request, opened)
    context = {
        **shared,
        "form": form,
        "client_id": uuid4(),
        "blank": blank_line(),
        **_beside(request, opened),
        "quotes": {symbol: quote.to_wire() for symbol, quote in shared["page"].quotes.items()},
        "answered": _answered(request, opened),
        "blocked_partner": opened.blocked_partner,
        **market_status(at=timezone.now()),
    }
    return render(request, "mainapp/forum/room.html", context, status=status)


def _beside(request: HttpRequest, opened: OpenedRoom) -> dict[str, Any]:
    """Return the context of the list beside the room: the reader's conversations, or the rooms."""
    if opened.chat and isinstance(request.user, User):
        return {"conversations": conversation_list(request.user)}
    return {"rows": active_rooms()}


class MessagesContext(TypedDict):
    """The context of the list of messages."""

    room: Room
    chat: Chat | None
    host_id: int | None
    joined_seq: int
    is_muted: bool
    page: RoomPage
    may: list[str]
    today: date


def _messages_context(request: HttpRequest, opened: OpenedRoom) -> MessagesContext:
    user, room, chat = request.user, opened.room, opened.chat
    people: Sequence[Any] = chat.people if chat else ()
    host_id = host_id_among(room, people) if chat else room.host_id
    rules = Rules(
        host_id=host_id,
        is_closed=room.is_closed,
        muted=frozenset([user.pk] if opened.is_muted and user.pk else []),
        kind=room.kind,
        members={member.user_id: member.joined_seq for member in people},
        moderators=frozenset(member.user_id for member in people if member.moderates),
    )
    before, after = (parse_key(request.GET.get(name, "")) for name in ("before", "after"))
    return {
        "room": room,
        "chat": chat,
        "host_id": host_id,
        "joined_seq": opened.joined_seq,
        "is_muted": opened.is_muted,
        "page": room_page(opened, user, before=before, after=after),
        "may": permissions(user, rules),
        "today": timezone.localdate(),
    }


def _answered(request: HttpRequest, opened: OpenedRoom) -> Message | None:
    """Return the message of `?reply=`, or of a form that is shown again, to which one replies."""
    seq = parse_key(request.POST.get("reply_to") or request.GET.get("reply", ""))
    return quotable_message(opened.room, seq, request.user) if seq else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
