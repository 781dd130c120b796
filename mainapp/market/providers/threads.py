"""Work in threads that is given up at a deadline, and never keeps the process from ending."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Event, Thread
from time import monotonic
from typing import Generic, TypeVar

from mainapp.market.providers.base import ProviderError
from mainapp.market.quotes import Quote

MEANT_FOR_ALL = ("rate_limited", "unauthorized")

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Call(Generic[Result]):
    """A function that runs in a daemon thread of its own, so that its caller may stop waiting."""

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

        Raises: ProviderError, the function's own, or that it is not done in time; then it goes on,
        and nobody waits for it.
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
        except Exception as error:  # a thread's end: a fault of ours must not pass for an answer
            logger.exception("a source's adapter broke")
            self._error = ProviderError(f"its adapter broke: {error!r}")
        finally:
            self._done.set()


def gather(
    functions: Sequence[Callable[[], Result]], *, workers: int, timeout: float
) -> list[Result | ProviderError]:
    """Run functions in at most `workers` threads; return what each returned, or why it did not.

    Takes `timeout` seconds at most: what is not done by then counts as a timeout, and what has not
    begun never does. When one meets a refusal that is meant for all, no other begins.
    """
    deadline = monotonic() + timeout
    todo: deque[int] = deque(range(len(functions)))
    done: dict[int, Result | ProviderError] = {}
    missed = [ProviderError("no answer in time", fault="timeout")]

    def work() -> None:
        while todo and monotonic() < deadline:
            try:
                number = todo.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                done[number] = functions[number]()
            except ProviderError as error:
                done[number] = error
                if error.fault in MEANT_FOR_ALL:
                    todo.clear()
                    missed[0] = error

    for call in [Call(work) for _ in range(min(workers, len(functions)))]:
        try:
            call.result(deadline - monotonic())
        except ProviderError as error:
            missed[0] = error if call.is_done else missed[0]
    return [done.get(number, missed[0]) for number in range(len(functions))]


def merged(results: Iterable[dict[str, Quote] | ProviderError]) -> dict[str, Quote]:
    """Return the quotes of all parts.

    Raises: ProviderError, the gravest of the parts' and with the quotes of the others, unless
    nothing is wrong but that the source has not got some papers.
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
    gravest = next((error for error in faults if error.fault in MEANT_FOR_ALL), faults[0])
    gravest.given = quotes
    raise gravest
