"""The list of rooms, and creating, changing and deleting one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest, is_staff_level
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.forum.forms import ForumQuery, RoomForm
from mainapp.forum.selectors.rooms import (
    forum_page,
    recent_messages,
    symbols_without_room,
    topic_names,
)
from mainapp.forum.services.rooms import create_room, delete_room, update_room
from mainapp.forum.views.finding import gone_as_404, moderated_room_or_404
from mainapp.market.selectors.feed import market_status


def forum(request: HttpRequest) -> HttpResponse:
    query = ForumQuery(request.GET).query()
    page, topics = forum_page(request.user, **query)
    context = {
        "query": query,
        "page": page,
        "topics": topics,
        "recent": recent_messages(),
        "suggestions": symbols_without_room(request.user),
        "has_prices": any(row.room.stock for row in page.rows),
        "is_staff": is_staff_level(request.user),
        **market_status(at=timezone.now()),
    }
    return render(request, "mainapp/forum/forum.html", context)


def new_room(request: MemberRequest) -> HttpResponse:
    stock = {"stock": request.GET.get("stock", "")[:12]}  # from the page of a paper
    form = RoomForm(request.POST or None, initial=stock)
    if form.is_valid():
        with shown_in_form(form):
            room = create_room(host=request.user, **form.cleaned_data)
            return redirect("room", pk=room.pk)
    context = {"form": form, "topics": topic_names()}
    return render(request, "mainapp/forum/room_form.html", context)


def change_room(request: MemberRequest, pk: int) -> HttpResponse:
    room = moderated_room_or_404(request, pk)
    form = RoomForm(request.POST or None, instance=room)
    if form.is_valid():
        with shown_in_form(form), gone_as_404():
            update_room(room_pk=room.pk, actor=request.user, **form.cleaned_data)
            messages.success(request, _("A sala foi alterada."))
            return redirect(room.get_absolute_url())
    context = {"form": form, "room": room, "club": room.club, "topics": topic_names()}
    return render(request, "mainapp/forum/room_form.html", context)


def remove_room(request: MemberRequest, pk: int) -> HttpResponse:
    room = moderated_room_or_404(request, pk)
    if request.method == "POST":
        with shown_as_message(request), gone_as_404():
            delete_room(room_pk=room.pk, actor=request.user)
            messages.success(
                request, _("A sala “%(name)s” foi apagada.") % {"name": isolate_plain(room.name)}
            )
        if room.club:
            return redirect("club-rooms", slug=room.club.slug)
        return redirect("forum")
    return render(request, "mainapp/forum/delete_room.html", {"room": room})
