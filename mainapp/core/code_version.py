"""The version of the code that a process runs."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings

LENGTH = 12


@cache
def code_version() -> str:
    """Return a hash of the source files and of the lock, as this process first read them.

    Equal on all hosts, unlike times of files. Cost: 30 ms at the first call, which is at the start:
    later the files may already be those of a newer version.
    """
    root = Path(settings.BASE_DIR)
    sources = (path for name in ("mainapp", "project") for path in (root / name).rglob("*.py"))
    files = [root / "requirements.txt", *(path for path in sources if "tests" not in path.parts)]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:LENGTH]
