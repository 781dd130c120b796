"""Django's configuration of the pages feature, and of the admin."""

from django.apps import AppConfig
from django.contrib.admin import apps


class PagesConfig(AppConfig):
    name = "mainapp.pages"

    def ready(self) -> None:
        from mainapp.pages import receivers  # noqa: F401, PLC0415 - connects once models are there


class AdminConfig(apps.AdminConfig):
    default = False
    default_site = "mainapp.pages.admin.Site"
