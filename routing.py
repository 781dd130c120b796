"""Every WebSocket URL of the project."""

from django.urls import path, re_path

from mainapp.core.consumers import UnknownPathConsumer
from mainapp.market.consumers import StockConsumer

websocket_urlpatterns = [
    path("ws/stock/<str:room_name>/", StockConsumer.as_asgi()),
    re_path(r"", UnknownPathConsumer.as_asgi()),
]
