"""Admin pages for portfolios."""

from django.contrib import admin

from mainapp.core.forms import TypedDecimalField
from mainapp.portfolio.models import Carteira, ExactDecimalField


@admin.register(Carteira)
class CarteiraAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # no generics at run time
    list_display = ["owner", "ativo", "quantidade", "preco_medio", "nota"]
    list_select_related = ["owner", "ativo"]
    search_fields = ["owner__username", "ativo__symbol"]
    autocomplete_fields = ["owner", "ativo"]
    formfield_overrides = {ExactDecimalField: {"form_class": TypedDecimalField}}
