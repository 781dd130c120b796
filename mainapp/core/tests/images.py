"""Valid and hostile pictures for the tests of uploads."""

import io
import struct
import zlib

from PIL import Image


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(size=(80, 60), colour="teal", kind="PNG", **options):
    return encoded(Image.new("RGB", size, colour), kind, **options)


def huge_png(side=13_400):
    """Return a grey PNG of 180 megapixels in about 800 KB, compressed row by row."""
    packer = zlib.compressobj(1)
    row = b"\0" + b"\x20" * side
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    )
