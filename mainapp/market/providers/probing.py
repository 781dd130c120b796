"""One request to each source, to find those that work."""

from collections.abc import Sequence
from functools import partial
from time import monotonic

from mainapp.market.providers.base import ProviderError
from mainapp.market.providers.configured import MAX_TIMEOUT_S, build_provider
from mainapp.market.providers.source import load
from mainapp.market.providers.threads import Call

PROBED = "PETR4"
PROBED_PAIR = "BTCBRL"


def probe(
    names: Sequence[str], *, timeout: float = MAX_TIMEOUT_S
) -> tuple[list[str], dict[str, str]]:
    """Request one quote from all sources at once; return the working sources and the errors.

    Takes `timeout` seconds at most, once the libraries are loaded, and bypasses the guards, so that
    no call is counted.
    """
    providers = [build_provider(name) for name in names]
    for provider in providers:
        load(provider)
    deadline = monotonic() + timeout
    probed = {each.name: PROBED_PAIR if each.name == "binance" else PROBED for each in providers}
    calls = {each.name: Call(partial(each.quotes, [probed[each.name]])) for each in providers}
    answered, errors = [], {}
    for name, call in calls.items():
        try:
            quote = call.result(deadline - monotonic()).get(probed[name])
        except ProviderError as error:
            errors[name] = str(error)
            continue
        if quote and quote.price.is_finite() and quote.price > 0:
            answered.append(name)
        else:
            errors[name] = f"returned no price of {probed[name]}"
    return answered, errors
