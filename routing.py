"""Every WebSocket URL of the project."""

from django.urls import path, re_path

from mainapp.accounts.consumers import PresenceConsumer
from mainapp.clubs.consumers import ClubConsumer
from mainapp.core.consumers import UnknownPathConsumer
from mainapp.forum.consumers import RoomConsumer
from mainapp.ideas.consumers import IdeaConsumer
from mainapp.market.consumers import StockConsumer
from mainapp.notifications.consumers import NotificationsConsumer
from mainapp.operations.consumers import DashboardConsumer

websocket_urlpatterns = [
    path("ws/stock/<str:room_name>/", StockConsumer.as_asgi()),
    path("ws/room/<key:pk>/", RoomConsumer.as_asgi()),
    path("ws/chat/room/<key:pk>/", RoomConsumer.as_asgi()),
    path("ws/idea/<key:pk>/", IdeaConsumer.as_asgi()),
    path("ws/club/<slug:slug>/", ClubConsumer.as_asgi()),
    path("ws/notifications/", NotificationsConsumer.as_asgi()),
    path("ws/presence/", PresenceConsumer.as_asgi()),
    path("ws/dashboard/", DashboardConsumer.as_asgi()),
    re_path(r"", UnknownPathConsumer.as_asgi()),
]
