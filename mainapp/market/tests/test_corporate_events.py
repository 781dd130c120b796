"""Corporate events of sources: merging, changes, withdrawals, and what they may change."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import process_time

import pytest

from mainapp.market.models import CorporateEvent, EventReport, ExchangeDay, RejectedQuotes
from mainapp.market.quotes.reported import ReportedEvent
from mainapp.market.selectors.exchange_days import exchange_bars
from mainapp.market.selectors.explanations import explaining_events
from mainapp.market.selectors.facts import stock_events
from mainapp.market.services.corporate_events import record_report, reports
from mainapp.market.tests.factories import CorporateEventFactory, StockFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
DAY = timedelta(days=1)
EX, PAY = date(2026, 3, 20), date(2026, 4, 10)


@pytest.fixture(autouse=True)
def real(settings):
    settings.QUOTE_KIND = "real"


@pytest.fixture
def stock():
    return StockFactory(symbol="PETR4")


def dividend(amount="0.5", *, ex_on=EX, pay_on=PAY, kind="dividend"):
    return ReportedEvent(
        kind=kind, ex_on=ex_on, pay_on=pay_on, amount=Decimal(amount), currency="BRL"
    )


def split(ratio="2", *, ex_on=EX):
    kind = "split" if ratio is None or Decimal(ratio) > 1 else "reverse_split"
    return ReportedEvent(kind=kind, ex_on=ex_on, ratio=None if ratio is None else Decimal(ratio))


def report(stock, *events, source="brapi", at=AT):
    return record_report(stock=stock, source=source, events=events, at=at)


def rows(stock):
    return list(CorporateEvent.objects.filter(stock=stock).order_by("ex_on", "pk"))


def counts(changes):
    return changes.added, changes.changed, changes.withdrawn


def test_event_is_announced_until_a_source_reports_it_on_its_day(stock):
    report(stock, dividend())
    (row,) = rows(stock)
    assert (row.status, row.strength, row.source) == ("announced", "single", "brapi.dev")
    assert (row.amount, row.pay_on, row.is_reported) == (Decimal("0.5"), PAY, True)

    report(stock, dividend(), at=datetime(2026, 3, 20, 2, 59, tzinfo=UTC))  # the day before
    assert rows(stock)[0].status == "announced"

    changes = report(stock, dividend(), at=datetime(2026, 3, 20, 3, 1, tzinfo=UTC))
    (row,) = rows(stock)
    assert (row.status, row.revision, counts(changes)) == ("happened", 0, (0, 0, 0))


def test_repeated_report_changes_nothing(stock, django_assert_max_num_queries):
    events = [dividend(), dividend("0.5", kind="interest"), split(ex_on=EX + DAY), dividend()]
    assert counts(report(stock, *events)) == (3, 0, 0)
    before = list(CorporateEvent.objects.order_by("pk").values())

    for at in (AT, AT + DAY):
        assert not report(stock, *events, at=at)

    assert list(CorporateEvent.objects.order_by("pk").values()) == before
    assert EventReport.objects.get().read_at == AT + DAY


def test_two_sources_give_one_event_with_both_names(stock):
    report(stock, dividend("0.33428617", pay_on=None), source="yahoo")
    report(stock, dividend("0.334286", kind="interest"))

    (row,) = rows(stock)
    assert (row.kind, row.amount, row.pay_on) == ("interest", Decimal("0.334286"), PAY)
    assert (row.sources, row.source) == ("brapi yahoo", "brapi.dev, Yahoo Finance")
    assert (row.strength, row.is_date_sure, row.revision) == ("several", True, 1)
    assert row.former == {"kind": "dividend", "amount": "0.33428617", "pay_on": ""}


def test_sum_of_a_day_confirms_its_payments(stock):
    report(
        stock, dividend("0.3"), dividend("0.2", kind="interest"), dividend("0.3", pay_on=PAY + DAY)
    )
    report(stock, dividend("0.8", pay_on=None), source="yahoo")

    assert [(row.kind, row.amount, row.strength) for row in rows(stock)] == [
        ("dividend", Decimal("0.3"), "several"),
        ("interest", Decimal("0.2"), "several"),
        ("dividend", Decimal("0.3"), "several"),
    ]


def test_another_amount_of_a_second_source_is_noted_and_confirms_nothing(stock):
    report(stock, dividend("0.5"))
    report(stock, dividend("0.48", pay_on=None), source="yahoo")

    (row,) = rows(stock)
    assert (row.amount, row.strength, row.sources) == (Decimal("0.5"), "single", "brapi")
    assert row.others == {"yahoo": "0.48"}


@pytest.mark.parametrize(
    ("changed", "former"),
    [
        (dividend("0.55"), {"amount": "0.5"}),
        (dividend(ex_on=EX + 3 * DAY), {"ex_on": "2026-03-20"}),
        (dividend(pay_on=PAY + DAY), {"pay_on": "2026-04-10"}),
        (dividend(pay_on=None), {"pay_on": "2026-04-10"}),
        (dividend(kind="interest"), {"kind": "dividend"}),
    ],
)
def test_change_of_a_source_updates_the_row_and_keeps_what_it_was(stock, changed, former):
    report(stock, dividend())
    (before,) = rows(stock)

    changes = report(stock, changed, at=AT + DAY)

    (row,) = rows(stock)
    assert (row.pk, row.former, row.revision, row.changed_at) == (before.pk, former, 1, AT + DAY)
    assert counts(changes) == (0, 1, 0)


def test_withdrawn_event_goes_with_the_second_report_without_it_and_may_come_back(stock):
    other = dividend("1", ex_on=EX + 5 * DAY, pay_on=None)
    report(stock, dividend(), other)

    assert not report(stock, other, at=AT + DAY)
    assert len(stock_events(stock)) == 2
    assert not report(stock, other, at=AT + DAY + timedelta(hours=1))  # too soon to be sure
    assert counts(report(stock, other, at=AT + 2 * DAY)) == (0, 0, 1)
    assert [event.amount for event in stock_events(stock)] == [Decimal(1)]
    withdrawn = rows(stock)[0]
    assert (withdrawn.withdrawn_at, withdrawn.revision) == (AT + 2 * DAY, 1)

    assert counts(report(stock, dividend(), other, at=AT + 3 * DAY)) == (0, 1, 0)
    (back, _other) = rows(stock)
    assert (back.pk, back.withdrawn_at, back.revision) == (withdrawn.pk, None, 2)


def test_event_that_another_source_still_reports_is_not_withdrawn(stock):
    for source in ("brapi", "yahoo"):
        report(stock, dividend(), source=source)
    for days in (1, 2, 3):
        report(stock, at=AT + days * DAY)

    (row,) = rows(stock)
    assert (row.withdrawn_at, row.sources, row.strength) == (None, "yahoo", "single")


def test_old_event_stays_when_it_leaves_the_range_of_its_source(stock):
    report(stock, dividend(ex_on=date(2026, 2, 1), pay_on=None))
    for days in (1, 2, 3):
        assert not report(stock, at=AT + days * DAY)

    assert rows(stock)[0].withdrawn_at is None


def test_garbage_is_refused_counted_and_withdraws_nothing(stock):
    report(stock, dividend())
    garbage = [
        dividend("-0.5"),
        dividend(ex_on=date(1970, 1, 1)),
        dividend(ex_on=date(9999, 12, 31)),
        ReportedEvent(kind="dividend", ex_on=EX, amount=Decimal(1), currency="USD"),
        split("0"),
    ]
    for days in (1, 2, 3):
        assert not report(stock, *garbage, at=AT + days * DAY)

    assert rows(stock)[0].withdrawn_at is None
    refused = dict(RejectedQuotes.objects.values_list("reason", "count"))
    assert refused == {"event_amount": 3, "event_date": 6, "event_currency": 3, "event_ratio": 3}
    assert RejectedQuotes.objects.filter(source="brapi", last_symbol="PETR4").count() == 4


# The catalogue ------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1])
def test_event_of_the_catalogue_gets_the_sources_instead_of_a_second_row(stock, days):
    row = CorporateEventFactory(stock=stock, kind="split", ex_on=EX, ratio=Decimal(2))

    assert not report(stock, split(ex_on=EX + days * DAY))

    (after,) = rows(stock)
    assert (after.pk, after.sources, after.source) == (row.pk, "brapi", "fábrica")
    assert (after.ex_on, after.is_reported) == (EX, False)


def test_reported_row_goes_when_the_catalogue_has_the_event(stock):
    report(stock, split())
    CorporateEventFactory(stock=stock, kind="split", ex_on=EX, ratio=Decimal(2))

    assert counts(report(stock, split())) == (0, 0, 0)
    assert [row.is_reported for row in rows(stock)] == [False]


def test_correction_of_an_admin_stays(stock):
    report(stock, dividend())
    CorporateEvent.objects.update(is_corrected=True, amount=Decimal("0.7"))

    report(stock, dividend("0.55"), at=AT + DAY)
    for days in (2, 3, 4):
        report(stock, at=AT + days * DAY)

    (row,) = rows(stock)
    assert (row.amount, row.withdrawn_at) == (Decimal("0.7"), None)


# Strength -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reports", "is_sure"),
    [
        ({"brapi": split()}, False),
        ({"yahoo": split()}, False),
        ({"brapi": split(), "yahoo": split()}, True),
        ({"brapi": split(None), "yahoo": split()}, False),
        ({"brapi": split(ex_on=EX - DAY), "yahoo": split()}, False),
        ({"brapi": split("4"), "yahoo": split()}, False),
        ({"brapi": dividend(), "yahoo": split()}, False),
    ],
)
def test_prices_are_adjusted_only_by_splits_on_which_two_sources_agree(stock, reports, is_sure):
    ExchangeDay.objects.create(
        stock=stock,
        day=EX - 5 * DAY,
        volume=1,
        **dict.fromkeys(("open", "high", "low", "close"), 40),
    )
    at = datetime(2026, 3, 21, 15, tzinfo=UTC)

    for source, event in reports.items():
        report(stock, event, source=source, at=at)

    assert exchange_bars(stock=stock)[0].close == (20 if is_sure else 40)
    explaining = explaining_events(["PETR4"])
    assert bool(explaining) == is_sure


def test_sure_split_that_is_withdrawn_adjusts_nothing(stock):
    for source in ("brapi", "yahoo"):
        report(stock, split(), source=source)
    assert explaining_events(["PETR4"])
    for days in (1, 2):
        for source in ("brapi", "yahoo"):
            report(stock, source=source, at=AT + days * DAY)

    assert not explaining_events(["PETR4"])


# Real or simulated --------------------------------------------------------------------------


def test_simulated_events_never_mix_with_real_ones(stock, settings):
    report(stock, dividend(), source="brapi")
    settings.QUOTE_KIND = "simulated"
    report(stock, dividend(), source="simulated")
    CorporateEventFactory(stock=stock, kind="rename", successor=StockFactory(symbol="VALE3"))

    assert [(e.kind, e.simulated) for e in stock_events(stock)] == [
        ("dividend", True),
        ("rename", False),
    ]
    settings.QUOTE_KIND = "replay"
    assert [event.kind for event in stock_events(stock)] == ["rename"]

    settings.QUOTE_KIND = "real"
    assert [(e.kind, e.simulated) for e in stock_events(stock)] == [
        ("dividend", False),
        ("rename", False),
    ]


def test_reply_of_thousands_of_events_keeps_the_newest_and_takes_no_minutes(stock, monkeypatch):
    monkeypatch.setattr(reports, "MAX_EVENTS", 20)
    many = [dividend(f"0.{n:03}", ex_on=EX - n * DAY, pay_on=None) for n in range(1, 61)]
    began = process_time()
    report(stock, *many * 1000)

    assert process_time() - began < 1
    assert [row.ex_on for row in rows(stock)] == [EX - n * DAY for n in range(20, 0, -1)]
    assert RejectedQuotes.objects.get().reason == "event_count"
    assert RejectedQuotes.objects.get().count == 40

    for n in range(3):  # a source that invents others each time
        report(stock, *(dividend("9", ex_on=EX + n * DAY + k * DAY) for k in range(9)))
    assert len(EventReport.objects.get().events) <= 20
