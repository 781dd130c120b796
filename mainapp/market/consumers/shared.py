"""Objects shared by the tracker's sockets of one event loop: the hub and the catalogue."""

import asyncio
import time

from mainapp.core.realtime import OnePerLoop, query
from mainapp.market.fanout import QuoteFanout
from mainapp.market.selectors.catalogue import Catalogue, load_catalogue
from mainapp.market.tasks import request_quotes

CATALOGUE_S = 30.0

quote_hub = OnePerLoop(QuoteFanout, request_quotes)


class CatalogueCache:
    """A cache of the catalogue for all sockets, read at most once per CATALOGUE_S."""

    def __init__(self) -> None:
        self._catalogue: Catalogue | None = None
        self._loaded_at = 0.0
        self._loading: asyncio.Task[None] | None = None

    async def get(self) -> Catalogue:
        """Return the catalogue. An expired one is returned while the new one loads."""
        if time.monotonic() - self._loaded_at > CATALOGUE_S and self._loading is None:
            self._loading = quote_hub().run_in_background(self._load())
        if self._catalogue is None and self._loading is not None:
            await asyncio.shield(self._loading)
        assert self._catalogue is not None
        return self._catalogue

    async def _load(self) -> None:
        try:
            self._catalogue = await query(load_catalogue)
            self._loaded_at = time.monotonic()
        finally:
            self._loading = None


catalogue_cache = OnePerLoop(CatalogueCache)
