"""The ASGI application: HTTP to Django, WebSockets through origin and session to routing.py."""

import gc
import os
from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
http = get_asgi_application()

from mainapp.accounts.middleware import SocketUserMiddleware, close_logins
from mainapp.core.limits.sockets import limit_addresses, limit_users
from mainapp.core.middleware import BodyLimitMiddleware, OriginMiddleware
from mainapp.forum.consumers import close_rooms
from mainapp.market.consumers import close_hall
from mainapp.notifications.consumers import close_inboxes
from routing import websocket_urlpatterns


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Give this process's leases up when the server ends."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            await close_hall()
            await close_rooms()
            await close_inboxes()
            await close_logins()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


# A socket's objects live long: to look at all of them after every 700 new ones took a fifth of the
# CPU of a connect.
gc.set_threshold(50_000, 20, 100)

application = ProtocolTypeRouter(
    {
        "http": BodyLimitMiddleware(http),
        "websocket": limit_addresses(
            OriginMiddleware(SocketUserMiddleware(limit_users(URLRouter(websocket_urlpatterns))))
        ),
        "lifespan": lifespan,
    }
)
