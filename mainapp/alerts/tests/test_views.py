"""The pages of alerts, through HTTP."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mainapp.accounts.models import Preferences, User
from mainapp.alerts.conditions import PRICE_DOWN
from mainapp.alerts.models import Alert, Condition, Firing
from mainapp.alerts.policies import ALERT_LIMIT
from mainapp.alerts.selectors.alerts import alerts_on
from mainapp.alerts.selectors.person import TABLES
from mainapp.alerts.services.alerts import pause_alert
from mainapp.alerts.services.evaluating import pause_split_stock
from mainapp.alerts.tests.factories import make_alert, record
from mainapp.alerts.tests.test_forms import DEFAULTS
from mainapp.market.models import Candle, Stock
from mainapp.market.rendering import spark_paths
from mainapp.market.selectors.candles import midnight
from mainapp.market.sessions import sao_paulo_day
from mainapp.market.tests.factories import NOON, LastQuoteFactory, StockFactory
from mainapp.notifications.models import Attempt, Channel, Delivery
from mainapp.notifications.tests.factories import channel

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture(autouse=True)
def petr4():
    return StockFactory(symbol="PETR4")


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", "alice@example.org")


@pytest.fixture
def browser(alice):
    client = Client()
    client.force_login(alice)
    return client


def page(browser, name="alerts", *args, **query):
    return browser.get(reverse(name, args=args), query).content.decode().replace("\xa0", " ")


def send(browser, name="create-alert", *args, **fields):
    return browser.post(reverse(name, args=args), DEFAULTS | fields, follow=True)


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def days(stock, *rows):
    """Record a daily candle for each row of four prices, the last of them yesterday's."""
    first = midnight(sao_paulo_day(NOON)) - timedelta(days=len(rows))
    for number, row in enumerate(rows):
        prices = dict(zip(("open", "high", "low", "close"), row, strict=True))
        Candle.objects.create(
            stock=stock,
            interval="1d",
            starts_at=first + timedelta(days=number),
            kind="simulated",
            source="simulated",
            **prices,
        )


# The list ----------------------------------------------------------------------------------------


def test_list_without_alerts_links_to_the_form(browser):
    assert reverse("create-alert") in page(browser)


def test_row_shows_price_distance_and_state(browser, alice):
    record("38.42")
    make_alert(alice, compra="36.00", note="comprar mais")

    text = page(browser)

    assert "faltam R$ 2,42 (6,30%)" in text
    assert ">38,42<" in text
    assert 'data-status="active"' in text
    assert "comprar mais" in text
    assert "24/03/2026" in text


def test_alert_on_a_code_that_ended_is_explained(browser, alice):
    alert = make_alert(alice, "CIEL3", compra="5.00")
    Stock.objects.filter(pk=alert.ativo_id).update(is_active=False)

    assert "CIEL3 deixou de ser negociado." in page(browser)


def test_row_of_an_alert_created_beyond_its_limit_mentions_it(browser, alice):
    record("35.00")
    make_alert(alice, compra="36.00")

    assert "Já passou do limite. Avisa na próxima vez que cruzar." in page(browser)


def test_row_of_a_fired_alert_has_the_time(browser, alice):
    record("38.42")
    alert = make_alert(alice, compra="36.00")
    record("35.90", minutes=1)

    text = page(browser)

    assert 'data-status="triggered"' in text
    assert "10/03 12:01:00" in text
    assert reverse("alert-history", args=[alert.pk]) in text


def test_row_of_a_split_stock_has_the_reason_of_its_pause(browser, alice, petr4):
    make_alert(alice, compra="36.00")
    pause_split_stock(stock=petr4)

    assert "O preço foi dividido" in page(browser)


def test_list_is_filtered_by_status(browser, alice):
    paused = make_alert(alice, symbol="VALE3", compra="36.00")
    pause_alert(alert=paused)
    make_alert(alice, symbol="ITUB4", compra="36.00")
    expired = make_alert(alice, symbol="BBDC4", compra="36.00")
    Alert.objects.filter(pk=expired.pk).update(expires_at=NOON - timedelta(days=1))
    make_alert(alice, symbol="ABEV3", compra="36.00")
    Alert.objects.filter(ativo__symbol="ABEV3").update(status="triggered")

    shown = {
        status: [row.alert.ativo.symbol for row in browser.get("/alerts/", query).context["rows"]]
        for status, query in [
            ("all", {}),
            *((name, {"status": name}) for name in ("active", "paused", "triggered", "expired")),
            ("nonsense", {"status": "x"}),
        ]
    }

    everything = ["ABEV3", "BBDC4", "ITUB4", "VALE3"]
    assert shown == {
        "all": everything,
        "active": ["ITUB4"],
        "paused": ["VALE3"],
        "triggered": ["ABEV3"],
        "expired": ["BBDC4"],
        "nonsense": everything,
    }


def make_many(owner, count):
    """Insert alerts and conditions directly, without the service."""
    stocks = [StockFactory() for _number in range(min(count, 30))]
    for stock in stocks:
        LastQuoteFactory(stock=stock)
        days(stock, *[("40", "41", "39", "40")] * 5)
    fields = {"owner": owner, "quote_kind": "simulated", "created_at": NOON, "compra": Decimal(30)}
    alerts = Alert.objects.bulk_create(
        Alert(ativo=stocks[n % 30], expires_at=NOON + timedelta(days=9), **fields)
        for n in range(count)
    )
    Condition.objects.bulk_create(
        Condition(
            alert=alert,
            stock_id=alert.ativo_id,
            kind="compra",
            measure=PRICE_DOWN,
            level=0,
            periods=1,
            quote_kind="simulated",
            expires_at=alert.expires_at,
        )
        for alert in alerts
    )


@pytest.mark.parametrize("count", [3, 3000])
def test_list_costs_seven_queries(browser, alice, count, django_assert_num_queries):
    make_many(alice, count)

    # Session, user, alerts, conditions, quotes, candles, and the newest firings.
    with django_assert_num_queries(7):
        response = browser.get("/alerts/")

    rows = response.context["rows"]
    assert len(rows) == min(count, 50)
    assert all(len(row.points) == 1 for row in rows)


def record_day(*prices):
    """Record a price every ten minutes; yesterday's close was 39.00."""
    for number, price in enumerate(prices):
        record(price, minutes=10 * number, previous_close="39.00")


@pytest.mark.parametrize(
    ("limits", "edges"),
    [
        ({"compra": "39.50"}, [""]),
        ({"compra": "1.00", "venda": "41.00"}, ["below", "above"]),
        ({"change_up_pct": "2.00"}, [""]),
        ({"change_down_pct": "2.00"}, ["below"]),
    ],
)
def test_chart_has_the_limits_on_its_scale_as_lines_and_others_at_its_edges(
    browser, alice, limits, edges
):
    record_day("39.20", "39.80", "40.00")
    make_alert(alice, **limits)

    [row] = browser.get("/alerts/").context["rows"]

    assert [limit.edge for limit in row.chart.limits] == edges
    assert [bool(limit.y) for limit in row.chart.limits] == [not edge for edge in edges]


def test_chart_is_the_sparkline_of_other_pages(browser, alice):
    make_alert(alice, compra="36.00")
    record_day("39.20", "39.80", "40.00")

    text = page(browser)
    [row] = browser.get("/alerts/").context["rows"]

    assert [price for _at, price in row.points] == ["39.20", "39.80", "40.00"]
    shown = spark_paths(row.points, base=Decimal("39.00"), width=96, height=28)
    assert (row.chart.paths, row.chart.direction) == (shown, "up")
    assert f'd="{shown.line}"' in text


def test_stock_of_one_price_has_a_chart_to_fill(browser, alice):
    make_alert(alice, compra="36.00")
    record("39.20")

    text = page(browser)

    assert 'class="spark-level" data-level="36.00" d=""' in text


def test_newest_firings_are_below_the_cards(browser, alice):
    assert "Últimos disparos" not in page(browser)
    record("38.42")
    make_alert(alice, compra="36.00")
    assert "Nenhum disparo ainda." in page(browser)

    record("35.90", minutes=1)

    text = page(browser)
    assert "PETR4 atingiu R$ 35,90" in text
    assert "O limite era cair até R$ 36,00." in text


def test_filter_is_shown_when_there_are_alerts_in_two_states(browser, alice):
    pause_alert(alert=make_alert(alice, compra="36.00"))
    assert "alerts-filters" not in page(browser)
    assert "alerts-filters" in page(browser, status="active")

    make_alert(alice, compra="35.00")

    assert "alerts-filters" in page(browser)


@pytest.mark.parametrize(
    ("price", "done", "is_near"),
    [("36.00", 100, True), ("36.30", 84, True), ("36.60", 68, False), ("48.00", 0, False)],
)
def test_progress_shows_the_distance_from_the_price(browser, alice, price, done, is_near):
    make_alert(alice, compra="36.00", recurrence="every", cooldown_minutes=0)
    record(price)

    [row] = browser.get("/alerts/").context["rows"]

    assert (row.limits[0].done, row.is_near) == (done, is_near)


def test_links_to_pages_keep_the_filter(browser, alice):
    make_many(alice, 60)

    assert "?page=2&amp;status=active" in page(browser, status="active")
    assert len(browser.get("/alerts/?status=active&page=2").context["rows"]) == 10


# Creating and editing ----------------------------------------------------------------------------


def test_form_is_filled_with_the_requested_ticker(browser):
    assert 'value="PETR4"' in page(browser, "create-alert", ativo="PETR4")


def test_alert_is_created_from_the_form(browser, alice):
    response = send(browser, compra="36,00", periodo="5", note="olhe")

    assert messages_of(response) == ["O alerta de PETR4 foi salvo."]
    alert = Alert.objects.get(owner=alice)
    assert (alert.compra, alert.periodo, alert.note) == (Decimal(36), 5, "olhe")


def test_alert_created_beyond_its_limit_shows_a_message(browser):
    record("35.00")

    assert messages_of(send(browser, compra="36"))[1] == (
        "O preço já passou do limite: o alerta espera a próxima vez."
    )


def test_alert_fires_at_once_if_chosen(browser, alice):
    record("35.00")

    response = send(browser, compra="36", fires_if_beyond="on")

    assert len(messages_of(response)) == 1
    assert Firing.objects.filter(alert__owner=alice).count() == 1
    assert Alert.objects.get().status == "triggered"


def test_another_address_is_verified_before_use(browser, alice):
    response = send(browser, compra="36", email="other@example.org")

    assert "Enviamos um link a other@example.org" in messages_of(response)[1]
    assert Channel.objects.get(user=alice).verified_at is None
    repeated = send(browser, compra="35", email="other@example.org")
    assert "ainda não foi confirmado" in messages_of(repeated)[1]
    assert Channel.objects.filter(user=alice).count() == 1


def test_verified_address_needs_no_message(browser, alice):
    channel(alice, address="other@example.org", verified_at=NOON)

    assert len(messages_of(send(browser, compra="36", email="OTHER@example.org"))) == 1


def test_full_quota_is_refused_with_a_message(browser, alice):
    make_many(alice, ALERT_LIMIT)

    response = send(browser, compra="36")

    assert "Você já tem 200 alertas: apague um antes." in response.content.decode()
    assert "200 de 200 alertas." in page(browser)


def test_changed_alert_keeps_its_end(browser, alice):
    alert = make_alert(alice, compra="36.00", at=NOON - timedelta(days=3))

    response = send(browser, "update-alert", alert.pk, compra="", venda="40")

    assert messages_of(response) == ["O alerta de PETR4 foi salvo."]
    now = Alert.objects.get()
    assert (now.compra, now.venda, now.expires_at) == (None, Decimal(40), alert.expires_at)


def test_refused_form_is_shown_with_the_reason(browser):
    response = send(browser, compra="40", venda="36")

    assert response.status_code == 200
    assert "“Subir até” precisa ficar acima de “Cair até”." in response.content.decode()
    assert not Alert.objects.exists()


# Preview -----------------------------------------------------------------------------------------


def test_preview_describes_the_alert(browser, alice):
    Preferences.objects.create(user=alice, monitoring_minutes=5)

    text = send(browser, "preview-alert", compra="36").content.decode().replace("\xa0", " ")

    assert "Aviso quando PETR4 cair até R$ 36,00, verificado a cada 5 minutos, uma vez" in text
    assert not Alert.objects.exists()


def test_preview_counts_past_firings(browser, petr4):
    calm, dip = ("40", "41", "39", "40"), ("40", "40", "35", "39")
    days(petr4, *[calm, dip] * 2, *[calm] * 40, dip, calm)

    response = send(browser, "preview-alert", compra="36")

    preview = response.context["preview"]
    assert (preview.month, preview.year) == (1, 3)
    assert preview.has_minutes is False
    marks = json.loads(json.dumps(response.context["marks"]))
    assert marks["limits"] == [{"kind": "compra", "price": "36.00", "text": "R$\xa036,00"}]
    assert [mark["price"] for mark in marks["firings"]] == ["35.00"] * 3


def test_preview_without_history_shows_a_notice(browser):
    assert 'data-part="no-history"' in send(browser, "preview-alert", compra="36").content.decode()


@pytest.mark.parametrize(
    ("fields", "note"),
    [({}, "espera a próxima vez"), ({"fires_if_beyond": "on"}, "dispara assim que for salvo")],
)
def test_preview_mentions_a_limit_already_passed(browser, fields, note):
    record("35.00")

    assert note in send(browser, "preview-alert", compra="36", **fields).content.decode()


def test_preview_of_an_incomplete_form_lists_what_is_missing(browser):
    assert "Preencha o ativo e um limite" in send(browser, "preview-alert").content.decode()
    text = send(browser, "preview-alert", compra="36", duracao="0").content.decode()
    assert "Falta acertar:" in text


def test_preview_works_without_javascript_and_saves_nothing(browser):
    response = send(browser, compra="36", preview="1")

    assert "Aviso quando PETR4 cair" in response.content.decode()
    assert 'value="36"' in response.content.decode()
    assert not Alert.objects.exists()


def test_preview_of_a_saved_alert_keeps_its_end(browser, alice):
    alert = make_alert(alice, compra="36.00", at=NOON - timedelta(days=3))

    for fields, end in (({}, "21/03/2026"), ({"duracao": "20"}, "29/03/2026")):
        response = send(browser, "preview-alert", alert=alert.pk, compra="35", **fields)
        assert f"até {end} 23:59:59." in response.content.decode()
    assert "até 21/03/2026 23:59:59." in page(browser, "update-alert", alert.pk)


def test_preview_costs_a_fixed_number_of_queries(browser, petr4, django_assert_num_queries):
    days(petr4, *[("40", "41", "39", "40")] * 40)

    with django_assert_num_queries(6):  # session, user, stock, days, minutes, quote
        send(browser, "preview-alert", compra="36")


# Pausing and deleting ----------------------------------------------------------------------------


def test_alert_is_paused_and_made_active_again(browser, alice):
    alert = make_alert(alice, compra="36.00")

    browser.post(reverse("pause-alert", args=[alert.pk]))
    assert Alert.objects.get().status == "paused"
    browser.post(reverse("resume-alert", args=[alert.pk]))
    assert Alert.objects.get().status == "active"


def test_alert_is_deleted_after_confirmation(browser, alice):
    alert = make_alert(alice, compra="36.00")
    make_alert(alice, compra="35.00")

    assert "Apagar o alerta de PETR4?" in page(browser, "delete-alert", alert.pk)
    assert Alert.objects.count() == 2
    browser.post(reverse("delete-alert", args=[alert.pk]))
    assert [str(alert.compra) for alert in Alert.objects.all()] == ["35.00"]


def test_all_alerts_are_deleted_after_confirmation(browser, alice, bob):
    make_alert(alice, compra="36.00")
    make_alert(alice, compra="35.00")
    bobs = make_alert(bob, compra="34.00")

    assert "2 alertas são apagados" in page(browser, "delete-alerts")
    response = browser.post(reverse("delete-alerts"), follow=True)

    assert messages_of(response) == ["2 alertas foram apagados."]
    assert [*Alert.objects.all()] == [bobs]


@pytest.mark.parametrize("name", ["alert-history", "update-alert", "delete-alert"])
def test_foreign_and_missing_alerts_have_identical_responses(browser, bob, name):
    foreign = make_alert(bob, compra="36.00")

    path = reverse(name, args=[0])
    responses = [
        browser.get(path.replace("/0/", f"/{pk}/")) for pk in (foreign.pk, 999_999, "x", "9" * 40)
    ]

    assert {(response.status_code, response.content) for response in responses} == {
        (404, responses[1].content)
    }


def test_preview_of_a_foreign_alert_is_404(browser, bob):
    foreign = make_alert(bob, compra="36.00")

    assert send(browser, "preview-alert", alert=foreign.pk, compra="3").status_code == 404


# History and marks -------------------------------------------------------------------------------


def fire(alice, times=1):
    record("38.42", minutes=0)
    alert = make_alert(alice, compra="36.00", recurrence="every")
    for number in range(times):
        record("35.90", minutes=1 + 2 * number)
        record("38.00", minutes=2 + 2 * number)
    return alert


def test_history_shows_firings_and_each_attempt(browser, alice):
    alert = fire(alice)
    delivery = Delivery.objects.create(
        user=alice,
        notification=Firing.objects.get().notification,
        kind="email",
        address="alice@example.org",
        due_at=NOON,
        created_at=NOON,
        state="sent",
    )
    Attempt.objects.create(delivery=delivery, at=NOON, outcome="failed", error="")
    Attempt.objects.create(delivery=delivery, at=NOON + timedelta(minutes=1), outcome="sent")

    text = page(browser, "alert-history", alert.pk)

    for piece in (
        "cair até R$ 36,00",
        "35,90",
        "10/03/2026 12:01:00",
        "simulador",
        "alice@example.org",
        "10/03 12:00:00</time> falhou; será repetida",
        "10/03 12:01:00</time> enviada",
    ):
        assert piece in text


@pytest.mark.parametrize("times", [1, 20])
def test_history_costs_a_fixed_number_of_queries(browser, alice, times, django_assert_num_queries):
    alert = fire(alice, times)
    for firing in Firing.objects.all():
        Delivery.objects.create(
            user=alice, notification=firing.notification, due_at=NOON, created_at=NOON
        )

    with django_assert_num_queries(10):
        response = browser.get(reverse("alert-history", args=[alert.pk]))

    assert len(response.context["page"].object_list) == times


def named(alert):
    """Return the fields of a mark by which its alert can be changed."""
    return {"alert": alert.pk, "url": f"/api/v1/alerts/{alert.pk}/"}


def test_marks_are_those_of_the_users_own_alerts(browser, alice, bob, petr4):
    fired = fire(alice)
    make_alert(bob, venda="99.00")
    pause_alert(alert=make_alert(alice, venda="50.00"))
    falling = make_alert(alice, change_down_pct="3.00")

    marks = browser.get(reverse("alert-marks"), {"ticker": "petr4"}).json()

    assert marks == {
        "limits": [
            {"kind": "compra", "price": "36.00", "text": "R$\xa036,00"} | named(fired),
            {"kind": "change_down_pct", "pct": "-3.00", "text": "3,00%"} | named(falling),
        ],
        "firings": [
            {
                "time": int((NOON + timedelta(minutes=1)).timestamp()),
                "kind": "compra",
                "price": "35.90",
                "text": "PETR4 atingiu R$\xa035,90",
            }
        ],
    }


def test_marks_need_a_login_and_a_known_ticker(browser, client):
    assert client.get(reverse("alert-marks"), {"ticker": "PETR4"}).status_code == 401
    assert browser.get(reverse("alert-marks"), {"ticker": "XXXX9"}).status_code == 404
    assert browser.get(reverse("alert-marks"), {"ticker": "A\x00"}).status_code == 400


def test_paper_has_the_marks_url_for_logged_in_users_only(browser, client):
    assert "data-marks-url" in page(browser, "graph", ticker="PETR4")
    assert "data-marks-url" not in page(client, "graph", ticker="PETR4")


@pytest.mark.parametrize("count", [1, 3])
def test_paper_shows_its_readers_alerts_on_it(
    browser, alice, bob, petr4, count, django_assert_num_queries
):
    for n in range(count):
        make_alert(alice, compra=f"3{n}.00")
    make_alert(bob, venda="99.00")
    with django_assert_num_queries(2):
        rows = alerts_on(alice, petr4, None, at=NOON)
    assert len(rows) == count
    html = page(browser, "graph", ticker="PETR4")
    assert html.count("Cair até") == count
    assert "99,00" not in html


# Profile and archive -----------------------------------------------------------------------------


def test_profile_shows_its_owners_alerts(browser, alice, bob):
    fire(alice)

    assert "Seus alertas" in page(browser, "user-profile", alice.pk)
    assert "Seus alertas" not in page(browser, "user-profile", bob.pk)


def test_archive_has_alerts_and_firings(alice, bob):
    fire(alice)
    make_alert(bob, compra="1.00")
    alerts, _received, firings = ([*table.rows(alice)] for table in TABLES)

    assert [(row[1], row[3]) for row in alerts] == [("PETR4", Decimal("36.00"))]
    assert [(row[1], row[3]) for row in firings] == [("compra", Decimal("35.90"))]
    assert {len(row) for row in alerts} == {len(TABLES[0].columns)}
