"""The web server: uvicorn on `project.asgi`, with limits for its sockets.

`python -m project.serve` listens on HOST and PORT with WEB_CONCURRENCY processes; with `--fd N` it
takes over a socket that the launcher holds open, so that no connection is refused during a restart.
"""

import argparse
import resource
import signal
import socket
import sys
from typing import Any

import django
import uvicorn
from django.conf import settings
from uvicorn.supervisors import Multiprocess

from project.environment import Refusal, env
from project.http_protocol import BoundedRequests
from project.listener import BACKLOG, listen
from project.websockets import QuoteSocketProtocol

DEFAULT_PORT = 8000


def options() -> dict[str, Any]:
    """Return uvicorn's options, with the trusted proxies from the settings."""
    return {
        "app": "project.asgi:application",
        "loop": "uvloop",
        "http": BoundedRequests,
        "ws": QuoteSocketProtocol,
        "ws_max_size": 1024 * 1024,
        "ws_max_queue": 16,
        "ws_per_message_deflate": False,  # costs 30 KB a socket; the frames are small
        "lifespan": "on",
        "backlog": BACKLOG,
        "timeout_graceful_shutdown": 3,
        "access_log": False,
        "log_config": None,  # Django's
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": bool(settings.TRUSTED_PROXIES),
        "forwarded_allow_ips": settings.TRUSTED_PROXIES,
    }


def serve(listener: socket.socket, processes: int = 1) -> None:
    """Serve on `listener` until SIGTERM or SIGINT; then close every WebSocket with 1012."""
    _allow_many_sockets()
    # uvicorn raises the signal again when it has stopped. Without these handlers, that would end
    # the process by the signal or with a traceback of KeyboardInterrupt.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    config = uvicorn.Config(**options(), workers=processes)
    if processes > 1:
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m project.serve")
    parser.add_argument("--fd", type=int, help="a listening socket to take over")
    arguments = parser.parse_args()
    django.setup()
    from mainapp.core import data_folder, static_files  # noqa: PLC0415 - after Django
    from mainapp.core.schema import wait_for_schema  # noqa: PLC0415 - after Django

    if fault := static_files.fault() or data_folder.fault():
        raise Refusal(fault)
    wait_for_schema()
    host = env.host("HOST", "127.0.0.1")
    port = env.port("PORT", default=DEFAULT_PORT, minimum=0)
    processes = settings.WEB_CONCURRENCY
    if arguments.fd is not None:
        # Not uvicorn's fd option, which treats every socket as a unix one: TCP_NODELAY would stay
        # off, and small frames would wait for acknowledgements.
        listener = socket.socket(fileno=arguments.fd)
    else:
        try:
            listener = listen(host, port)
        except OSError as error:
            raise Refusal(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    serve(listener, processes)


def _allow_many_sockets() -> None:
    """Raise the limit of open files, often 1,024, to the maximum that the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
