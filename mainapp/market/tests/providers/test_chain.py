"""The chain: who is asked for what, and what a bad source costs the others."""

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

from mainapp.market.providers.base import Budget, Listing, ProviderError
from mainapp.market.providers.chain import Chain, build_chain, probe
from mainapp.market.providers.guard import Guard
from mainapp.market.providers.source import Source
from mainapp.market.quotes import Bar, Quote

TIMEOUT_S = 0.2


class Fake:
    """A source that gives what it is told to; `asked` is what it was asked for."""

    simulated = False
    lists_all = True
    budget: Budget | None = None

    def __init__(self, name: str, prices: dict[str, str] | None = None, **options: Any) -> None:
        self.name = name
        self.prices = prices or {}
        self.error: ProviderError | None = options.get("error")
        self.hangs: Event | None = options.get("hangs")
        self.loads_s: float = options.get("loads_s", 0.0)
        self.simulated = options.get("simulated", False)
        self.asked: list[list[str]] = []
        self.made = 0

    def load(self) -> None:
        sleep(self.loads_s)

    def calls_for(self, symbols: Sequence[str]) -> int:
        return len(symbols)

    def calls_made(self) -> int:
        made, self.made = self.made, 0
        return made

    def tickers(self) -> list[Listing]:
        raise ProviderError("has no list", fault="not_given")

    def quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        self.asked.append(list(symbols))
        self.made += self.calls_for(symbols)
        if self.hangs:
            self.hangs.wait(10)
        if self.error:
            raise self.error
        return {
            s: Quote(symbol=s, price=Decimal(self.prices[s]), source=self.name, simulated=False)
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


def test_what_one_cannot_give_falls_to_the_next():
    one, two = Fake("one", {"PETR4": "1"}), Fake("two", {"PETR4": "2", "VALE3": "3"})
    fetched = chain(one, two).fetch(["PETR4", "VALE3", "ABCD3", "PETR4"])

    assert prices(fetched) == {"PETR4": ("one", "1"), "VALE3": ("two", "3")}
    assert fetched.missing == {"ABCD3"}
    assert fetched.errors == {}
    assert two.asked == [["VALE3", "ABCD3"]]


def test_loading_a_library_is_no_part_of_the_time_out():
    slow = Fake("slow", {"PETR4": "1"}, loads_s=0.5)
    fetched = chain(slow, timeout=0.2).fetch(["PETR4"])

    assert prices(fetched) == {"PETR4": ("slow", "1")}
    assert fetched.errors == {}


def test_the_next_is_not_asked_for_nothing():
    one, two = Fake("one", {"PETR4": "1"}), Fake("two")
    chain(one, two).fetch(["PETR4"])

    assert two.asked == []


def test_what_a_source_gave_before_it_failed_is_kept():
    part = {"PETR4": Quote(symbol="PETR4", price=Decimal(1), source="one", simulated=False)}
    one = Fake("one", error=ProviderError("asked too often", fault="rate_limited", given=part))
    two = Fake("two", {"VALE3": "3"})
    fetched = chain(one, two).fetch(["PETR4", "VALE3"])

    assert prices(fetched) == {"PETR4": ("one", "1"), "VALE3": ("two", "3")}
    assert fetched.errors == {"one": "asked too often"}


@pytest.mark.parametrize("price", ["NaN", "0", "-1", "1E+12"])
def test_a_price_that_is_none_falls_to_the_next_and_is_not_forgotten(price):
    one = Fake("one", {"PETR4": price, "VALE3": price})
    fetched = chain(one, Fake("two", {"PETR4": "2"})).fetch(["PETR4", "VALE3"])

    assert prices(fetched) == {"PETR4": ("two", "2"), "VALE3": ("one", price)}
    assert [(q.symbol, q.source) for q in fetched.refused] == [("PETR4", "one")]


def test_a_hung_source_costs_its_timeout_once(never):
    one, two = Fake("one", hangs=never), Fake("two", {"PETR4": "2"})
    both = chain(one, two)
    began_at = monotonic()
    assert prices(both.fetch(["PETR4"])) == {"PETR4": ("two", "2")}
    assert monotonic() - began_at < TIMEOUT_S + 0.5

    began_at = monotonic()
    for _ in range(5):
        both.fetch(["PETR4"])
    assert monotonic() - began_at < TIMEOUT_S
    assert len(one.asked) == 1


def test_a_hung_source_is_tried_beside_the_others_and_piles_up_no_threads(never):
    one, two = Fake("one", hangs=never), Fake("two", {"PETR4": "2"})
    both = chain(one, two, timeout=1.0)
    before = active_count()
    both.fetch(["PETR4"])
    while len(one.asked) < 2:  # until the breaker lets one call try
        never.wait(0.05)
        began_at = monotonic()
        assert both.fetch(["PETR4"]).missing == set()

    assert monotonic() - began_at < 0.9
    assert active_count() - before <= 2
    never.wait(1.2)
    assert "has not returned" in both.fetch(["PETR4"]).errors["one"]
    assert len(one.asked) == 2


def test_a_repaired_source_is_asked_again():
    one = Fake("one", {"PETR4": "1"}, error=ProviderError("broken", fault="server_error"))
    only = chain(one)
    assert only.fetch(["PETR4"]).errors == {"one": "broken"}
    assert 0 < only.rests_for() <= 0.25

    one.error = None
    until = monotonic() + 3
    while not (fetched := only.fetch(["PETR4"])).quotes and monotonic() < until:
        Event().wait(only.rests_for())

    assert prices(fetched) == {"PETR4": ("one", "1")}
    assert only.states()[0].state == "ok"


def test_a_broken_adapter_is_a_failed_source(caplog):
    one = Fake("one", {"PETR4": "no price"})
    fetched = chain(one, Fake("two", {"PETR4": "2"})).fetch(["PETR4"])

    assert prices(fetched) == {"PETR4": ("two", "2")}
    assert "adapter failed" in fetched.errors["one"]


def test_a_source_that_gives_nothing_is_no_success():
    one, two = Fake("one"), Fake("two", {"PETR4": "2"})
    both = chain(one, two)

    assert both.fetch(["PETR4"]).errors == {}

    first, second = both.states()
    assert (first.state, first.last_fault) == ("lacking", "not_given")
    assert first.last_success_at is None
    assert second.state == "ok"
    one.prices["PETR4"] = "1"
    both.fetch(["PETR4"])
    assert both.states()[0].state == "ok"


def test_a_spent_budget_leaves_the_source_out_without_an_error():
    one = Fake("one", {"PETR4": "1", "VALE3": "1", "ITUB4": "1"})
    one.budget = Budget(calls=2, period="month")
    two = Fake("two", {"PETR4": "2", "VALE3": "2", "ITUB4": "2"})
    both = chain(one, two)

    sources = {q.source for q in both.fetch(["PETR4", "VALE3", "ITUB4"]).quotes.values()}
    assert sources == {"one", "two"}
    assert len(one.asked[0]) <= 2
    for _ in range(3):
        assert both.fetch(["PETR4"]).errors == {}
    assert sum(len(symbols) for symbols in one.asked) <= 2


def test_real_and_simulated_never_mix():
    with pytest.raises(ValueError, match="never mix"):
        chain(Fake("one"), Fake("two", simulated=True))


def test_history_falls_to_the_next_and_names_its_source(never):
    one = Fake("one", error=ProviderError("has none", fault="not_given", permanent=True))
    two = Fake("two")
    both = chain(one, two)

    assert both.history("PETR4", "1y", "1d") == ([], "two")
    assert both.states()[0].state == "ok"


def test_no_history_is_an_error_that_names_every_reason():
    one = Fake("one", error=ProviderError("broken", fault="server_error"))

    with pytest.raises(ProviderError, match="one: broken"):
        chain(one).history("PETR4", "1y", "1d")


def test_a_hung_source_keeps_no_process_from_ending():
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


def test_build_chain_follows_the_settings(settings):
    simulated = build_chain()
    assert build_chain() is simulated

    settings.QUOTE_SOURCE = ["yahoo", "brapi"]
    assert [state.name for state in build_chain().states()] == ["yahoo", "brapi"]

    settings.QUOTE_SOURCE = ["simulated"]
    assert [state.name for state in build_chain().states()] == ["simulated"]


@pytest.fixture
def stubbed(settings, stub):
    settings.BRAPI_URL = settings.YAHOO_URL = settings.YAHOO_FIN_URL = stub.url
    return stub


def test_probe_names_the_sources_that_answer(stubbed, settings):
    assert probe(["brapi", "yahoo"]) == (["brapi", "yahoo"], {})

    settings.YAHOO_URL = "http://127.0.0.1:1"
    answered, errors = probe(["brapi", "yahoo"])
    assert answered == ["brapi"]
    assert errors.keys() == {"yahoo"}


def test_probe_waits_no_longer_than_it_may(stubbed):
    stubbed.fault = "hang"
    began_at = monotonic()

    assert probe(["brapi", "yahoo", "yahoo_fin"], timeout=0.3)[0] == []
    assert monotonic() - began_at < 1


def test_probe_sources_prints_one_line_of_json(stubbed, capsys):
    stubbed.prices["PETR4"] = 0
    call_command("probe_sources", "--json")
    line = json.loads(capsys.readouterr().out)

    assert line["sources"] == []
    assert line["errors"].keys() == {"brapi", "yahoo", "yahoo_fin"}
