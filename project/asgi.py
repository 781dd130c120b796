"""The ASGI application: HTTP to Django, WebSockets through origin and session to routing.py."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
http = get_asgi_application()

from mainapp.accounts.middleware import SocketUserMiddleware
from mainapp.core.middleware import OriginMiddleware
from routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": OriginMiddleware(SocketUserMiddleware(URLRouter(websocket_urlpatterns))),
    }
)
