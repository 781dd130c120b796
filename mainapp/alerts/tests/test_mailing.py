import pytest

from mainapp.alerts.models import Alert
from mainapp.alerts.tests.factories import make_alert, record
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Delivery
from mainapp.notifications.services import writing
from mainapp.notifications.services.writing import write_missing
from mainapp.notifications.tests.factories import channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(alice):
    StockFactory(symbol="PETR4", name="Petrobras PN")
    alice.email = "alice@example.org"
    alice.save()
    return alice


def fire(owner, count=1):
    record("37.00")
    for number in range(count):
        make_alert(owner, compra="36.00", note=f"nota {number}")
    record("35.99", minutes=1)


def all_deliveries():
    return list(Delivery.objects.select_related("notification", "channel").order_by("pk"))


def test_note_is_in_the_notification_and_in_the_mail(owner):
    fire(owner)
    [row] = all_deliveries()
    write_missing(deliveries=[row])

    assert row.notification.body.splitlines()[0] == "nota 0"
    assert "nota 0" in row.text
    assert "nota 0" in row.html


def test_no_mail_is_rendered_while_a_batch_is_recorded(owner, monkeypatch):
    loaded = []
    monkeypatch.setattr(writing, "render_mail", lambda mail: loaded.append(mail) or ("", ""))
    fire(owner)

    assert loaded == []
    assert [row.text for row in all_deliveries()] == [""]


@pytest.mark.parametrize("count", [3, 30])
def test_mails_of_a_claimed_batch_cost_two_queries(owner, count, django_assert_num_queries):
    fire(owner, count)
    rows = all_deliveries()

    with django_assert_num_queries(2):
        write_missing(deliveries=rows)

    assert [f"nota {number}" in row.text for number, row in enumerate(rows)] == [True] * count


def test_rendered_text_is_not_rendered_again(owner, django_assert_num_queries):
    fire(owner)
    write_missing(deliveries=all_deliveries())
    Alert.objects.update(note="outra")
    [row] = all_deliveries()

    with django_assert_num_queries(0):
        write_missing(deliveries=[row])

    assert "nota 0" in row.text
    assert "nota 0" in row.html


def test_mail_of_a_deleted_alert_has_the_text_of_the_inbox(owner):
    fire(owner)
    Alert.objects.all().delete()
    rows = all_deliveries()
    write_missing(deliveries=rows)

    [row] = rows
    assert row.text.startswith(f"{row.notification.title}\n")
    for sentence in row.notification.body.splitlines():
        assert sentence in row.text


def test_same_sentences_are_in_the_inbox_a_chat_and_the_mail(owner):
    channel(owner, "telegram", address="-100", secret="1:a")
    fire(owner)
    rows = all_deliveries()
    write_missing(deliveries=rows)

    mail, chat = rows
    notification = mail.notification
    assert notification.body.replace("\xa0", " ").splitlines() == [
        "nota 0",
        "O preço caiu até o seu limite de R$ 36,00 (\N{MINUS SIGN}0,03% no dia).",
        "Cotação de 10/03/2026 12:01:00 (BRT), do mercado simulado: não é um preço real.",
    ]
    assert chat.text == notification.body
    for sentence in notification.body.splitlines():
        assert sentence in mail.text
        assert sentence in mail.html


def test_device_shows_which_stock_fired_without_its_price(owner):
    channel(owner, "push", address="https://push.example/1")
    fire(owner)
    rows = all_deliveries()
    write_missing(deliveries=rows)

    push = rows[-1]
    alert = Alert.objects.get()
    assert push.subject == "PETR4 atingiu um limite seu"
    assert push.text == "Toque para ver no Pregão."
    assert push.headers == {
        "url": f"/alerts/{alert.pk}/",
        "topic": f"alert.{alert.pk}",
        "urgency": "high",
        "silence": f"/api/v1/alerts/{alert.pk}/pause/",
        "silence_label": "Silenciar",
        "silenced": "Silenciado. Reative quando quiser.",
    }
    assert "36" not in push.subject + push.text


def test_device_with_amounts_shows_note_and_price(owner):
    channel(owner, "push", address="https://push.example/1", shows_amounts=True)
    fire(owner)
    rows = all_deliveries()
    write_missing(deliveries=rows)
    assert rows[-1].subject == "PETR4 atingiu R$ 35,99"
    assert rows[-1].text.startswith("nota 0")


def test_pushes_of_a_claimed_batch_cost_a_fixed_number_of_queries(owner, django_assert_num_queries):
    channel(owner, "push", address="https://push.example/1")
    fire(owner, 10)
    rows = [row for row in all_deliveries() if row.kind == "push"]
    with django_assert_num_queries(3):
        write_missing(deliveries=rows)
    assert len(rows) == 10
