"""Two applications in which one socket's handler waits two seconds for the database."""

import time
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from benchmarks.rig.usual import UsualConsumer, wrap_in_stock_stack
from mainapp.accounts.middleware import SocketUserMiddleware
from mainapp.core.consumers import BaseConsumer
from mainapp.core.frames import Frame
from mainapp.core.middleware import OriginMiddleware
from mainapp.core.realtime import query
from project.asgi import http, lifespan
from routing import websocket_urlpatterns

BLOCK_S = 2.0


class BlockingConsumer(BaseConsumer):
    handlers: ClassVar = BaseConsumer.handlers | {"block": "block"}

    async def opened(self) -> None:
        await self.reply({"type": "snapshot"})

    async def block(self, frame: Frame) -> None:
        await query(time.sleep, BLOCK_S)
        await self.reply({"type": "update", "seq": 0, "done": True})


class StockBlockingConsumer(UsualConsumer):
    """The usual consumer without its query for each message, so that only the block counts."""

    async def receive_json(self, content: Any, **_: Any) -> None:
        await database_sync_to_async(time.sleep)(BLOCK_S)

    async def quotes(self) -> dict[str, Any]:
        return {}


sockets = URLRouter([path("ws/block/", BlockingConsumer.as_asgi()), *websocket_urlpatterns])
stack = OriginMiddleware(SocketUserMiddleware(sockets))
project = ProtocolTypeRouter({"http": http, "websocket": stack, "lifespan": lifespan})
stock = wrap_in_stock_stack(StockBlockingConsumer)
