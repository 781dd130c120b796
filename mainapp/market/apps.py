"""Django's application configuration of the market."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "mainapp.market"

    def ready(self) -> None:
        from mainapp.core.search import register_search  # noqa: PLC0415 - as below
        from mainapp.market import receivers  # noqa: F401, PLC0415 - its signals connect after the models are loaded
        from mainapp.market.selectors.search import STOCKS  # noqa: PLC0415 - it imports the models

        register_search(STOCKS)
