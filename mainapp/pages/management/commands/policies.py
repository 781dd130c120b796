"""`manage.py policies check`: fail unless every view, operation and frame has a policy."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from mainapp.pages.management.policies import faults


class Command(BaseCommand):
    help = "Compare the policy tables with the URLs, API operations and sockets."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["check"])

    def handle(self, *, action: str, **options: object) -> None:
        if lines := faults():
            raise CommandError("\n".join(lines))
