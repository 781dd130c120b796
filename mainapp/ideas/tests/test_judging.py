from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mainapp.ideas.models import Idea, PriceBreak
from mainapp.ideas.receivers import judge_batch
from mainapp.ideas.services.adjusting import follow_events, sure_ratios
from mainapp.ideas.services.closing import close_idea
from mainapp.ideas.services.judging import expire_overdue, judge_ideas
from mainapp.ideas.tests.factories import make_idea, record, write_idea
from mainapp.market.services.recording import record_quotes
from mainapp.market.signals import quotes_recorded
from mainapp.market.tests.factories import NOON, CorporateEventFactory, StockFactory, ticker
from mainapp.market.tests.quotes import make_quote
from mainapp.notifications.models import Notification

pytestmark = pytest.mark.django_db
DAY = 24 * 60


@pytest.fixture(autouse=True)
def _stocks(db):
    StockFactory(symbol="PETR4", name="Petrobras PN")
    StockFactory(symbol="IBOV", kind="INDEX")


def state(idea):
    idea.refresh_from_db()
    return idea.status, idea.return_pct


@pytest.mark.parametrize(
    ("side", "target", "stop", "price", "outcome"),
    [
        ("buy", "40.00", "33.00", "40.00", ("target", Decimal("11.11"))),
        ("buy", "40.00", "33.00", "41.00", ("target", Decimal("13.89"))),
        ("buy", "40.00", "33.00", "33.00", ("stopped", Decimal("-8.33"))),
        ("buy", "40.00", "33.00", "39.99", ("open", None)),
        ("buy", "40.00", "33.00", "33.01", ("open", None)),
        ("sell", "33.00", "40.00", "33.00", ("target", Decimal("8.33"))),
        ("sell", "33.00", "40.00", "40.00", ("stopped", Decimal("-11.11"))),
        ("neutral", None, None, "40.00", ("open", None)),
    ],
)
def test_first_recorded_quote_at_a_limit_decides(alice, side, target, stop, price, outcome):
    record("36.00")
    idea = write_idea(alice, side=side, target=target, stop=stop)

    record(price, minutes=1)
    assert state(idea) == outcome

    record("36.00", minutes=2)
    assert state(idea) == outcome


def test_the_deciding_quote_is_stored_with_the_index(alice):
    record("100.00", symbol="IBOV", previous_close=None)
    record("36.00")
    idea = write_idea(alice)

    quotes = [
        make_quote("PETR4", "40.50", quoted_at=NOON + timedelta(minutes=1)),
        make_quote("IBOV", "103.00", quoted_at=NOON + timedelta(minutes=1)),
    ]
    record_quotes(quotes=quotes, at=NOON + timedelta(minutes=1))

    idea.refresh_from_db()
    assert (idea.price_at, idea.index_at) == (Decimal("36.00"), Decimal("100.00"))
    assert (idea.close_price, idea.closed_at) == (Decimal("40.50"), NOON + timedelta(minutes=1))
    assert (idea.index_close, idea.index_pct) == (Decimal("103.00"), Decimal("3.00"))


def test_author_is_notified_of_the_end(alice):
    record("36.00")
    write_idea(alice)
    record("40.00", minutes=1)
    record("41.00", minutes=2)

    notification = Notification.objects.get()
    assert notification.user == alice
    assert notification.title == "Sua ideia sobre PETR4 bateu o alvo"
    assert "+11,11%" in notification.body


def test_stale_and_rejected_quotes_decide_nothing(alice):
    record("36.00")
    idea = write_idea(alice)
    late = make_quote("PETR4", "40.00", quoted_at=NOON + timedelta(minutes=1))
    record_quotes(quotes=[late], at=NOON + timedelta(minutes=17))
    wild = make_quote("PETR4", "60.00", quoted_at=NOON + timedelta(minutes=18))
    record_quotes(quotes=[wild], at=NOON + timedelta(minutes=18))
    foreign = make_quote("PETR4", "40.50", quoted_at=NOON + timedelta(minutes=19), kind="real")
    record_quotes(quotes=[foreign], at=NOON + timedelta(minutes=19))

    assert state(idea) == ("open", None)


def test_quotes_from_before_the_publication_decide_nothing(alice):
    idea = make_idea(alice, priced_at=NOON + timedelta(minutes=5))
    stock = idea.stock
    quote = make_quote("PETR4", "40.00", quoted_at=NOON + timedelta(minutes=4))

    judge_ideas(quotes=[quote], last={}, stocks={"PETR4": stock}, at=NOON + timedelta(minutes=6))

    assert state(idea) == ("open", None)


def test_the_delay_is_deducted_from_an_estimated_time(alice):
    """A price fetched after the publication may be older than it, by the source's delay."""
    record("36.00")
    idea = write_idea(alice)
    at = NOON + timedelta(minutes=5)
    quote = make_quote("PETR4", "40.00", quoted_at=None, delay_s=900)
    record_quotes(quotes=[quote], at=at)
    assert state(idea) == ("open", None)


def test_horizon_ends_at_the_last_price_before_it(alice):
    record("36.00")
    idea = write_idea(alice, horizon=date(2026, 3, 11))
    record("37.80", minutes=DAY, previous_close="36.00")

    record("41.00", minutes=2 * DAY, previous_close="37.80")

    idea.refresh_from_db()
    assert (idea.status, idea.close_price, idea.return_pct) == (
        "expired",
        Decimal("37.80"),
        Decimal("5.00"),
    )
    assert idea.closed_at == NOON + timedelta(days=1)


def test_horizon_ends_without_further_quotes(alice):
    record("36.00")
    idea = write_idea(alice, horizon=date(2026, 3, 11))
    record("37.80", minutes=DAY, previous_close="36.00")

    assert expire_overdue(at=NOON + timedelta(days=1, hours=2)) == 0
    assert expire_overdue(at=NOON + timedelta(days=2)) == 1
    assert expire_overdue(at=NOON + timedelta(days=2)) == 0
    assert state(idea) == ("expired", Decimal("5.00"))


def test_neutral_idea_expires_without_a_return(alice):
    record("36.00")
    idea = write_idea(alice, side="neutral", horizon=date(2026, 3, 11))
    expire_overdue(at=NOON + timedelta(days=2))
    assert state(idea) == ("expired", None)


# Splits ------------------------------------------------------------------------------------------


def split(symbol="PETR4", *, ratio="2", on=date(2026, 3, 11), **fields):
    stock = StockFactory(symbol=symbol)
    return CorporateEventFactory(
        stock=stock, kind="split", ratio=Decimal(ratio), ex_on=on, **fields
    )


@pytest.mark.parametrize("ratio", ["2", "1.1", "0.1"])
def test_known_event_adjusts_all_prices_and_decides_nothing(alice, ratio):
    record("36.00")
    idea = write_idea(alice)
    split(ratio=ratio)
    factor = Decimal(ratio)

    new = (Decimal("36.00") / factor).quantize(Decimal("0.01"))
    record(str(new), minutes=DAY, previous_close=str(new))

    idea.refresh_from_db()
    assert idea.status == "open"
    places = Decimal("0.00000001")
    assert idea.price_at == (Decimal(36) / factor).quantize(places)
    assert idea.target == (Decimal(40) / factor).quantize(places)
    assert idea.stop == (Decimal(33) / factor).quantize(places)

    high = (Decimal("40.40") / factor).quantize(Decimal("0.01"))
    record(str(high), minutes=DAY + 1, previous_close=str(new))
    idea.refresh_from_db()
    assert idea.status == "target"
    assert Decimal("12.0") < idea.return_pct < Decimal("12.5")


def test_event_is_applied_once(alice):
    record("36.00")
    idea = write_idea(alice)
    split()
    record("18.00", minutes=DAY, previous_close="18.00")
    record("18.10", minutes=DAY + 1, previous_close="18.00")
    record("18.10", minutes=2 * DAY, previous_close="18.10")
    follow_events(at=NOON + timedelta(days=3))

    idea.refresh_from_db()
    assert (idea.status, idea.target) == ("open", Decimal("20.00"))


def test_event_before_the_idea_does_not_move_it(alice):
    split(on=date(2026, 3, 10))
    record("36.00")
    idea = write_idea(alice)
    record("36.10", minutes=DAY)
    idea.refresh_from_db()
    assert idea.target == Decimal("40.00")


def test_split_unknown_to_the_catalogue_decides_nothing_until_it_is_known(alice):
    record("36.00")
    idea = write_idea(alice)
    record("18.00", minutes=DAY, previous_close="18.00")
    assert state(idea) == ("open", None)
    record("18.20", minutes=DAY + 1, previous_close="18.00")
    record("18.40", minutes=2 * DAY, previous_close="18.20")
    assert state(idea) == ("open", None)
    assert PriceBreak.objects.count() == 1

    split()
    follow_events(at=NOON + timedelta(days=2))
    record("20.10", minutes=2 * DAY + 1, previous_close="18.20")

    assert state(idea) == ("target", Decimal("11.67"))
    assert not PriceBreak.objects.exists()


def test_idea_on_a_pair_is_judged_after_a_large_move_that_nobody_recorded(alice):
    StockFactory(symbol="SHIBBRL")
    record("36.00", symbol="SHIBBRL")
    idea = write_idea(alice, symbol="SHIBBRL")
    for minute in range(3):
        record("26.00", symbol="SHIBBRL", minutes=20 * 60 + minute, previous_close="26.50")
    assert state(idea) == ("stopped", Decimal("-27.78"))
    assert not PriceBreak.objects.exists()


def test_wrong_previous_close_of_a_source_only_delays_the_decision(alice):
    record("36.00")
    idea = write_idea(alice)
    record("32.00", minutes=1, previous_close="18.00")
    assert state(idea) == ("open", None)
    record("32.00", minutes=2, previous_close="36.00")
    assert state(idea) == ("stopped", Decimal("-11.11"))


def test_a_real_crash_stops_an_idea(alice):
    record("12.00", previous_close="12.00")
    idea = write_idea(alice, target="15.00", stop="10.00")
    record("2.72", minutes=DAY, previous_close="12.00")
    record("2.70", minutes=DAY + 1, previous_close="12.00")
    assert idea.status == "open"
    assert state(idea)[0] == "stopped"


def test_horizon_that_ended_before_a_split_ends_on_the_old_scale(alice):
    record("36.00")
    idea = write_idea(alice, horizon=date(2026, 3, 11))
    record("37.80", minutes=DAY)
    split(on=date(2026, 3, 12))
    record("18.90", minutes=2 * DAY, previous_close="18.90")
    assert state(idea) == ("expired", Decimal("5.00"))


def test_ideas_move_to_the_new_code_of_a_renamed_stock(alice, bob):
    new = StockFactory(symbol="PETR34")
    old = StockFactory(symbol="PETR4")
    record("36.00")
    idea = write_idea(alice)
    CorporateEventFactory(
        stock=old, kind="rename", successor=new, ratio=Decimal("0.5"), ex_on=date(2026, 3, 11)
    )
    old.renamed_to, old.is_active = new, False
    old.save()

    assert follow_events(at=NOON + timedelta(days=1)) == 1
    assert follow_events(at=NOON + timedelta(days=1)) == 0

    idea.refresh_from_db()
    assert (idea.stock, idea.target, idea.price_at) == (new, Decimal("80.00"), Decimal("72.00"))


def test_rename_without_a_sure_ratio_leaves_the_idea(alice):
    new, old = StockFactory(symbol="PETR34"), StockFactory(symbol="PETR4")
    idea = make_idea(alice)
    CorporateEventFactory(stock=old, kind="rename", successor=new, is_ratio_sure=False)
    old.renamed_to = new
    old.save()
    assert follow_events(at=NOON) == 0
    idea.refresh_from_db()
    assert idea.stock == old


# Costs -------------------------------------------------------------------------------------------


def judge_captured(quotes, last, stocks):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        judge_ideas(quotes=quotes, last=last, stocks=stocks, at=NOON + timedelta(minutes=1))
    return len(queries)


@pytest.mark.parametrize("count", [3, 30])
def test_batch_that_decides_nothing_costs_one_query(alice, bob, count):
    stocks = [StockFactory(symbol=ticker(n)) for n in range(count)]
    for stock in stocks:
        make_idea(alice, symbol=stock.symbol)
        make_idea(bob, symbol=stock.symbol)
    last = {s.symbol: make_quote(s.symbol, "36.00", previous_close=Decimal(36)) for s in stocks}
    at = NOON + timedelta(minutes=1)
    quotes = [
        make_quote(s.symbol, "36.50", previous_close=Decimal(36), quoted_at=at) for s in stocks
    ]
    assert judge_captured(quotes, last, {s.symbol: s for s in stocks}) == 1


def test_number_of_ended_ideas_does_not_change_the_queries(alice, django_user_model):
    def cost(count):
        users = [
            django_user_model.objects.create_user(f"u{count}x{n}", f"u{count}x{n}@example.org")
            for n in range(count)
        ]
        stock = StockFactory(symbol=ticker(count))
        for user in users:
            make_idea(user, symbol=stock.symbol)
        quote = make_quote(
            stock.symbol, "40.00", previous_close=Decimal(36), quoted_at=NOON + timedelta(minutes=1)
        )
        last = {stock.symbol: make_quote(stock.symbol, "36.00", previous_close=Decimal(36))}
        return judge_captured([quote], last, {stock.symbol: stock})

    assert cost(3) == cost(15)  # SQLite splits longer writes


def test_failure_of_the_recording_leaves_the_idea_open(alice):
    record("36.00")
    idea = write_idea(alice)

    def fail(**_kwargs):
        raise RuntimeError

    quotes_recorded.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            record("40.00", minutes=1)
    finally:
        quotes_recorded.disconnect(fail)
    assert state(idea) == ("open", None)
    assert not Notification.objects.exists()


def test_closing_waits_for_a_price_after_the_request(alice):
    record("36.00")
    idea = write_idea(alice)
    record("37.00", minutes=1)
    close_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=10))
    assert state(idea) == ("open", None)

    record("35.00", minutes=9.9)
    assert state(idea) == ("open", None)
    record("36.36", minutes=11)
    assert state(idea) == ("closed", Decimal("1.00"))


def test_a_reached_limit_wins_over_the_request_to_close(alice):
    record("36.00")
    idea = write_idea(alice)
    close_idea(pk=idea.pk, author=alice, at=NOON + timedelta(minutes=10))
    record("33.00", minutes=11)
    assert state(idea)[0] == "stopped"


def test_receiver_is_connected():
    assert judge_batch in [ref() for _key, ref, *_rest in quotes_recorded.receivers]
    assert not Idea.objects.exists()


@pytest.mark.parametrize(
    ("values", "is_sure"),
    [
        ({"is_ratio_sure": False, "is_date_sure": False}, False),  # one source alone
        ({}, True),
        ({"withdrawn_at": timezone.now()}, False),
        ({"simulated": False}, False),
    ],
)
def test_reported_splits_move_ideas_only_if_two_sources_agree(db, values, is_sure):
    stock, day = StockFactory(symbol="PETR4"), date(2026, 3, 20)
    event = {"is_reported": True, "simulated": True, "ratio": Decimal(2)} | values
    CorporateEventFactory(stock=stock, kind="split", ex_on=day, **event)

    assert sure_ratios([stock.pk], until=day) == ({stock.pk: {day: 2}} if is_sure else {})
