"""Decoding of uploaded pictures by the resource-limited child process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from mainapp.core import bounded_child
from mainapp.core.exceptions import DomainError
from mainapp.core.pictures.folders import SIZES

WORKER = Path(__file__).with_name("child.py")
LIMITS = bounded_child.Limits(memory=70 * bounded_child.MIB)
MAX_BYTES = 5 * 1024 * 1024
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
    "busy": _("Muitas fotos chegaram ao mesmo tempo: tente de novo em instantes."),
}


class PictureError(DomainError):
    """A refused picture; the message gives the user the reason.

    `is_busy` if it was not looked at, because others were being decoded.
    """

    is_busy = False

    def __init__(self, template: str, params: Mapping[str, Any] | None = None) -> None:
        super().__init__("invalid", template, params)


def check_file(name: str, data: bytes) -> None:
    """Check the name, size and first bytes, without decoding. Raises: PictureError."""
    if len(data) > MAX_BYTES:
        raise PictureError(_("O arquivo passa de 5 MB: escolha um menor."))
    image_format = format_of(data[:16])
    _stem, dot, extension = name.rpartition(".")
    if image_format is None or (dot and EXTENSIONS.get(extension.lower()) != image_format):
        raise PictureError(ACCEPTED)


def make_square(folder: Path, data: bytes) -> None:
    """Decode a picture and write its middle square, upright, to source.png in its folder.

    Cost: a process of at most 96 MiB and 5 s of CPU. Raises: PictureError.
    """
    answer = _run("square", folder, data=data)
    if answer:
        raise refusal_of(answer)


def make_thumbnails(folder: Path) -> None:
    """Make the thumbnails from source.png. Safe to repeat. Raises: PictureError."""
    answer = _run("thumbnails", folder, *map(str, SIZES))
    if answer:
        raise refusal_of(answer)


def format_of(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for mark, name in SIGNATURES if head.startswith(mark)), None)


def _run(command: str, into: Path, *arguments: str, data: bytes = b"") -> dict[str, Any]:
    answer: dict[str, Any] = bounded_child.run(
        WORKER, command, str(into), *arguments, data=data, limits=LIMITS
    )
    return answer


def refusal_of(answer: dict[str, Any]) -> PictureError:
    if answer["error"] == "large" and "pixels" in answer:
        millions = {name: round(answer[name] / 1e6) for name in ("pixels", "limit")}
        return PictureError(
            _(
                "A imagem tem %(pixels)s milhões de pixels, e o limite é de %(limit)s milhões: "
                "reduza-a e envie de novo."
            ),
            millions,
        )
    refusal = PictureError(REFUSALS.get(answer["error"], ACCEPTED))
    refusal.is_busy = answer["error"] == "busy"
    return refusal
