"""Command that loads B3's own history files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from mainapp.market.readers.faults import CotahistError
from mainapp.market.services.cotahist import Loaded, load_cotahist


class Command(BaseCommand):
    help = (
        "Load COTAHIST files of B3 (zip or text; a year, a month or a day) as the daily history of "
        "the papers that the catalogue knows. A cut or altered file is refused as a whole; loading "
        "a file again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        refused = 0
        for path in options["files"]:
            try:
                self.stdout.write(f"{path.name}: {_load(path)}")
            except (CotahistError, OSError) as error:
                refused += 1
                reason = error.strerror if isinstance(error, OSError) else error
                with translation.override("en"):
                    self.stderr.write(f"{path.name}: {reason}")
        if refused:
            raise CommandError(f"{refused} of {len(options['files'])} files refused.")


def _load(path: Path) -> str:
    with path.open("rb", buffering=0) as file:
        return describe(load_cotahist(file, at=timezone.now()))


def describe(loaded: Loaded) -> str:
    return (
        f"{loaded.records} records from {loaded.first_day} to {loaded.last_day}; "
        f"{loaded.days} days of known papers: {loaded.added} added, {loaded.changed} changed, "
        f"{loaded.days - loaded.added - loaded.changed} already stored."
    )
