"""Asking for quotes on a thread of its own: the event loop waits for no broker."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Asker:
    """Runs `ask` with a list of symbols, one call at a time."""

    def __init__(self, ask: Callable[[list[str]], None]) -> None:
        self._ask = ask
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ask")
        self._asking: asyncio.Future[None] | None = None

    def is_free(self) -> bool:
        """Tell whether the last call is over. Raises: what it raised, once."""
        if self._asking is None:
            return True
        if not self._asking.done():
            return False
        asked, self._asking = self._asking, None
        asked.result()
        return True

    def ask(self, symbols: list[str]) -> None:
        """Start a call; nobody waits for it."""
        loop = asyncio.get_running_loop()
        self._asking = loop.run_in_executor(self._thread, self._ask, symbols)

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
