"""Django's configuration of the operations feature."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperationsConfig(AppConfig):
    name = "mainapp.operations"

    def ready(self) -> None:
        # These need loaded models.
        from mainapp.core.blocks import register_block  # noqa: PLC0415
        from mainapp.notifications.rendering import Appearance, register_appearance  # noqa: PLC0415
        from mainapp.operations.blocks import BLOCKS  # noqa: PLC0415
        from mainapp.operations.receivers import measuring, reports  # noqa: F401, PLC0415 - connect
        from mainapp.operations.services.reports.making import NOTICE  # noqa: PLC0415

        register_appearance(NOTICE, Appearance(label=_("Relatório"), icon="file"))
        for block in BLOCKS:
            register_block(block)
