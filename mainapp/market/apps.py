"""Django's configuration of the market feature."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    name = "mainapp.market"
