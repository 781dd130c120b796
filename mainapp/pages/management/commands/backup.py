"""`make backup`: write database and media to one archive, while the instance runs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from project.backup import BackupError, Stores, write_archive


def stores() -> Stores:
    return Stores(
        vendor=connection.vendor,
        database=connection.settings_dict,
        media=Path(settings.MEDIA_ROOT),
    )


def new_archive(prefix: str) -> Path:
    """Return the path of a new archive in the instance's folder of backups."""
    moment = timezone.localtime().strftime("%Y%m%d-%H%M%S")
    return Path(settings.DATA_DIR) / "backups" / f"{prefix}-{moment}.tar.gz"


class Command(BaseCommand):
    help = "Write database and media to one archive, DATA_DIR/backups/pregao-….tar.gz by default."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, help="the file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = write_archive(stores=stores(), to=options["to"] or new_archive("pregao"))
        except (BackupError, OSError) as error:
            sys.exit(f"pregao: no backup: {error}")
        self.stdout.write(f"backup: {made}")
