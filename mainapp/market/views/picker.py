"""The picker of stocks by market."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from mainapp.core.paths import parse_key
from mainapp.market.forms import PickerForm
from mainapp.market.policies import SYMBOL_LIMIT_USER, symbol_limit
from mainapp.market.selectors.feed import feed_state
from mainapp.market.selectors.listing import MARKETS, Filters, listing
from mainapp.market.selectors.watchlists import NamedList, lists_with_symbols
from mainapp.market.symbols import fold

TABS = {
    "IBOV": _("Ibovespa"),
    "ACOES": _("Ações"),
    "FII": _("FIIs"),
    "ETF": _("ETFs"),
    "BDR": _("BDRs"),
    "CRIPTO": _("Cripto"),
    "ALL": _("Todos"),
}
OTHER_INDICES = {
    "IFIX": "IFIX",
    "SMLL": "Small Caps",
    "IDIV": _("Dividendos"),
    "IBXX": "IBrX 100",
    "IBXL": "IBrX 50",
    "IBRA": _("Brasil Amplo"),
    "IBBR": "Ibovespa BR+",
    "IBHB": "High Beta",
}


def stockpicker(request: HttpRequest, market: str) -> HttpResponse:
    if market not in MARKETS:
        raise Http404
    query = PickerForm(request.GET).query()
    lists = lists_with_symbols(request.user)
    filled_list = _filled_list(lists, query["list"])
    at = timezone.now()
    context = {
        **feed_state(at=at),
        "market": market,
        "market_name": (TABS | OTHER_INDICES)[market],
        "tabs": TABS.items(),
        "indices": OTHER_INDICES.items(),
        "is_other_index": market in OTHER_INDICES,
        "query": query,
        "page_query": _page_query(query),
        "lists": lists,
        "filled_list": filled_list,
        "list_query": f"?list={filled_list.pk}" if filled_list and query["list"] else "",
        "chosen": filled_list.symbols if filled_list else [],
        "limit": symbol_limit(is_authenticated=request.user.is_authenticated),
        "user_limit": SYMBOL_LIMIT_USER,
        "listing": listing(
            market=market,
            filters=Filters(
                words=tuple(fold(query["q"]).split()),
                kind=query["kind"],
                sector=query["sector"],
                page=query["page"],
                as_of=query["as_of"],
            ),
            on=timezone.localdate(at),
        ),
    }
    return render(request, "mainapp/market/stockpicker.html", context)


def _filled_list(lists: list[NamedList], key: str) -> NamedList | None:
    """Return the user's list that gets the chosen stocks: the one with this key, or the current."""
    pk = parse_key(key)
    return next((each for each in lists if each.pk == pk), lists[0] if lists else None)


def _page_query(query: dict[str, Any]) -> str:
    """Return the query string of the other pages, up to the page number."""
    filters = {name: value for name, value in query.items() if value and name != "page"}
    return urlencode([*filters.items(), ("page", "")])
