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
from time import monotonic, sleep
from typing import Any

import redis
from celery.signals import worker_shutdown

from mainapp.core.redis import CELERY_TIMEOUT_S
from project.broker.pools import REFUSALS

logger = logging.getLogger(__name__)

RETRY_S = 0.5


def move_socket(connection: Any, base: Any) -> Any:
    """Move the socket and its read buffer to a new connection of the class `base`."""
    successor = copy(connection)
    successor.__class__ = base
    connection._sock = None
    connection.set_parser(type(connection._parser))
    return successor


class LateReply(threading.Thread):
    """Waits for the reply to the BRPOP on a connection, and puts its task back.

    The thread ends with the connection: TCP keepalive detects a server that has disappeared.
    """

    def __init__(self, connection: Any) -> None:
        super().__init__(name="late-reply", daemon=True)
        self._connection = connection

    def run(self) -> None:
        with suppress(*REFUSALS):
            # A reply without a task is None; that to a PING sent before BRPOP is a string.
            reply = self._connection.read_response(disable_decoding=True, timeout=None)
            if isinstance(reply, list):
                self._put_back(*reply)
        self._connection.disconnect()

    def _put_back(self, queue: bytes, message: bytes) -> None:
        """Make a message the next one of its queue, as soon as the server accepts writes."""
        while True:
            self._connection.send_command("RPUSH", queue, message, check_health=False)
            try:
                self._connection.read_response(timeout=None)
            except redis.ResponseError:
                sleep(RETRY_S)
            else:
                logger.warning("a task received on a lost connection is back in its queue")
                return


def await_late_replies(**_kwargs: Any) -> None:
    """Wait for late replies before the worker ends, CELERY_TIMEOUT_S at most."""
    end_at = monotonic() + CELERY_TIMEOUT_S
    for thread in threading.enumerate():
        if isinstance(thread, LateReply):
            thread.join(max(0.0, end_at - monotonic()))


worker_shutdown.connect(await_late_replies)
