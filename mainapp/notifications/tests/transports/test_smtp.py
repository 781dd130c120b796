"""SMTP against a real server: delays, encryption, log-in, and the fault of each failure."""

import smtplib
import socket

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from mainapp.notifications.models import Attempt, Channel, Delivery, Notification
from mainapp.notifications.policies import GIVE_UP, MAX_UNKNOWN, UNKNOWN_PAUSE
from mainapp.notifications.services.delivering import deliver_due
from mainapp.notifications.services.outbox import claim_due, record_attempt
from mainapp.notifications.tests.factories import channel, delivery
from mainapp.notifications.tests.smtp import HOST, smtp_server
from mainapp.notifications.transports import smtp
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.mail import MailTransport

USER, PASSWORD = "josé@exemplo.com.br", "não·é·ASCII €"


@pytest.fixture
def mail(message):
    """Return a function that sends one e-mail and returns the error, None without one."""

    def send(address="alice@example.com", **fields):
        try:
            MailTransport().send(message(address, **fields))
        except TransportError as error:
            return error
        return None

    return send


@pytest.fixture
def trusted(certificate, monkeypatch):
    """The certificate of the stub server, which OpenSSL's default context trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


def test_time_outs_are_those_of_rfc_5321():
    assert (smtp.COMMAND_TIMEOUT_S, smtp.FINAL_TIMEOUT_S) == (300, 600)


def test_message_that_is_accepted_late_is_sent_once(mailbox, db, monkeypatch):
    monkeypatch.setattr(smtp, "COMMAND_TIMEOUT_S", 0.2)
    mailbox.accepts.clear()
    row = delivery()
    socket_timeouts = []
    getreply = smtplib.SMTP.getreply

    def accept_late(connection):
        socket_timeouts.append(connection.sock.gettimeout())
        if connection.sock.gettimeout() == smtp.FINAL_TIMEOUT_S:
            mailbox.accepts.set()
        return getreply(connection)

    monkeypatch.setattr(smtplib.SMTP, "getreply", accept_late)
    deliver_due()

    row.refresh_from_db()
    assert (row.state, row.tries, len(mailbox.messages)) == ("sent", 1, 1)
    assert socket_timeouts[-2:] == [smtp.FINAL_TIMEOUT_S, smtp.QUIT_TIMEOUT_S]


def test_each_command_times_out(mailbox, mail, monkeypatch):
    monkeypatch.setattr(smtp, "COMMAND_TIMEOUT_S", 0.1)
    mailbox.hanging = {"alice@example.com"}
    error = mail()

    assert (error.is_ours, error.permanent, error.is_unknown) == (True, False, False)
    assert "timed out" in error.detail
    assert mailbox.messages == []


def test_server_that_never_says_goodbye_has_accepted_the_message(mailbox, mail, monkeypatch):
    monkeypatch.setattr(smtp, "QUIT_TIMEOUT_S", 0.05)
    mailbox.quits = False

    assert mail() is None
    assert len(mailbox.messages) == 1


def test_message_with_unknown_outcome_is_sent_three_times_with_one_message_id(mailbox, alice):
    mailbox.lost = 99
    row = delivery(user=alice, text="um link de acesso")
    pauses = []
    for _ in range(MAX_UNKNOWN + 1):
        deliver_due()
        for waiting in Delivery.objects.filter(state="waiting"):
            pauses.append(waiting.due_at - timezone.now())
        Delivery.objects.update(due_at=timezone.now())
    row.refresh_from_db()

    assert [sent["Message-ID"] for sent in mailbox.messages] == [row.message_id] * MAX_UNKNOWN
    assert (row.state, row.text) == ("unknown", "")
    assert [pause > UNKNOWN_PAUSE / 2 for pause in pauses] == [True] * (MAX_UNKNOWN - 1)
    attempts = Attempt.objects.values_list("outcome", "error")
    assert set(attempts) == {("unknown", smtp.UNKNOWN)}
    assert not Notification.objects.exists()


def test_time_out_after_the_dot_is_an_unknown_outcome(mailbox, mail, monkeypatch):
    monkeypatch.setattr(smtp, "FINAL_TIMEOUT_S", 0.05)
    mailbox.accepts.clear()

    assert mail().is_unknown


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_log_in_with_any_characters(security, mechanism, trusted, mail, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, PASSWORD
    certificate = trusted if security != "none" else None
    logins = {USER: PASSWORD}
    with smtp_server(
        security, certificate=certificate, logins=logins, mechanism=mechanism
    ) as mailbox:
        assert mail(text=".\r\n..a\r\n.") is None

    assert mailbox.logins == [(USER, PASSWORD)]
    [sent] = mailbox.messages
    assert sent.get_content().splitlines() == [".", "..a", "."]


def test_cram_md5_uses_utf_8():
    session = smtp._Connection()
    session.user, session.password = USER, PASSWORD

    assert session.auth_cram_md5() is None
    assert session.auth_cram_md5(b"<1@host>").startswith(f"{USER} ")


def test_wrong_password_is_our_failure(mail, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = USER, "wrong"
    with smtp_server(logins={USER: PASSWORD}) as mailbox:
        error = mail()

    assert (str(error), error.is_ours, error.permanent) == (smtp.NO_LOGIN, True, False)
    assert error.detail.startswith("535 ")
    assert "wrong" not in error.detail
    assert mailbox.tries == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_untrusted_certificate_is_our_failure(security, certificate, mail):
    with smtp_server(security, certificate=certificate) as mailbox:
        error = mail()

    assert (str(error), error.is_ours, error.permanent) == (smtp.NO_TLS, True, False)
    assert mailbox.tries == []


def test_server_without_starttls_is_our_failure(mailbox, mail, settings):
    settings.EMAIL_SECURITY = "starttls"
    error = mail()

    assert (str(error), error.is_ours) == (smtp.NO_TLS, True)
    assert mailbox.tries == []


def test_unreachable_server_is_our_failure(mail, settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_SECURITY = HOST, 9, "none"
    error = mail()

    assert (str(error), error.is_ours, error.permanent) == (smtp.NO_SERVER, True, False)
    assert "refused" in error.detail


def test_unknown_server_is_our_failure(mail, settings, monkeypatch):
    def fail(*args, **kwargs):
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    settings.EMAIL_HOST, settings.EMAIL_SECURITY = "mail.example", "tls"
    error = mail()

    assert (str(error), error.is_ours, error.permanent) == (smtp.NO_SERVER, True, False)


def test_refused_sender_is_our_failure(mailbox, mail):
    mailbox.sender_answer = "553 5.7.1 <a@b.c>: Sender address rejected: not owned by user"
    error = mail()

    assert (str(error), error.is_ours, error.permanent) == (smtp.NO_SENDER, True, False)
    assert mailbox.tries == []


@pytest.mark.parametrize(
    ("answer", "is_ours"),
    [
        ("550 no such user", False),
        ("550 5.1.1 <x@y.z>: Recipient address rejected: User unknown", False),
        ("551 user not local", False),
        ("552 5.2.2 mailbox full", False),
        ("553 mailbox name not allowed", False),
        ("550 5.4.1 no route to the domain", False),
        ("501 syntax error", True),
        ("503 bad sequence", True),
        ("504 5.5.2 <pregao@localhost>: Sender address rejected: need fully-qualified", True),
        ("530 5.7.0 authentication required", True),
        ("550 5.1.8 <a@b>: Sender address rejected: Domain not found", True),
        ("550 5.7.26 unauthenticated mail", True),
        ("550 relay not permitted", True),
        ("550 Sender verify failed", True),
        ("554 5.7.1 <x@y.z>: Relay access denied", True),
        ("554 transaction failed", True),
    ],
)
@pytest.mark.parametrize("stage", ["recipient", "message"])
def test_refusal_is_permanent_only_if_it_is_about_the_recipient(
    mailbox, mail, answer, is_ours, stage
):
    if stage == "recipient":
        mailbox.answers = {"alice@example.com": answer}
    else:
        mailbox.final_answer = answer
    error = mail()

    assert (error.is_ours, error.permanent) == (is_ours, not is_ours)
    assert (str(error) == answer) is not is_ours


@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "421 try later", "451 error"])
def test_temporary_refusal_is_retried(mailbox, mail, answer):
    mailbox.answers = {"alice@example.com": answer}
    error = mail()

    assert (str(error), error.permanent, error.is_ours) == (answer, False, False)


def test_our_failure_leaves_the_channel_on_and_is_not_blamed_on_it(mailbox, alice, caplog):
    own = channel(alice, address="alice@example.com")
    mailbox.sender_answer = "553 5.7.1 not owned by user"
    row = delivery(user=alice, channel_id=own.pk)
    deliver_due()
    row.refresh_from_db()
    assert row.state == "waiting"
    own_records = [record for record in caplog.records if record.name.startswith("mainapp")]
    assert [record.levelname for record in own_records] == ["ERROR"]
    assert "553 5.7.1 not owned" in caplog.text

    late = row.created_at + GIVE_UP
    Delivery.objects.update(due_at=late)
    [claimed] = claim_due(limit=1, at=late)
    error = TransportError(smtp.NO_SENDER, is_ours=True)
    record_attempt(delivery=claimed, error=error, at=late)

    assert Channel.objects.get(pk=own.pk).is_active
    notice = Notification.objects.get()
    assert notice.body == f"O site não conseguiu enviar: {smtp.NO_SENDER}"


def test_waiting_mail_uses_the_sender_configured_when_it_is_sent(mailbox, db, settings):
    settings.EMAIL_BACKEND = "mainapp.notifications.backends.OutboxBackend"
    settings.DEFAULT_FROM_EMAIL = "Pregão <pregao@localhost>"
    EmailMessage("Oi", "texto", None, ["x@y.z"]).send()
    settings.DEFAULT_FROM_EMAIL = "Pregão <avisos@pregao.example>"
    deliver_due()

    [sent] = mailbox.messages
    assert "avisos@pregao.example" in sent["From"]
