"""Concurrent calls, for tests of locks."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from django.db import connections
from django.test import Client


def in_threads(calls):
    """Run calls at the same time, each with its own connection; return the results and errors."""
    start = Barrier(len(calls))

    def run(call):
        start.wait(30)
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def requests_of(requests):
    """Return requests (user, method, path, body) as calls; their clients share the application."""
    calls, handler = [], None
    for user, method, path, body in requests:
        client = Client()
        handler = client.handler = handler or client.handler
        client.force_login(user)
        calls.append(partial(getattr(client, method), path, body, "application/json"))
    return calls
