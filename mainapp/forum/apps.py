"""Django's configuration of the forum feature."""

from django.apps import AppConfig


class ForumConfig(AppConfig):
    name = "mainapp.forum"
