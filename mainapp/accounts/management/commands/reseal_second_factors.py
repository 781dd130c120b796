"""`manage.py reseal_second_factors`: encrypt with MFA_KEY what MFA_KEY_FALLBACKS encrypted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mainapp.accounts.services.second_factors import reseal_second_factors
from mainapp.core.sealing import KeyLost


class Command(BaseCommand):
    help = "Encrypt all second factors with the current key; earlier keys can then be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = reseal_second_factors()
        except KeyLost:
            raise CommandError(
                "neither MFA_KEY nor MFA_KEY_FALLBACKS opens all secrets: keep the earlier keys"
            ) from None
        self.stdout.write(f"{count} secrets encrypted with the current key")
