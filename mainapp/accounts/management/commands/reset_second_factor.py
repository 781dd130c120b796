"""`manage.py reset_second_factor NAME`: remove the second factors of a person who lost them."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mainapp.accounts.selectors import account_named
from mainapp.accounts.services.second_factors import reset_second_factor


class Command(BaseCommand):
    help = (
        "Remove a person's app, passkeys and recovery codes, and mail it. Before that, make sure "
        "that the request comes from them: afterwards the password alone logs in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="a username or an e-mail")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        user = account_named(name)
        if user is None:
            raise CommandError(f"there is no account {name!r}")
        count = reset_second_factor(user=user)
        self.stdout.write(f"{user.username}: {count} second factors removed")
