"""Base classes of read-only admin pages; the audit, with CSV export; plans and their quotas."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask

from mainapp.core.audit import AuditedQuerySet
from mainapp.core.audit.exporting import csv_lines
from mainapp.core.downloads import csv_response
from mainapp.core.limits.quotas import quota_kinds
from mainapp.core.models import AuditEntry, Plan, QuotaRule


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
        return csv_response(request, csv_lines(entries.order_by("pk")), name="audit.csv")


admin.site.unregister(PeriodicTask)


@admin.register(PeriodicTask)
class AuditedTaskAdmin(PeriodicTaskAdmin):  # type: ignore[misc] # without types
    """django-celery-beat's admin, with an audited queryset: its actions update many rows."""

    def get_queryset(self, request: HttpRequest) -> Iterable[PeriodicTask]:
        tasks: Any = super().get_queryset(request)
        return AuditedQuerySet(model=tasks.model, query=tasks.query, using=tasks.db)


class RuleForm(forms.ModelForm):  # type: ignore[type-arg] # no generics at run time
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The field stays free text, so that the model's check refuses unknown kinds with the list.
        kinds = [(name, kind.translated_label) for name, kind in quota_kinds().items()]
        self.fields["kind"].widget = forms.Select(choices=[("", "—"), *kinds])


class RuleInline(admin.TabularInline):  # type: ignore[type-arg] # no generics at run time
    model = QuotaRule
    form = RuleForm
    extra = 0


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    """Plans with their rules. The default plan, which `setup` creates, cannot be deleted."""

    list_display = ["name", "is_default"]
    inlines = [RuleInline]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (obj and obj.is_default)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return no actions: deleting several plans at once could include the default one."""
        return {}
