"""The project's server around any ASGI application, with its own measurements at `/_bench`.

`python -m benchmarks.rig.web project.asgi:application --fd N`: the same uvicorn options, protocol
and settings as `project.serve`; a socket passes through without another layer on its stack.
"""

import atexit
import ctypes
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import uvicorn

from benchmarks.rig.readings import rss_bytes

counts = {"queries": 0, "left": 0}
application: Any = None


def route_request(scope: Any, receive: Any, send: Any) -> Awaitable[None]:
    """Respond to `/_bench` here and pass everything else to the application."""
    if scope.get("path") == "/_bench":
        return send_measurements(send)
    response: Awaitable[None] = application(scope, receive, send)
    return response


async def send_measurements(send: Any) -> None:
    """Send the memory after a garbage collection and the number of queries so far."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    body = json.dumps(counts | {"rss": rss_bytes(os.getpid())}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def count_queries() -> None:
    """Count every statement of every connection that this process opens."""
    from django.db.backends.signals import connection_created  # noqa: PLC0415 - after the setup

    def counted(execute: Any, *arguments: Any) -> Any:
        counts["queries"] += 1
        return execute(*arguments)

    def wrap(connection: Any, **_: Any) -> None:
        if counted not in connection.execute_wrappers:
            connection.execute_wrappers.append(counted)

    connection_created.connect(wrap, weak=False)


def count_disconnects(path: str) -> None:
    """At exit, write to `path` for how many sockets the consumer's cleanup ran."""
    from mainapp.market.consumers import StockConsumer  # noqa: PLC0415 - after the setup

    left = StockConsumer.left

    def counted(self: StockConsumer) -> None:
        left(self)
        counts["left"] += 1

    StockConsumer.left = counted  # type: ignore[method-assign] # counted for a fault script
    atexit.register(lambda: Path(path).write_text(str(counts["left"])))


def main() -> None:
    global application
    django.setup()
    from project.serve import options  # noqa: PLC0415 - after the setup

    count_queries()
    if path := os.environ.get("BENCH_LEFT"):
        count_disconnects(path)
    module, _, name = sys.argv[1].partition(":")
    application = getattr(import_module(module), name)
    listener = socket.socket(fileno=int(sys.argv[3]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again at the end
    changed = {"app": route_request, "interface": "asgi3"}
    uvicorn.Server(uvicorn.Config(**options() | changed)).run(sockets=[listener])


if __name__ == "__main__":
    main()
