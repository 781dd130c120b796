"""The forum in the admin, read-only: only the services write, number and log changes.

Private rooms, their participants and messages are not shown.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mainapp.core.admin import ReadOnlyAdmin
from mainapp.forum.models import Message, Participant, Room
from mainapp.forum.policies import FORUM


class ForumAdmin(ReadOnlyAdmin):
    # The lookup of the kind of an object's room.
    room_kind = "room__kind"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(**{self.room_kind: FORUM})


@admin.register(Room)
class RoomAdmin(ForumAdmin):
    room_kind = "kind"
    list_display = ["name", "topic", "stock", "host", "is_closed", "last_seq", "active_at"]
    list_filter = ["is_closed"]
    list_select_related = ["stock", "host"]
    search_fields = ["search_text", "host__username"]


@admin.register(Participant)
class ParticipantAdmin(ForumAdmin):
    list_display = ["user", "room", "is_muted", "joined_at"]
    list_filter = ["is_muted"]
    list_select_related = ["user", "room"]
    search_fields = ["user__username", "room__name"]
    ordering = ["-joined_at"]


@admin.register(Message)
class MessageAdmin(ForumAdmin):
    list_display = ["room", "seq", "author", "sent_at", "edited_at", "deleted_at"]
    list_select_related = ["room", "author"]
    search_fields = ["author__username", "room__name"]
    ordering = ["-pk"]
    # The count would scan the forum's largest table for every page of a search.
    show_full_result_count = False
