"""DATA_DIR, the only folder that servers write to."""

import os
import tempfile

from django.conf import settings


def fault() -> str:
    """Return why DATA_DIR cannot be written, in one line; empty if it can."""
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR):
            return ""
    except OSError as error:
        return (
            f"DATA_DIR {settings.DATA_DIR} cannot be written by the user {os.getuid()} "
            f"({error.strerror}): mount a volume there that belongs to it, or choose another folder"
        )
