"""Pages and shared links of users' watchlists."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.audience import key_of, may_manage
from mainapp.core.errors import shown_as_message, shown_in_form
from mainapp.core.paths import absolute_url, get_owned_or_404, missing_as_404
from mainapp.core.templatetags.isolation import isolate_plain
from mainapp.market.forms import SymbolsForm, WatchlistForm
from mainapp.market.models import Watchlist
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.selectors.boards import listed_in
from mainapp.market.selectors.feed import feed_state
from mainapp.market.selectors.successions import get_successions, succession_notes
from mainapp.market.selectors.watchlists import (
    editable_list,
    lists_with_symbols,
    own_lists,
    shared_list,
)
from mainapp.market.services.watchlists import (
    MAX_LISTS,
    add_symbols,
    copy_list,
    create_list,
    create_shared_list,
    delete_list,
    make_current,
    move_symbol,
    remove_symbols,
    rename_list,
    renew_share_key,
)

CLUB = "club"  # the kind of an audience


def watchlists(request: MemberRequest) -> HttpResponse:
    form = WatchlistForm(request.POST or None)
    if form.is_valid():
        with shown_in_form(form, "name"):
            symbols = request.POST.get("symbols", "").split()[:SYMBOL_LIMIT_USER]
            created = create_list(
                owner=request.user, name=form.cleaned_data["name"], symbols=symbols
            )
            return _next(request, created.pk)
    context = {"form": form, "lists": lists_with_symbols(request.user), "max_lists": MAX_LISTS}
    return render(request, "mainapp/market/watchlists.html", context)


def watchlist(request: MemberRequest, pk: int) -> HttpResponse:
    shown_list = _editable_or_404(request, pk)
    context = {
        **feed_state(at=timezone.now()),
        "watchlist": shown_list,
        **_rows(shown_list),
        "limit": SYMBOL_LIMIT_USER,
        "share_url": ""
        if shown_list.audience
        else absolute_url(reverse("shared-list", args=[shown_list.share_key])),
    }
    return render(request, "mainapp/market/watchlist.html", context)


def rename_watchlist(request: MemberRequest, pk: int) -> HttpResponse:
    shown_list = _editable_or_404(request, pk)
    form = WatchlistForm(request.POST)
    if form.is_valid():
        with shown_as_message(request):
            rename_list(watchlist=shown_list, name=form.cleaned_data["name"])
    else:
        for error in form.errors["name"]:
            messages.error(request, str(error))
    return redirect("watchlist", pk=pk)


def edit_watchlist(request: MemberRequest, pk: int) -> HttpResponse:
    """Add the tickers in `symbols`, or remove (`remove`) or move (`up`, `down`) one stock."""
    shown_list = _editable_or_404(request, pk)
    if symbol := request.POST.get("remove"):
        remove_symbols(watchlist=shown_list, symbols=[symbol])
    elif symbol := request.POST.get("up"):
        move_symbol(watchlist=shown_list, symbol=symbol, by=-1)
    elif symbol := request.POST.get("down"):
        move_symbol(watchlist=shown_list, symbol=symbol, by=1)
    else:
        _add_typed(request, shown_list)
    return _next(request, pk)


def make_watchlist_current(request: MemberRequest, pk: int) -> HttpResponse:
    make_current(watchlist=get_owned_or_404(own_lists(request.user), pk))
    return redirect("watchlists")


def renew_watchlist_link(request: MemberRequest, pk: int) -> HttpResponse:
    renew_share_key(watchlist=get_owned_or_404(own_lists(request.user), pk))
    messages.success(request, _("O link foi trocado: o antigo não abre mais a lista."))
    return redirect("watchlist", pk=pk)


def delete_watchlist(request: MemberRequest, pk: int) -> HttpResponse:
    shown_list = _editable_or_404(request, pk)
    if request.method == "POST":
        delete_list(watchlist=shown_list)
        messages.success(
            request, _("A lista “%(name)s” foi apagada.") % {"name": isolate_plain(shown_list.name)}
        )
        return redirect("watchlists")
    return render(request, "mainapp/market/delete_watchlist.html", {"watchlist": shown_list})


@never_cache
def shared(request: HttpRequest, share_key: str) -> HttpResponse:
    shown_list = _shared_list_or_404(share_key)
    context = {
        **feed_state(at=timezone.now()),
        "watchlist": shown_list,
        **_rows(shown_list),
        "is_owner": shown_list.owner_id == request.user.pk,
    }
    response = render(request, "mainapp/market/shared_list.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


def copy_shared(request: MemberRequest, share_key: str) -> HttpResponse:
    source = _shared_list_or_404(share_key)
    with shown_as_message(request):
        copied = copy_list(watchlist=source, owner=request.user)
        messages.success(request, _("A lista agora também é sua."))
        return redirect("watchlist", pk=copied.pk)
    return redirect("shared-list", share_key=share_key)


def create_club_list(request: Any, slug: str) -> HttpResponse:
    """Make the list of the club of the path, which the middleware of the clubs has found."""
    club, form = request.club, WatchlistForm(request.POST)
    audience = key_of(CLUB, club.pk)
    if not may_manage(request.user, audience):
        raise Http404
    if not form.is_valid():
        return redirect(club)
    with shown_as_message(request):
        symbols = SymbolsForm(request.POST)
        created = create_shared_list(
            audience=audience,
            name=form.cleaned_data["name"],
            symbols=symbols.cleaned_data["symbols"] if symbols.is_valid() else (),
        )
        return redirect(f"{reverse('stocktracker')}?list={created.pk}")
    return redirect(club)


def _editable_or_404(request: MemberRequest, pk: int) -> Watchlist:
    """Return the user's own list, or one of an audience that the user manages."""
    with missing_as_404():
        return editable_list(pk, request.user)


def _next(request: MemberRequest, pk: int) -> HttpResponse:
    """Redirect to the tracker if the form was there, else to the list's own page."""
    if request.POST.get("next") == "tracker":
        return redirect(f"{reverse('stocktracker')}?list={pk}")
    return redirect("watchlist", pk=pk)


def _rows(watchlist: Watchlist) -> dict[str, Any]:
    """Return a list's stocks, and the symbols of those that are no longer traded."""
    rows = listed_in(watchlist)
    return {"rows": rows, "gone": [row.symbol for row in rows if not row.is_active]}


def _shared_list_or_404(share_key: str) -> Watchlist:
    with missing_as_404():
        return shared_list(share_key)


def _add_typed(request: MemberRequest, watchlist: Watchlist) -> None:
    form = SymbolsForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Escreva ao menos um código, como PETR4."))
        return
    with shown_as_message(request):
        edited = add_symbols(watchlist=watchlist, symbols=form.cleaned_data["symbols"])
        symbols = form.cleaned_data["symbols"]
        for note in succession_notes(symbols):
            messages.info(request, note)
        if unknown := set(edited.unknown) - get_successions(symbols).keys():
            listed = ", ".join(sorted(unknown)[:10])
            messages.warning(request, _("Não conhecemos: %(symbols)s.") % {"symbols": listed})
