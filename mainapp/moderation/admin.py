"""Moderation in the admin, read-only: only the services decide and log.

The copies of cases are not shown: reading one of a private room is logged by its page alone.
"""

from django.contrib import admin

from mainapp.core.admin import ReadOnlyAdmin
from mainapp.moderation.models import Case, Complaint, LogEntry


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
