"""The reader's private rooms: their list and search, opening one, and reading all."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.forum.forms import ConversationQuery, PeopleForm
from mainapp.forum.selectors.conversations import conversation_page
from mainapp.forum.selectors.finding import (
    familiar_people,
    find_conversations,
    find_messages,
    find_people,
)
from mainapp.forum.selectors.members import reachable_people
from mainapp.forum.services.chats import open_chat
from mainapp.forum.services.marks import mark_all_read

FOUND = 20


def conversations(request: MemberRequest) -> HttpResponse:
    """Show the list, or the results of a search in it."""
    query = ConversationQuery(request.GET).query()
    text = query["text"]
    if text:
        context: dict[str, Any] = {
            "text": text,
            "found_chats": find_conversations(request.user, text, limit=FOUND),
            "found_messages": find_messages(request.user, text, limit=FOUND),
        }
    else:
        context = {"conversations": conversation_page(request.user, query["number"])}
    return render(request, "mainapp/forum/conversations.html", context)


def read_all(request: MemberRequest) -> HttpResponse:
    with shown_as_message(request):
        if mark_all_read(user=request.user, at=timezone.now()):
            messages.success(request, _("Tudo está marcado como lido."))
    return redirect("conversas")


@vary_on_headers("HX-Request")
def new_conversation(request: MemberRequest) -> HttpResponse:
    """Open a room with the chosen people; without scripts the form also searches them."""
    form = PeopleForm(request.POST if request.method == "POST" else request.GET)
    is_valid = form.is_valid()
    if request.method == "POST" and is_valid and not form.is_search:
        with shown_in_form(form):
            room, _is_new = open_chat(
                user=request.user, user_ids=form.ids, name=form.cleaned_data["name"]
            )
            return redirect("conversa", pk=room.pk)
    return render_people_form(request, form, {})


def render_people_form(
    request: MemberRequest,
    form: PeopleForm,
    context: dict[str, Any],
    *,
    besides: Collection[int] = (),
) -> HttpResponse:
    """Show a form to choose people; scripts load only the people found.

    Those of `besides` are not offered. Two or three queries.
    """
    is_refused = request.method == "POST" and not form.is_search
    besides = [*form.ids, *besides]
    found = (
        find_people(request.user, form.text, limit=FOUND, besides=besides)
        if form.text
        else familiar_people(request.user, limit=FOUND, besides=besides)
    )
    context = {**context, "form": form, "found": found, "text": form.text}
    if request.headers.get("HX-Request") == "true":
        return render(request, "mainapp/forum/_people_found.html", context)
    context["chosen"] = reachable_people(request.user, form.ids)
    template = "mainapp/forum/new_conversation.html"
    return render(request, template, context, status=422 if is_refused else 200)
