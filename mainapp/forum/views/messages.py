"""Editing and deleting a message."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.forum.forms import MessageForm, ReactionForm
from mainapp.forum.models import Message
from mainapp.forum.policies import EMOJI
from mainapp.forum.selectors.messages import reactions_to
from mainapp.forum.selectors.pages import message_address
from mainapp.forum.services.marks import react
from mainapp.forum.services.messages import delete_message, edit_message
from mainapp.forum.views.finding import deletable_message_or_404, gone_as_404, message_or_404


def remove_message(request: MemberRequest, pk: int) -> HttpResponse:
    message = deletable_message_or_404(request, pk)
    if request.method == "POST":
        with shown_as_message(request), gone_as_404():
            delete_message(room_pk=message.room_id, seq=message.seq, actor=request.user)
            messages.success(request, _("A mensagem foi apagada."))
            return _back(message)
        return HttpResponseRedirect(request.path)
    context = {"message": message, "is_own": message.author_id == request.user.pk}
    return render(request, "mainapp/forum/delete_message.html", context)


def change_message(request: MemberRequest, pk: int) -> HttpResponse:
    message = message_or_404(request, pk)
    if message.author_id != request.user.pk:
        raise Http404
    form = MessageForm(request.POST or None, initial={"body": message.body})
    if form.is_valid():
        with shown_in_form(form, "body"):
            edit_message(
                room_pk=message.room_id,
                seq=message.seq,
                author=request.user,
                body=form.cleaned_data["body"],
            )
            return _back(message)
    return render(request, "mainapp/forum/edit_message.html", {"message": message, "form": form})


def react_to_message(request: MemberRequest, pk: int) -> HttpResponse:
    """Offer the reactions to a message, and add or remove one, without scripts."""
    message = message_or_404(request, pk)
    form = ReactionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with shown_in_form(form, "emoji"):
            react(
                room_pk=message.room_id,
                seq=message.seq,
                user=request.user,
                emoji=form.cleaned_data["emoji"],
                is_on=form.cleaned_data["on"],
            )
            return _back(message)
    people = reactions_to([message.pk]).get(message.pk, {})
    own = [emoji for emoji in EMOJI if request.user.pk in people.get(emoji, ())]
    context = {"message": message, "form": form, "emoji": EMOJI, "own": own}
    status = 422 if form.errors else 200
    return render(request, "mainapp/forum/react_message.html", context, status=status)


def _back(message: Message) -> HttpResponse:
    """Redirect to the message in its room."""
    return HttpResponseRedirect(message_address(message.room, message.seq))
