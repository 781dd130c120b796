"""URLs of the forum's pages."""

from django.urls import path

from mainapp.forum.views import messages, moderation, rooms
from mainapp.forum.views.room import people, room

urlpatterns = [
    path("forum/", rooms.forum, name="forum"),
    path("create-room/", rooms.new_room, name="create-room"),
    path("room/<key:pk>/", room, name="room"),
    path("room/<key:pk>/people/", people, name="room-people"),
    path("room/<key:pk>/moderation/", moderation.room_moderation, name="room-moderation"),
    path("room/<key:pk>/mute/", moderation.mute, name="mute-participant"),
    path("room/<key:pk>/close/", moderation.close, name="close-room"),
    path("room/<key:pk>/reopen/", moderation.reopen, name="reopen-room"),
    path("room/<key:pk>/filter/", moderation.set_filter, name="filter-words"),
    path("update-room/<key:pk>/", rooms.change_room, name="update-room"),
    path("delete-room/<key:pk>/", rooms.remove_room, name="delete-room"),
    path("edit-message/<key:pk>/", messages.change_message, name="edit-message"),
    path("delete-message/<key:pk>/", messages.remove_message, name="delete-message"),
]
