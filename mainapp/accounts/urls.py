"""The accounts' pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
