"""What the sockets of one event loop share: the hub and the catalogue."""

import asyncio
import time
from weakref import WeakKeyDictionary

from mainapp.core.realtime import query
from mainapp.market.fanout import QuoteFanout
from mainapp.market.selectors.catalogue import Catalogue, load_catalogue
from mainapp.market.tasks import ask_for_quotes

CATALOGUE_S = 30.0


class Hall:
    """What the sockets of one event loop share: the hub and the catalogue."""

    def __init__(self) -> None:
        self.hub = QuoteFanout(ask=ask_for_quotes)
        self._known: Catalogue | None = None
        self._loaded_at = 0.0
        self._loading: asyncio.Task[None] | None = None

    async def known_stocks(self) -> Catalogue:
        """Return the catalogue; one older than CATALOGUE_S is renewed behind the caller's back."""
        if time.monotonic() - self._loaded_at > CATALOGUE_S and self._loading is None:
            self._loading = asyncio.create_task(self._load())
        if self._known is None and self._loading is not None:
            await asyncio.shield(self._loading)
        assert self._known is not None
        return self._known

    async def close(self) -> None:
        """End the hub, and a catalogue that is still being read."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait([self._loading])
        await self.hub.stop()

    async def _load(self) -> None:
        try:
            self._known = await query(load_catalogue)
            self._loaded_at = time.monotonic()
        finally:
            self._loading = None


_halls: WeakKeyDictionary[asyncio.AbstractEventLoop, Hall] = WeakKeyDictionary()


def hall() -> Hall:
    """Return the running loop's hall, opened by its first socket."""
    loop = asyncio.get_running_loop()
    if loop not in _halls:
        _halls[loop] = Hall()
    return _halls[loop]


async def close_hall() -> None:
    """End the running loop's hub, if there is one; called when the server shuts down."""
    if found := _halls.pop(asyncio.get_running_loop(), None):
        await found.close()
