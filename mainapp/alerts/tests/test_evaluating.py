from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from mainapp.accounts.models import Preferences
from mainapp.alerts.models import Alert, Condition, Doubt, Firing
from mainapp.alerts.receivers import judge_batch
from mainapp.alerts.services.alerts import (
    TooManyAlerts,
    delete_alerts,
    pause_alert,
    resume_alert,
    update_alert,
)
from mainapp.alerts.services.evaluating import evaluate_batch
from mainapp.alerts.tests.factories import fired, make_alert, record
from mainapp.market.services.recording import record_quotes
from mainapp.market.signals import quotes_recorded
from mainapp.market.tests.factories import NOON, StockFactory, ticker
from mainapp.market.tests.quotes import make_quote
from mainapp.notifications.models import Delivery, Notification
from mainapp.notifications.services.writing import write_missing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _stock(db):
    StockFactory(symbol="PETR4", name="Petrobras PN")


@pytest.fixture
def owner(alice):
    alice.email = "alice@example.org"
    alice.save()
    return alice


def test_firing_records_its_quote_and_limit(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")

    record("35.99", minutes=1, previous_close="36.50")

    firing = Firing.objects.get()
    assert (firing.alert, firing.kind, firing.crossing) == (alert, "compra", 1)
    assert (firing.price, firing.limit) == (Decimal("35.99"), Decimal("36.00"))
    assert firing.change_pct == Decimal("-1.40")
    assert firing.quoted_at == NOON + timedelta(minutes=1)
    assert (firing.source, firing.quote_kind) == ("simulated", "simulated")


def rendered_delivery():
    """Return the only delivery, with its text rendered as for sending."""
    [delivery] = Delivery.objects.select_related("notification")
    write_missing(deliveries=[delivery])
    return delivery


def test_firing_creates_a_notification_and_a_mail(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")

    record("35.99", minutes=1)

    firing, notification, delivery = (
        Firing.objects.get(),
        Notification.objects.get(),
        rendered_delivery(),
    )
    assert firing.notification == notification
    assert notification.user == owner
    assert notification.title == "PETR4 atingiu R$\N{NO-BREAK SPACE}35,99"
    assert delivery.address == "alice@example.org"
    assert delivery.message_id.startswith(f"<firing.{alert.pk}.compra.1.")
    assert f"{settings.SITE_URL}/ativo/PETR4/" in delivery.text
    assert "R$\N{NO-BREAK SPACE}35,99" in delivery.text
    assert "R$\N{NO-BREAK SPACE}35,99" in delivery.html
    assert delivery.headers["List-Unsubscribe"].strip("<>") in delivery.text


def test_mail_is_in_the_owners_language(owner):
    Preferences.objects.create(user=owner, language="en")
    record("37.00")
    make_alert(owner, compra="36.00")

    record("35.99", minutes=1)

    assert Delivery.objects.get().subject == "PETR4 reached R$ 35.99 · Pregão"
    delivery = rendered_delivery()
    assert "The price fell to your limit of R$\N{NO-BREAK SPACE}36.00 (" in delivery.text
    assert '<html lang="en">' in delivery.html


def test_rolled_back_batch_fires_nothing(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")

    with pytest.raises(RuntimeError):
        _record_and_fail("35.00")

    assert fired(alert) == []
    assert not Notification.objects.exists()
    record("35.00", minutes=1)
    assert fired(alert) == [("compra", "35.00")]


def _record_and_fail(price):
    with transaction.atomic():
        record(price, minutes=1)
        raise RuntimeError


def test_same_batch_recorded_twice_fires_once(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", recurrence="every")

    record("35.99", minutes=1)
    record("35.99", minutes=1)

    assert fired(alert) == [("compra", "35.99")]


def test_once_ends_the_alert_with_all_its_conditions(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", venda="38.00")

    record("36.00", minutes=1)
    record("38.00", minutes=2)

    assert fired(alert) == [("compra", "36.00")]
    assert Alert.objects.get().status == "triggered"
    assert not Condition.objects.filter(is_live=True).exists()


def test_once_fires_once_if_two_conditions_are_reached_together(owner):
    record("37.00")
    alert = make_alert(owner, venda="38.00", change_up_pct="2.00")

    record("39.00", minutes=1, previous_close="37.00")

    assert fired(alert) == [("venda", "39.00")]


def test_every_fires_for_each_condition_separately(owner):
    record("37.00", previous_close="37.00")
    alert = make_alert(owner, venda="38.00", change_up_pct="2.00", recurrence="every")

    record("38.00", minutes=1, previous_close="37.00")

    assert fired(alert) == [("venda", "38.00"), ("change_up_pct", "38.00")]


def test_cooldown_applies_to_the_alert_across_batches(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", recurrence="every", cooldown_minutes=10)

    for minutes, price in enumerate(["36.00", "37.00", "36.00"], start=1):
        record(price, minutes=minutes)
    record("37.00", minutes=12)
    record("36.00", minutes=13)

    assert len(fired(alert)) == 2


def test_crossing_between_two_observations_does_not_fire(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", periodo=5)

    record("35.00", minutes=1)
    record("37.00", minutes=4)
    record("37.00", minutes=5)
    record("35.50", minutes=9)
    assert fired(alert) == []

    record("35.90", minutes=10.2)
    assert fired(alert) == [("compra", "35.90")]


def test_empty_period_follows_the_owners_preference(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")
    Preferences.objects.create(user=owner, monitoring_minutes=5)

    record("35.00", minutes=1)
    assert fired(alert) == []

    owner.preferences.monitoring_minutes = 0
    owner.preferences.save()
    record("35.10", minutes=2)
    assert fired(alert) == [("compra", "35.10")]


def test_hold_reads_every_quote_regardless_of_the_period(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", periodo=90, hold_minutes=3)

    for minutes, price in ((1, "35.00"), (2, "36.50"), (3, "35.00"), (5, "35.50")):
        record(price, minutes=minutes)
    assert fired(alert) == []

    record("35.60", minutes=6)
    assert fired(alert) == [("compra", "35.60")]


def test_stale_quote_fires_nothing(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")
    late = make_quote(price="35.00", quoted_at=NOON + timedelta(minutes=1))

    record_quotes(quotes=[late], at=NOON + timedelta(minutes=17))

    assert fired(alert) == []


def test_delay_of_a_source_does_not_make_its_quotes_stale(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")
    late = make_quote(price="35.00", quoted_at=NOON + timedelta(minutes=1), delay_s=900)

    record_quotes(quotes=[late], at=NOON + timedelta(minutes=30))

    assert fired(alert) == [("compra", "35.00")]


def test_alert_of_the_other_market_does_not_fire(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")
    Condition.objects.update(quote_kind="real")

    record("35.00", minutes=1)

    assert fired(alert) == []


def test_expired_alert_does_not_fire(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", duracao=1)
    half_a_day = 12 * 60

    record("37.00", minutes=half_a_day - 1)
    record("35.00", minutes=half_a_day)

    assert alert.expires_at == NOON + timedelta(minutes=half_a_day, seconds=-1)
    assert fired(alert) == []


def test_last_second_of_the_last_day_still_counts(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", duracao=1)

    record("35.00", minutes=12 * 60 - 1 / 60)

    assert fired(alert) == [("compra", "35.00")]


def test_paused_alert_fires_nothing_and_an_edit_never_unpauses(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")
    pause_alert(alert=alert)

    update_alert(alert=alert, fields={"compra": Decimal("36.50"), "duracao": 30}, at=NOON)
    record("35.00", minutes=1)

    assert fired(alert) == []
    assert Alert.objects.get().status == "paused"


def test_reactivated_alert_is_armed_by_the_current_price(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")
    pause_alert(alert=alert)
    record("35.00", minutes=1)

    resume_alert(alert=alert, at=NOON + timedelta(minutes=2))
    record("34.90", minutes=3)
    assert fired(alert) == []

    record("36.10", minutes=4)
    record("36.00", minutes=5)
    assert fired(alert) == [("compra", "36.00")]


def test_changed_limit_is_rearmed_and_the_other_keeps_its_state(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", venda="39.00", recurrence="every")
    record("36.00", minutes=1)

    update_alert(alert=alert, fields={"venda": Decimal("38.00")}, at=NOON + timedelta(minutes=2))
    record("36.05", minutes=3)
    record("36.00", minutes=4)
    record("38.00", minutes=5)

    assert fired(alert) == [("compra", "36.00"), ("venda", "38.00")]


def test_only_a_changed_duration_renews_the_alert(owner):
    alert = make_alert(owner, compra="36.00", duracao=5)
    later = NOON + timedelta(days=2)

    same = update_alert(alert=alert, fields={"compra": Decimal("35.00")}, at=later)
    assert same.expires_at == alert.expires_at

    renewed = update_alert(alert=alert, fields={"duracao": 6}, at=later)
    assert renewed.expires_at == alert.expires_at + timedelta(days=3)
    assert Condition.objects.get().expires_at == renewed.expires_at


def test_alert_created_beyond_its_limit_on_an_old_quote_waits_for_a_fresh_quote(owner):
    record("35.00")
    monday = NOON + timedelta(days=2)
    alert = make_alert(owner, compra="36.00", fires_if_beyond=True, at=monday)
    assert fired(alert) == []

    record("35.00", start=monday, minutes=1)

    assert fired(alert) == [("compra", "35.00")]


def test_alert_created_before_the_open_fires_on_a_gap(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", at=NOON + timedelta(hours=20))

    record("35.00", minutes=22 * 60)

    assert fired(alert) == [("compra", "35.00")]


def test_alert_created_beyond_its_limit_fires_at_once_if_chosen(owner):
    record("35.00")

    alert = make_alert(owner, compra="36.00", fires_if_beyond=True)

    assert fired(alert) == [("compra", "35.00")]
    assert Alert.objects.get().status == "triggered"


def test_wild_price_waits_for_a_confirming_quote(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")

    record("20.00", minutes=1)
    assert fired(alert) == []

    record("20.10", minutes=2)
    assert fired(alert) == [("compra", "20.10")]
    assert not Doubt.objects.exists()


def test_unconfirmed_wild_price_is_discarded(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00")

    record("3.70", minutes=1)
    record("36.90", minutes=2)

    assert fired(alert) == []
    assert not Doubt.objects.exists()


def test_confirming_quote_replaces_the_observation_of_a_wild_price(owner):
    record("37.00")
    alert = make_alert(owner, compra="36.00", periodo=5)

    record("20.00", minutes=5)
    record("20.10", minutes=6)

    assert fired(alert) == [("compra", "20.10")]


def test_split_pauses_the_tickers_alerts_and_notifies_their_owners(owner, bob):
    record("37.00", previous_close="36.00")
    first, second = make_alert(owner, compra="36.00"), make_alert(bob, venda="40.00")
    next_day = 24 * 60

    record("18.60", minutes=next_day, previous_close="18.50")
    record("18.55", minutes=next_day + 1, previous_close="18.50")

    assert fired(first) == fired(second) == []
    assert {(a.status, a.pause_reason) for a in Alert.objects.all()} == {("paused", "split")}
    assert {n.user for n in Notification.objects.filter(kind="alert_split")} == {owner, bob}


def test_pair_that_moved_while_nobody_recorded_it_has_not_been_split(owner):
    StockFactory(symbol="SHIBBRL")
    record("37.00", symbol="SHIBBRL", previous_close="36.00")
    alert = make_alert(owner, "SHIBBRL", compra="30.00")
    morning = 20 * 60

    for minute in range(3):
        record("26.00", symbol="SHIBBRL", minutes=morning + minute, previous_close="26.50")

    assert fired(alert) == [("compra", "26.00")]
    assert not Notification.objects.filter(kind="alert_split").exists()


def test_changed_close_alone_is_not_a_split(owner):
    record("37.00", previous_close="36.00")
    make_alert(owner, compra="30.00")
    next_day = 24 * 60

    record("37.10", minutes=next_day, previous_close="18.50")
    record("37.10", minutes=next_day + 1, previous_close="18.50")

    assert Alert.objects.get().status == "active"


def test_no_mail_is_sent_to_an_unverified_address(owner):
    record("37.00")
    make_alert(owner, compra="36.00", email="other@example.org")

    record("35.00", minutes=1)

    assert Notification.objects.count() == 1
    assert not Delivery.objects.exists()


def test_unsubscribe_link_pauses_after_confirmation_without_login(owner, client):
    record("37.00")
    alert = make_alert(owner, compra="36.00", recurrence="every")
    record("35.00", minutes=1)
    link = rendered_delivery().headers["List-Unsubscribe"].strip("<>")
    path = link.removeprefix(settings.SITE_URL)

    assert client.get(path).status_code == 200
    assert Alert.objects.get().status == "active"
    assert client.post(path).status_code == 200
    assert Alert.objects.get(pk=alert.pk).status == "paused"
    assert client.get(path[:-2] + "x/").status_code == 404


def test_number_of_alerts_is_limited(owner, monkeypatch):
    monkeypatch.setattr("mainapp.alerts.services.alerts.ALERT_LIMIT", 1)
    make_alert(owner, compra="36.00")

    with pytest.raises(TooManyAlerts):
        make_alert(owner, compra="35.00")


def test_deleting_all_alerts_keeps_those_of_other_users(owner, bob):
    make_alert(owner, compra="36.00")
    make_alert(owner, "VALE3", venda="60.00")
    make_alert(bob, compra="36.00")

    assert delete_alerts(owner=owner, quote_kind="simulated") == 2
    assert [alert.owner for alert in Alert.objects.all()] == [bob]


@pytest.mark.parametrize("count", [3, 30])
def test_batch_that_fires_nothing_costs_one_query(owner, count):
    quotes = []
    for number in range(count):
        symbol = ticker(number)
        StockFactory(symbol=symbol)
        record("37.00", symbol=symbol)
        make_alert(owner, symbol, compra="30.00", venda="50.00")
        later = NOON + timedelta(minutes=1)
        quotes.append(make_quote(symbol, "36.90", quoted_at=later, previous_close=Decimal(36)))

    assert _queries_of_alerts(quotes) == 1


def test_batch_that_fires_costs_a_fixed_number_of_queries(owner):
    # Two of the audit, two of sharing; PostgreSQL also locks the outbox.
    limit = 19 if connection.vendor == "postgresql" else 18
    assert _cost_of_firing(owner, 3) == _cost_of_firing(owner, 30) <= limit
    assert Firing.objects.count() == 33


def _cost_of_firing(owner, count):
    quotes = []
    for number in range(count):
        symbol = ticker(100 * count + number)
        StockFactory(symbol=symbol)
        record("37.00", symbol=symbol)
        make_alert(owner, symbol, compra="36.50")
        later = NOON + timedelta(minutes=1)
        quotes.append(make_quote(symbol, "36.00", quoted_at=later, previous_close=Decimal(36)))
    return _queries_of_alerts(quotes)


def _queries_of_alerts(quotes):
    """Return the number of queries that the evaluation adds to the recording of a batch."""
    counts = []

    def evaluate(**batch):
        with CaptureQueriesContext(connection) as captured:
            evaluate_batch(**{name: batch[name] for name in ("quotes", "last", "stocks", "at")})
        counts.append(len(captured))

    quotes_recorded.disconnect(judge_batch)
    quotes_recorded.connect(evaluate)
    try:
        record_quotes(quotes=quotes, at=quotes[0].quoted_at)
    finally:
        quotes_recorded.disconnect(evaluate)
        quotes_recorded.connect(judge_batch)
    return counts[0]
