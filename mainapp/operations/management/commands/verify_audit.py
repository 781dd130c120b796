"""`manage.py verify_audit`: verify the audit's hash chain, from its first seal or a given day."""

import sys
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from mainapp.operations.selectors.chain import Verification, chain_state


class Command(BaseCommand):
    help = "Verify the audit's hash chain: print a line per fault, exit with 1 if there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", metavar="DAY", help="begin with the first seal since a day or time (ISO)"
        )
        parser.add_argument(
            "--head",
            metavar="HASH",
            default="",
            help="a hash noted earlier; the chain must have it",
        )

    def handle(self, *args: Any, since: str | None, head: str, **options: Any) -> None:
        verification = Verification(since=parsed_time(since), head=head.strip().lower())
        faults = 0
        for fault in verification.faults(at=timezone.now()):
            self.stdout.write(fault)
            faults += 1
        state = chain_state()
        self.stdout.write(
            f"{verification.entries} entries in {verification.seals} seals, {faults} faults; "
            f"{state.unsealed} not sealed yet"
        )
        self.stdout.write(f"head {state.number} {state.hash or '-'}")
        if faults:
            sys.exit(1)


def parsed_time(text: str | None) -> datetime | None:
    """Return an aware time; a day begins at midnight. Raises: CommandError."""
    if not text:
        return None
    try:
        day = parse_date(text)
        moment = datetime.combine(day, time()) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--since {text}: give a day or a time, such as 2026-03-10")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
