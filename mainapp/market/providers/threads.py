"""Calls in daemon threads, which callers abandon at a deadline and which never delay the exit."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Event, Thread
from time import monotonic
from typing import Generic, TypeVar

from mainapp.market.providers.base import ProviderError
from mainapp.market.quotes import Quote

AFFECTS_ALL = ("rate_limited", "unauthorized")

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Call(Generic[Result]):
    """A function that runs in a separate daemon thread, so that its caller may stop waiting."""

    def __init__(self, function: Callable[[], Result]) -> None:
        self._function = function
        self._done = Event()
        self._result: Result | None = None
        self._error: ProviderError | None = None
        Thread(target=self._run, daemon=True, name="source").start()

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    def result(self, timeout: float) -> Result:
        """Wait for the function's result.

        Raises: ProviderError from the function or for the timeout; after a timeout the function
        continues without a caller.
        """
        if not self._done.wait(max(timeout, 0)):
            raise ProviderError("no answer in time", fault="timeout")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # done without an error: it is a Result

    def _run(self) -> None:
        try:
            self._result = self._function()
        except ProviderError as error:
            self._error = error
        # The thread's boundary: an error in the adapter must reach the caller.
        except Exception as error:
            logger.exception("a source's adapter failed")
            self._error = ProviderError(f"its adapter failed: {error!r}")
        finally:
            self._done.set()


def gather(
    functions: Sequence[Callable[[], Result]], *, workers: int, timeout: float
) -> list[Result | ProviderError]:
    """Run functions in at most `workers` threads and return each result or error, in order.

    Takes `timeout` seconds at most: functions that still run then count as timed out, and the
    others never start. None starts after a refusal that affects all calls (AFFECTS_ALL).
    """
    deadline = monotonic() + timeout
    waiting: deque[int] = deque(range(len(functions)))
    done: dict[int, Result | ProviderError] = {}
    skipped = [ProviderError("no answer in time", fault="timeout")]

    def work() -> None:
        while waiting and monotonic() < deadline:
            try:
                number = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                done[number] = functions[number]()
            except ProviderError as error:
                done[number] = error
                if error.fault in AFFECTS_ALL:
                    waiting.clear()
                    skipped[0] = error

    for call in [Call(work) for _ in range(min(workers, len(functions)))]:
        try:
            call.result(deadline - monotonic())
        except ProviderError as error:
            skipped[0] = error if call.is_done else skipped[0]
    return [done.get(number, skipped[0]) for number in range(len(functions))]


def merge_quotes(results: Iterable[dict[str, Quote] | ProviderError]) -> dict[str, Quote]:
    """Return the quotes of all results.

    Raises: ProviderError: the most severe one, with the quotes of the other results. Stocks that
    the source does not have are not an error.
    """
    quotes: dict[str, Quote] = {}
    errors: list[ProviderError] = []
    for result in results:
        if isinstance(result, ProviderError):
            errors.append(result)
        else:
            quotes |= result
    faults = [error for error in errors if error.fault != "not_given"]
    if not faults:
        return quotes
    most_severe = next((error for error in faults if error.fault in AFFECTS_ALL), faults[0])
    most_severe.partial_quotes = quotes
    raise most_severe
