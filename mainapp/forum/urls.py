"""URLs of the forum's pages."""

from django.urls import path

from mainapp.forum.views import club_rooms, conversations, messages, moderation, rooms
from mainapp.forum.views import conversation_people as chat
from mainapp.forum.views.room import people, read, room
from mainapp.forum.views.room_search import room_search

urlpatterns = [
    path("conversas/", conversations.conversations, name="conversas"),
    path("conversas/nova/", conversations.new_conversation, name="nova-conversa"),
    path("conversas/lidas/", conversations.read_all, name="read-conversations"),
    path("conversa/<key:pk>/", room, {"is_private": True}, name="conversa"),
    path("conversa/<key:pk>/lida/", read, name="read-conversation"),
    path("conversa/<key:pk>/sobre/", chat.about, name="conversation-about"),
    path("conversa/<key:pk>/nome/", chat.rename, name="rename-conversation"),
    path("conversa/<key:pk>/pessoas/", chat.add, name="add-to-conversation"),
    path("conversa/<key:pk>/remover/", chat.remove, name="remove-from-conversation"),
    path("conversa/<key:pk>/sair/", chat.leave, name="leave-conversation"),
    path("conversa/<key:pk>/silenciar/", chat.mute, name="mute-conversation"),
    path("clube/<slug:slug>/salas/", club_rooms.club_rooms, name="club-rooms"),
    path("clube/<slug:slug>/salas/nova/", club_rooms.new_club_room, name="create-club-room"),
    path("forum/", rooms.forum, name="forum"),
    path("create-room/", rooms.new_room, name="create-room"),
    path("room/<key:pk>/", room, name="room"),
    path("room/<key:pk>/search/", room_search, name="room-search"),
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
    path("react-message/<key:pk>/", messages.react_to_message, name="react-message"),
]
