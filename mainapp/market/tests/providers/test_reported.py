"""Corporate events in the replies of brapi and Yahoo, and those of the simulated market."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine

from mainapp.market.providers.base import ProviderError, ReportedEvent
from mainapp.market.providers.simulated import SimulatedProvider
from mainapp.market.quotes.reported import event_fault

CASH = {"rate": 0.33428617, "label": "DIVIDENDO", "lastDatePrior": "2026-04-17T03:00:00.000Z"}


def seconds(year, month, day):
    return int(datetime(year, month, day, 13, tzinfo=UTC).timestamp())


def brapi(stub, *, cash=(), stocks=()):
    stub.events["brapi"] = {"cashDividends": list(cash), "stockDividends": list(stocks)}


def test_brapi_gives_payments_with_the_day_after_the_last_one_with_the_right(make, stub):
    # Friday the 17th; Tuesday the 21st is a holiday.
    later = CASH | {"label": "JCP", "rate": 0.1, "paymentDate": "2026-05-20T03:00:00.000Z"}
    at_midnight = CASH | {"lastDatePrior": "2026-04-20T00:00:00.000Z", "paymentDate": None}
    undecided = CASH | {"paymentDate": "9999-12-31T03:00:00.000Z", "label": "RENDIMENTO"}
    brapi(stub, cash=[CASH, later, at_midnight, undecided, CASH | {"label": "SUBSCRICAO"}, 7])
    first = ReportedEvent(
        kind="dividend", ex_on=date(2026, 4, 20), amount=Decimal("0.3342861700"), currency="BRL"
    )

    events = make("brapi").events("PETR4")

    assert events[0] == events[3] == first
    assert (events[1].kind, events[1].pay_on) == ("interest", date(2026, 5, 20))
    assert (events[2].ex_on, events[2].pay_on, len(events)) == (date(2026, 4, 22), None, 4)
    assert stub.paths == ["/api/quote/PETR4?dividends=true"]


@pytest.mark.parametrize(
    ("label", "factor", "kind", "ratio"),
    [
        ("DESDOBRAMENTO", "2 para 1", "split", "2"),
        ("DESDOBRAMENTO", "1 para 2", "split", "2"),
        ("GRUPAMENTO", "1 para 10", "reverse_split", "0.1"),
        ("GRUPAMENTO", "10/1", "reverse_split", "0.1"),
        ("BONIFICAÇÃO", "1,1 para 1", "bonus", "1.1"),
        ("BONIFICACAO", "1 para 10", "bonus", None),
        ("DESDOBRAMENTO", "", "split", None),
        ("DESDOBRAMENTO", "1 para 0", "split", None),
    ],
)
def test_brapi_gives_ratios_that_it_explains(make, stub, label, factor, kind, ratio):
    row = {"label": label, "completeFactor": factor, "lastDatePrior": CASH["lastDatePrior"]}
    brapi(stub, stocks=[row | {"factor": 100}])

    (event,) = make("brapi").events("PETR4")

    assert (event.kind, event.ratio) == (kind, Decimal(ratio) if ratio else None)
    assert event.ex_on == date(2026, 4, 20)


def test_yahoo_gives_payments_as_they_were_before_later_splits(make, stub):
    stub.events["yahoo"] = {
        "dividends": {
            "1": {"amount": 0.25, "date": seconds(2026, 1, 5)},
            "2": {"amount": 0.3, "date": seconds(2026, 6, 1)},
        },
        "splits": {
            "1": {"date": seconds(2026, 3, 2), "numerator": 4, "denominator": 1},
            "2": {"date": seconds(2026, 9, 1), "numerator": 1, "denominator": 10},
        },
    }

    events = make("yahoo").events("PETR4")

    values = [(each.kind, each.ex_on, each.amount or each.ratio) for each in events]
    assert values == [
        ("dividend", date(2026, 1, 5), Decimal("0.1")),
        ("dividend", date(2026, 6, 1), Decimal("0.03")),
        ("split", date(2026, 3, 2), Decimal(4)),
        ("reverse_split", date(2026, 9, 1), Decimal("0.1")),
    ]
    assert stub.paths[-1].startswith("/v8/finance/chart/PETR4.SA?")
    assert "events=div%2Csplits" in stub.paths[-1]


def test_absurd_numbers_do_not_cost_the_other_events(make, stub):
    stub.events["yahoo"] = {
        "dividends": {str(n): {"amount": amount, "date": seconds(2026, 1, 5)} for n, amount in
                      enumerate((1e300, -1e14, 1e15, "x", 0.25))},
        "splits": {"1": {"date": seconds(2026, 3, 2), "numerator": 1e14, "denominator": 1e-9},
                   "2": {"date": seconds(2026, 3, 3), "numerator": 2, "denominator": 1},
                   "3": {"date": 1e300, "numerator": None, "denominator": 0}},
    }  # fmt: skip

    events = make("yahoo").events("PETR4")

    today = date(2026, 3, 1)
    possible = [each for each in events if not event_fault(each, today=today, currency="BRL")]
    assert [each.amount or each.ratio for each in possible] == [Decimal("0.5"), Decimal(2)]
    assert len(events) == 8


@pytest.mark.parametrize("name", ["brapi", "yahoo"])
@pytest.mark.parametrize("value", [None, 7, "x", [], {"cashDividends": 3, "dividends": [1]}])
def test_replies_without_events_give_none(make, stub, name, value):
    stub.events = {"brapi": value, "yahoo": value}

    assert make(name).events("PETR4") == []


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"rate": -0.5}, "event_amount"),
        ({"rate": 0}, "event_amount"),
        ({"rate": "NaN"}, "event_amount"),
        ({"rate": None}, "event_amount"),
        ({"rate": 1e9}, "event_amount"),
        ({"lastDatePrior": "1970-01-01T03:00:00.000Z"}, "event_date"),
        ({"lastDatePrior": "9999-12-31T03:00:00.000Z"}, "event_date"),
        ({"lastDatePrior": "soon"}, "event_date"),
        ({"lastDatePrior": None}, "event_date"),
        ({"paymentDate": "2026-04-01T03:00:00.000Z"}, "event_date"),
        ({"paymentDate": "1970-01-01T03:00:00.000Z"}, "event_date"),
        ({}, None),
    ],
)
def test_impossible_events_are_faults(make, stub, values, fault):
    brapi(stub, cash=[CASH | values])
    (event,) = make("brapi").events("PETR4")

    assert event_fault(event, today=date(2026, 3, 1), currency="BRL") == fault
    assert event_fault(event, today=date(2026, 3, 1), currency="USD") == "event_currency"


@pytest.mark.parametrize(
    ("kind", "ratio", "fault"),
    [
        *(("split", ratio, "event_ratio") for ratio in ("-2", "0", "1", "0.5", "1e9", "NaN")),
        *(("reverse_split", ratio, "event_ratio") for ratio in ("2", "1e-9", "1")),
        *(("split", "2", None), ("reverse_split", "0.1", None), ("bonus", "1.1", None)),
        ("bonus", None, None),
    ],
)
def test_impossible_ratios_are_faults(kind, ratio, fault):
    ratio = None if ratio is None else Decimal(ratio)
    event = ReportedEvent(kind=kind, ex_on=date(2026, 4, 20), ratio=ratio)

    assert event_fault(event, today=date(2026, 3, 1), currency="BRL") == fault


@pytest.mark.parametrize("name", ["brapi", "yahoo", "simulated"])
def test_events_of_what_has_none_are_a_provider_error(make, name):
    with pytest.raises(ProviderError):
        make(name).events("no ticker")


@pytest.mark.parametrize("fault", ["unauthorized", "rate_limited", "html", "broken", "truncated"])
@pytest.mark.parametrize("name", ["brapi", "yahoo"])
def test_fault_of_events_is_a_provider_error(make, stub, name, fault):
    stub.fault = fault

    with pytest.raises(ProviderError):
        make(name).events("PETR4")


def test_simulated_events_are_possible_stable_and_announced_in_time():
    def events(at, symbol="PETR4"):
        return SimulatedProvider(now=lambda: at).events(symbol)

    now, later = datetime(2026, 3, 10, 15, tzinfo=UTC), datetime(2026, 3, 20, 15, tzinfo=UTC)
    for symbol in ("PETR4", "HGLG11", "VALE3", "ITUB4"):
        each_now = events(now, symbol)
        assert all(not event_fault(e, today=now.date(), currency="BRL") for e in each_now)
        assert set(each_now) <= set(events(later, symbol))
        assert max(event.ex_on for event in each_now) <= date(2026, 5, 10)
        assert len(each_now) >= 3
    assert any(event.ex_on > now.date() for event in events(now, "HGLG11"))
    with time_machine.travel(now):
        assert SimulatedProvider(seed=2).events("PETR4") != SimulatedProvider().events("PETR4")
