"""Django's configuration of the API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "mainapp.api"

    def ready(self) -> None:
        from mainapp.api import schema  # noqa: F401, PLC0415 - registers the tokens with drf-spectacular
