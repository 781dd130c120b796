"""Encoding of frames as UTF-8 bytes, which writers pass to the server unchanged."""

from typing import Any

import orjson


def encode(value: Any) -> bytes:
    """Return a frame, or a part of one, as JSON."""
    return orjson.dumps(value)
