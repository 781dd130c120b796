"""Django's configuration of the operations feature."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "mainapp.operations"

    def ready(self) -> None:
        from mainapp.notifications.rendering import Appearance, register_appearance  # noqa: PLC0415 - needs loaded models
        from mainapp.operations import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.operations.services.reports.making import NOTICE  # noqa: PLC0415 - needs loaded models

        register_appearance(NOTICE, Appearance(icon="file"))
