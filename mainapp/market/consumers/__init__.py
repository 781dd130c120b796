"""The live tracker's socket."""

from mainapp.market.consumers.stock import StockConsumer

__all__ = ["StockConsumer"]
