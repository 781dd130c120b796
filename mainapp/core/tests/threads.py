"""Concurrent calls, for tests of locks."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def in_threads(calls):
    """Run calls concurrently, each with its own connection; return the results and errors."""

    def run(call):
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(run, calls))
