"""Django's configuration of the ideas."""

from django.apps import AppConfig


class IdeasConfig(AppConfig):
    name = "mainapp.ideas"

    def ready(self) -> None:
        from mainapp.ideas import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.ideas.selectors.needs import needed_symbols  # noqa: PLC0415 - needs loaded models
        from mainapp.ideas.services.announcing import DECIDED  # noqa: PLC0415 - needs loaded models
        from mainapp.market.watch import register_need  # noqa: PLC0415 - needs loaded models
        from mainapp.notifications.rendering import Appearance, register_appearance  # noqa: PLC0415 - needs loaded models

        register_need(needed_symbols)
        register_appearance(DECIDED, Appearance(icon="flag"))
