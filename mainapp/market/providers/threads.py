"""Work in daemon threads that callers abandon at a deadline; it never delays the process's end."""

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
    """A function in a daemon thread of its own, so that its caller may stop waiting."""

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
        """Return what the function returned.

        Raises: ProviderError, the function's own or for the time-out; after that the function goes
        on, and nobody waits for it.
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
        except (
            Exception
        ) as error:  # the thread's boundary: a fault of ours must not pass for an answer
            logger.exception("a source's adapter failed")
            self._error = ProviderError(f"its adapter failed: {error!r}")
        finally:
            self._done.set()


def gather(
    functions: Sequence[Callable[[], Result]], *, workers: int, timeout: float
) -> list[Result | ProviderError]:
    """Run functions in at most `workers` threads; return each result or error, in order.

    Takes `timeout` seconds at most: functions still running then count as timed out, and the others
    never start. After a refusal that affects all calls (AFFECTS_ALL) no other starts.
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
    """Return the quotes of all parts.

    Raises: ProviderError, the gravest of the parts and with the quotes of the others. Papers that
    the source does not have are no error.
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
    gravest = next((error for error in faults if error.fault in AFFECTS_ALL), faults[0])
    gravest.given = quotes
    raise gravest
