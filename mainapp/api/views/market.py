"""Stocks, quotes, candles and sources, open to everyone."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from mainapp.api.pagination import Pages
from mainapp.api.selectors.stocks import stocks_matching
from mainapp.api.serializers.market import (
    CandleQuery,
    Candles,
    FoundStock,
    ListedStock,
    Quotes,
    QuotesQuery,
    Sources,
    StockEvent,
    StockQuery,
)
from mainapp.api.views.base import ApiView, valid
from mainapp.market.models import Stock
from mainapp.market.policies import SYMBOL_LIMIT_USER
from mainapp.market.selectors.candles import chart_bars, chart_interval
from mainapp.market.selectors.facts import stock_events
from mainapp.market.selectors.quotes import last_quotes
from mainapp.market.selectors.sources import sources_overview
from mainapp.market.selectors.successions import describe, get_succession
from mainapp.market.selectors.tracking import tracked_stocks
from mainapp.market.selectors.watchlists import stocks_named
from mainapp.market.symbols import canonical
from mainapp.market.views.candles import request_history


class StocksView(ApiView):
    """The stocks of the catalogue, with their newest quotes."""

    serializer_class = ListedStock
    pagination_class = Pages

    @extend_schema(parameters=[StockQuery], responses={200: ListedStock(many=True)})
    def get(self, request: Any) -> Response:
        query = valid(StockQuery(data=request.query_params))
        page: list[Any] = self.paginate_queryset(stocks_matching(query))
        quotes = last_quotes([stock.symbol for stock in page])
        for stock in page:
            stock.quote = quotes.get(stock.symbol)
        return self.get_paginated_response(ListedStock(page, many=True).data)


class StockView(ApiView):
    """One stock, by its present or a former ticker."""

    serializer_class = FoundStock

    @extend_schema(responses={200: FoundStock})
    def get(self, request: Any, symbol: str) -> Response:
        stock: Any = stock_or_404(symbol)
        stock.quote = last_quotes([stock.symbol]).get(stock.symbol)
        stock.former_code = _former_code(symbol)
        return Response(FoundStock(stock).data)


class StockEventsView(ApiView):
    """The newest payments, splits and other events of a stock, announced ones first."""

    serializer_class = StockEvent

    @extend_schema(responses={200: StockEvent(many=True)})
    def get(self, request: Any, symbol: str) -> Response:
        return Response(StockEvent(stock_events(stock_or_404(symbol)), many=True).data)


class QuotesView(ApiView):
    """The newest quotes of some stocks."""

    serializer_class = Quotes

    @extend_schema(parameters=[QuotesQuery], responses={200: Quotes})
    def get(self, request: Any) -> Response:
        symbols = ",".join(request.query_params.getlist("symbols"))
        query = valid(QuotesQuery(data={"symbols": symbols}))
        tracked, _more = tracked_stocks(query["symbols"], limit=SYMBOL_LIMIT_USER)
        data = {
            "quotes": {row.symbol: row.quote.to_wire() for row in tracked.rows if row.quote},
            "pending": [row.symbol for row in tracked.rows if not row.quote and row.is_traded],
            "unknown": tracked.unknown
            + [row.symbol for row in tracked.rows if not row.quote and not row.is_traded],
        }
        return Response(data)


class CandlesView(ApiView):
    """A stock's candles; a request for an incomplete range starts fetching the rest."""

    serializer_class = Candles

    @extend_schema(parameters=[CandleQuery], responses={200: Candles})
    def get(self, request: Any, symbol: str) -> Response:
        range_ = valid(CandleQuery(data=request.query_params))["range"]
        stock, at = stock_or_404(symbol), timezone.now()
        bars, source = chart_bars(stock=stock, range_=range_, at=at)
        load = request_history(stock, range_, bars=bars, at=at)
        data = {
            "symbol": stock.symbol,
            "range": range_,
            "interval": chart_interval(range_),
            "source": source,
            "status": load.status,
            "candles": bars,
        }
        return Response(Candles(data).data)


class SourcesView(ApiView):
    """The state of the sources of quotes."""

    serializer_class = Sources

    @extend_schema(responses={200: Sources})
    def get(self, request: Any) -> Response:
        return Response(Sources(sources_overview(at=timezone.now())).data)


def _former_code(text: str) -> dict[str, Any] | None:
    succession = get_succession(text)
    if succession is None:
        return None
    symbol = canonical(text) or text
    return {"symbol": symbol, "succession": succession, "note": describe(symbol, succession)}


def stock_or_404(symbol: str) -> Stock:
    """Return the stock of a ticker. Raises: Http404."""
    stock = stocks_named([symbol]).get(symbol)
    if stock is None:
        raise Http404
    return stock
