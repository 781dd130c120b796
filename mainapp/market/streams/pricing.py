"""The protobuf message of Yahoo's streamer."""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any


@cache
def pricing_definition() -> tuple[Any, type[Exception]]:
    """Return yfinance's definition of the message, and the error of its decoder.

    The file is loaded without its package, which would import pandas: 2 s and 80 MB.
    """
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # noqa: PLC0415 - only where Yahoo streams

    package = importlib.util.find_spec("yfinance")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).with_name("pricing_pb2.py")
    spec = importlib.util.spec_from_file_location("pricing_pb2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PricingData, DecodeError
