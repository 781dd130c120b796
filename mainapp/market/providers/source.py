"""A source behind its guard: asked in a thread that nobody waits for longer than the timeout."""

from collections.abc import Callable, Sequence
from threading import Lock
from time import monotonic
from typing import Any, Generic, TypeVar

from mainapp.market.providers.base import ProviderError, QuoteProvider
from mainapp.market.providers.breaker import Admission
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.threads import Call
from mainapp.market.quotes import Quote

MAX_HUNG_CALLS = 2
GRACE_S = 0.1  # for an adapter to say itself that it was too late, and what it has

Result = TypeVar("Result")


class Source:
    """One provider, when it may be asked, and the calls to it that have not come back."""

    def __init__(self, provider: QuoteProvider, guard: Guard, *, timeout: float) -> None:
        self.name = provider.name
        self.provider = provider
        self.guard = guard
        self._timeout = timeout
        self._lock = Lock()
        self._asks: list[Ask[Any]] = []

    def ask_quotes(self, symbols: Sequence[str]) -> "Ask[dict[str, Quote]] | None":
        """Begin to ask for quotes, of fewer symbols when the budget does not reach for all.

        None when it has none of them, or rests to make its calls last.
        Raises: ProviderError when it may not be asked because of a failure.
        """
        needed = self.provider.calls_for(symbols)
        if not needed:
            return None
        admission = self._admit(needed)
        if not admission.calls:
            return None
        while self.provider.calls_for(symbols) > admission.calls:
            symbols = symbols[: len(symbols) // 2]
        return self._begin(lambda: self.provider.quotes(symbols), admission)

    def ask(self, function: Callable[[QuoteProvider], Result]) -> "Ask[Result]":
        """Begin to ask for something that a person waits for, in one call.

        Raises: ProviderError when the source may not be asked now.
        """
        admission = self._admit(1, is_spaced=False)
        if not admission.calls:
            raise ProviderError(admission.reason)
        return self._begin(lambda: function(self.provider), admission)

    def rests_for(self) -> float:
        return self.guard.rests_for()

    def _admit(self, calls: int, *, is_spaced: bool = True) -> Admission:
        self._give_up_hung()
        admission = self.guard.admit(calls, is_spaced=is_spaced)
        if admission.is_faulty:
            raise ProviderError(admission.reason)
        return admission

    def _give_up_hung(self) -> None:
        """Forget the calls that ended. Raises: ProviderError when too many still hang."""
        with self._lock:
            self._asks = [ask for ask in self._asks if not ask.is_done]
            hung = [ask for ask in self._asks if ask.is_overdue]
        for ask in hung:
            ask.give_up()
        if len(hung) >= MAX_HUNG_CALLS:
            raise ProviderError("does not come back from earlier calls", fault="timeout")

    def _begin(self, function: Callable[[], Result], admission: Admission) -> "Ask[Result]":
        ask = Ask(self, function, admission, deadline=monotonic() + self._timeout + GRACE_S)
        with self._lock:
            self._asks.append(ask)
        return ask


class Ask(Generic[Result]):
    """A call to a source that has begun; how it goes is told to the guard, once."""

    def __init__(
        self,
        source: Source,
        function: Callable[[], Result],
        admission: Admission,
        *,
        deadline: float,
    ) -> None:
        self.name = source.name
        self.is_probe = admission.is_probe
        self._source = source
        self._function = function
        self._calls = admission.calls
        self._deadline = deadline
        self._lock = Lock()
        self._is_settled = False
        self._call = Call(self._run)

    @property
    def is_done(self) -> bool:
        return self._call.is_done

    @property
    def is_overdue(self) -> bool:
        return not self.is_done and monotonic() > self._deadline

    def result(self) -> Result:
        """Wait for the answer until the deadline. Raises: ProviderError."""
        try:
            return self._call.result(self._deadline - monotonic())
        except ProviderError as error:
            self._settle(error)
            raise

    def give_up(self) -> None:
        self._settle(ProviderError("no answer in time", fault="timeout"))

    def _run(self) -> Result:
        try:
            result = self._function()
        except ProviderError as error:
            self._settle(error)
            raise
        self._settle(None, result)
        return result

    def _settle(self, error: ProviderError | None, result: object = None) -> None:
        with self._lock:
            if self._is_settled:
                return
            self._is_settled = True
        made = self._source.provider.calls_made()
        extra_calls = made - self._calls
        if made and result == {}:
            self._source.guard.lack(extra_calls=extra_calls)
        elif error is None or error.fault == "not_given":
            self._source.guard.succeed(delay_s=_delay_s(result), extra_calls=extra_calls)
        else:
            self._source.guard.fail(error, extra_calls=extra_calls)


def _delay_s(result: object) -> int | None:
    """Return how late the latest of the quotes is, None for what are no quotes."""
    if not isinstance(result, dict):
        return None
    return max((quote.delay_s for quote in result.values()), default=None)
