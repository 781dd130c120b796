"""Django's application configuration of the market."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "mainapp.market"

    def ready(self) -> None:
        from mainapp.market import receivers  # noqa: F401, PLC0415 - its signals connect after the models are loaded
