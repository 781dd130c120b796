"""Tests of the chain: requested symbols, and the effect of a failing source on the others."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from threading import Event, active_count
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import call_command

from mainapp.market.providers import source
from mainapp.market.providers.base import Budget, Listing, ProviderError, RefusedError
from mainapp.market.providers.chain import Chain
from mainapp.market.providers.configured import build_chain
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.probing import probe
from mainapp.market.providers.source import Source
from mainapp.market.quotes import Bar, Quote

TIMEOUT_S = 0.2


class Fake:
    """A source with given prices or a given failure; `requests` are the symbols of its calls."""

    kind = "real"
    lists_all = True
    gives_events = False
    budget: Budget | None = None

    def __init__(self, name: str, prices: dict[str, str] | None = None, **options: Any) -> None:
        self.name = name
        self.prices = prices or {}
        self.error: ProviderError | None = options.get("error")
        self.hangs: Event | None = options.get("hangs")
        self.loads_s: float = options.get("loads_s", 0.0)
        self.kind = options.get("kind", "real")
        self.budget = options.get("budget")
        self.requests: list[list[str]] = []
        self.made = 0
        self.is_short = False

    def load(self) -> None:
        sleep(self.loads_s)

    def calls_for(self, symbols: Sequence[str]) -> int:
        return len(symbols)

    def calls_made(self) -> int:
        made, self.made = self.made, 0
        return made

    def limits(self):
        return []

    def gives_whole(self, range_, interval):
        return not self.is_short

    def tickers(self) -> list[Listing]:
        raise ProviderError("has no list", fault="not_given")

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        self.requests.append(list(symbols))
        self.made += self.calls_for(symbols)
        if self.hangs:
            self.hangs.wait(10)
        if self.error:
            raise self.error
        return {
            s: Quote(symbol=s, price=Decimal(self.prices[s]), source=self.name, kind="real")
            for s in symbols
            if s in self.prices
        }

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        self.quotes([symbol])
        return []


def chain(*providers: Fake, timeout: float = TIMEOUT_S) -> Chain:
    run = uuid4().hex
    return Chain(
        [
            Source(
                p,
                Guard(f"{p.name}-{run}", redis_url=settings.REDIS_URL, budget=p.budget),
                timeout=timeout,
            )
            for p in providers
        ]
    )


@pytest.fixture
def never():
    event = Event()
    yield event
    event.set()


def prices(fetched):
    return {symbol: (q.source, str(q.price)) for symbol, q in fetched.quotes.items()}


def test_missing_symbols_are_requested_from_the_next_source():
    primary, secondary = (
        Fake("primary", {"PETR4": "1"}),
        Fake("secondary", {"PETR4": "2", "VALE3": "3"}),
    )
    fetched = chain(primary, secondary).fetch(["PETR4", "VALE3", "ABCD3", "PETR4"])

    assert prices(fetched) == {"PETR4": ("primary", "1"), "VALE3": ("secondary", "3")}
    assert fetched.missing == {"ABCD3"}
    assert fetched.errors == {}
    assert secondary.requests == [["VALE3", "ABCD3"]]


def test_loading_a_library_does_not_count_towards_the_timeout():
    slow = Fake("slow", {"PETR4": "1"}, loads_s=0.5)
    fetched = chain(slow, timeout=0.2).fetch(["PETR4"])

    assert prices(fetched) == {"PETR4": ("slow", "1")}
    assert fetched.errors == {}


def test_next_source_is_not_called_without_missing_symbols():
    primary, secondary = Fake("primary", {"PETR4": "1"}), Fake("secondary")
    chain(primary, secondary).fetch(["PETR4"])

    assert secondary.requests == []


def test_quotes_before_a_failure_are_used():
    part = {"PETR4": Quote(symbol="PETR4", price=Decimal(1), source="primary", kind="real")}
    primary = Fake(
        "primary", error=ProviderError("asked too often", fault="rate_limited", partial_quotes=part)
    )
    secondary = Fake("secondary", {"VALE3": "3"})
    fetched = chain(primary, secondary).fetch(["PETR4", "VALE3"])

    assert prices(fetched) == {"PETR4": ("primary", "1"), "VALE3": ("secondary", "3")}
    assert fetched.errors == {"primary": "asked too often"}


@pytest.mark.parametrize("price", ["NaN", "0", "-1", "1E+12"])
def test_unusable_price_is_requested_from_the_next_source_and_reported(price):
    primary = Fake("primary", {"PETR4": price, "VALE3": price})
    fetched = chain(primary, Fake("secondary", {"PETR4": "2"})).fetch(["PETR4", "VALE3"])

    assert prices(fetched) == {"PETR4": ("secondary", "2"), "VALE3": ("primary", price)}
    assert [(q.symbol, q.source) for q in fetched.refused] == [("PETR4", "primary")]


def test_stock_in_another_currency_is_requested_from_the_next_source_and_reported():
    dollars = {
        "PETR4": Quote(
            symbol="PETR4", price=Decimal(7), currency="USD", source="primary", kind="real"
        )
    }
    primary = Fake("primary")
    primary.quotes = lambda symbols: dollars  # type: ignore[method-assign] # of this object alone

    fetched = chain(primary, Fake("secondary", {"PETR4": "38"})).fetch(["PETR4"])

    assert prices(fetched) == {"PETR4": ("secondary", "38")}
    assert [(q.source, q.currency) for q in fetched.refused] == [("primary", "USD")]


def test_hung_source_costs_its_timeout_once(never):
    primary, secondary = Fake("primary", hangs=never), Fake("secondary", {"PETR4": "2"})
    both = chain(primary, secondary)
    started_at = monotonic()
    assert prices(both.fetch(["PETR4"])) == {"PETR4": ("secondary", "2")}
    assert monotonic() - started_at < TIMEOUT_S + 0.5

    started_at = monotonic()
    for _ in range(5):
        both.fetch(["PETR4"])
    assert monotonic() - started_at < TIMEOUT_S
    assert len(primary.requests) == 1


def test_hung_source_is_probed_in_parallel_without_piling_up_threads(never, monkeypatch):
    primary, secondary = Fake("primary", hangs=never), Fake("secondary", {"PETR4": "2"})
    both = chain(primary, secondary)
    before = active_count()
    both.fetch(["PETR4"])
    for each in both._sources:
        each._timeout = 5.0  # the time that a caller would wait for the probe
    while len(primary.requests) < 2:  # until the breaker admits a probe
        never.wait(0.05)
        started_at = monotonic()
        assert both.fetch(["PETR4"]).missing == set()

    assert monotonic() - started_at < 0.9
    assert active_count() - before <= 2
    monkeypatch.setattr(source, "monotonic", lambda: monotonic() + 6)
    assert "has not returned" in both.fetch(["PETR4"]).errors["primary"]
    assert len(primary.requests) == 2


def test_repaired_source_is_used_again():
    primary = Fake("primary", {"PETR4": "1"}, error=ProviderError("broken", fault="server_error"))
    only = chain(primary)
    assert only.fetch(["PETR4"]).errors == {"primary": "broken"}
    assert 0 < only.wait_s() <= 0.25

    primary.error = None
    until = monotonic() + 3
    while not (fetched := only.fetch(["PETR4"])).quotes and monotonic() < until:
        Event().wait(only.wait_s())

    assert prices(fetched) == {"PETR4": ("primary", "1")}
    assert only.states()[0].state == "ok"


def test_exception_in_an_adapter_is_a_failure_of_its_source(caplog):
    primary = Fake("primary", {"PETR4": "no price"})
    fetched = chain(primary, Fake("secondary", {"PETR4": "2"})).fetch(["PETR4"])

    assert prices(fetched) == {"PETR4": ("secondary", "2")}
    assert "adapter failed" in fetched.errors["primary"]


def test_empty_reply_does_not_count_as_success():
    primary, secondary = Fake("primary"), Fake("secondary", {"PETR4": "2"})
    both = chain(primary, secondary)

    assert both.fetch(["PETR4"]).errors == {}

    first, second = both.states()
    assert (first.state, first.last_fault) == ("lacking", "not_given")
    assert first.last_success_at is None
    assert second.state == "ok"
    primary.prices["PETR4"] = "1"
    both.fetch(["PETR4"])
    assert both.states()[0].state == "ok"


def test_source_with_exhausted_budget_is_skipped_without_an_error():
    primary = Fake("primary", {"PETR4": "1", "VALE3": "1", "ITUB4": "1"})
    primary.budget = Budget(calls=2, period="month")
    secondary = Fake("secondary", {"PETR4": "2", "VALE3": "2", "ITUB4": "2"})
    both = chain(primary, secondary)

    sources = {q.source for q in both.fetch(["PETR4", "VALE3", "ITUB4"]).quotes.values()}
    assert sources == {"primary", "secondary"}
    assert len(primary.requests[0]) <= 2
    for _ in range(3):
        assert both.fetch(["PETR4"]).errors == {}
    assert sum(len(symbols) for symbols in primary.requests) <= 2


def test_real_and_simulated_sources_cannot_be_mixed():
    with pytest.raises(ValueError, match="never mix"):
        chain(Fake("primary"), Fake("secondary", kind="simulated"))


def test_history_comes_from_the_next_source_with_its_name(never):
    primary = Fake("primary", error=ProviderError("has none", fault="not_given", permanent=True))
    secondary = Fake("secondary")
    both = chain(primary, secondary)

    assert both.history("PETR4", "1y", "1d") == ([], "secondary")
    assert both.states("history")[0].state == "ok"


def test_refused_history_does_not_rest_the_quotes():
    source = Fake("source", {"PETR4": "1"}, error=RefusedError(402, "Seu plano não inclui isto."))
    only = chain(source)
    with pytest.raises(ProviderError, match="Seu plano"):
        only.history("PETR4", "1y", "1d")
    source.error = None

    assert prices(only.fetch(["PETR4"])) == {"PETR4": ("source", "1")}
    assert (only.states()[0].state, only.states("history")[0].state) == ("ok", "open")
    with pytest.raises(ProviderError, match="waits after a failure"):
        only.history("PETR4", "1y", "1d")


def test_failed_quotes_do_not_rest_the_history_unless_there_were_too_many_calls():
    source = Fake("source", error=ProviderError("not now", fault="unauthorized", permanent=True))
    only = chain(source)
    only.fetch(["PETR4"])
    source.error = None
    assert only.history("PETR4", "1y", "1d") == ([], "source")

    source.error = ProviderError("too many", fault="rate_limited")
    busy = chain(source)
    busy.fetch(["PETR4"])
    source.error = None
    with pytest.raises(ProviderError, match="too many"):
        busy.history("PETR4", "1y", "1d")


def test_history_counts_for_the_budget_of_the_quotes():
    source = Fake("source", {"PETR4": "1"}, budget=Budget(calls=2, period="month"))
    only = chain(source)

    for _ in range(2):
        only.history("PETR4", "1y", "1d")

    assert only.states()[0].calls_left == 0
    assert only.fetch(["PETR4"]).quotes == {}
    with pytest.raises(ProviderError, match="no calls left"):
        only.history("PETR4", "1y", "1d")


def test_source_that_gives_a_part_of_a_history_is_the_last_resort():
    short, whole = Fake("short"), Fake("whole")
    short.is_short = True
    assert chain(short, whole).history("PETR4", "1y", "1d") == ([], "whole")
    assert short.requests == []

    whole.error = ProviderError("broken", fault="server_error")
    assert chain(short, whole).history("PETR4", "1y", "1d") == ([], "short")


def test_missing_history_is_an_error_with_every_reason():
    primary = Fake("primary", error=ProviderError("broken", fault="server_error"))

    with pytest.raises(ProviderError, match="primary: broken"):
        chain(primary).history("PETR4", "1y", "1d")


def test_hung_source_does_not_delay_the_exit():
    script = """if True:
        import signal, sys, threading, time
        from mainapp.market.providers.threads import gather
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
        print("up", flush=True)
        gather([threading.Event().wait] * 3, workers=3, timeout=60)
    """
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=settings.BASE_DIR, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=5) == 7
    process.stdout.close()


def test_build_chain_uses_the_current_settings(settings):
    simulated = build_chain()
    assert build_chain() is simulated

    settings.QUOTE_SOURCE = ["yahoo", "brapi"]
    assert [state.name for state in build_chain().states()] == ["yahoo", "brapi"]

    settings.QUOTE_SOURCE = ["simulated"]
    assert [state.name for state in build_chain().states()] == ["simulated"]


@pytest.fixture
def stubbed(settings, stub):
    settings.BRAPI_URL = settings.YAHOO_URL = settings.YAHOO_FIN_URL = stub.url
    settings.BINANCE_URL = stub.url
    return stub


def test_probe_returns_the_working_sources(stubbed, settings):
    assert probe(["brapi", "yahoo"]) == (["brapi", "yahoo"], {})

    settings.YAHOO_URL = "http://127.0.0.1:1"
    answered, errors = probe(["brapi", "yahoo"])
    assert answered == ["brapi"]
    assert errors.keys() == {"yahoo"}


def test_probe_respects_its_timeout(stubbed):
    stubbed.fault = "hang"
    started_at = monotonic()

    assert probe(["brapi", "yahoo", "yahoo_fin"], timeout=0.3)[0] == []
    assert monotonic() - started_at < 1


def test_probe_sources_prints_one_line_of_json(stubbed, capsys):
    stubbed.prices["PETR4"] = 0
    call_command("probe_sources", "--json")
    line = json.loads(capsys.readouterr().out)

    assert line["sources"] == []
    assert line["errors"].keys() == {"brapi", "yahoo", "yahoo_fin", "binance"}


class Learning(Fake):
    """A source that learns in its first call that it gives only a part of the range."""

    def history(self, symbol: str, range_: str, interval: str) -> list[Bar]:
        self.is_short = True
        return super().history(symbol, range_, interval)


def test_source_that_covers_a_part_of_the_range_gives_way_to_the_next():
    learning, whole = Learning("learning"), Fake("whole")

    assert chain(learning, whole).history("PETR4", "1y", "1d") == ([], "whole")
    assert (len(learning.requests), len(whole.requests)) == (1, 1)


def test_history_that_its_breaker_refuses_spends_no_call():
    source = Fake("source", error=RefusedError(402, "Seu plano não inclui isto."))
    source.budget = Budget(calls=1000, period="hour")
    only = chain(source)
    for _ in range(5):
        with pytest.raises(ProviderError):
            only.history("PETR4", "1y", "1d")

    assert only.states()[0].calls_used == 1
