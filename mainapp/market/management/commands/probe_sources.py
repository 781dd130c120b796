"""Command that requests one quote from each real source, all at once, and reports the results."""

import json
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mainapp.market.providers.probing import probe

LIBRARIES = ("httpx", "pandas", "yfinance")


class Command(BaseCommand):
    help = "Request one quote from each real source, for 3 s at most, and report the results."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        # Imports take seconds on a busy machine, and would count towards the sources' timeouts.
        for library in LIBRARIES:
            import_module(library)
        answered, errors = probe(settings.REAL_SOURCES)
        if options["json"]:
            self.stdout.write(json.dumps({"sources": answered, "errors": errors}))
            return
        for name in settings.REAL_SOURCES:
            self.stdout.write(f"{name}: {errors.get(name, 'answers')}")
