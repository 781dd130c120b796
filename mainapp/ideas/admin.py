"""Public ideas in the admin, read-only, so that nobody can improve a track record."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mainapp.core.admin import ReadOnlyAdmin
from mainapp.ideas.models import Idea, IdeaComment, PriceBreak


@admin.register(Idea)
class IdeaAdmin(ReadOnlyAdmin):
    list_display = ["stock", "side", "author", "status", "return_pct", "created_at"]
    list_filter = ["status", "side"]
    list_select_related = ["stock", "author"]
    search_fields = ["search_text", "author__username"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(club=None)


@admin.register(IdeaComment)
class IdeaCommentAdmin(ReadOnlyAdmin):
    list_display = ["idea", "author", "created_at", "deleted_at"]
    list_select_related = ["idea", "author"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(idea__club=None)


@admin.register(PriceBreak)
class PriceBreakAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    """Breaks can be deleted by hand: the stock's ideas are then judged from the next quote on."""

    list_display = ["stock", "trusted_price", "trusted_close", "trusted_on"]
    list_select_related = ["stock"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
