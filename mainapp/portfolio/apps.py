"""Django's configuration of the portfolio feature."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "mainapp.portfolio"

    def ready(self) -> None:
        from mainapp.core.blocks import register_block  # noqa: PLC0415 - needs loaded models

        # These modules import models, which are loaded only now.
        from mainapp.market.selectors.interests import register_interest  # noqa: PLC0415
        from mainapp.market.watch import register_need  # noqa: PLC0415
        from mainapp.portfolio.blocks import BLOCKS  # noqa: PLC0415 - needs loaded models
        from mainapp.portfolio.selectors import held_stocks, needed_symbols  # noqa: PLC0415

        register_need(needed_symbols)
        register_interest(held_stocks)

        for block in BLOCKS:
            register_block(block)
