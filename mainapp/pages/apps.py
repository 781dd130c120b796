"""Django's configuration of the pages feature."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "mainapp.pages"
