"""Database calls from async code, on bounded thread pools, one for reads and one for writes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

from mainapp.core.database import REQUEST_S, limited

P = ParamSpec("P")
T = TypeVar("T")

_READERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="query")
# Separate from the readers, because writers may wait for the database's lock for seconds.
_WRITERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="write")


async def query(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a read on a thread of its pool, so that it does not block the event loop.

    A database that does not answer blocks the thread for REQUEST_S at most.
    """
    return await _run(_READERS, read, *args, **kwargs)


async def write(service: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that changes the database, like `query` but without delaying readers."""
    return await _run(_WRITERS, service, *args, **kwargs)


async def _run(
    threads: ThreadPoolExecutor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    def call_limited() -> T:
        with limited(REQUEST_S):
            return call(*args, **kwargs)

    return await database_sync_to_async(call_limited, thread_sensitive=False, executor=threads)()
