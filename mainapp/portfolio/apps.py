"""Django's configuration of the portfolio feature."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "mainapp.portfolio"

    def ready(self) -> None:
        # These modules import models, which are loaded only now.
        from mainapp.market.watch import register_need  # noqa: PLC0415
        from mainapp.portfolio.selectors import needed_symbols  # noqa: PLC0415

        register_need(needed_symbols)
