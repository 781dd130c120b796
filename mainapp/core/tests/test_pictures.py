import resource
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image

from mainapp.core.pictures import decoding
from mainapp.core.pictures.folders import Folders, new_key
from mainapp.core.tests.images import encoded, huge_png, photo

MIB = 1024 * 1024
FOLDERS = Folders("pictures")


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def folder():
    folder = FOLDERS.folder(new_key())
    folder.mkdir(parents=True)
    return folder


def square(folder, data):
    decoding.make_square(folder, data)
    with Image.open(folder / "source.png") as image:
        image.load()
    return image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_the_middle_square_is_taken_in_each_format(folder, kind):
    image = Image.new("RGB", (900, 300), "white")
    image.paste("red", (300, 0, 600, 300))

    result = square(folder, encoded(image, kind))

    assert (result.size, result.format) == ((300, 300), "PNG")
    corners = [result.convert("RGB").getpixel(at) for at in ((8, 8), (290, 290), (150, 150))]
    assert all(red > 240 and green < 20 for red, green, _blue in corners)


@pytest.mark.parametrize(
    ("mode", "colour"),
    [("RGBA", (9, 9, 9, 40)), ("P", 3), ("L", 100), ("LA", (90, 10)), ("1", 1), ("I;16", 40_000)],
)
def test_every_png_mode_is_decoded(folder, mode, colour):
    assert square(folder, encoded(Image.new(mode, (70, 90), colour))).size == (70, 70)


def test_sixteen_bits_of_grey_keep_their_shade(folder):
    result = square(folder, encoded(Image.new("I;16", (50, 50), 128 * 256)))

    assert result.getpixel((20, 20)) == (128, 128, 128)


def test_a_cmyk_photo_is_decoded(folder):
    assert square(folder, encoded(Image.new("CMYK", (50, 50)), "JPEG")).mode == "RGB"


def test_orientation_is_applied_and_metadata_removed(folder):
    image = Image.new("RGB", (100, 100), "blue")
    image.paste("red", (0, 0, 100, 50))
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: the stored top row is the right side
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "S"  # where it was taken

    result = square(folder, encoded(image, "JPEG", exif=exif, comment=b"Secret", quality=95))

    red, _green, blue = result.getpixel((90, 50))
    assert (red > 200, blue < 60) == (True, True)
    decoding.make_thumbnails(folder)
    for file in folder.iterdir():
        data = file.read_bytes()
        assert not [word for word in (b"Secret", b"Exif", b"EXIF", b"eXIf") if word in data]


def test_thumbnails_are_square_webps_of_the_three_sizes(folder):
    square(folder, photo((1600, 900), kind="JPEG"))

    decoding.make_thumbnails(folder)
    decoding.make_thumbnails(folder)

    for size in (48, 150, 600):
        with Image.open(folder / f"{size}.webp") as image:
            assert (image.format, image.size) == ("WEBP", (size, size))


def test_transparency_is_preserved(folder):
    square(folder, encoded(Image.new("RGBA", (60, 60), (0, 0, 0, 0))))
    decoding.make_thumbnails(folder)

    with Image.open(folder / "48.webp") as image:
        assert image.convert("RGBA").getchannel("A").getpixel((20, 20)) == 0


def frames(kind, **options):
    images = [Image.new("RGB", (300, 300), (n, 0, 0)) for n in range(40)]
    return encoded(images[0], kind, save_all=True, append_images=images[1:], **options)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation_is_used(folder, kind):
    assert square(folder, frames(kind)).size == (300, 300)


NOISE = encoded(Image.effect_noise((300, 300), 60), "PNG")
BAD = {
    "truncated png": (NOISE[: len(NOISE) // 2], "danificada"),
    "truncated jpeg": (photo((300, 300), kind="JPEG")[:-400], "danificada"),
    "truncated webp": (photo((300, 300), kind="WEBP", lossless=True)[:-20], "danificada"),
    "header alone": (b"\x89PNG\r\n\x1a\n", "Envie uma imagem"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Envie uma imagem"),
    "text": (b"hello", "Envie uma imagem"),
    "nothing": (b"", "Envie uma imagem"),
    "bmp": (photo(kind="BMP"), "Envie uma imagem"),
    "tiff": (photo(kind="TIFF"), "Envie uma imagem"),
    "png with a zip behind": (photo() + b"PK\x05\x06" + bytes(18), "mais do que uma imagem"),
    "gif with a script": (photo(kind="GIF") + b"/*<ScRiPt>*/", "mais do que uma imagem"),
    "jpeg with a page": (photo(kind="JPEG", comment=b"<html>"), "mais do que uma imagem"),
    "png with a pdf": (photo() + b"%PDF-1.4", "mais do que uma imagem"),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
def test_an_invalid_picture_is_refused_with_a_reason(folder, data, reason):
    with pytest.raises(decoding.PictureError) as refused:
        decoding.make_square(folder, data)

    assert reason in str(refused.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", photo(kind="JPEG")),
        ("a.jpg", photo()),
        ("a.svg", b"<svg/>"),
        ("a.png.exe", photo()),
        ("a.html", photo(kind="GIF")),
        ("a.webp", b"RIFF\0\0\0\0WAVE"),
    ],
)
def test_a_name_that_does_not_match_the_content_is_refused(name, data):
    with pytest.raises(decoding.PictureError, match="extensão"):
        decoding.check_file(name, data)


@pytest.mark.parametrize("name", ["a.PNG", "férias.de.2026.png", "blob"])
def test_a_name_that_matches_the_content_is_accepted(name):
    decoding.check_file(name, photo())


def test_a_file_over_five_megabytes_is_refused():
    with pytest.raises(decoding.PictureError, match="5 MB"):
        decoding.check_file("a.png", bytes(5 * MIB + 1))


class MemoryMonitor(threading.Thread):
    """Records the peak memory of the child process that decodes a picture."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.peak = 0

    def run(self):
        pid = None
        while not self.ended.wait(0.002):
            with suppress(psutil.Error, OSError):
                pid = pid or self._find_child()
                if pid:
                    status = Path(f"/proc/{pid}/status").read_text()
                    self.peak = max(self.peak, _high_water(status))

    def _find_child(self):
        for child in psutil.Process().children():
            if str(decoding.WORKER) in child.cmdline():
                return child.pid
        return None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *args):
        self.ended.set()
        self.join()


def _high_water(status):
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0")
    return int(line.split()[1]) * 1024


HEAVY = {
    "179 megapixels": lambda: huge_png(),
    "png at the limit": lambda: photo((3535, 3535)),
    "rgba png at the limit": lambda: encoded(Image.new("RGBA", (3535, 3535), "red")),
    "webp at the limit": lambda: photo((2000, 2000), kind="WEBP", lossless=True),
    "progressive jpeg": lambda: photo(
        (3162, 3162), kind="JPEG", progressive=True, subsampling=0, quality=30
    ),
}


@pytest.mark.parametrize("make", HEAVY.values(), ids=HEAVY)
def test_no_picture_makes_the_child_use_more_than_96_mib(folder, make):
    data = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with MemoryMonitor() as monitor:
        try:
            decoding.make_square(folder, data)
            refused = ""
        except decoding.PictureError as error:
            refused = str(error)

    assert 0 < monitor.peak <= 96 * MIB
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown <= 24 * 1024
    assert ("180 milhões de pixels" in refused) == (len(data) > 400_000)


def test_a_key_cannot_be_a_path():
    assert [FOLDERS.thumbnail(key, 48) for key in ("..", "../x", "", "a" * 21, "a" * 23)] == [
        None
    ] * 5
    with pytest.raises(ValueError, match="etc"):
        FOLDERS.folder("/etc")


def test_a_picture_that_hangs_its_process_is_refused(folder, monkeypatch, tmp_path):
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(decoding, "WORKER", slow)
    monkeypatch.setattr(decoding, "LIMITS", replace(decoding.LIMITS, timeout_s=0.2))

    with pytest.raises(decoding.PictureError, match="grande demais"):
        decoding.make_square(folder, photo())
