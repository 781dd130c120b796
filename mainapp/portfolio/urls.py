"""The carteira's pages."""

from django.urls import URLPattern, path

from mainapp.portfolio.views import carteira

urlpatterns: list[URLPattern] = [
    path("carteira", carteira.carteira, name="carteira"),
]
