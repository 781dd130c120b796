"""Django's configuration of the accounts feature, and of allauth's session list."""

from allauth.usersessions.apps import UserSessionsConfig
from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "mainapp.accounts"
    default = True

    def ready(self) -> None:
        from mainapp.accounts import receivers  # noqa: F401, PLC0415 - connects once the models are there
        from mainapp.accounts.services.avatars import AVATARS  # noqa: PLC0415 - needs loaded models
        from mainapp.core.pictures.kinds import register_pictures  # noqa: PLC0415 - needs loaded models

        register_pictures(AVATARS)


class SessionListConfig(UserSessionsConfig):  # type: ignore[misc] # allauth has no types
    """allauth's model of sessions without its signal receivers.

    Those would read all of a user's sessions at every log-in, and store full addresses.
    """

    default = False

    def ready(self) -> None:
        pass
