"""Admin pages of the catalogue and of rejected quotes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from mainapp.market.models import Membership, RejectedQuotes, Stock
from mainapp.market.selectors.catalogue import clear_catalogue_cache
from mainapp.market.services.catalogue import search_text


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg] # no generics at run time
    model = Membership
    extra = 0


@admin.register(Stock)
class StockAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    list_display = ["symbol", "name", "kind", "sector", "is_active", "renamed_to"]
    list_filter = ["is_active", "kind", "memberships__market"]
    list_select_related = ["renamed_to"]
    search_fields = ["symbol", "name", "search_text"]
    autocomplete_fields = ["renamed_to"]
    inlines = [MembershipInline]

    def has_delete_permission(self, request: HttpRequest, obj: Stock | None = None) -> bool:
        # Deleting a stock would delete its candles: it is retired instead.
        return False

    def save_model(self, request: HttpRequest, obj: Stock, form: Any, change: bool) -> None:
        obj.search_text = search_text(obj.symbol, obj.name)
        super().save_model(request, obj, form, change)
        clear_catalogue_cache()


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    list_display = ["stock", "market", "as_of"]
    list_filter = ["market", "as_of"]
    list_select_related = ["stock"]
    search_fields = ["stock__symbol", "stock__name"]
    autocomplete_fields = ["stock"]


@admin.register(RejectedQuotes)
class RejectedQuotesAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    list_display = ["source", "reason", "count", "last_symbol", "last_at"]
    list_filter = ["source", "reason"]
    search_fields = ["source", "reason", "last_symbol"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: RejectedQuotes | None = None
    ) -> bool:
        return False
