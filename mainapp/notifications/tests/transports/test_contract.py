"""The contract of all transports, tested against a local server."""

import logging
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest

from mainapp.core.http import client as http
from mainapp.core.http.addresses import NOT_PUBLIC
from mainapp.core.http.connections import default_tls
from mainapp.notifications.models import Channel
from mainapp.notifications.services.delivering import transports
from mainapp.notifications.tests.smtp import smtp_server
from mainapp.notifications.tests.test_delivering import Recording
from mainapp.notifications.tests.transports.conftest import SERVICES
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.inapp import InAppTransport
from mainapp.notifications.transports.mail import MailTransport

# Services whose documented answer to a success has a body.
CHAT = [kind for kind in SERVICES if kind not in ("push", "webhook")]


@pytest.fixture(params=SERVICES)
def kind(request):
    return request.param


@pytest.fixture
def send(kind, client, receiver, message):
    """Return a function that sends one message through the current service."""
    service = SERVICES[kind]
    transport = service.transport(client)
    target = transport.check(*service.typed)
    receiver.body = service.success

    def send(**fields):
        transport.send(message(target.address, secret=target.secret, **fields))

    send.secret = target.secret
    return send


def failure(send):
    with pytest.raises(TransportError) as failed:
        send()
    assert send.secret not in str(failed.value)
    return failed.value


def test_each_send_delivers_one_message(send, kind, receiver, connections):
    assert receiver.requests == []
    send()
    assert len(receiver.requests) == 1
    send()
    assert len(receiver.requests) == 2
    assert receiver.names == [SERVICES[kind].host] * 2
    for part in (b"PETR4", b"36"):
        assert part in SERVICES[kind].read(receiver.requests[0][2])


def test_checked_target_is_valid_again(kind, client):
    service = SERVICES[kind]
    transport = service.transport(client)
    target = transport.check(*service.typed)
    assert transport.check(target.address, target.secret) == target
    if kind != "webhook":
        assert target.secret
        assert target.secret not in target.address


@pytest.mark.parametrize("fault", ["hang", "drip", "drip_head"])
def test_slow_service_times_out_and_is_retried(client, receiver, message, fault, monkeypatch):
    monkeypatch.setattr(http, "TIMEOUT_S", 0.5)
    receiver.fault = fault

    def send(kind):
        service = SERVICES[kind]
        transport = service.transport(client)
        target = transport.check(*service.typed)
        started = monotonic()
        with pytest.raises(TransportError) as failed:
            transport.send(message(target.address, secret=target.secret))
        return str(failed.value), failed.value.permanent, monotonic() - started < 2

    with ThreadPoolExecutor(len(SERVICES)) as threads:
        results = dict(zip(SERVICES, threads.map(send, SERVICES), strict=True))

    assert results == dict.fromkeys(SERVICES, ("o servidor não respondeu a tempo", False, True))
    assert sorted(receiver.names) == sorted(service.host for service in SERVICES.values())
    assert len(receiver.requests) == len(SERVICES)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(send, kind, receiver, status):
    receiver.status, receiver.location = status, f"https://{SERVICES[kind].host}/other"
    assert failure(send).permanent
    assert len(receiver.requests) == 1


def test_huge_answer_is_not_read_to_its_end(send, kind, receiver):
    receiver.body = b"x" * 50_000_000
    started = monotonic()
    if kind not in CHAT:
        send()
    else:
        assert not failure(send).permanent
    assert monotonic() - started < 2


@pytest.mark.parametrize("status", [408, 429])
def test_busy_service_is_retried_after_its_requested_pause(send, receiver, status):
    receiver.status, receiver.headers = status, {"Retry-After": "77"}
    error = failure(send)
    assert (error.permanent, error.retry_after_s) == (False, 77)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_error_is_retried(send, receiver, status):
    receiver.status = status
    error = failure(send)
    assert not error.permanent
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_refusal_is_permanent(send, kind, receiver, status):
    receiver.status, receiver.body = status, b"<html>"
    is_permanent = kind != "webhook" or status == 410
    assert failure(send).permanent is is_permanent


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"{}", b"null", b"[" * 60_000, b"\xff"])
@pytest.mark.parametrize("kind", CHAT, indirect=True)
def test_success_with_an_unexpected_body_is_retried(send, receiver, body):
    receiver.body = body
    assert not failure(send).permanent


@pytest.mark.parametrize(
    "body", [b"[1]", b'{"parameters": 1, "errors": 2, "message": [], "retry_after": true}']
)
def test_refusal_with_an_unexpected_body_is_permanent(send, receiver, body):
    receiver.status, receiver.body = 410, body
    assert failure(send).permanent


def test_untrusted_certificate_is_a_temporary_error(send, kind, client, receiver, message):
    client._tls = default_tls()  # does not trust the receiver's certificate
    error = failure(send)

    assert "certificate" in str(error)
    assert not error.permanent
    assert receiver.requests == []


def test_name_with_a_private_address_is_not_contacted(send, kind, names, connections):
    names[SERVICES[kind].host] = [["169.254.169.254"]]
    error = failure(send)

    assert (str(error), error.permanent) == (NOT_PUBLIC, True)
    assert connections == []


def test_secrets_are_neither_logged_nor_in_errors(send, kind, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    send()
    receiver.status, receiver.body = 403, f'{{"description": "{send.secret}"}}'.encode()
    failure(send)

    assert send.secret not in caplog.text


def test_long_text_is_cut(send, kind, receiver):
    send(text="ç👍🏽" * 20_000)
    size = len(receiver.requests[0][2])
    assert kind == "webhook" or size < 70_000


@pytest.mark.parametrize("kind", [*Channel.Kind.values, "inapp"])
@pytest.mark.parametrize("address", ["", " ", "\n", "x y", "\x00", "🙂", "a" * 600])
def test_malformed_address_is_refused_permanently_without_a_request(kind, address, connections):
    for secret in ("", "\n", address):
        with pytest.raises(TransportError) as refused:
            transports()[kind].check(address, secret)
        assert refused.value.permanent
    assert connections == []


def test_each_channel_kind_has_a_transport():
    assert set(transports()) == {*Channel.Kind.values, "inapp"}


@pytest.fixture(params=["email", "inapp", "recording"])
def transport_without_http(request):
    """Return a transport without HTTP, an address, and a counter of the messages it received."""
    if request.param == "email":
        with smtp_server() as box:
            yield MailTransport(), "alice@example.com", lambda: len(box.messages)
    elif request.param == "inapp":
        notified = []
        yield InAppTransport(notified.append), "7", lambda: len(notified)
    else:
        recording = Recording()
        yield recording, "anywhere", lambda: len(recording.messages)


def test_transport_without_http_delivers_one_message_per_send(transport_without_http, message):
    transport, address, arrived = transport_without_http
    assert transport.check(address).address == address
    transport.send(message(address))
    transport.send(message(address))
    assert arrived() == 2
