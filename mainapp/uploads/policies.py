"""Rules for uploads: kinds, sizes, names, and permissions."""

import re
import unicodedata

from django.utils.translation import gettext_noop as _

from mainapp.core.limits import DAY_S, Quota
from mainapp.core.policies import EVERYONE, MEMBERS, OWNER, Area, operation, page

MAX_BYTES = 10 * 1024 * 1024
MAX_NAME = 150
# Counted before a picture is decoded, which is the expensive part.
UPLOADS = Quota(name="uploads", label=_("arquivos enviados"), seed="UPLOADS_A_DAY", window_s=DAY_S)
SIDE = 2000  # of a stored picture, in pixels
SIZES = (150, 600, 1200)
MAX_TRIES = 3
# Files by extension: the first bytes, and the content type. CSV has no first bytes.
FILES = {
    "pdf": (b"%PDF-", "application/pdf"),
    "xlsx": (
        b"PK\x03\x04",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "csv": (b"", "text/csv"),
}
# Markup that a browser could run, and NUL bytes, which no text contains.
_NO_TEXT = re.compile(rb"\x00|<\s*(script|html|svg|!doctype|\?xml|\?php)", re.IGNORECASE)


def type_of_file(name: str, data: bytes) -> str | None:
    """Return the content type of a PDF, XLSX or CSV file; None for any other."""
    mark, content_type = FILES.get(name.rpartition(".")[2].lower(), (None, ""))
    if mark is None or not data.startswith(mark):
        return None
    return None if not mark and _NO_TEXT.search(data) else content_type


def clean_name(name: str) -> str:
    """Return a file's name without folders and control characters, at most MAX_NAME long."""
    line = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip()
    base = re.split(r"[/\\\\]", line)[-1].strip(" .")
    stem, dot, extension = base.rpartition(".")
    if len(base) > MAX_NAME and dot and len(extension) < 10:
        return f"{stem[: MAX_NAME - len(extension) - 1]}.{extension}"
    return base[:MAX_NAME] or "arquivo"


PAGES = {
    "upload-file": page(EVERYONE, of="upload"),
    "upload-thumbnail": page(EVERYONE, of="upload thumbnail"),
}

OPERATIONS = {
    "api-uploads": operation(Area.FORUM, get=MEMBERS, post=MEMBERS),
    "api-upload": operation(Area.FORUM, get=OWNER, delete=OWNER),
}
