"""A process that uses Redis through every client of the product, controlled by its tests.

Reads commands from standard input and answers each with a line of JSON: `send` publishes, queues a
task, caches and locks; `report` returns the messages and tasks that arrived from any process.
"""

import asyncio
import json
import os
import sys
import threading
from typing import Any

import django
from celery.signals import worker_init

GROUP = "probe.group"
ANSWER_S = 10.0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    from celery.contrib.testing.worker import start_worker  # noqa: PLC0415 - after the settings

    from project import celery  # noqa: PLC0415

    worker_init.disconnect(celery.start_worker)  # waits for a schema: the probe has no database
    probe = Probe(sys.argv[1])
    options: dict[str, Any] = {"pool": "threads", "concurrency": 2, "perform_ping_check": False}
    with start_worker(celery.app, **options):
        _answer({"ready": True})
        for line in sys.stdin:
            _answer(getattr(probe, line.strip())())
        os._exit(0)  # without waiting for servers that may have ended


class Probe:
    def __init__(self, name: str) -> None:
        from mainapp.core.redis import client, key  # noqa: PLC0415 - after the settings
        from project.celery import app  # noqa: PLC0415

        self.name = name
        self.messages: list[str] = []
        self.tasks: list[str] = []

        def run(name: str) -> str:
            self.tasks.append(name)
            return name

        self.task = app.task(name="probe")(run)
        self.client, self.key = client, key
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        joined = threading.Event()
        asyncio.run_coroutine_threadsafe(self._listen(joined), self._loop)
        joined.wait(ANSWER_S)

    def send(self) -> dict[str, Any]:
        """Use each client once and return the results; an error's text if a client failed."""
        steps = {
            "sync": self._sync,
            "lock": self._lock,
            "async": lambda: self._await(self._async()),
            "layer": lambda: self._await(self._publish()),
            "cache": self._cache,
            "task": lambda: self.task.delay(self.name).get(timeout=ANSWER_S),
        }
        return {step: _attempt(run) for step, run in steps.items()}

    def report(self) -> dict[str, Any]:
        """Return the messages and tasks received since the last report."""
        arrived = {"messages": sorted({*self.messages}), "tasks": sorted({*self.tasks})}
        self.messages.clear()
        self.tasks.clear()
        return arrived

    def _sync(self) -> str:
        self.client().set(self.key("probe"), self.name)
        return str(self.client(decode_responses=True).get(self.key("probe")))

    def _lock(self) -> bool:
        return bool(self.client().lock(self.key("lock"), timeout=600).acquire(blocking=False))

    async def _async(self) -> str:
        from mainapp.core.redis import async_client  # noqa: PLC0415

        async with async_client() as client:
            return str((await client.get(self.key("probe"))).decode())

    def _cache(self) -> Any:
        from django.core.cache import cache  # noqa: PLC0415

        before = cache.get("probe")
        cache.set("probe", self.name)
        return [before, cache.get("probe")]

    async def _publish(self) -> str:
        from channels.layers import get_channel_layer  # noqa: PLC0415

        await get_channel_layer().group_send(GROUP, {"type": "probe", "from": self.name})
        return self.name

    async def _listen(self, joined: threading.Event) -> None:
        from channels.layers import get_channel_layer  # noqa: PLC0415

        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
        joined.set()
        while True:
            self.messages.append((await layer.receive(channel))["from"])

    def _await(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(ANSWER_S)


def _attempt(step: Any) -> Any:
    try:
        return step()
    except Exception as error:  # the test compares the text
        return f"{type(error).__name__}: {error}"


def _answer(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
