"""Requests for quotes in batches, which are halved when brapi.dev refuses them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Any, NoReturn

from mainapp.market.providers.base import ProviderError, RefusedError
from mainapp.market.providers.brapi.calls import DELAY_S, NAME, Calls, wrong_address
from mainapp.market.providers.limits import Limits
from mainapp.market.providers.replies import symbol_of, symbols_of, to_quote
from mainapp.market.quotes import Quote

KNOWN = "PETR4"  # if even this stock is unknown, the address is wrong; if refused, so is every call
LEAST_S = 0.05  # no further call is made in less time

Names = Mapping[str, list[str]]  # brapi's symbols, with the requested ones of each


class Access:
    """The result of the last call for KNOWN, shared by the batches of an adapter."""

    is_refused = False


class Batch:
    """Requests some symbols, in as many calls as the source's refusals require.

    A refused call is halved until each part is answered, or is a single symbol, which is then given
    up. If a call was refused although no symbol had to be given up, it was too large: that is
    learnt.
    """

    def __init__(
        self,
        calls: Calls,
        limits: Limits,
        access: Access,
        *,
        full_size: int,
        forget: Callable[[str], None],
    ) -> None:
        self._calls, self._limits, self._access = calls, limits, access
        self._full_size = full_size
        self._forget = forget
        self._wanted: Names = {}
        self._deadline = 0.0
        self._quotes: dict[str, Quote] = {}
        self._done: set[str] = set()
        self._lost: set[str] = set()
        self._is_checked = False

    def read(self, wanted: Names, deadline: float) -> dict[str, Quote]:
        """Return the quotes that the source has.

        Raises: ProviderError, with the quotes received before it and the symbols not requested.
        """
        self._wanted, self._deadline = wanted, deadline
        try:
            if self._access.is_refused:
                self._check_access()
            self._read(list(wanted))
        except ProviderError as error:
            error.partial_quotes = self._quotes
            left = {name: wanted[name] for name in wanted if name not in self._done}
            if error.fault == "unfinished":
                error.unreached = frozenset(symbols_of(left))
            raise
        return self._quotes

    def _read(self, names: Sequence[str]) -> None:
        size = self._limits.batch_size(self._full_size)
        if len(names) > size:
            for start in range(0, len(names), size):
                self._read(names[start : start + size])
            return
        try:
            self._quotes |= self._call(names)
        except RefusedError as error:
            self._split(names, error)
        except ProviderError as error:
            if error.fault != "not_given":
                raise
            self._check_address()
            self._split(names, None)
        else:
            self._done.update(names)

    def _split(self, names: Sequence[str], refusal: RefusedError | None) -> None:
        """Read the halves of a refused call, or give up its only symbol."""
        if len(names) == 1:
            if refusal is not None:
                self._check_access(refusal)
            self._lose(names[0])
            return
        middle = len(names) // 2
        self._read(names[:middle])
        self._read(names[middle:])
        if refusal is not None and not self._lost.intersection(names):
            self._limits.learn_batch_size(len(names) - middle, refusal.words)

    def _call(self, names: Collection[str]) -> dict[str, Quote]:
        quotes: dict[str, Quote] = {}
        for row in self._results(",".join(names)):
            for symbol in self._wanted.get(symbol_of(row), ()):
                quote = to_quote(row, symbol=symbol, source=NAME, delay_s=DELAY_S)
                if quote:
                    quotes.setdefault(symbol, quote)
        self._is_checked = True
        return quotes

    def _results(self, path: str) -> list[Mapping[str, Any]]:
        is_later_call = self._done or self._lost or self._is_checked
        try:
            if is_later_call and self._deadline - monotonic() < LEAST_S:
                raise ProviderError("no answer in time", fault="timeout")
            return self._calls.results(path, {}, self._deadline)
        except ProviderError as error:
            if error.fault == "timeout" and is_later_call:
                raise ProviderError("the time of the round is over", fault="unfinished") from error
            raise

    def _check_address(self) -> None:
        """Request a stock that exists. Raises: ProviderError if even that one is unknown."""
        if self._is_checked:
            return
        try:
            self._results(KNOWN)
        except RefusedError:
            return
        except ProviderError as error:
            if error.fault != "not_given":
                raise
            raise wrong_address() from error
        self._is_checked = True

    def _check_access(self, refusal: RefusedError | None = None) -> None:
        """Request a stock that everyone may see. Raises: ProviderError if even that is refused."""
        if self._is_checked:
            return
        try:
            self._results(KNOWN)
        except RefusedError as error:
            self._access.is_refused = True
            _refuse(refusal or error)
        self._access.is_refused = False
        self._is_checked = True

    def _lose(self, name: str) -> None:
        self._lost.add(name)
        self._done.add(name)
        self._forget(name)


def _refuse(refusal: RefusedError) -> NoReturn:
    raise ProviderError(str(refusal), fault="unauthorized", permanent=True) from refusal
