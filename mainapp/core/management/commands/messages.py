"""`manage.py messages extract|compile|check`: maintain the English translation of the site."""

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mainapp.core.management import catalogues


class Command(BaseCommand):
    help = "Extract, compile or check the message catalogues, without gettext on the system."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["extract", "compile", "check"])

    def handle(self, *, action: str, **options: object) -> None:
        {"extract": self.extract, "compile": self.compile, "check": self.check_catalogues}[action]()

    def extract(self) -> None:
        for domain in catalogues.DOMAINS:
            untranslated = catalogues.update_catalogue(settings.BASE_DIR, domain)
            path = catalogues.po_path(settings.BASE_DIR, domain)
            self.stdout.write(f"{path.relative_to(settings.BASE_DIR)}: {untranslated} to translate")

    def compile(self) -> None:
        catalogues.compile_stale(settings.BASE_DIR)

    def check_catalogues(self) -> None:
        lines = [
            f"{domain}: {line}"
            for domain in catalogues.DOMAINS
            for line in catalogues.find_faults(settings.BASE_DIR, domain)
        ]
        if lines:
            raise CommandError("\n".join(lines))
