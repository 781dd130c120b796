"""Tests of the adapter for Financial Modeling Prep, beyond the common contract."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from mainapp.core.redis import client as redis_client
from mainapp.market.providers.base import Budget, ProviderError
from mainapp.market.providers.breaker import Record, admit_calls, count_calls, renew_period
from mainapp.market.providers.client import refusal_words
from mainapp.market.providers.limits import Limits
from mainapp.market.quotes import rejection
from mainapp.market.tests.factories import ticker
from mainapp.market.tests.providers.stub import NOW, send


def symbols_of(path):
    query = parse_qs(urlsplit(path).query)
    return (query.get("symbols") or query["symbol"])[0]


def says(message, status):
    """Return a fault of the stub: this message with this status."""

    def fault(request):
        send(request, json.dumps({"Error Message": message}).encode(), status=status)

    return fault


def test_fmp_spells_symbols_and_requests_batches(make, stub):
    quotes = make("fmp").quotes(["PETR4", "petr4f", "IBOV", "no ticker"])

    assert quotes.keys() == {"PETR4", "petr4f", "IBOV"}
    assert [urlsplit(path).path for path in stub.paths] == ["/stable/batch-quote"]
    assert symbols_of(stub.paths[0]) == "PETR4.SA,^BVSP"


def test_fmp_requests_at_most_100_stocks_a_call(make):
    names = [ticker(number) for number in range(101)]

    assert (make("fmp").calls_for(names), make("fmp").calls_for(names[1:])) == (2, 1)


def test_fmp_parses_every_field(make):
    quote = make("fmp").quotes(["PETR4"])["PETR4"]

    assert (quote.price, quote.previous_close) == (Decimal("38.42"), Decimal("38.21"))
    assert (quote.open, quote.high, quote.low) == tuple(map(Decimal, ("38.30", "38.90", "38.01")))
    assert (quote.year_low, quote.year_high) == (Decimal("28.86"), Decimal("41.20"))
    assert (quote.volume, quote.market_cap) == (23_456_700, Decimal("498200000000.00"))
    assert quote.quoted_at == datetime.fromtimestamp(NOW - 900, UTC)
    assert (quote.name, quote.currency, quote.source) == ("PETR4.SA name", "BRL", "fmp")


def test_fmp_reads_the_change_of_the_retired_api(make, stub):
    def shape(rows):
        keep = ("symbol", "name", "price", "exchange", "timestamp")
        return [{n: row[n] for n in keep} | {"changesPercentage": 0.5495943} for row in rows]

    stub.shape = shape

    assert make("fmp").quotes(["PETR4"])["PETR4"].previous_close == Decimal("38.21")


@pytest.mark.parametrize(
    ("values", "currency"),
    [
        ({"exchange": "NYSE"}, "XXX"),
        ({"exchange": "SAO", "currency": "usd"}, "USD"),
        ({"exchange": ""}, "BRL"),
        ({"exchange": "São Paulo"}, "BRL"),
    ],
)
def test_fmp_gives_no_reais_of_another_exchange(make, stub, values, currency):
    stub.shape = lambda rows: [row | values for row in rows]
    quote = make("fmp").quotes(["PETR4"])["PETR4"]

    assert quote.currency == currency
    reason = rejection(quote, last=None, at=datetime.now(UTC), currency="BRL")
    assert reason == (None if currency == "BRL" else "currency")


@pytest.mark.parametrize("status", [200, 401, 403])
@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("Limit Reach . Please upgrade your plan", "rate_limited"),
        ("Invalid API KEY. Please retry", "unauthorized"),
    ],
)
def test_fmp_errors_are_understood_with_any_status(make, stub, status, message, fault):
    stub._says, stub.fault = says(message, status), "says"

    with pytest.raises(ProviderError) as caught:
        make("fmp").quotes(["PETR4", "VALE3"])

    assert caught.value.fault == fault
    assert caught.value.permanent == (fault == "unauthorized")
    assert len(stub.paths) == 1


@pytest.mark.parametrize("status", [200, 402, 403])
def test_fmp_stock_outside_the_plan_is_refused_and_left_alone_for_an_hour(make, stub, status):
    stub._says, stub.fault = says("Premium Query Parameter: upgrade your plan", status), "says"
    provider = make("fmp")

    with pytest.raises(ProviderError, match="Premium") as caught:
        provider.quotes(["PETR4"])

    assert (caught.value.fault, caught.value.permanent) == ("refused", True)
    assert provider.calls_for(["PETR4"]) == 0
    assert provider.calls_for(["PETR4", "VALE3"]) == 1


def test_fmp_plan_without_batches_is_learnt_and_the_rest_is_requested_singly(make, stub):
    stub.has_batches = False
    redis_client().flushdb()
    account = {"account": "a", "redis_url": settings.REDIS_URL}
    provider = make("fmp", limits=Limits("fmp", **account))

    with pytest.raises(ProviderError) as caught:
        provider.quotes(["PETR4", "VALE3", "ITUB4"])

    assert caught.value.partial_quotes.keys() == {"PETR4"}
    assert caught.value.fault == "unfinished"
    assert caught.value.unreached == {"VALE3", "ITUB4"}
    another = make("fmp", limits=Limits("fmp", **account))
    del stub.paths[:]
    assert another.quotes(["PETR4", "VALE3", "ITUB4"]).keys() == {"PETR4", "VALE3", "ITUB4"}
    assert sorted(map(symbols_of, stub.paths)) == ["ITUB4.SA", "PETR4.SA", "VALE3.SA"]
    (limit,) = another.limits()
    assert (limit.kind, limit.value) == ("batch", "1")


def test_fmp_refused_stock_does_not_cost_the_others_their_prices(make, stub):
    limits = Limits("fmp")
    limits.learn_batch_size(1, "one")
    answer = stub.answer

    def answer_or_refuse(request):
        stub.fault = "says" if "VALE3" in request.path else ""
        answer(request)

    stub.answer, stub._says = answer_or_refuse, says("Premium: upgrade your plan", 402)
    provider = make("fmp", limits=limits)

    assert provider.quotes(["PETR4", "VALE3", "ITUB4"]).keys() == {"PETR4", "ITUB4"}
    assert provider.calls_for(["PETR4", "VALE3", "ITUB4"]) == 2


def test_fmp_key_is_in_no_message(make, stub):
    stub.has_batches = False
    provider = make("fmp")
    with pytest.raises(ProviderError) as caught:
        provider.quotes(["PETR4", "VALE3"])
    stub.fault = "moved"
    stub.moved_to = "http://127.0.0.2:9"
    with pytest.raises(ProviderError) as moved:
        provider.quotes(["PETR4"])

    assert "upgrade from …" in str(caught.value)
    assert "secret-key" not in f"{caught.value}{moved.value}{provider.limits()}"


@pytest.mark.parametrize("sent", ["a+b/c=", "a%2Bb%2Fc%3D"])
def test_key_is_not_shown_as_part_of_a_quoted_url_either(sent):
    body = json.dumps({"Error Message": f"bad URL /stable/quote?apikey={sent}"}).encode()
    assert refusal_words(body, "a+b/c=") == "bad URL /stable/quote?apikey=…"


def test_fmp_has_no_histories_and_no_events(make, stub):
    provider = make("fmp")

    for call in (lambda: provider.history("PETR4", "1y", "1d"), lambda: provider.events("PETR4")):
        with pytest.raises(ProviderError) as caught:
            call()
        assert caught.value.fault == "not_given"
    assert (provider.gives_whole("1y", "1d"), stub.paths) == (False, [])


def test_budget_of_a_day_is_spread_over_it_and_renewed_at_midnight():
    budget, now = Budget(calls=250, period="day"), datetime(2026, 3, 10, 12, tzinfo=UTC)
    record = renew_period(Record(), budget, now)
    for _ in range(250):
        record = count_calls(record, budget, 1, now, probing_for_s=4)

    assert record.period_ends_at == datetime(2026, 3, 11, tzinfo=UTC).timestamp()
    assert admit_calls(record, budget, 1, now).reason == "has no calls left"
    first = count_calls(renew_period(Record(), budget, now), budget, 1, now, probing_for_s=4)
    assert admit_calls(first, budget, 1, now).wait_s == pytest.approx(12 * 3600 / 250)
    tomorrow = now + timedelta(hours=12)
    assert admit_calls(renew_period(record, budget, tomorrow), budget, 1, tomorrow).calls == 1
