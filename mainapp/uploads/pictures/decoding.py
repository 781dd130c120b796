"""Decoding of uploaded pictures by the resource-limited child process of profile pictures."""

from pathlib import Path
from typing import Any

from mainapp.core import bounded_child
from mainapp.core.pictures.decoding import LIMITS, WORKER, refusal_of
from mainapp.uploads.pictures.folders import FOLDERS, PICTURE


def store_picture(key: str, data: bytes, *, side: int) -> tuple[int, int]:
    """Decode a picture and write it, upright and without metadata, to full.webp.

    Returns its width and height. Cost: a process of at most 96 MiB and 5 s of CPU.
    Raises: PictureError.
    """
    with FOLDERS.workspace(key) as folder:
        answer = _run("whole", folder, side, data=data)
    return answer["width"], answer["height"]


def make_thumbnails(key: str, sizes: tuple[int, ...]) -> None:
    """Make thumbnails of full.webp. Safe to repeat. Raises: PictureError."""
    with FOLDERS.workspace(key, PICTURE) as folder:
        _run("fit", folder, *sizes)


def _run(command: str, folder: Path, *sizes: int, data: bytes = b"") -> dict[str, Any]:
    answer: dict[str, Any] = bounded_child.run(
        WORKER, command, str(folder), *map(str, sizes), data=data, limits=LIMITS
    )
    if "error" in answer:
        raise refusal_of(answer)
    return answer
