"""The page of a room, with a form to write in it without scripts."""

from datetime import date
from typing import TypedDict
from uuid import UUID, uuid4

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_in_form
from mainapp.core.paths import parse_key
from mainapp.forum.forms import MessageForm
from mainapp.forum.models import Room
from mainapp.forum.policies import Rules, permissions
from mainapp.forum.selectors.pages import RoomPage, blank_line, quotes_of, room_page
from mainapp.forum.selectors.people import people_named
from mainapp.forum.selectors.rooms import active_rooms
from mainapp.forum.services.messages import post_message
from mainapp.forum.views.finding import room_or_404
from mainapp.market.selectors.feed import market_status

MAX_NAME_LENGTH = 60


@vary_on_headers("HX-Request")
def room(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the last messages, or those before `?before=`; scripts load the list alone."""
    room, is_muted = room_or_404(request, pk)
    if request.method == "POST":
        return _post(request, room, is_muted=is_muted)
    if request.headers.get("HX-Request") == "true":
        return render(
            request, "mainapp/forum/_messages.html", _messages_context(request, room, is_muted)
        )
    return _page(request, room, is_muted, MessageForm())


def people(request: MemberRequest, pk: int) -> HttpResponse:
    """Suggest people of the room for a mention, as options of a list."""
    room, _is_muted = room_or_404(request, pk)
    text = request.GET.get("q", "")[:MAX_NAME_LENGTH]
    suggested = people_named(room, text, besides=request.user)
    return render(request, "mainapp/forum/_people.html", {"people": suggested})


def _post(request: HttpRequest, room: Room, *, is_muted: bool) -> HttpResponse:
    if not isinstance(request.user, User):
        return redirect_to_login(reverse("room", args=[room.pk]))
    form = MessageForm(request.POST)
    if form.is_valid():
        with shown_in_form(form, "body"):
            post_message(
                room_pk=room.pk,
                author=request.user,
                body=form.cleaned_data["body"],
                client_id=_uuid(request.POST.get("client_id", "")),
            )
            return HttpResponseRedirect(reverse("room", args=[room.pk]) + "#end")
    return _page(request, room, is_muted, form, status=422)


def _page(
    request: HttpRequest, room: Room, is_muted: bool, form: MessageForm, *, status: int = 200
) -> HttpResponse:
    shared = _messages_context(request, room, is_muted)
    context = {
        **shared,
        "form": form,
        "client_id": uuid4(),
        "blank": blank_line(),
        "rows": active_rooms(),
        "quotes": quotes_of(room, shared["page"], user=request.user),
        **market_status(at=timezone.now()),
    }
    return render(request, "mainapp/forum/room.html", context, status=status)


class MessagesContext(TypedDict):
    """The context of the list of messages."""

    room: Room
    is_muted: bool
    page: RoomPage
    may: list[str]
    today: date


def _messages_context(request: HttpRequest, room: Room, is_muted: bool) -> MessagesContext:
    user = request.user
    muted = frozenset([user.pk] if is_muted and user.pk else [])
    rules = Rules(host_id=room.host_id, is_closed=room.is_closed, muted=muted)
    return {
        "room": room,
        "is_muted": is_muted,
        "page": room_page(room, before=parse_key(request.GET.get("before", ""))),
        "may": permissions(user, rules),
        "today": timezone.localdate(),
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
