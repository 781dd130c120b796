"""Serving of static files in pieces, including files that were added after the start."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

PIECE_BYTES = 64 * 1024
HASHED_NAME = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*\.[0-9a-f]{12}\.\w+", re.A)


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc] # untyped
    """WhiteNoise with support for upgrades, and at most two pieces of a file per client in memory.

    During an upgrade, a page of the new version may request its files from an old process, and a
    file without a hash in its name, as error pages use, may have another length than before.

    WhiteNoise's iterator is synchronous, so Django would read the whole file at once: 300 clients
    that requested a file of 1.7 MB and did not read it took 308 MiB.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not self.autorefresh and request.path_info.startswith(self.static_prefix):
            self._add_changed_file(request.path_info)
        response: HttpResponseBase = super().__call__(request)
        return response

    def _add_changed_file(self, url: str) -> None:
        name = url.removeprefix(self.static_prefix)
        is_hashed, is_known = bool(HASHED_NAME.fullmatch(name)), url in self.files
        path = Path(self.static_root) / name
        # Hashed files that are new, and known ones without a hash, which may have changed.
        if is_hashed != is_known and path.is_file():
            self.add_file_to_dictionary(url, str(path))

    @staticmethod
    def immutable_file_test(path: Any, url: str) -> bool:
        return bool(HASHED_NAME.search(url))

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> Any:
        response = WhiteNoiseMiddleware.serve(static_file, request)
        if hasattr(request, "scope"):
            response.streaming_content = _pieces_of(response.file_to_stream)
        return response


async def _pieces_of(file: Any | None) -> AsyncIterator[bytes]:
    """Yield a file's pieces; nothing for a response without one, such as 304."""
    while file and (piece := await asyncio.to_thread(file.read, PIECE_BYTES)):
        yield piece
        if len(piece) < PIECE_BYTES:
            break
