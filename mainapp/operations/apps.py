"""Django's configuration of the operations feature."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "mainapp.operations"

    def ready(self) -> None:
        from mainapp.operations import receivers  # noqa: F401, PLC0415 - connects its signals
