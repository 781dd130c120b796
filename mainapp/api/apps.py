"""Django's configuration of the API."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "mainapp.api"

    def ready(self) -> None:
        from mainapp.accounts import personal_data  # noqa: PLC0415 - needs loaded models
        from mainapp.api import schema  # noqa: F401, PLC0415 - registers the tokens with drf-spectacular
        from mainapp.api.selectors.keys import TABLE  # noqa: PLC0415 - needs loaded models

        personal_data.register_table(TABLE)
