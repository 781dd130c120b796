"""Ask the real sources for one quote, all at once: which of them can be used from here."""

import json
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mainapp.market.providers.chain import probe

LIBRARIES = ("httpx", "pandas", "yfinance")


class Command(BaseCommand):
    help = "Ask each real source for one quote, 3 s at most, and say which ones gave it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        for library in LIBRARIES:  # seconds on a busy machine, which are not the sources' to lose
            import_module(library)
        answered, errors = probe(settings.REAL_SOURCES)
        if options["json"]:
            self.stdout.write(json.dumps({"sources": answered, "errors": errors}))
            return
        for name in settings.REAL_SOURCES:
            self.stdout.write(f"{name}: {errors.get(name, 'answers')}")
