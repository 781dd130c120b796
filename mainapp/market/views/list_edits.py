"""JSON requests of scripts that read and edit a user's watchlists."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from mainapp.accounts.policies import MemberRequest
from mainapp.core.errors import json_response
from mainapp.core.exceptions import DomainError
from mainapp.core.paths import get_owned_or_404, missing_as_404
from mainapp.market.forms import symbols_from
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.selectors.watchlists import (
    current_symbols,
    editable_list,
    readable_lists,
    symbols_of,
)
from mainapp.market.services.watchlists import edit_current, edit_list, merge_symbols


@never_cache
def list_symbols(request: MemberRequest, pk: int) -> JsonResponse:
    """Return a list's symbols; a POST first removes, adds and orders some."""
    if request.method != "POST":
        return JsonResponse(
            {"symbols": symbols_of(get_owned_or_404(readable_lists(request.user), pk))}
        )
    with missing_as_404():
        watchlist = editable_list(pk, request.user)
    try:
        edited = edit_list(watchlist=watchlist, **_symbols_in(request, "add", "remove", "order"))
    except DomainError as error:
        return json_response(error)
    return JsonResponse({"symbols": edited.symbols, "unknown": edited.unknown})


@never_cache
def current(request: MemberRequest) -> JsonResponse:
    """Return the current list's symbols; a POST first removes, adds and orders some."""
    if request.method != "POST":
        return JsonResponse({"symbols": current_symbols(request.user)})
    try:
        edited = edit_current(owner=request.user, **_symbols_in(request, "add", "remove", "order"))
    except DomainError as error:
        return json_response(error)
    return JsonResponse({"symbols": edited.symbols, "unknown": edited.unknown})


def merge(request: MemberRequest) -> JsonResponse:
    """Merge a list that was stored in the browser (`symbols`) into the current list."""
    try:
        merged = merge_symbols(owner=request.user, **_symbols_in(request, "symbols"))
    except DomainError as error:
        return json_response(error)
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


def _symbols_in(request: HttpRequest, *names: str) -> dict[str, list[str]]:
    """Return the lists of symbols in the request. Raises: DomainError `invalid`."""
    try:
        return symbols_from(request, *names)
    except ValidationError as error:
        raise DomainError("invalid", "%(error)s", {"error": error.messages[0]}) from error
