"""Django's application configuration of the market."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "mainapp.market"

    def ready(self) -> None:
        # These modules import models, which are loaded only now; the receivers connect signals.
        from mainapp.core.blocks import register_block  # noqa: PLC0415
        from mainapp.market import blocks, receivers  # noqa: F401, PLC0415

        for block in blocks.BLOCKS:
            register_block(block)
