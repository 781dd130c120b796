"""Database calls from async code, on bounded thread pools, one for reads and one for writes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")

_READERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="query")
# Apart from the readers: writers may wait for the database's lock for seconds.
_WRITERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="write")


async def query(read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a read on a thread of its pool, so that it does not block the event loop."""
    run = database_sync_to_async(read, thread_sensitive=False, executor=_READERS)
    return await run(*args, **kwargs)


async def write(service: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that changes the database like `query`, without delaying readers."""
    run = database_sync_to_async(service, thread_sensitive=False, executor=_WRITERS)
    return await run(*args, **kwargs)
