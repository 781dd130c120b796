"""Django's configuration of the market feature."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "mainapp.market"

    def ready(self) -> None:
        from mainapp.market import receivers  # noqa: F401, PLC0415 - connects once the models are there
