"""A source behind its guard. Calls run in threads; callers wait for the timeout at most."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any, Generic, Literal, TypeVar, get_args

from mainapp.market.providers.base import ProviderError, QuoteProvider
from mainapp.market.providers.breaker import Admission
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.threads import ROUND_S, Call
from mainapp.market.quotes import Quote

# Threads of hung calls cannot be stopped: without a limit they would pile up.
MAX_HUNG_CALLS = 2
LOAD_S = 30.0
# Lets an adapter report its timeout itself, with the quotes that it received.
GRACE_S = 0.1
OtherKind = Literal["history", "list", "events"]
OTHER_KINDS: tuple[OtherKind, ...] = get_args(OtherKind)
# Nobody waits for events, so they are spread and take at most a tenth of the budget from quotes.
PARTS: dict[OtherKind, int] = {"events": 10}

Result = TypeVar("Result")


def load(provider: QuoteProvider) -> None:
    """Load the libraries of a provider, outside of any call's timeout.

    On a slow machine that takes longer than a source's timeout, and would count as its failure.
    Errors are ignored here, because the first call raises them again.
    """
    with suppress(ProviderError):
        Call(provider.load).result(LOAD_S)


class Source:
    """A provider, its guards, and its pending calls.

    `guard` is for quotes and has the budget; each other kind of call has its own breaker.
    """

    def __init__(self, provider: QuoteProvider, guard: Guard, *, timeout: float) -> None:
        self.name = provider.name
        self.provider = provider
        self.guard = guard
        self.breakers = {
            kind: guard.for_kind(kind, part=PARTS.get(kind, 0)) for kind in OTHER_KINDS
        }
        self._timeout = timeout
        self._lock = Lock()
        self._pending: list[PendingCall[Any]] = []
        self._is_loaded = False

    def start_quotes(self, symbols: Sequence[str]) -> "PendingCall[dict[str, Quote]] | None":
        """Start a call for quotes, with fewer symbols if the budget does not cover all.

        Returns None if the source has none of them or pauses to spread its budget.
        Raises: ProviderError while a failure blocks the source.
        """
        needed = self.provider.calls_for(symbols)
        if not needed:
            return None
        admission = self._admit(needed)
        if not admission.calls:
            return None
        while self.provider.calls_for(symbols) > admission.calls:
            symbols = symbols[: len(symbols) // 2]
        limit_s = self._timeout + (ROUND_S if admission.calls > 1 else 0)
        call = self._start(lambda: self.provider.quotes(symbols), admission, limit_s)
        call.symbols = symbols
        return call

    def start(
        self, kind: OtherKind, function: Callable[[QuoteProvider], Result]
    ) -> "PendingCall[Result]":
        """Start one call of another kind, which counts for the budget.

        It is not spaced if a user waits for it. Raises: ProviderError if the source may not be
        called now.
        """
        self._drop_hung_calls()
        breaker = self.breakers[kind]
        admission = breaker.admit(is_spaced=kind in PARTS)
        if admission.calls:  # a refused call is not one of the budget's
            admission = self.guard.spend()
        if not admission.calls:
            raise ProviderError(admission.reason)
        return self._start(
            lambda: function(self.provider), admission, self._timeout, breaker=breaker
        )

    def wait_s(self) -> float:
        return self.guard.wait_s()

    def _admit(self, calls: int) -> Admission:
        self._drop_hung_calls()
        admission = self.guard.admit(calls)
        if admission.is_faulty:
            raise ProviderError(admission.reason)
        return admission

    def _drop_hung_calls(self) -> None:
        """Forget finished calls and report hung ones. Raises: ProviderError if too many hang."""
        with self._lock:
            self._pending = [call for call in self._pending if not call.is_done]
            hung = [call for call in self._pending if call.is_overdue]
        for call in hung:
            call.report_timeout()
        if len(hung) >= MAX_HUNG_CALLS:
            raise ProviderError("has not returned from earlier calls", fault="timeout")

    def _load(self) -> None:
        if not self._is_loaded:
            load(self.provider)
            self._is_loaded = True

    def _start(
        self,
        function: Callable[[], Result],
        admission: Admission,
        limit_s: float,
        *,
        breaker: Guard | None = None,
    ) -> "PendingCall[Result]":
        self._load()
        call = PendingCall(
            self,
            breaker or self.guard,
            function,
            admission,
            deadline=monotonic() + limit_s + GRACE_S,
        )
        with self._lock:
            self._pending.append(call)
        return call


class PendingCall(Generic[Result]):
    """A running call to a source. Its outcome is reported to the guard once."""

    symbols: Sequence[str] = ()  # those requested

    def __init__(
        self,
        source: Source,
        breaker: Guard,
        function: Callable[[], Result],
        admission: Admission,
        *,
        deadline: float,
    ) -> None:
        self.name = source.name
        self.is_probe = admission.is_probe
        self._source = source
        self._breaker = breaker
        self._function = function
        self._calls = admission.calls
        self._deadline = deadline
        self._lock = Lock()
        self._is_reported = False
        self._call = Call(self._run)

    @property
    def is_done(self) -> bool:
        return self._call.is_done

    @property
    def is_overdue(self) -> bool:
        return not self.is_done and monotonic() > self._deadline

    def result(self) -> Result:
        """Wait for the result until the deadline. Raises: ProviderError."""
        try:
            return self._call.result(self._deadline - monotonic())
        except ProviderError as error:
            self._report(error)
            raise

    def report_timeout(self) -> None:
        self._report(ProviderError("no answer in time", fault="timeout"))

    def _run(self) -> Result:
        try:
            result = self._function()
        except ProviderError as error:
            self._report(error)
            raise
        self._report(None, result)
        return result

    def _report(self, error: ProviderError | None, result: object = None) -> None:
        with self._lock:
            if self._is_reported:
                return
            self._is_reported = True
        made = self._source.provider.calls_made()
        self._source.guard.add_calls(made - self._calls)
        if made and result == {}:
            self._breaker.record_empty()
        elif error is None or error.fault in ("not_given", "unfinished"):
            self._breaker.succeed(delay_s=_delay_s(result))
        else:
            self._breaker.fail(error)


def _delay_s(result: object) -> int | None:
    """Return the largest delay of the quotes, or None for another result."""
    if not isinstance(result, dict):
        return None
    return max((quote.delay_s for quote in result.values()), default=None)
