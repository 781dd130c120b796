"""Forms to write, edit, close and delete an idea, and its comments."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.models import Club
from mainapp.core.errors import page_sentence, shown_as_message
from mainapp.core.exceptions import DomainError
from mainapp.ideas.conditions import WAITING
from mainapp.ideas.forms import CommentForm, IdeaForm
from mainapp.ideas.models import Idea, IdeaComment
from mainapp.ideas.services.closing import close_idea, delete_idea
from mainapp.ideas.services.comments import comment, delete_comment
from mainapp.ideas.services.publishing import edit_idea, publish_idea
from mainapp.ideas.views.finding import gone_as_404, idea_or_404, own_idea_or_404
from mainapp.ideas.views.ideas import idea_context
from mainapp.market.selectors.catalogue import catalogue
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.sessions import sao_paulo_day

USUAL_HORIZON = timedelta(days=90)


def new_idea(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    initial = {
        "stock": request.GET.get("stock", "")[:12],
        "club": _preselected(request),
        "horizon": sao_paulo_day(now) + USUAL_HORIZON,
    }
    form = IdeaForm(request.POST or None, initial=initial, user=request.user, at=now)
    if form.is_valid():
        try:
            idea = publish_idea(author=request.user, at=now, **form.cleaned_data)
        except DomainError as error:
            show_in(form, error)
        else:
            messages.success(request, _published_sentence(idea))
            return redirect("ideia", pk=idea.pk)
    return render(request, "mainapp/ideas/form.html", _form_context(form, form["stock"].value()))


def _form_context(form: IdeaForm, ticker: str | None) -> dict[str, Any]:
    """Return the context of the form, with the price against which the limits are chosen."""
    symbol = catalogue().canonical(ticker or "") or ""
    quote = last_quotes([symbol]).get(symbol) if symbol else None
    status = market_status(at=timezone.now(), newest_at=quote.quoted_at if quote else None)
    return {"form": form, "symbol": symbol, "quote": quote, **status}


def _published_sentence(idea: Idea) -> str:
    if idea.status == WAITING:
        return _("A ideia espera o próximo preço do pregão para ser publicada.")
    return _("A ideia foi publicada.")


def _preselected(request: MemberRequest) -> Club | None:
    clubs = Club.objects.visible_to(request.user)
    if slug := request.GET.get("club"):
        return clubs.filter(slug=slug).first()
    return clubs.filter(members__user=request.user, members__is_chosen=True).first()


def change_idea(request: MemberRequest, pk: int) -> HttpResponse:
    idea = own_idea_or_404(request, pk)
    initial = {
        "side": idea.side,
        "target": idea.target,
        "stop": idea.stop,
        "horizon": idea.horizon,
        "thesis": idea.thesis,
        "tags": ", ".join(tag.name for tag in idea.tags.all()),
    }
    now = timezone.now()
    form = IdeaForm(request.POST or None, initial=initial, user=request.user, idea=idea, at=now)
    if form.is_valid():
        try:
            with gone_as_404():
                edit_idea(pk=pk, author=request.user, at=now, **form.cleaned_data)
        except DomainError as error:
            show_in(form, error)
        else:
            messages.success(
                request, _("A ideia foi alterada. As versões anteriores ficam à vista.")
            )
            return redirect("ideia", pk=pk)
    context: dict[str, Any] = {"form": form}
    if not idea.are_terms_frozen(at=now):
        context = _form_context(form, idea.stock.symbol)
    return render(request, "mainapp/ideas/form.html", context | {"idea": idea})


def end_idea(request: MemberRequest, pk: int) -> HttpResponse:
    idea = own_idea_or_404(request, pk)
    if request.method == "POST":
        with shown_as_message(request), gone_as_404():
            closed = close_idea(pk=pk, author=request.user, at=timezone.now())
            messages.success(
                request,
                _("A ideia termina no próximo preço do pregão.")
                if closed.is_live
                else _("A ideia foi encerrada."),
            )
        return redirect("ideia", pk=pk)
    return render(request, "mainapp/ideas/close.html", {"idea": idea})


def remove_idea(request: MemberRequest, pk: int) -> HttpResponse:
    idea = own_idea_or_404(request, pk)
    if request.method == "POST":
        with shown_as_message(request), gone_as_404():
            delete_idea(pk=pk, actor=request.user, at=timezone.now())
            messages.success(request, _("O texto da ideia foi apagado."))
        return redirect("ideias")
    return render(request, "mainapp/ideas/delete.html", {"idea": idea})


def add_comment(request: MemberRequest, pk: int) -> HttpResponse:
    idea = idea_or_404(request, pk)
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            with gone_as_404():
                row = comment(
                    idea_pk=idea.pk,
                    author=request.user,
                    body=form.cleaned_data["body"],
                    at=timezone.now(),
                )
        except DomainError as error:
            form.add_error("body", page_sentence(error))
        else:
            return redirect(f"{idea.get_absolute_url()}#comentario-{row.pk}")
    return render(request, "mainapp/ideas/idea.html", idea_context(request, pk, form), status=422)


def remove_comment(request: MemberRequest, pk: int) -> HttpResponse:
    own = IdeaComment.objects.visible_to(request.user).filter(author=request.user, deleted_at=None)
    row = get_object_or_404(own, pk=pk)
    if request.method == "POST":
        with shown_as_message(request), gone_as_404():
            delete_comment(pk=pk, actor=request.user, at=timezone.now())
        return redirect(reverse("ideia", args=[row.idea_id]))
    return render(request, "mainapp/ideas/delete_comment.html", {"comment": row})


def show_in(form: IdeaForm, error: DomainError) -> None:
    """Show an error at its field, or above the form."""
    fields = [name for name in error.fields if name in form.fields]
    form.add_error(fields[0] if fields else None, page_sentence(error))
