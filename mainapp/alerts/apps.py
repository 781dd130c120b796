"""Django's configuration of the alerts feature."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "mainapp.alerts"

    def ready(self) -> None:
        from mainapp.alerts import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.alerts.selectors.needs import needed_symbols  # noqa: PLC0415 - reads the models
        from mainapp.market.watch import register_need  # noqa: PLC0415 - as the line above

        register_need(needed_symbols)
