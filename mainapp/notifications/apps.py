"""Django's configuration of the notifications feature."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "mainapp.notifications"

    def ready(self) -> None:
        from mainapp.notifications import receivers  # noqa: F401, PLC0415 - connects once the models are there
