"""The rooms of a club, and creating one."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.selectors.members import membership_of
from mainapp.core.errors import shown_in_form
from mainapp.core.paths import missing_as_404
from mainapp.forum.forms import RoomForm
from mainapp.forum.selectors.conversations import club_conversations
from mainapp.forum.services.club_rooms import create_club_room


def club_rooms(request: MemberRequest, slug: str) -> HttpResponse:
    with missing_as_404():
        member = membership_of(slug, request.user)
    chats = club_conversations(member.club_id, request.user)
    context = {"club": member.club, "member": member, "chats": chats}
    return render(request, "mainapp/forum/club_rooms.html", context)


def new_club_room(request: MemberRequest, slug: str) -> HttpResponse:
    with missing_as_404():
        member = membership_of(slug, request.user)
    if not member.manages:
        raise Http404
    form = RoomForm(request.POST or None)
    if form.is_valid():
        with shown_in_form(form):
            data = form.cleaned_data
            room = create_club_room(club_pk=member.club_id, actor=request.user, **data)
            return redirect("conversa", pk=room.pk)
    context = {"form": form, "club": member.club, "topics": []}
    return render(request, "mainapp/forum/room_form.html", context)
