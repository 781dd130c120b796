"""Django's configuration of the agenda."""

from django.apps import AppConfig


class AgendaConfig(AppConfig):
    name = "mainapp.agenda"
