"""Django's configuration of the uploads."""

from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "mainapp.uploads"

    def ready(self) -> None:
        from mainapp.core.audience import register_audience  # noqa: PLC0415 - needs loaded models
        from mainapp.uploads.selectors.uploads import OWNER  # noqa: PLC0415 - needs loaded models

        register_audience(OWNER)
