"""`make restore FILE=…`: restore an archive, while the instance runs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from mainapp.pages.management.commands.backup import new_archive, stores
from project.backup import BackupError, restore_archive, write_archive
from project.keys import (
    MFA_KEY_FILE,
    SECRET_KEY_FILE,
    VAPID_KEY_FILE,
    KeysError,
    read_keys,
    restore_key,
)


class Command(BaseCommand):
    help = "Restore database and media from an archive; the present ones are archived first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="an archive written by backup")
        parser.add_argument("--keys", type=Path, help="a file written by backup --keys")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keys"]:
            self._restore_keys(options["keys"])
        if options["file"]:
            self._restore_data(options["file"])
        elif not options["keys"]:
            raise CommandError("give an archive, or --keys FILE")

    def _restore_keys(self, file: Path) -> None:
        """Put the keys into their files; one that is in the environment stays there."""
        folder = Path(settings.DATA_DIR)
        try:
            keys = read_keys(file)
            for name in (SECRET_KEY_FILE, VAPID_KEY_FILE, MFA_KEY_FILE):
                if key := keys.get(name.replace("-", "_")):
                    restore_key(folder / name, str(key))
        except (KeysError, OSError) as error:
            sys.exit(f"pregao: no keys restored: {error}")
        self.stdout.write(f"keys restored: {file}. They are used from the next start on.")

    def _restore_data(self, file: Path) -> None:
        try:
            if not file.is_file():
                raise BackupError(f"there is no file {file}")
            before = write_archive(stores=stores(), to=new_archive("before-restore"))
            connection.close()
            restore_archive(stores=stores(), archive=file)
        except (BackupError, OSError) as error:
            sys.exit(f"pregao: nothing restored: {error}")
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write(f"restored: {file}\nbefore:   {before}")
