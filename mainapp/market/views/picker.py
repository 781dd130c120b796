"""The picker of stocks by market."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.market.forms import PickerForm
from mainapp.market.policies import SYMBOL_LIMIT_USER, symbol_limit
from mainapp.market.selectors.boards import MARKETS, listing
from mainapp.market.selectors.feed import feed_state
from mainapp.market.selectors.watchlists import current_symbols
from mainapp.market.symbols import fold

TABS = {
    "IBOV": _("Ibovespa"),
    "FII": _("FIIs"),
    "ETF": _("ETFs"),
    "BDR": _("BDRs"),
    "ALL": _("Todos"),
}


def stockpicker(request: HttpRequest, market: str) -> HttpResponse:
    if market not in MARKETS:
        raise Http404
    query = PickerForm(request.GET).query()
    context = {
        **feed_state(at=timezone.now()),
        "market": market,
        "market_name": TABS[market],
        "tabs": TABS.items(),
        "query": query,
        "chosen": current_symbols(request.user),
        "limit": symbol_limit(is_authenticated=request.user.is_authenticated),
        "user_limit": SYMBOL_LIMIT_USER,
        "listing": listing(
            market=market,
            words=fold(query["q"]).split(),
            sector=query["sector"],
            page=query["page"],
        ),
    }
    return render(request, "mainapp/market/stockpicker.html", context)
