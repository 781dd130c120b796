"""Django's configuration of the accounts feature."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "mainapp.accounts"

    def ready(self) -> None:
        from mainapp.accounts import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.accounts.services.avatars import AVATARS  # noqa: PLC0415 - needs loaded models
        from mainapp.core.pictures.kinds import register_pictures  # noqa: PLC0415 - needs loaded models

        register_pictures(AVATARS)
