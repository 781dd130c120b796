"""Ask a process with a limit for what a picture shows."""

import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.accounts.pictures.folders import SIZES, folder
from mainapp.core.exceptions import DomainError

logger = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("child.py")
MAX_BYTES = 5 * 1024 * 1024
TIMEOUT_S = 10.0
EXTENSIONS = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "jfif": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
}
SIGNATURES = ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF8", "GIF"))
ACCEPTED = _("Envie uma imagem JPEG, PNG, WebP ou GIF, com a extensão que lhe cabe.")
REFUSALS = {
    "large": _("A imagem é grande demais para este servidor: reduza-a e envie de novo."),
    "foreign": _("O arquivo traz mais do que uma imagem, e por isso não foi aceito."),
    "broken": _("A imagem está incompleta ou danificada."),
}
# Each may take its 96 MiB: never more than two at once in one process.
_turns = BoundedSemaphore(2)


class PictureError(DomainError):
    """A picture that cannot be used; the sentence gives the reason to the person who chose it."""

    def __init__(self, template: str, params: Mapping[str, Any] | None = None) -> None:
        super().__init__("invalid", template, params)


def check_file(name: str, size: int, head: bytes) -> None:
    """Look at name, size and first bytes, which costs nothing. Raises: PictureError."""
    if size > MAX_BYTES:
        raise PictureError(_("O arquivo passa de 5 MB: escolha um menor."))
    found = _format_of(head)
    _stem, dot, extension = name.rpartition(".")
    if found is None or (dot and EXTENSIONS.get(extension.lower()) != found):
        raise PictureError(ACCEPTED)


def make_square(key: str, data: bytes) -> None:
    """Decode a picture and leave its middle, upright, as source.png in the folder of `key`.

    Costs a process of at most 96 MiB, 5 s of CPU. Raises: PictureError.
    """
    answer = _run("square", folder(key), data=data)
    if answer:
        raise _refusal(answer)


def make_thumbnails(key: str) -> None:
    """Make the thumbnails of a folder's source. Safe to repeat. Raises: PictureError."""
    answer = _run("thumbnails", folder(key), *map(str, SIZES))
    if answer:
        raise _refusal(answer)


def _format_of(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for mark, name in SIGNATURES if head.startswith(mark)), None)


def _run(command: str, into: Path, *arguments: str, data: bytes = b"") -> dict[str, Any]:
    """Return the answer of a child; one that was ended for what it used counts as too large."""
    if not _turns.acquire(timeout=TIMEOUT_S):
        raise PictureError(_("Muitas fotos chegaram ao mesmo tempo: tente de novo em instantes."))
    try:
        done = subprocess.run(  # noqa: S603 - our own script and arguments
            [sys.executable, "-I", str(CHILD), command, str(into), *arguments],
            input=data,
            capture_output=True,
            env={},
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": "large"}
    finally:
        _turns.release()
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        logger.warning("a picture ended its process (%s): %s", done.returncode, done.stderr[-300:])
        return {"error": "large"}
    return answer


def _refusal(answer: dict[str, Any]) -> PictureError:
    if answer["error"] == "large" and "pixels" in answer:
        millions = {name: round(answer[name] / 1e6) for name in ("pixels", "limit")}
        return PictureError(
            _(
                "A imagem tem %(pixels)s milhões de pixels, e o limite é de %(limit)s milhões: "
                "reduza-a e envie de novo."
            ),
            millions,
        )
    return PictureError(REFUSALS.get(answer["error"], ACCEPTED))
