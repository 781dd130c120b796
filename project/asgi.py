"""The ASGI application: HTTP for Django; WebSockets through limits, origin and session checks."""

import asyncio
import gc
import logging
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()

from mainapp.accounts.middleware import SocketUserMiddleware
from mainapp.api.middleware import TokenInAddressMiddleware
from mainapp.core import static_files
from mainapp.core.limits.sockets import limit_addresses, limit_users
from mainapp.core.middleware import BodyLimitMiddleware, HeaderMiddleware, OriginMiddleware
from mainapp.core.processes import WEB, announce_start, announce_stop
from mainapp.core.realtime import stop_hubs
from mainapp.core.request_ids import RequestIdMiddleware
from routing import websocket_urlpatterns

# `project.serve` refuses to start; other servers, such as daphne and runserver, only import this.
if fault := static_files.fault():
    logging.getLogger(__name__).error("%s", fault)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Announce the start; stop the hubs at the end, so that their leases end at once."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            announce_start(WEB)
        if message["type"] == "lifespan.shutdown":
            await stop_hubs()
            await asyncio.to_thread(announce_stop)
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


# A socket's objects live long. With Python's default, a collection after every 700 new objects, the
# collector took a fifth of the CPU of a connect.
gc.set_threshold(50_000, 20, 100)

sockets = SocketUserMiddleware(limit_users(URLRouter(websocket_urlpatterns)))
protocols = ProtocolTypeRouter(
    {
        "http": HeaderMiddleware(BodyLimitMiddleware(http)),
        "websocket": limit_addresses(TokenInAddressMiddleware(OriginMiddleware(sockets))),
        "lifespan": lifespan,
    }
)
application = RequestIdMiddleware(protocols)
