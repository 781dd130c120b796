"""Worker of `core.bounded_child` that decodes pictures.

`square FOLDER` decodes the data and writes FOLDER/source.png; `thumbnails FOLDER 48 150 …` makes
FOLDER/48.webp, … from it. `whole FOLDER 2000` writes the whole picture, at most 2,000 pixels wide
and high, to FOLDER/full.webp and returns its width and height; `fit FOLDER 150 600 …` makes
FOLDER/150.webp, … from it. The other results are {}, and {"error": "format" | "foreign" |
"broken" | "large", …}.
"""

import io
from pathlib import Path
from typing import Any

# Only the plugins for FORMATS and EXIF data are imported, because importing all of Pillow's took a
# third of the process's time; and here, before the memory is limited.
from PIL import (
    GifImagePlugin,  # noqa: F401
    Image,
    ImageFile,
    ImageOps,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
SIDE = 600
BAND = 64
# Pixels that fit into the memory of `decoding.LIMITS`, by format. A JPEG can be decoded at an
# eighth of its width and height unless it is progressive: then the decoder stores all of its
# coefficients.
MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 12_500_000, "GIF": 8_000_000, "WEBP": 4_000_000}
MAX_PROGRESSIVE = 10_000_000
# Contents that make a file valid in another format too, for a browser or an archive program.
FOREIGN = (b"<script", b"<html", b"<!doctype", b"<?php", b"%pdf-")
ARCHIVE_END, ARCHIVE_TAIL = b"PK\x05\x06", 66_000


class Refused(Exception):
    """The picture is refused; `answer` contains the reason."""

    def __init__(self, error: str, **facts: Any) -> None:
        super().__init__(error)
        self.answer = {"error": error} | facts


def work(arguments: list[str], data: bytes) -> dict[str, Any]:
    """Run the command and return the answer."""
    # Pillow only warns above 89,478,485 pixels and raises above twice that; `check_size` has limits
    # by format.
    Image.MAX_IMAGE_PIXELS = None
    Image.preinit()
    command, folder, sizes = arguments[0], Path(arguments[1]), [int(size) for size in arguments[2:]]
    try:
        if command == "square":
            square(data).save(folder / "source.png")
        elif command == "whole":
            picture = whole(data, sizes[0])
            picture.save(folder / "full.webp", quality=86, method=4)
            return {"width": picture.width, "height": picture.height}
        elif command == "fit":
            make_fitting(folder, sizes)
        else:
            make_thumbnails(folder, sizes)
    except Refused as refused:
        return refused.answer
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError):
        return {"error": "broken"}
    return {}


def square(data: bytes) -> Image.Image:
    """Return the middle square of a picture, upright, at most SIDE wide, without metadata."""
    image = open_picture(data, SIDE)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    upright = shrink_upright(image, (left, top, left + side, top + side), SIDE)
    side = min(SIDE, *upright.size)
    return without_metadata(ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS))


def whole(data: bytes, side: int) -> Image.Image:
    """Return a picture, upright, at most `side` wide and high, without metadata."""
    image = open_picture(data, side)
    upright = shrink_upright(image, (0, 0, *image.size), side)
    upright.thumbnail((side, side), Image.Resampling.LANCZOS)
    return without_metadata(upright)


def open_picture(data: bytes, side: int) -> ImageFile.ImageFile:
    """Open a picture of which at least `side` pixels are needed. Raises: Refused."""
    check_content(data)
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        raise Refused("format") from None
    check_size(image)
    image.draft("RGB", (side, side))
    return image


def shrink_upright(
    image: ImageFile.ImageFile, box: tuple[int, int, int, int], side: int
) -> Image.Image:
    orientation = image.getexif().get(0x0112, 1)
    small = shrink(image, box, side)
    small.getexif()[0x0112] = orientation
    return ImageOps.exif_transpose(small)


def without_metadata(image: Image.Image) -> Image.Image:
    """Return a copy: Pillow would save EXIF data and comments, such as the place of a photo."""
    clean = Image.new(image.mode, image.size)
    clean.paste(image)
    return clean


def check_content(data: bytes) -> None:
    """Refuse a file that is also a page, a script or an archive. Raises: Refused."""
    lower = data.lower()
    if any(mark in lower for mark in FOREIGN) or ARCHIVE_END in data[-ARCHIVE_TAIL:]:
        raise Refused("foreign")


def check_size(image: ImageFile.ImageFile) -> None:
    """Check the size in the header, without decoding. Raises: Refused."""
    pixels = image.width * image.height
    is_whole = image.format == "JPEG" and "progressive" in image.info
    limit = MAX_PROGRESSIVE if is_whole else MAX_PIXELS[image.format or ""]
    if pixels > limit:
        raise Refused("large", pixels=pixels, limit=limit)


def shrink(image: ImageFile.ImageFile, box: tuple[int, int, int, int], side: int) -> Image.Image:
    """Decode a picture and reduce a part of it, to no less than `side`, band by band.

    A whole copy would not fit into the memory.
    """
    image.load()
    mode = "RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB"
    left, top, right, bottom = box
    factor = max(max(right - left, bottom - top) // side, 1)
    width, height = max((right - left) // factor, 1), max((bottom - top) // factor, 1)
    result = Image.new(mode, (width, height))
    for row in range(0, height, BAND):
        rows = min(BAND, height - row)
        part = (left, top + row * factor, left + width * factor, top + (row + rows) * factor)
        band = convert_mode(image.crop(part), mode)
        result.paste(band.reduce(factor) if factor > 1 else band, (0, row))
    image.close()
    return result


def convert_mode(band: Image.Image, mode: str) -> Image.Image:
    """Return a band in `mode`; 16-bit greys are reduced to their upper eight bits."""
    if band.mode.startswith("I"):
        band = band.point(lambda value: value / 256).convert("L")
    return band.convert(mode)


def make_fitting(folder: Path, sizes: list[int]) -> None:
    with Image.open(folder / "full.webp", formats=["WEBP"]) as source:
        for size in sizes:
            thumbnail = source.copy()
            thumbnail.thumbnail((size, size), Image.Resampling.LANCZOS)
            thumbnail.save(folder / f"{size}.webp", quality=86, method=4)


def make_thumbnails(folder: Path, sizes: list[int]) -> None:
    with Image.open(folder / "source.png", formats=["PNG"]) as source:
        for size in sizes:
            thumbnail = ImageOps.fit(source, (size, size), Image.Resampling.LANCZOS)
            thumbnail.save(folder / f"{size}.webp", quality=86, method=4)
