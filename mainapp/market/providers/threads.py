"""Calls in daemon threads, which callers abandon at a deadline and which never delay the exit."""

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from threading import Event, Thread
from time import monotonic
from typing import Generic, TypeVar

from mainapp.market.providers.base import ProviderError
from mainapp.market.quotes import Quote

# The time in which calls to a source may start, of which there may be hundreds; shorter than beat's
# interval.
ROUND_S = 5.0
AFFECTS_ALL = ("rate_limited", "unauthorized")

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Unstarted(ProviderError):
    """The error of a call that was not made."""


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

    def wait(self, timeout: float) -> None:
        self._done.wait(timeout)

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
        outcome = _attempt(self._function)
        if isinstance(outcome, ProviderError):
            self._error = outcome
        else:
            self._result = outcome
        self._done.set()


def _attempt(function: Callable[[], Result]) -> Result | ProviderError:
    """Call a function of an adapter; return its result or error."""
    try:
        return function()
    except ProviderError as error:
        return error
    # The thread's boundary: an error in the adapter must reach the caller.
    except Exception as error:
        logger.exception("a source's adapter failed")
        return ProviderError(f"its adapter failed: {error!r}")


def gather(
    functions: Sequence[Callable[[], Result]], *, workers: int, timeout: float
) -> list[Result | ProviderError]:
    """Run functions in at most `workers` threads; return each result or error, in order.

    Each function has `timeout` seconds from its start. After ROUND_S, or after a refusal that
    affects all calls (AFFECTS_ALL), no more functions start; the others get an `Unstarted` error.
    """
    started_at = monotonic()
    waiting: deque[int] = deque(range(len(functions)))
    done: dict[int, Result | ProviderError] = {}
    started: dict[int, float] = {}
    unstarted = Unstarted("the time of the round is over", fault="unfinished")

    def work() -> None:
        nonlocal unstarted
        while waiting and monotonic() < started_at + ROUND_S:
            try:
                number = waiting.popleft()
            except IndexError:  # another thread took the last one
                return
            started[number] = monotonic()
            outcome = done[number] = _attempt(functions[number])
            if isinstance(outcome, ProviderError) and outcome.fault in AFFECTS_ALL:
                waiting.clear()
                unstarted = Unstarted(str(outcome), fault=outcome.fault)

    def left_s() -> float:
        """Return the seconds until the time of every running function is over."""
        running = [at for number, at in list(started.items()) if number not in done]
        return max(running, default=monotonic()) + timeout - monotonic()

    for call in [Call(work) for _ in range(min(workers, len(functions)))]:
        while not call.is_done and (wait_s := left_s()) > 0:
            call.wait(wait_s)
    late = ProviderError("no answer in time", fault="timeout")
    return [
        done.get(number, late if number in started else unstarted)
        for number in range(len(functions))
    ]


def merge_quotes(
    results: Iterable[dict[str, Quote] | ProviderError], requested: Iterable[Collection[str]]
) -> dict[str, Quote]:
    """Return the quotes of all results; `requested` has the symbols of each result.

    Raises: ProviderError, the most severe one, with the quotes of the other results and the symbols
    of calls that were not made. A stock that the source does not have is not an error.
    """
    quotes: dict[str, Quote] = {}
    faults: list[ProviderError] = []
    unreached: set[str] = set()
    for result, symbols in zip(results, requested, strict=True):
        if not isinstance(result, ProviderError):
            quotes |= result
        elif result.fault != "not_given":
            faults.append(result)
            quotes |= result.partial_quotes
            unreached.update(symbols if isinstance(result, Unstarted) else result.unreached)
    if not faults:
        return quotes
    most_severe = min(faults, key=_severity)
    most_severe.partial_quotes = quotes
    most_severe.unreached = frozenset(unreached)
    raise most_severe


def _severity(error: ProviderError) -> int:
    if error.fault in AFFECTS_ALL:
        return 0
    return 2 if error.fault == "unfinished" else 1
