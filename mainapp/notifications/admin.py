"""Read-only admin pages of the inbox and the outbox."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mainapp.notifications.models import Broadcast, Delivery, Notification


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # not generic at run time
    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "shown_address", "subject", "state", "tries", "due_at", "sent_at"]
    list_filter = ["state", "kind"]
    search_fields = ["address", "subject", "message_id"]
    show_full_result_count = False
    exclude = ["address", "text", "html"]  # they may hold keys, or a link that resets a password


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["id", "user", "kind", "title", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["user"]
    show_full_result_count = False


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnlyAdmin):
    list_display = ["id", "title", "author", "is_email", "created_at", "finished_at"]
    list_select_related = ["author"]
