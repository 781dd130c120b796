import pytest
from django.db import OperationalError

from mainapp.accounts.models import Preferences
from mainapp.core.mails import Mail
from mainapp.notifications.models import Delivery
from mainapp.notifications.services import writing
from mainapp.notifications.services.delivering import deliver_due
from mainapp.notifications.services.writing import Wording, register_renderer, write_missing
from mainapp.notifications.tests.factories import letter, notice

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_renderers(monkeypatch):
    monkeypatch.setattr(writing, "_renderers", {})


def notice_without_texts(user, **fields):
    hook = letter("https://hook.example", kind="webhook", text="")
    return notice(user, kind="tried", body="R$ 36,00", deliveries=[letter(text=""), hook], **fields)


def all_deliveries():
    return list(Delivery.objects.select_related("notification").order_by("pk"))


def wording(title="dito", **headers):
    return Wording(mail=Mail(title=title), language="pt-br", headers=headers)


def test_missing_text_is_rendered_before_sending(alice, mailbox):
    register_renderer("tried", lambda pks: {pk: wording(**{"X-A": "b"}) for pk in pks})
    notice(alice, kind="tried", deliveries=[letter(text="")])
    deliver_due()

    [mail] = mailbox.messages
    assert mail.get_body(["plain"]).get_content().startswith("dito")
    assert ">dito</h1>" in mail.get_body(["html"]).get_content()
    assert mail["X-A"] == "b"
    row = Delivery.objects.get()
    assert (row.state, row.text[:4], row.headers) == ("sent", "dito", {"X-A": "b"})


def test_only_mails_have_a_layout(alice):
    register_renderer("tried", lambda pks: {pk: wording() for pk in pks})
    notice_without_texts(alice)
    write_missing(deliveries=all_deliveries())

    mail, hook = all_deliveries()
    assert mail.text.startswith("dito\n")
    assert mail.html
    assert (hook.text, hook.html) == ("R$ 36,00", "")


def test_renderer_is_called_once_for_a_batch(alice):
    calls = []
    register_renderer("tried", lambda pks: calls.append(sorted(pks)) or {})
    pks = [notice_without_texts(alice).pk for _number in range(3)]
    write_missing(deliveries=all_deliveries())

    assert calls == [pks]


def test_failing_renderer_is_replaced_by_title_and_body(alice, caplog):
    def fail(pks):
        raise LookupError("no such word")

    register_renderer("tried", fail)
    notice_without_texts(alice)
    write_missing(deliveries=all_deliveries())

    mail, hook = all_deliveries()
    assert mail.text.startswith("PETR4 caiu\n\nR$ 36,00\n")
    assert hook.text == "R$ 36,00"
    assert "no such word" in caplog.text


@pytest.mark.parametrize("count", [3, 30])
def test_mails_without_a_renderer_cost_two_queries(alice, count, django_assert_num_queries):
    Preferences.objects.create(user=alice, language="en")
    for _number in range(count):
        notice_without_texts(alice, url="/alerts/")
    rows = all_deliveries()

    with django_assert_num_queries(2):  # the languages, the texts
        write_missing(deliveries=rows)

    assert "See it on Pregão:\nhttp" in rows[0].text


def test_database_error_leaves_the_text_to_be_rendered_later(alice):
    def fail(pks):
        raise OperationalError

    register_renderer("tried", fail)
    notice_without_texts(alice)
    rows = all_deliveries()
    with pytest.raises(OperationalError):
        write_missing(deliveries=rows)

    assert {row.text for row in rows} == {""}
