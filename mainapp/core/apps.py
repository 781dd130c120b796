"""Django's configuration of the core feature."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


class CoreConfig(AppConfig):
    name = "mainapp.core"

    def ready(self) -> None:
        register(check_site_url)
        # Registers the converter `<key:…>` before any URL module is imported.
        import_module("mainapp.core.paths")
        # Any Django process may queue a task, and shared tasks need the project's Celery app.
        import_module("project.celery")
        import_module("mainapp.core.telemetry.starting")
        # All models are loaded by now.
        import_module("mainapp.core.audit").connect_audit()
        import_module("mainapp.core.policies").load_policies()


def check_site_url(**_kwargs: Any) -> list[CheckMessage]:
    """Warn if links in mails and messages would begin with this machine's own address."""
    if settings.IS_SITE_URL_SET or settings.DEBUG:
        return []
    text = f"SITE_URL is not set: links in messages begin with {settings.SITE_URL}."
    return [Warning(text, hint="Set it to the address that people use.", id="core.W001")]
