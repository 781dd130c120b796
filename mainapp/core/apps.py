"""Django's configuration of the core feature."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mainapp.core"
