"""`make backup`: write database and media to one archive, while the instance runs.

The keys are not among them: whoever finds an archive should not be able to sign a session. With
KEYS= they are written to a file of their own.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from mainapp.core import sealing
from mainapp.notifications.transports import vapid
from project.backup import BackupError, Stores, remove_old_archives, write_archive
from project.drill import check_archive
from project.keys import KeysError, write_keys


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


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError("a number of archives, at least 1")
    return int(text)


def _checked(made: Path) -> str:
    """Check a new archive; one that fails is renamed, so that it never counts as a backup.

    Raises: BackupError.
    """
    try:
        return check_archive(stores=stores(), archive=made)
    except BackupError:
        made.rename(made.with_name(f"unusable-{made.name}"))
        raise


class Command(BaseCommand):
    help = "Write database and media to one archive, DATA_DIR/backups/pregao-….tar.gz by default."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, help="the file to write")
        parser.add_argument(
            "--check", action="store_true", help="restore it into an empty database, as a drill"
        )
        parser.add_argument(
            "--keep", type=_positive, help="then delete all but this number of newest archives"
        )
        parser.add_argument(
            "--keys", type=Path, help="write the keys to this file; without --to, nothing else"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keys"]:
            self._write_keys(options["keys"])
            if not options["to"]:
                return
        try:
            made = write_archive(stores=stores(), to=options["to"] or new_archive("pregao"))
            self.stdout.write(f"backup: {made}")
            if options["check"]:
                self.stdout.write(f"check: {_checked(made)}")
        except (BackupError, OSError) as error:
            sys.exit(f"pregao: no backup: {error}")
        if options["keep"]:
            # Only now: an archive that cannot be restored must not replace one that can.
            folder, keep = made.parent, options["keep"]
            old = remove_old_archives(folder=folder, pattern="pregao-*.tar.gz", keep=keep)
            self.stdout.write(f"deleted: {len(old)} older ones")

    def _write_keys(self, to: Path) -> None:
        keys = {
            "secret_key": settings.SECRET_KEY,
            "secret_key_fallbacks": list(settings.SECRET_KEY_FALLBACKS),
            "vapid_key": vapid.key_text(),
            "mfa_key": sealing.key_text(),
            "mfa_key_fallbacks": list(settings.MFA_KEY_FALLBACKS),
        }
        try:
            write_keys(to, keys)
        except (KeysError, OSError) as error:
            sys.exit(f"pregao: no backup of the keys: {error}")
        self.stdout.write(f"keys: {to}")
