"""Django's configuration of the operations feature."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "mainapp.operations"

    def ready(self) -> None:
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.operations.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models

        for block in BLOCKS:
            register_block(block)
