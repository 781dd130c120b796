"""Editing and deleting a message."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.forum.forms import MessageForm
from mainapp.forum.models import Message
from mainapp.forum.selectors.pages import PAGE_SIZE
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


def _back(message: Message) -> HttpResponse:
    """Redirect to the message in its room."""
    address = reverse("room", args=[message.room_id])
    if message.seq <= message.room.last_seq - PAGE_SIZE:
        address += f"?before={message.seq + PAGE_SIZE // 2}"
    return HttpResponseRedirect(f"{address}#m{message.seq}")
