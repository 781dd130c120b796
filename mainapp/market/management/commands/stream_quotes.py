"""Command that records the quotes of the streams in QUOTE_STREAM, until it is stopped."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mainapp.core.processes import STREAM, announce_start, announce_stop
from mainapp.core.schema import wait_for_schema
from mainapp.market.services.streaming.streamer import Streamer
from mainapp.market.streams.configured import build_streams


class Command(BaseCommand):
    help = (
        "Record the quotes that the streams in QUOTE_STREAM push. Of several such processes one "
        "works, and another takes over when it dies or hangs."
    )
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.QUOTE_STREAM:
            wait_for_schema()
        announce_start(STREAM)
        try:
            asyncio.run(self._run())
        finally:
            announce_stop()

    async def _run(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        if streams := build_streams():
            await Streamer(streams).run(stop)
        else:
            # Runners of a Procfile stop all processes when one ends.
            self.stderr.write("QUOTE_STREAM is not set: there is nothing to stream")
            await stop.wait()
