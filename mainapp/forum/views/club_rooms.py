"""The rooms of a club, and creating one."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from mainapp.clubs.policies import ClubRequest
from mainapp.core.errors import shown_in_form
from mainapp.forum.forms import RoomForm
from mainapp.forum.selectors.conversations import club_conversations
from mainapp.forum.services.club_rooms import create_club_room


def club_rooms(request: ClubRequest, slug: str) -> HttpResponse:
    chats = club_conversations(request.club.pk, request.user)
    context = {"club": request.club, "member": request.member, "chats": chats}
    return render(request, "mainapp/forum/club_rooms.html", context)


def new_club_room(request: ClubRequest, slug: str) -> HttpResponse:
    if not request.member.manages:
        raise Http404
    form = RoomForm(request.POST or None)
    if form.is_valid():
        with shown_in_form(form):
            data = form.cleaned_data
            room = create_club_room(club_pk=request.club.pk, actor=request.user, **data)
            return redirect("conversa", pk=room.pk)
    context = {"form": form, "club": request.club, "topics": []}
    return render(request, "mainapp/forum/room_form.html", context)
