"""The encoding of frames: UTF-8 bytes, which a writer hands to the server as they are."""

from typing import Any

import orjson


def encode(value: Any) -> bytes:
    """Return the JSON of a frame or of a part of one."""
    return orjson.dumps(value)
