"""Django's application configuration of the market."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class MarketConfig(AppConfig):
    name = "mainapp.market"

    def ready(self) -> None:
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models
        from mainapp.core.search import register_search  # noqa: PLC0415 - needs loaded models
        from mainapp.market import receivers  # noqa: F401, PLC0415 - its signals connect after the models are loaded
        from mainapp.market.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.market.providers.replay import register_archive  # noqa: PLC0415 - for past.py
        from mainapp.market.selectors.folded import add_functions  # noqa: PLC0415 - needs loaded models
        from mainapp.market.selectors.past import DatabaseArchive  # noqa: PLC0415 - needs loaded models
        from mainapp.market.selectors.search import STOCKS  # noqa: PLC0415 - needs loaded models

        for block in BLOCKS:
            register_block(block)
        register_search(STOCKS)
        register_archive(DatabaseArchive())
        connection_created.connect(add_functions)
