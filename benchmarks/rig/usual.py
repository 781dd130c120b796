"""The usual design of a Channels project of this kind, for comparison.

Each socket is a consumer with its own channel in a group of the core Redis layer, behind the stock
authentication stack. For each message, each consumer queries the database for its stocks and dumps
the rows as JSON.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from channels.auth import AuthMiddlewareStack
from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.urls import path

from mainapp.market.consumers import StockConsumer
from mainapp.market.models import LastQuote
from project.asgi import http, lifespan

GROUP = LAYER = "usual"
settings.CHANNEL_LAYERS[LAYER] = {
    "BACKEND": "channels_redis.core.RedisChannelLayer",
    "CONFIG": {
        "hosts": [{"address": settings.REDIS_URL, "max_connections": 1000}],
        "capacity": 100_000,  # the default, 100 a process, would lose messages at this size
    },
}
# Our pragmas run at each new connection, and the usual design opens one for each message.
settings.DATABASES["default"].get("OPTIONS", {}).pop("init_command", None)
FIELDS = ("price", "previous_close", "open", "high", "low", "volume", "quoted_at")


class UsualConsumer(AsyncJsonWebsocketConsumer):
    channel_layer_alias = LAYER

    async def connect(self) -> None:
        query = self.scope["query_string"].decode()
        self.symbols = parse_qs(query).get("stockpicker", [])
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()
        await self.send_json({"type": "snapshot"})

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def quotes_update(self, event: dict[str, Any]) -> None:
        quotes = await self.quotes()
        frame = {"type": "update", "seq": event["seq"], "quotes": quotes}
        await self.send(text_data=json.dumps(frame, default=str))

    @database_sync_to_async
    def quotes(self) -> dict[str, Any]:
        rows = LastQuote.objects.filter(stock__symbol__in=self.symbols)
        return {row.pop("stock__symbol"): row for row in rows.values("stock__symbol", *FIELDS)}


def wrap_in_stock_stack(consumer: type[AsyncConsumer]) -> ProtocolTypeRouter:
    sockets = URLRouter([path("ws/stock/<str:room_name>/", consumer.as_asgi())])
    stack = AllowedHostsOriginValidator(AuthMiddlewareStack(sockets))
    return ProtocolTypeRouter({"http": http, "websocket": stack, "lifespan": lifespan})


usual_design = wrap_in_stock_stack(UsualConsumer)
stock_stack = wrap_in_stock_stack(StockConsumer)
