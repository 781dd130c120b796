"""The base of every socket."""

from channels.generic.websocket import AsyncWebsocketConsumer


class UnknownPathConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Tell a client that nothing lives at its path: close 4404."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(4404)
