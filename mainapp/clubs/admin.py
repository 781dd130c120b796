"""Plans of clubs in the admin, without the clubs' texts, which staff must not read."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mainapp.clubs.models import Club


@admin.register(Club)
class ClubAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    list_display = ["pk", "members_count", "plan", "created_at"]
    list_select_related = ["plan"]
    fields = ["plan"]
    search_fields = ["=pk"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        clubs: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = clubs.annotate(members_n=Count("members"))
        return counted

    @admin.display(description=_("membros"))
    def members_count(self, club: Any) -> int:
        count: int = club.members_n
        return count

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return a club by its id only; Django would also accept other fields."""
        return super().get_object(request, object_id, None)

    def save_model(self, request: HttpRequest, obj: Club, form: Any, change: bool) -> None:
        """Save only the plan: the texts may have changed since the form was loaded."""
        with transaction.atomic():
            obj.save(update_fields=["plan"])
