"""Django's configuration of the core feature."""

from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mainapp.core"

    def ready(self) -> None:
        # Registers the converter `<key:…>` before any module of URLs is read.
        import_module("mainapp.core.paths")
        # Every Django process may send a task: shared tasks need the project's Celery for that.
        import_module("project.celery")
