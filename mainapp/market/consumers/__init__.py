"""WebSocket consumers of the live tracker."""

from mainapp.market.consumers.stock import StockConsumer

__all__ = ["StockConsumer"]
