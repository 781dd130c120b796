"""Moderation in the admin, read-only: only the services decide and log.

The copies of cases are not shown: reading one of a private room is logged by its page alone.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mainapp.moderation.models import Case, Complaint, LogEntry


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    list_display = ["pk", "kind", "person", "place", "state", "decision", "opened_at", "closed_at"]
    list_filter = ["state", "decision", "kind", "is_private"]
    list_select_related = ["person"]
    search_fields = ["person__username", "place"]
    exclude = ["copies", "url"]


@admin.register(Complaint)
class ComplaintAdmin(ReadOnlyAdmin):
    list_display = ["case", "reporter", "category", "reason", "reported_at"]
    list_filter = ["category"]
    list_select_related = ["case", "reporter"]
    search_fields = ["reporter__username", "reason"]


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    list_display = ["done_at", "action", "actor", "target", "place", "detail"]
    list_filter = ["action"]
    list_select_related = ["actor", "target"]
    search_fields = ["actor__username", "target__username", "place"]
