"""Django's configuration of the core feature."""

from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mainapp.core"

    def ready(self) -> None:
        # Registers the converter `<key:…>` before any URL module is imported.
        import_module("mainapp.core.paths")
        # Any Django process may queue a task, and shared tasks need the project's Celery app.
        import_module("project.celery")
