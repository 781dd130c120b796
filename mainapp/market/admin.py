"""Admin pages of the catalogue, of rejected quotes, and of uploaded history files."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mainapp.core.admin import ReadOnlyAdmin
from mainapp.market import tasks
from mainapp.market.forms import HistoryFileForm
from mainapp.market.models import (
    CorporateEvent,
    HistoryFile,
    IndexList,
    Membership,
    RejectedQuotes,
    Stock,
)
from mainapp.market.selectors.catalogue import clear_catalogue_cache
from mainapp.market.services import catalogue
from mainapp.market.services.history_files import fault_text, keep_file
from mainapp.market.symbols import market_of


@admin.action(description=_("Voltar aos dados do projeto"))
def drop_corrections(
    admin_page: "CorrectableAdmin", request: HttpRequest, rows: QuerySet[Any]
) -> None:
    catalogue.drop_corrections(rows=rows)
    catalogue.load_data(settings.BASE_DIR / "data")
    admin_page.message_user(request, _("As correções foram desfeitas."))


class CorrectableAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    """Rows of the project's data, whose changes by admins stay when the data is loaded again."""

    actions = [drop_corrections]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        catalogue.mark_corrected(obj, fields=form.changed_data)
        super().save_model(request, obj, form, change)
        clear_catalogue_cache()


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg] # no generics at run time
    model = Membership
    extra = 0
    autocomplete_fields = ["stock"]


@admin.register(Stock)
class StockAdmin(CorrectableAdmin):
    list_display = ["symbol", "name", "kind", "sector", "is_active", "renamed_to", "corrections"]
    list_filter = ["is_active", "kind", "sector"]
    list_select_related = ["renamed_to"]
    ordering = ["rank", "symbol"]
    search_fields = ["symbol", "name", "search_text", "isin"]
    autocomplete_fields = ["renamed_to"]
    readonly_fields = ["corrections"]

    def save_model(self, request: HttpRequest, obj: Stock, form: Any, change: bool) -> None:
        obj.market = market_of(obj.symbol)
        super().save_model(request, obj, form, change)
        catalogue.follow_renames(stock=obj)

    @admin.display(description=_("corrigido à mão"))
    def corrections(self, stock: Stock) -> str:
        names = {field.name: field.verbose_name for field in Stock._meta.fields}
        return ", ".join(str(names.get(name, name)) for name in stock.corrected_fields) or str(
            _("nada")
        )

    def has_delete_permission(self, request: HttpRequest, obj: Stock | None = None) -> bool:
        # Deleting a stock would delete its candles: it is retired instead.
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Stock | None = None) -> list[str]:
        return [*self.readonly_fields, "symbol"] if obj else self.readonly_fields


@admin.register(IndexList)
class IndexListAdmin(CorrectableAdmin):
    list_display = ["market", "as_of", "valid_from", "valid_to", "size", "strength", "is_corrected"]
    list_filter = ["market", "as_of"]
    search_fields = ["market", "memberships__stock__symbol", "memberships__stock__name"]
    readonly_fields = ["is_corrected"]
    inlines = [MembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[IndexList]:
        lists: QuerySet[IndexList] = super().get_queryset(request)
        return lists.annotate(size=Count("memberships"))

    @admin.display(description=_("ativos"))
    def size(self, index_list: Any) -> int:
        size: int = index_list.size
        return size

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if formset.has_changed():
            catalogue.mark_corrected(form.instance, fields=["memberships"])
            form.instance.save(update_fields=["is_corrected"])
            clear_catalogue_cache()


@admin.register(CorporateEvent)
class CorporateEventAdmin(CorrectableAdmin):
    list_display = ["stock", "kind", "successor", "ex_on", "month", "ratio", "strength", "status"]
    list_filter = ["kind", "status", "strength", "is_reported", "is_corrected"]
    list_select_related = ["stock", "successor"]
    search_fields = ["stock__symbol", "stock__name", "successor__symbol", "note"]
    autocomplete_fields = ["stock", "successor"]
    readonly_fields = ["is_corrected", "is_reported", "sources", "withdrawn_at"]

    def has_delete_permission(
        self, request: HttpRequest, obj: CorporateEvent | None = None
    ) -> bool:
        # The next loading of the data, or the next report, would bring it back.
        return obj is None or not (obj.key or obj.is_reported)


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


@admin.register(HistoryFile)
class HistoryFileAdmin(ReadOnlyAdmin):
    """Uploads of B3's own history; the worker loads them."""

    list_display = [
        "name",
        "uploaded_at",
        "state",
        "sessions",
        "records",
        "days",
        "added",
        "changed",
    ]
    list_display_links = ["name"]
    exclude = ["content", "fault", "fault_params", "started_at"]
    readonly_fields = ["problem"]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return admin.ModelAdmin.has_add_permission(self, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[HistoryFile]:
        files: QuerySet[HistoryFile] = super().get_queryset(request)
        return files.defer("content")

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **options: Any) -> Any:
        return super().get_form(request, obj, *args, **options) if obj else HistoryFileForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fields(request, obj) if obj else ["file"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else []

    def save_model(self, request: HttpRequest, obj: HistoryFile, form: Any, change: bool) -> None:
        file = form.cleaned_data["file"]
        keep_file(obj, name=file.name, content=file.read(), at=timezone.now())
        transaction.on_commit(tasks.queue_history_files)

    @admin.display(description=_("pregões"))
    def sessions(self, file: HistoryFile) -> str:
        days = [f"{day:%d/%m/%Y}" for day in (file.first_day, file.last_day) if day]
        return " / ".join(dict.fromkeys(days)) or fault_text(file)

    @admin.display(description=_("problema"))
    def problem(self, file: HistoryFile) -> str:
        return fault_text(file) or "-"
