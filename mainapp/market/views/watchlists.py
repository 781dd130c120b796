"""People's named lists: their pages, their links and what scripts ask of them."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mainapp.accounts.models import User
from mainapp.core.exceptions import DomainError
from mainapp.market.forms import SymbolsForm, WatchlistForm, symbols_from
from mainapp.market.models import Watchlist
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.selectors.boards import listed_in
from mainapp.market.selectors.watchlists import lists_of, owned_list, shared_list
from mainapp.market.services.watchlists import (
    MAX_LISTS,
    add_symbols,
    copy_list,
    create_list,
    delete_list,
    edit_current,
    make_current,
    merge_symbols,
    move_symbol,
    remove_symbols,
    rename_list,
    renew_share_key,
)


class OwnerRequest(HttpRequest):
    """A request that `login_required` let through."""

    user: User


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def watchlists(request: OwnerRequest) -> HttpResponse:
    form = WatchlistForm(request.POST or None)
    if form.is_valid():
        try:
            made = create_list(owner=request.user, name=form.cleaned_data["name"])
            return redirect("watchlist", pk=made.pk)
        except DomainError as error:
            form.add_error("name", error.detail)
    context = {"form": form, "lists": lists_of(request.user), "max_lists": MAX_LISTS}
    return render(request, "mainapp/market/watchlists.html", context)


@login_required
@require_safe
def watchlist(request: OwnerRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    context = {
        "watchlist": found,
        "rows": listed_in(found),
        "limit": SYMBOL_LIMIT_USER,
        "share_url": request.build_absolute_uri(reverse("shared-list", args=[found.share_key])),
    }
    return render(request, "mainapp/market/watchlist.html", context)


@login_required
@require_POST
def rename_watchlist(request: OwnerRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    form = WatchlistForm(request.POST)
    try:
        if form.is_valid():
            rename_list(watchlist=found, name=form.cleaned_data["name"])
        else:
            for error in form.errors["name"]:
                messages.error(request, str(error))
    except DomainError as refused:
        messages.error(request, refused.detail)
    return redirect("watchlist", pk=pk)


@login_required
@require_POST
def edit_watchlist(request: OwnerRequest, pk: int) -> HttpResponse:
    """Add the tickers of `symbols`, take one out (`remove`) or move one (`up`, `down`)."""
    found = _own(request, pk)
    if symbol := request.POST.get("remove"):
        remove_symbols(watchlist=found, symbols=[symbol])
    elif symbol := request.POST.get("up"):
        move_symbol(watchlist=found, symbol=symbol, by=-1)
    elif symbol := request.POST.get("down"):
        move_symbol(watchlist=found, symbol=symbol, by=1)
    else:
        _add_typed(request, found)
    return redirect("watchlist", pk=pk)


@login_required
@require_POST
def make_watchlist_current(request: OwnerRequest, pk: int) -> HttpResponse:
    make_current(watchlist=_own(request, pk))
    return redirect("watchlists")


@login_required
@require_POST
def renew_watchlist_link(request: OwnerRequest, pk: int) -> HttpResponse:
    renew_share_key(watchlist=_own(request, pk))
    messages.success(request, _("O link foi trocado: o antigo não abre mais a lista."))
    return redirect("watchlist", pk=pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_watchlist(request: OwnerRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    if request.method == "POST":
        delete_list(watchlist=found)
        messages.success(request, _("A lista “%(name)s” foi apagada.") % {"name": found.name})
        return redirect("watchlists")
    return render(request, "mainapp/market/delete_watchlist.html", {"watchlist": found})


@never_cache
@require_safe
def shared(request: HttpRequest, share_key: str) -> HttpResponse:
    found = _shared(share_key)
    context = {
        "watchlist": found,
        "rows": listed_in(found),
        "is_owner": found.owner_id == request.user.pk,
    }
    response = render(request, "mainapp/market/shared_list.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


@require_POST
def copy_shared(request: HttpRequest, share_key: str) -> HttpResponse:
    if not isinstance(request.user, User):
        return redirect_to_login(reverse("shared-list", args=[share_key]))
    user, source = request.user, _shared(share_key)
    try:
        made = copy_list(watchlist=source, owner=user)
    except DomainError as error:
        messages.error(request, error.detail)
        return redirect("shared-list", share_key=share_key)
    messages.success(request, _("A lista agora também é sua."))
    return redirect("watchlist", pk=made.pk)


@require_POST
def current(request: HttpRequest) -> JsonResponse:
    """Change the current list by `add` and `remove`, lists of symbols, and answer what it holds."""
    if not isinstance(request.user, User):
        return _login_first()
    try:
        asked = symbols_from(request, "add", "remove")
        edited = edit_current(owner=request.user, **asked)
    except ValidationError as error:
        return _refusal("invalid", error.messages[0])
    except DomainError as error:
        return _refusal(error.code, str(error.detail), **error.extra)
    return JsonResponse({"symbols": edited.symbols, "unknown": edited.unknown})


@require_POST
def merge(request: HttpRequest) -> JsonResponse:
    """Take the list that a browser kept, `symbols`, into the current list."""
    if not isinstance(request.user, User):
        return _login_first()
    try:
        merged = merge_symbols(owner=request.user, **symbols_from(request, "symbols"))
    except ValidationError as error:
        return _refusal("invalid", error.messages[0])
    except DomainError as error:
        return _refusal(error.code, str(error.detail))
    left_out = len(merged.left_out)
    message = ngettext(
        "%(count)s ativo ficou fora da sua lista, que guarda até %(limit)s.",
        "%(count)s ativos ficaram fora da sua lista, que guarda até %(limit)s.",
        left_out,
    )
    return JsonResponse(
        {
            "symbols": merged.symbols,
            "left_out": merged.left_out,
            "message": message % {"count": left_out, "limit": SYMBOL_LIMIT_USER}
            if left_out
            else "",
        }
    )


def _own(request: OwnerRequest, pk: int) -> Watchlist:
    try:
        return owned_list(request.user, pk)
    except Watchlist.DoesNotExist:
        raise Http404 from None


def _shared(share_key: str) -> Watchlist:
    try:
        return shared_list(share_key)
    except Watchlist.DoesNotExist:
        raise Http404 from None


def _add_typed(request: OwnerRequest, watchlist: Watchlist) -> None:
    form = SymbolsForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Escreva ao menos um código, como PETR4."))
        return
    try:
        edited = add_symbols(watchlist=watchlist, symbols=form.cleaned_data["symbols"])
    except DomainError as error:
        messages.error(request, error.detail)
        return
    if edited.unknown:
        unknown = ", ".join(edited.unknown[:10])
        messages.warning(request, _("Não conhecemos: %(symbols)s.") % {"symbols": unknown})


def _login_first() -> JsonResponse:
    return _refusal("login_required", _("Entre para guardar a sua lista."), status=401)


def _refusal(code: str, message: str, *, status: int = 400, **extra: object) -> JsonResponse:
    return JsonResponse({"code": code, "message": message, "fields": {}} | extra, status=status)
