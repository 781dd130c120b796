"""Django's configuration of the portfolio feature."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "mainapp.portfolio"

    def ready(self) -> None:
        # Once the models are there.
        from mainapp.market.watch import register_need  # noqa: PLC0415
        from mainapp.portfolio.selectors import needed_symbols  # noqa: PLC0415

        register_need(needed_symbols)
