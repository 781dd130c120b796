"""Responses that stream a file or lines as a download.

Under ASGI, Django reads a plain iterator to its end before it sends the first byte.
"""

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

PIECE = 256 * 1024
LINES = 500


def file_response(
    request: HttpRequest, file: IO[bytes], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Return a response that streams an open file from its start and then closes it.

    `name` is ASCII.
    """
    size = file.seek(0, 2)
    file.seek(0)
    if request.method == "HEAD":
        file.close()
        pieces: Any = iter(())
    else:
        pieces = _pieces_async(file) if isinstance(request, ASGIRequest) else _pieces(file)
    response = StreamingHttpResponse(pieces, content_type=content_type)
    # A generator that never started closes nothing, and the client may leave before the first byte.
    response._resource_closers.append(file.close)  # type: ignore[attr-defined] # as FileResponse
    response["Content-Length"] = str(size)
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_response(request: HttpRequest, lines: Iterator[str], *, name: str) -> StreamingHttpResponse:
    """Return a response that streams the lines of a CSV file. `name` is ASCII."""
    pieces = _parts_async(lines) if isinstance(request, ASGIRequest) else lines
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    response["Cache-Control"] = "no-store"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _parts_async(lines: Iterator[str]) -> AsyncIterator[str]:
    read = sync_to_async(lambda: "".join(islice(lines, LINES)))  # in the database's thread
    while part := await read():
        yield part


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


async def _pieces_async(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := await sync_to_async(file.read, thread_sensitive=False)(PIECE):
            yield piece
