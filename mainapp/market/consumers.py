"""The live tracker's socket."""

from channels.generic.websocket import AsyncWebsocketConsumer


class StockConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Stub."""
