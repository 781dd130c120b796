"""Database calls from async code, on a bounded thread pool."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

from mainapp.core.database import REQUEST_S, limited

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="query")


async def query(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a database call on a thread of the pool, so that it does not block the event loop.

    A database that does not answer blocks the thread for REQUEST_S at most.
    """
    run = database_sync_to_async(_limited, thread_sensitive=False, executor=_THREADS)
    return await run(read, *args, **kwargs)


def _limited(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with limited(REQUEST_S):
        return read(*args, **kwargs)
