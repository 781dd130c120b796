"""Django's configuration of the portfolio feature."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    name = "mainapp.portfolio"
