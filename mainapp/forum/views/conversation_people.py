"""The people and settings of a private room."""

from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.paths import missing_as_404
from mainapp.core.realtime import flush_published
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.forum.forms import ConversationMuteForm, PeopleForm, PersonForm
from mainapp.forum.models import Participant
from mainapp.forum.policies import MAX_GROUP
from mainapp.forum.selectors.chats import chat_of
from mainapp.forum.selectors.conversations import Conversation, conversation
from mainapp.forum.selectors.members import host_id_among, members_of
from mainapp.forum.selectors.moderation import moderates
from mainapp.forum.services.chats import add_people, leave_room, remove_person, rename_room
from mainapp.forum.services.marks import MAX_MUTED, mute_room
from mainapp.forum.views.conversations import render_people_form
from mainapp.forum.views.finding import gone_as_404


def about(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the participants, and the settings that the user may change."""
    chat = _chat_or_404(request, pk)
    members = members_of(chat.room)
    host_id = host_id_among(chat.room, members)
    context = {
        "chat": chat,
        "room": chat.room,
        "members": members,
        "host_id": host_id,
        "is_host": host_id == request.user.pk,
        "is_moderator": chat.room.club_id is not None and moderates(request.user, chat.room),
        "is_full": len(members) >= MAX_GROUP,
        "mute_hours": ConversationMuteForm.HOURS,
        "is_muted_long": _is_muted_long(chat.own),
    }
    return render(request, "mainapp/forum/conversation_about.html", context)


def rename(request: MemberRequest, pk: int) -> HttpResponse:
    _hosted_or_404(request, pk)
    with shown_as_message(request):
        rename_room(room_pk=pk, actor=request.user, name=request.POST.get("name", ""))
        messages.success(request, _("O grupo tem um nome novo."))
    return redirect("conversation-about", pk=pk)


def add(request: MemberRequest, pk: int) -> HttpResponse:
    """Add the chosen people; without scripts the form also searches them."""
    chat, members = _hosted_or_404(request, pk)
    form = PeopleForm(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and form.is_valid() and not form.is_search and form.ids:
        with shown_in_form(form):
            added = add_people(room_pk=pk, actor=request.user, user_ids=form.ids)
            sentence = ngettext("%(n)s pessoa entrou.", "%(n)s pessoas entraram.", len(added))
            messages.success(request, sentence % {"n": len(added)})
            return redirect("conversation-about", pk=pk)
    context = {"chat": chat, "room": chat.room}
    besides = [member.user_id for member in members]
    return render_people_form(request, form, context, besides=besides)


def remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Remove `user` from the group, after a confirmation."""
    chat, members = _hosted_or_404(request, pk)
    form = PersonForm(request.POST if request.method == "POST" else request.GET)
    user_pk = form.cleaned_data["user"] if form.is_valid() else 0
    person = next((each.user for each in members if each.user_id == user_pk), None)
    if person is None or person == request.user:  # removed meanwhile, or not to be removed
        return redirect("conversation-about", pk=pk)
    if request.method == "POST":
        with shown_as_message(request), gone_as_404():
            remove_person(room_pk=pk, actor=request.user, user_pk=user_pk)
            flush_published()
            sentence = _("%(name)s não está mais no grupo.")
            messages.success(request, sentence % {"name": isolate_plain(person.name)})
        return redirect("conversation-about", pk=pk)
    context = {"chat": chat, "room": chat.room, "person": person}
    return render(request, "mainapp/forum/conversation_remove.html", context)


def leave(request: MemberRequest, pk: int) -> HttpResponse:
    """Leave a group, or hide a direct room, after a confirmation."""
    chat = _chat_or_404(request, pk)
    if chat.room.club:  # its members leave the club
        raise Http404
    if request.method == "POST":
        with gone_as_404():
            leave_room(room_pk=pk, user=request.user)
        flush_published()
        messages.success(
            request,
            _("A conversa saiu da sua lista; a próxima mensagem a traz de volta.")
            if chat.is_direct
            else _("Você saiu do grupo."),
        )
        return redirect("conversas")
    context = {"chat": chat, "room": chat.room}
    return render(request, "mainapp/forum/conversation_leave.html", context)


def mute(request: MemberRequest, pk: int) -> HttpResponse:
    """Turn notifications off for some `hours`, 0 for good; without a valid number, on again."""
    _chat_or_404(request, pk)
    form = ConversationMuteForm(request.POST)
    until = None
    if form.is_valid():
        hours = form.cleaned_data["hours"]
        until = timezone.now() + (timedelta(hours=hours) if hours else MAX_MUTED)
    with shown_as_message(request):
        mute_room(room_pk=pk, user=request.user, until=until)
        messages.success(
            request,
            _("As notificações desta conversa estão desligadas.")
            if until
            else _("As notificações desta conversa estão ligadas."),
        )
    return redirect("conversation-about", pk=pk)


def _chat_or_404(request: HttpRequest, pk: int) -> Conversation:
    """Return a private room in which the user takes part."""
    with missing_as_404():
        return conversation(chat_of(pk, request.user))  # type: ignore[arg-type]


def _hosted_or_404(request: MemberRequest, pk: int) -> tuple[Conversation, list[Participant]]:
    """Return a group that the user hosts, and its participants."""
    chat = _chat_or_404(request, pk)
    members = members_of(chat.room)
    if host_id_among(chat.room, members) != request.user.pk:
        raise Http404
    return chat, members


def _is_muted_long(own: Participant) -> bool:
    """Return whether notifications are off for so long that no date is worth showing."""
    until = own.muted_until
    return until is not None and until > timezone.now() + timedelta(days=365)
