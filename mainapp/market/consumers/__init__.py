"""The live tracker's socket."""

from mainapp.market.consumers.hall import close_hall
from mainapp.market.consumers.stock import StockConsumer

__all__ = ["StockConsumer", "close_hall"]
