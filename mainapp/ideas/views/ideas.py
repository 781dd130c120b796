"""The list of ideas, one idea, an author's record, and saved filters."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.accounts.models import User
from mainapp.accounts.policies import MemberRequest
from mainapp.clubs.policies import ClubRequest
from mainapp.core.errors import shown_as_message
from mainapp.core.pages import page_of
from mainapp.core.paths import get_owned_or_404
from mainapp.ideas.conditions import WAITING
from mainapp.ideas.forms import ORDERINGS, CommentForm, FilterNameForm, IdeaFilter
from mainapp.ideas.models import Idea, SavedFilter
from mainapp.ideas.selectors.ideas import (
    COMMENTS,
    bars_of,
    blocked_by,
    chart_of,
    comments_of,
    distance_pct,
    is_held,
    quote_of,
)
from mainapp.ideas.selectors.listing import PAGE_SIZE, choices_for, listed_ideas
from mainapp.ideas.selectors.records import club_ranking, record_of
from mainapp.ideas.services.filters import delete_filter, save_filter
from mainapp.ideas.services.publishing import editable_until
from mainapp.ideas.views.finding import idea_or_404
from mainapp.market.selectors.feed import feed_state
from mainapp.market.selectors.source_words import source_label
from mainapp.market.views.candles import request_history

PARTS = {"state": "mainapp/ideas/_state.html", "comments": "mainapp/ideas/_comments.html"}


def ideas(request: HttpRequest) -> HttpResponse:
    return _list(request, request.GET.getlist("club"))


def club_ideas(request: ClubRequest, slug: str) -> HttpResponse:
    club = request.club
    return _list(request, [club.slug], club=club, ranking=club_ranking(club))


def _list(request: HttpRequest, clubs: list[str], **context: Any) -> HttpResponse:
    rows = listed_ideas(request.user, clubs)
    found = IdeaFilter(request.GET, rows)
    # Invalid values count as missing ones, as on all pages.
    found.form.is_valid()
    page = page_of(found.filter_queryset(rows), request.GET.get("page"), size=PAGE_SIZE)
    query = filter_query(request.GET)
    return render(
        request,
        "mainapp/ideas/ideas.html",
        {
            "page": page,
            "form": found.form,
            "query": query,
            "order": found.form.cleaned_data.get("ordering") or ["-created_at"],
            "orderings": ORDERINGS,
            "choices": choices_for(request.user),
            "is_filtered": bool(query),
            "has_more_filters": bool({*QueryDict(query)} - {"q", "ordering"}),
            **context,
        },
    )


def filter_query(values: QueryDict) -> str:
    """Return the known, non-empty filters of a query string, in a fixed order."""
    kept = QueryDict(mutable=True)
    for name in sorted({*IdeaFilter.base_filters, "club"}):
        if value := values.get(name, "").strip():
            kept[name] = value[:200]
    return kept.urlencode()


def idea(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "mainapp/ideas/idea.html", idea_context(request, pk))


def idea_part(request: HttpRequest, pk: int) -> HttpResponse:
    """Return one part of the page, for open pages that load it again when it changes."""
    part = request.GET.get("part", "state")
    template = PARTS.get(part, PARTS["state"])
    return render(request, template, idea_context(request, pk))


def idea_context(request: HttpRequest, pk: int, form: CommentForm | None = None) -> dict[str, Any]:
    now = timezone.now()
    row = idea_or_404(request, pk)
    quote = quote_of(row)
    until = editable_until(row)
    price = quote.price if quote else None
    range_, bars = bars_of(row, at=now)
    if range_:
        request_history(row.stock, range_, bars=bars, at=now)
    return {
        "idea": row,
        "quote": quote,
        "price_source": source_label(row.price_source),
        "close_source": source_label(row.close_source),
        "chart": chart_of(row, bars, quote, at=now),
        "is_own": row.author_id is not None and row.author_id == request.user.pk,
        "is_waiting": row.status == WAITING,
        "is_held": is_held(row),
        "may_edit": row.status == WAITING or (until is not None and row.is_live and now <= until),
        "target_distance": distance_pct(row.target, price),
        "stop_distance": distance_pct(row.stop, price),
        "record": record_of(row.author) if row.author and row.club_id is None else None,
        "form": form or CommentForm(),
        "blocked": blocked_by(request.user),
        **_comments(request, row),
        **feed_state(at=now),
    }


def _comments(request: HttpRequest, row: Idea) -> dict[str, Any]:
    rows = comments_of(row, request.user)
    # The last page is shown first, as it has the newest comments.
    number = request.GET.get("page") or "999999"
    page = page_of(rows, number, size=COMMENTS)
    return {"comments": page, "page": page}


def record(request: HttpRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User.objects.filter(is_active=True), pk=pk)
    rows = listed_ideas(request.user).filter(author=person)
    context = {
        "person": person,
        "record": record_of(person),
        "page": page_of(rows, request.GET.get("page"), size=PAGE_SIZE),
    }
    return render(request, "mainapp/ideas/record.html", context)


def add_filter(request: MemberRequest) -> HttpResponse:
    form = FilterNameForm(request.POST)
    query = filter_query(QueryDict(request.POST.get("query", "")[:1000]))
    if form.is_valid() and query:
        with shown_as_message(request):
            save_filter(owner=request.user, name=form.cleaned_data["name"], query=query)
            messages.success(request, _("Filtro salvo."))
    else:
        messages.error(request, _("Dê um nome ao filtro, e escolha pelo menos um."))
    return redirect(f"{reverse('ideias')}?{query}")


def remove_filter(request: MemberRequest, pk: int) -> HttpResponse:
    row = get_owned_or_404(SavedFilter.objects.filter(owner=request.user), pk)
    delete_filter(row)
    return redirect("ideias")
