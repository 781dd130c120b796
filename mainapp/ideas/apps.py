"""Django's configuration of the ideas."""

from django.apps import AppConfig


class IdeasConfig(AppConfig):
    name = "mainapp.ideas"
