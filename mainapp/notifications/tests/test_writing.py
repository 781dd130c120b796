import pytest
from django.db import OperationalError

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


def test_missing_text_is_rendered_before_sending(alice, mailbox):
    register_renderer(
        "tried",
        lambda pks: {pk: Wording(text="dito", html="<p>dito", headers={"X-A": "b"}) for pk in pks},
    )
    notice(alice, kind="tried", deliveries=[letter(text="")])
    deliver_due()

    [mail] = mailbox.messages
    assert mail.get_body(["plain"]).get_content().strip() == "dito"
    assert mail.get_body(["html"]).get_content().strip() == "<p>dito"
    assert mail["X-A"] == "b"
    row = Delivery.objects.get()
    assert (row.state, row.text, row.html) == ("sent", "dito", "<p>dito")


def test_html_is_only_for_emails(alice):
    register_renderer("tried", lambda pks: {pk: Wording(text="dito", html="<p>") for pk in pks})
    notice_without_texts(alice)
    write_missing(deliveries=all_deliveries())

    assert [(row.text, row.html) for row in all_deliveries()] == [("dito", "<p>"), ("dito", "")]


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

    assert {row.text for row in all_deliveries()} == {"PETR4 caiu\n\nR$ 36,00"}
    assert "no such word" in caplog.text


def test_database_error_leaves_the_text_to_be_rendered_later(alice):
    def fail(pks):
        raise OperationalError

    register_renderer("tried", fail)
    notice_without_texts(alice)
    rows = all_deliveries()
    with pytest.raises(OperationalError):
        write_missing(deliveries=rows)

    assert {row.text for row in rows} == {""}
