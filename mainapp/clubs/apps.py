"""Django's configuration of the clubs."""

from django.apps import AppConfig


class ClubsConfig(AppConfig):
    name = "mainapp.clubs"

    def ready(self) -> None:
        from mainapp.clubs.selectors.audience import CLUB_MEMBERS  # noqa: PLC0415 - needs loaded models
        from mainapp.core.audience import register_audience  # noqa: PLC0415 - needs loaded models

        register_audience(CLUB_MEMBERS)
