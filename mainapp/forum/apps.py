"""Django's configuration of the forum feature."""

from django.apps import AppConfig


class ForumConfig(AppConfig):
    name = "mainapp.forum"

    def ready(self) -> None:
        from mainapp.forum import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.forum.services.mentions import MENTION  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.rendering import Look, register_look  # noqa: PLC0415 - needs loaded models

        register_look(MENTION, Look(icon="at"))
