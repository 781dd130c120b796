"""The live tracker: its page, its export, and the choices for its table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from mainapp.accounts.models import User
from mainapp.core.paths import parse_key
from mainapp.core.templatetags.formats import compact, direction
from mainapp.market.forms import TRACKER_TABLE
from mainapp.market.models import Watchlist
from mainapp.market.policies import SYMBOL_LIMIT_USER, symbol_limit
from mainapp.market.selectors.feed import market_status
from mainapp.market.selectors.index_map import MapRow
from mainapp.market.selectors.tracking import (
    Tracked,
    TrackedStock,
    ordered,
    tracked_in,
    tracked_stocks,
    with_points,
)
from mainapp.market.selectors.watchlists import lists_of, may_edit, symbols_of
from mainapp.market.serializers import write_tracked

WELL_KNOWN = (
    "PETR4",
    "VALE3",
    "ITUB4",
    "BTCBRL",
    "BBDC4",
    "BBAS3",
    "ABEV3",
    "WEGE3",
    "B3SA3",
    "MGLU3",
    "BOVA11",
)
ENOUGH_ROWS = 6  # shorter lists get suggestions
MAX_SUGGESTED = 4
MAX_UNKNOWN = 10  # named in a banner: a link may have four hundred of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """The requested stocks: those named in the query, or those of one of the user's lists.

    `shown_list` is the list that edits of the page belong to; None for anonymous users and for
    named stocks. `lists` are all lists of the user.
    """

    tracked: Tracked
    is_over_limit: bool
    is_named: bool
    lists: list[Watchlist]
    shown_list: Watchlist | None


def stocktracker(request: HttpRequest) -> HttpResponse:
    if "list" in request.GET and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    requested = _requested(request)
    rows = requested.tracked.rows
    view = TRACKER_TABLE.view_of(request)
    is_map = request.GET.get("view") == "map"
    shown = ordered(rows, view.sorted_by, is_ascending=view.is_ascending)
    at = timezone.now()
    may_change = _may_change(request, requested.shown_list)
    context = {
        "rows": shown if is_map else with_points(shown),
        "symbols": [row.symbol for row in rows],
        "former": requested.tracked.former,
        "unknown": [text[:20] for text in requested.tracked.unknown[:MAX_UNKNOWN]],
        "over_limit": requested.is_over_limit,
        "limit": symbol_limit(is_authenticated=request.user.is_authenticated),
        "blank": TrackedStock("{symbol}", "", None),
        "is_requested": requested.is_named,
        "lists": requested.lists,
        "first_own": _first_own(requested.lists),
        "shown_list": requested.shown_list,
        "is_own": may_change if requested.shown_list else not requested.is_named,
        "is_read_only": requested.shown_list is not None and not may_change,
        "is_map": is_map,
        "tiles": _tiles(rows) if is_map else [],
        "sum": _sum(rows),
        "table_url": _url_of(request),
        "map_url": _url_of(request, view="map"),
        "words": {
            "menu": _("Mais ações"),
            "alert": _("Criar alerta"),
            "carteira": _("Adicionar à carteira"),
        },
        "well_known": WELL_KNOWN,
        "suggested": _suggested(requested),
        "at": at,
        **view.context(),
        **market_status(
            at=at, newest_at=newest_quote_at(rows), symbols=[row.symbol for row in rows]
        ),
        "actions": row_actions(),
    }
    return render(request, "mainapp/market/stocktracker.html", context)


@never_cache
def export_tracker(request: HttpRequest) -> HttpResponse:
    """Return the stocks of the tracker with the same query, as CSV."""
    if "list" in request.GET and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    rows = _requested(request).tracked.rows
    response = HttpResponse(write_tracked(rows), content_type="text/csv; charset=utf-8")
    name = f"acompanhar-{timezone.localtime():%Y-%m-%d-%Hh%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def tracker_view(request: HttpRequest) -> HttpResponse:
    """Save the choices for the table in this browser, and show the tracker with them."""
    query = request.GET.urlencode()
    response = redirect(f"{reverse('stocktracker')}{'?' if query else ''}{query}")
    TRACKER_TABLE.save(request, response)
    return response


def _requested(request: HttpRequest) -> Requested:
    texts = request.GET.getlist("stockpicker")
    if any(not text.isprintable() for text in texts):
        raise BadRequest("control characters in a symbol")
    texts = [text.strip() for text in texts[: SYMBOL_LIMIT_USER * 2] if text.strip()]
    lists = lists_of(request.user) if request.user.is_authenticated else []
    if not texts and (shown_list := _shown_list(lists, request.GET.get("list"))):
        tracked = tracked_in(shown_list)
        return Requested(
            tracked=tracked,
            is_over_limit=False,
            is_named=False,
            lists=lists,
            shown_list=shown_list,
        )
    limit = symbol_limit(is_authenticated=request.user.is_authenticated)
    tracked, is_over_limit = tracked_stocks(texts, limit=limit)
    return Requested(
        tracked=tracked,
        is_over_limit=is_over_limit,
        is_named=bool(texts),
        lists=lists,
        shown_list=_list_of(lists, tracked) if texts else None,
    )


def _shown_list(lists: list[Watchlist], key: str | None) -> Watchlist | None:
    """Return the list with this key, or the current one without a key. Raises: Http404."""
    if key is None:
        return _first_own(lists)
    pk = parse_key(key)
    for candidate in lists:
        if candidate.pk == pk:
            return candidate
    raise Http404


def _list_of(lists: list[Watchlist], tracked: Tracked) -> Watchlist | None:
    """Return the current list if it has just the requested stocks: old links name them all."""
    symbols, first = [row.symbol for row in tracked.rows], _first_own(lists)
    return first if first and symbols_of(first) == symbols else None


def _first_own(lists: list[Watchlist]) -> Watchlist | None:
    """Return the user's current list; it is first, before those of audiences."""
    return lists[0] if lists and not lists[0].audience else None


def _may_change(request: HttpRequest, shown_list: Watchlist | None) -> bool:
    return isinstance(request.user, User) and (
        shown_list is not None and may_edit(shown_list, request.user)
    )


def _suggested(requested: Requested) -> list[str]:
    """Return well-known stocks to add to a short list; none for an empty one or a link's."""
    rows = requested.tracked.rows
    is_foreign = requested.is_named and requested.lists and requested.shown_list is None
    if is_foreign or not 0 < len(rows) < ENOUGH_ROWS:
        return []
    shown = {row.symbol for row in rows}
    return [symbol for symbol in WELL_KNOWN if symbol not in shown][:MAX_SUGGESTED]


def _tiles(rows: list[TrackedStock]) -> list[MapRow]:
    """Return the rows of the treemap: the traded stocks, by the day's volume in reais."""
    return [
        MapRow(
            symbol=row.symbol,
            name=row.name,
            group=row.sector,
            weight=int(row.turnover),
            weight_text=f"R$ {compact(row.turnover)}",
            change_pct=row.quote.change_pct,
        )
        for row in rows
        if row.quote and row.turnover
    ]


def _sum(rows: list[TrackedStock]) -> dict[str, Any]:
    """Return the number of stocks in words, and the numbers of those that rose and fell today."""
    directions = [direction(row.quote.change) for row in rows if row.quote]
    count = ngettext("%s ativo", "%s ativos", len(rows)) % len(rows)
    return {"count": count, "up": directions.count("up"), "down": directions.count("down")}


def _url_of(request: HttpRequest, **changes: str) -> str:
    """Return the address of this page with another `view`, or none."""
    query = request.GET.copy()
    query.pop("view", None)
    query.update(changes)
    return f"{reverse('stocktracker')}?{query.urlencode()}"


def newest_quote_at(rows: list[TrackedStock]) -> datetime | None:
    times = [row.quote.quoted_at for row in rows if row.quote and row.quote.quoted_at]
    return max(times, default=None)


def row_actions() -> dict[str, str]:
    """Return the URLs of a stock's actions, without those of pages that are not installed."""
    actions = {}
    for name in ("create-alert", "create-carteira", "watchlist-current", "stock-search"):
        try:
            actions[name.replace("-", "_")] = reverse(name)
        except NoReverseMatch:
            continue
    return actions
