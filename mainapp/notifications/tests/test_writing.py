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


def unwritten(user, **fields):
    hook = letter("https://hook.example", kind="webhook", text="")
    return notice(user, kind="tried", body="R$ 36,00", deliveries=[letter(text=""), hook], **fields)


def claimed():
    return list(Delivery.objects.select_related("notification").order_by("pk"))


def test_message_without_a_text_is_written_before_it_is_sent(alice, mailbox):
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
    kept = Delivery.objects.get()
    assert (kept.state, kept.text, kept.html) == ("sent", "dito", "<p>dito")


def test_html_goes_into_mails_alone(alice):
    register_renderer("tried", lambda pks: {pk: Wording(text="dito", html="<p>") for pk in pks})
    unwritten(alice)
    write_missing(deliveries=claimed())

    assert [(row.text, row.html) for row in claimed()] == [("dito", "<p>"), ("dito", "")]


def test_renderer_is_asked_once_for_a_batch(alice):
    asked = []
    register_renderer("tried", lambda pks: asked.append(sorted(pks)) or {})
    pks = [unwritten(alice).pk for _number in range(3)]
    write_missing(deliveries=claimed())

    assert asked == [pks]


def test_news_whose_renderer_fails_say_what_the_inbox_says(alice, caplog):
    def fail(pks):
        raise LookupError("no such word")

    register_renderer("tried", fail)
    unwritten(alice)
    write_missing(deliveries=claimed())

    assert {row.text for row in claimed()} == {"PETR4 caiu\n\nR$ 36,00"}
    assert "no such word" in caplog.text


def test_database_that_is_away_leaves_a_message_to_be_written_later(alice):
    def fail(pks):
        raise OperationalError

    register_renderer("tried", fail)
    unwritten(alice)
    rows = claimed()
    with pytest.raises(OperationalError):
        write_missing(deliveries=rows)

    assert {row.text for row in rows} == {""}
