"""Django's configuration of the accounts feature."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "mainapp.accounts"

    def ready(self) -> None:
        from mainapp.accounts import receivers  # noqa: F401, PLC0415 - connects once the models are there
