import pytest
from django.template.loader import get_template

from mainapp.alerts.models import Alert
from mainapp.alerts.services import mailing
from mainapp.alerts.tests.factories import make_alert, record
from mainapp.market.tests.factories import StockFactory
from mainapp.notifications.models import Delivery
from mainapp.notifications.services.writing import write_missing

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


def claimed():
    return list(Delivery.objects.select_related("notification", "channel").order_by("pk"))


def test_no_mail_is_rendered_while_a_batch_is_recorded(owner, monkeypatch):
    asked = []
    monkeypatch.setattr(mailing, "get_template", lambda name: asked.append(name))
    fire(owner)

    assert asked == []
    assert [one.text for one in claimed()] == [""]


@pytest.mark.parametrize("count", [3, 30])
def test_mails_of_a_claimed_batch_cost_two_queries(owner, count, django_assert_num_queries):
    fire(owner, count)
    rows = claimed()
    get_template("mainapp/alerts/mail.html")

    with django_assert_num_queries(2):
        write_missing(deliveries=rows)

    assert [f"nota {number}" in row.text for number, row in enumerate(rows)] == [True] * count


def test_what_was_written_is_kept_and_not_written_anew(owner, django_assert_num_queries):
    fire(owner)
    write_missing(deliveries=claimed())
    Alert.objects.update(note="outra")
    [row] = claimed()

    with django_assert_num_queries(0):
        write_missing(deliveries=[row])

    assert "nota 0" in row.text
    assert "nota 0" in row.html


def test_mail_of_an_alert_that_was_deleted_says_what_the_inbox_says(owner):
    fire(owner)
    Alert.objects.all().delete()
    rows = claimed()
    write_missing(deliveries=rows)

    [row] = rows
    assert row.text == f"{row.notification.title}\n\n{row.notification.body}"
    assert "35,99" in row.text
