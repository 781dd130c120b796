"""Django's configuration of the accounts feature."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "mainapp.accounts"
