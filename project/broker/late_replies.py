"""Replies to BRPOP on connections that the worker has given up.

A Redis that was frozen executes the BRPOP that it received before, even if the client has closed
the connection since. The task that it removed from the queue was lost: 6 tasks in 18 freezes of
4.5 s. So the connection stays open, and a thread waits for the reply and puts the task back.

The thread sends the task over the same connection, hence to the server that removed it. After a
failover that is the old master, and the new one still has the task in its queue.
"""

import logging
import threading
from contextlib import suppress
from copy import copy
from time import sleep
from typing import Any

import redis

from project.broker.pools import REFUSALS

logger = logging.getLogger(__name__)

RETRY_S = 0.5


def take_socket(connection: Any, base: Any) -> Any:
    """Move the socket, and what was read from it, to a new connection of the class `base`."""
    taken = copy(connection)
    taken.__class__ = base
    connection._sock = None
    connection.set_parser(type(connection._parser))
    return taken


def return_late_task(connection: Any) -> None:
    """Start to wait for the reply to the BRPOP on `connection`, and put its task back.

    The thread ends with the connection: TCP keepalive detects a server that has disappeared.
    """
    # No thread can be started while the interpreter ends.
    with suppress(RuntimeError):
        threading.Thread(target=_wait_and_return, args=[connection], daemon=True).start()


def _wait_and_return(connection: Any) -> None:
    with suppress(*REFUSALS):
        # A reply without a task is None; that to a PING sent before BRPOP is a string.
        reply = connection.read_response(disable_decoding=True, timeout=None)
        if isinstance(reply, list):
            _push(connection, *reply)
    connection.disconnect()


def _push(connection: Any, queue: bytes, message: bytes) -> None:
    """Put a message back as the next one of its queue, as soon as the server accepts writes."""
    while True:
        connection.send_command("RPUSH", queue, message, check_health=False)
        try:
            connection.read_response(timeout=None)
        except redis.ResponseError:
            sleep(RETRY_S)
        else:
            logger.warning("a task that a lost connection received was returned to its queue")
            return
