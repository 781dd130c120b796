"""Django's configuration of the operations feature."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "mainapp.operations"
