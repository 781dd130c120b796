"""`make restore FILE=…`: restore an archive, while the instance runs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

from mainapp.pages.management.commands.backup import new_archive, stores
from project.backup import BackupError, restore_archive, write_archive


class Command(BaseCommand):
    help = "Restore database and media from an archive; the present ones are archived first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="an archive written by backup")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not options["file"].is_file():
                raise BackupError(f"there is no file {options['file']}")
            before = write_archive(stores=stores(), to=new_archive("before-restore"))
            connection.close()
            restore_archive(stores=stores(), archive=options["file"])
        except (BackupError, OSError) as error:
            sys.exit(f"pregao: nothing restored: {error}")
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"restored: {options['file']}\nbefore:   {before}")
