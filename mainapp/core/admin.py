"""The base of admin pages that only show rows, and the audit: filterable, exported as CSV."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

from mainapp.core.audit import AuditedQuerySet
from mainapp.core.audit.exporting import csv_lines
from mainapp.core.models import AuditEntry


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["at", "actor_id", "way", "program", "action", "model", "key", "changed_fields"]
    list_filter = ["way", "action", "model", "at"]
    search_fields = ["=actor_id", "=key", "model"]
    # The count would scan the table for every page of a search.
    show_full_result_count = False
    actions = ["export"]

    @admin.display(description=_("campos"))
    def changed_fields(self, entry: AuditEntry) -> str:
        return ", ".join(entry.fields)

    @admin.action(description=_("Exportar como CSV"))
    def export(
        self, request: HttpRequest, entries: "QuerySet[AuditEntry]"
    ) -> StreamingHttpResponse:
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return StreamingHttpResponse(
            csv_lines(entries.order_by("pk")),
            content_type="text/csv; charset=utf-8",
            headers=headers,
        )


admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class AuditedTaskAdmin(PeriodicTaskAdmin):  # type: ignore[misc] # without types
    """django-celery-beat's admin, with an audited queryset: its actions update many rows."""

    def get_queryset(self, request: HttpRequest) -> Iterable[PeriodicTask]:
        tasks: Any = super().get_queryset(request)
        return AuditedQuerySet(model=tasks.model, query=tasks.query, using=tasks.db)
