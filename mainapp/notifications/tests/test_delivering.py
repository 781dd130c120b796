import time
from datetime import timedelta
from threading import Event

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.db import transaction
from django.utils import timezone

from mainapp.core.contexts import Context, current_context, handling
from mainapp.notifications.models import Attempt, Channel, Delivery
from mainapp.notifications.services import delivering
from mainapp.notifications.services.delivering import Round, build_message, deliver_due
from mainapp.notifications.services.outbox import claim_due
from mainapp.notifications.tests.factories import delivery, letter, notice
from mainapp.notifications.transports.base import Target, TransportError
from mainapp.notifications.transports.mail import MailTransport


class Recording:
    """A transport that records its messages and calls `act` with each."""

    def __init__(self, act=lambda message: None):
        self.messages = []
        self._act = act

    def check(self, address, secret=""):
        return Target(address, secret)

    def send(self, message):
        self.messages.append(message)
        self._act(message)


def states():
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def every_kind(**transports):
    return {**dict.fromkeys(Channel.Kind.values, Recording()), **transports}


def run(**transports):
    return Round(every_kind(**transports)).run()


@pytest.fixture(autouse=True)
def _fresh_flags():
    delivering._requested_again.clear()


def test_mail_and_records_have_the_id_of_the_request_that_wrote_them(mailbox, settings, db):
    seen = []

    def fail(_message):
        seen.append(current_context())
        raise TransportError("not now")

    with handling(Context("r-1", "page")):
        delivery()
    with handling(Context("r-2", "task")):
        delivery(kind="webhook", address="https://example.org/")
    with handling(Context("run-3", "task", "deliver")):
        run(email=MailTransport(), webhook=Recording(fail))

    assert [mail["X-Request-ID"] for mail in mailbox.messages] == ["r-1"]
    assert [(each.request_id, each.way, each.place) for each in seen] == [
        ("r-2", "task", "deliver-webhook")
    ]


def test_a_row_of_the_last_version_is_sent_without_an_id(mailbox, db):
    delivery()

    run(email=MailTransport())

    assert [mail["X-Request-ID"] for mail in mailbox.messages] == [None]


def test_mail_arrives_unchanged(mailbox, alice, settings):
    settings.DEFAULT_FROM_EMAIL = "Pregão <avisos@pregao.example>"
    row = delivery(
        html="<p>R$ 36,00</p>",
        headers={"List-Unsubscribe": "<https://pregao.example/u>"},
        message_id="<firing.7@pregao.example>",
        subject="Ação caiu",
    )

    assert deliver_due() == 1

    [mail] = mailbox.messages
    assert mail["Message-ID"] == "<firing.7@pregao.example>"
    assert mail["To"] == "alice@example.com"
    assert "avisos@pregao.example" in mail["From"]
    assert mail["Subject"] == "Ação caiu"
    assert mail["List-Unsubscribe"] == "<https://pregao.example/u>"
    assert mail.get_body(["plain"]).get_content().strip() == "R$ 36,00"
    assert mail.get_body(["html"]).get_content().strip() == "<p>R$ 36,00</p>"
    row.refresh_from_db()
    assert row.state == "sent"
    assert deliver_due() == 0


def test_refused_recipient_fails_and_busy_recipient_is_retried(mailbox, db):
    mailbox.answers = {"gone@example.com": "550 no such user", "busy@example.com": "450 later"}
    for address in ("gone@example.com", "busy@example.com", "here@example.com"):
        delivery(address)

    assert deliver_due() == 3

    assert states() == ["failed", "waiting", "sent"]
    errors = Attempt.objects.order_by("delivery_id").values_list("outcome", "error")
    assert list(errors) == [("refused", "550 no such user"), ("failed", "450 later"), ("sent", "")]
    busy = Delivery.objects.get(address="busy@example.com")
    mailbox.answers.clear()
    [claimed] = claim_due(limit=5, at=busy.due_at)
    assert build_message(claimed).message_id == busy.message_id


def test_silent_recipients_do_not_delay_others(mailbox, db, monkeypatch):
    monkeypatch.setattr(delivering, "SLOW_S", 0.02)
    monkeypatch.setattr(delivering, "POLL_S", 0.02)
    mailbox.hanging = {f"hangs{number}@example.com" for number in range(delivering.THREADS)}
    for address in sorted(mailbox.hanging):
        delivery(address)
    for number in range(3):
        delivery(f"u{number}@example.com")
    arrived = []

    class Watched(Round):
        def _step(self):
            super()._step()
            if len(mailbox.messages) == 3:
                arrived.append(len(self._sending))
                mailbox.released.set()

    Watched(every_kind(email=MailTransport())).run()

    assert arrived[0] >= delivering.THREADS  # all three, while the silent ones still hang
    assert states() == [*["waiting"] * delivering.THREADS, *["sent"] * 3]


def test_slow_attempts_are_limited_too(db, monkeypatch):
    monkeypatch.setattr(delivering, "SLOW_S", 0.0)
    monkeypatch.setattr(delivering, "POLL_S", 0.01)
    monkeypatch.setattr(delivering, "MAX_THREADS", 6)
    for number in range(9):
        delivery(f"u{number}@example.com")
    unblock, most = Event(), []

    class Watched(Round):
        def _step(self):
            super()._step()
            most.append(len(self._sending))
            if len(most) > 5:
                unblock.set()

    Watched(every_kind(email=Recording(lambda message: unblock.wait(10)))).run()

    assert max(most) == 6
    assert set(states()) == {"sent"}


def test_stopping_process_waits_a_limited_time_for_an_attempt(db, monkeypatch):
    stopping, unblock = Event(), Event()
    monkeypatch.setattr(delivering, "stopping", stopping)
    monkeypatch.setattr(delivering, "STOP_S", 0.05)
    monkeypatch.setattr(delivering, "POLL_S", 0.01)
    delivery()

    def hang(message):
        stopping.set()
        unblock.wait(10)

    started = time.monotonic()
    run(email=Recording(hang))
    unblock.set()

    assert time.monotonic() - started < 2
    assert states() == ["claimed"]  # due again when the claim expires


def test_mail_without_a_server_is_written_to_a_file(db, settings, tmp_path):
    settings.EMAIL_FILE_PATH = tmp_path
    delivery()
    deliver_due()

    [file] = tmp_path.iterdir()
    assert "R$ 36,00" in file.read_text()


def test_result_at_the_end_of_a_stopping_process_is_recorded(db, monkeypatch):
    stopping, unblock = Event(), Event()
    monkeypatch.setattr(delivering, "stopping", stopping)
    monkeypatch.setattr(delivering, "STOP_S", 0.0)
    monkeypatch.setattr(delivering, "POLL_S", 0.1)
    delivery()

    def hang(message):
        stopping.set()
        unblock.wait(10)

    class Stopped(Round):
        def _release(self):
            super()._release()
            unblock.set()

    Stopped(every_kind(email=Recording(hang))).run()

    assert states() == ["sent"]


def test_hanging_kind_does_not_delay_other_kinds(db):
    unblock, arrived = Event(), Event()
    stuck = Recording(lambda message: unblock.wait(10))

    def release(message):
        arrived.set()
        unblock.set()

    for number in range(delivering.THREADS + 2):
        delivery(f"u{number}@example.com")
    delivery("https://hook.example", kind="webhook")
    run(email=stuck, webhook=Recording(release))

    assert arrived.is_set()
    assert set(states()) == {"sent"}


def test_new_delivery_does_not_wait_for_a_hanging_one(db):
    unblock = Event()
    delivery("hangs@example.com")

    def hang(message):
        assert unblock.wait(10)

    hook = Recording(lambda message: unblock.set())

    class Late(Round):
        def _start(self):
            super()._start()
            if self._sending and not hook.messages and Delivery.objects.count() == 1:
                delivery("https://hook.example", kind="webhook")
                delivering._requested_again.set()

    assert Late(every_kind(email=Recording(hang), webhook=hook)).run() == 2
    assert states() == ["sent", "sent"]


def test_claim_of_a_slow_delivery_is_renewed(db, monkeypatch):
    monkeypatch.setattr(delivering, "RENEW_S", 0.0)
    row = delivery()
    unblock = Event()

    class Watched(Round):
        def _renew(self):
            before = Delivery.objects.get().due_at
            super()._renew()
            if self._sending and Delivery.objects.get().due_at > before:
                unblock.set()

    Watched(every_kind(email=Recording(lambda message: unblock.wait(10)))).run()

    assert unblock.is_set()
    row.refresh_from_db()
    assert row.state == "sent"


def test_delivery_whose_claim_was_lost_is_not_sent(db, monkeypatch):
    monkeypatch.setattr(delivering, "RENEW_S", 0.0)
    count = delivering.THREADS + 3
    for number in range(count):
        delivery(f"u{number}@example.com")
    unblock = Event()
    claimed = Recording(lambda message: unblock.wait(10))

    class Outrun(Round):
        def _start(self):
            super()._start()
            if not unblock.is_set():  # while this process hung, another process claimed the others
                trying = [attempt.delivery.pk for attempt in self._sending.values()]
                Delivery.objects.exclude(pk__in=trying).update(claim_key="another")
                unblock.set()

    Outrun(every_kind(email=claimed)).run()

    assert len(claimed.messages) == delivering.THREADS
    assert Delivery.objects.filter(claim_key="another", state="claimed").count() == 3


def test_unexpected_error_of_a_transport_is_logged_and_retried(db, caplog):
    def fail(message):
        raise LookupError("a transport's fault")

    delivery()
    run(email=Recording(fail))

    assert states() == ["waiting"]
    assert [(attempt.outcome, attempt.error) for attempt in Attempt.objects.all()] == [
        ("failed", "LookupError")
    ]
    assert "a transport raised" in caplog.text


def test_giving_up_is_logged_as_an_error(alice, caplog):
    delivery(user=alice)
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=2), tries=3)

    def fail(message):
        raise TransportError("450 later")

    run(email=Recording(fail))

    assert states() == ["failed"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_stopping_process_releases_unsent_deliveries(db, monkeypatch):
    stopping = Event()
    monkeypatch.setattr(delivering, "stopping", stopping)
    for number in range(delivering.THREADS + 3):
        delivery(f"u{number}@example.com")
    run(email=Recording(lambda message: stopping.set()))

    assert states().count("sent") == delivering.THREADS
    untried = Delivery.objects.filter(state="waiting")
    assert set(untried.values_list("tries", flat=True)) == {0}
    assert deliver_due() == 0


def test_message_has_the_notification_url_and_the_channel_secret(alice, settings):
    settings.SITE_URL = "https://pregao.example"
    notice(alice, url="/alerts/7/", deliveries=[letter()])
    [claimed] = claim_due(limit=1, at=timezone.now())

    assert build_message(claimed).url == "https://pregao.example/alerts/7/"


# Django's e-mail backend ------------------------------------------------------------------------


@pytest.fixture
def outbox(settings):
    settings.EMAIL_BACKEND = "mainapp.notifications.backends.OutboxBackend"


def test_mail_of_the_site_is_a_row_for_each_recipient(outbox, db, mailbox):
    message = EmailMultiAlternatives("Oi", "texto", "a@b.c", ["x@y.z", "u@v.w"], reply_to=["r@s.t"])
    message.attach_alternative("<p>texto", "text/html")
    assert message.send() == 1
    assert mailbox.messages == []

    deliver_due()

    assert {mail["To"] for mail in mailbox.messages} == {"x@y.z", "u@v.w"}
    assert mailbox.messages[0]["From"] == "a@b.c"
    assert mailbox.messages[0].get_body(["html"]).get_content().strip() == "<p>texto"


def test_rollback_sends_nothing(outbox, db):
    def fail():
        with transaction.atomic():
            send_mail("Oi", "texto", None, ["x@y.z"])
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert not Delivery.objects.exists()


def test_outbox_refuses_attachments(outbox, db):
    message = EmailMessage(
        "Oi", "texto", None, ["x@y.z"], attachments=[("a.txt", "a", "text/plain")]
    )
    with pytest.raises(ValueError, match="not accept attachments"):
        message.send()
