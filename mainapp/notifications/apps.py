"""Django's configuration of the notifications feature."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "mainapp.notifications"

    def ready(self) -> None:
        # These modules import models, which are loaded only now; the receivers connect signals.
        from mainapp.core.blocks import register_block  # noqa: PLC0415
        from mainapp.notifications import receivers  # noqa: F401, PLC0415
        from mainapp.notifications.blocks import BLOCKS  # noqa: PLC0415

        for block in BLOCKS:
            register_block(block)
