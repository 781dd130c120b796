import hashlib
import hmac
import json
import ssl
import time

import pytest

from mainapp.notifications.tests.transports.conftest import PUBLIC
from mainapp.notifications.transports import webhook
from mainapp.notifications.transports.addresses import is_public
from mainapp.notifications.transports.base import TransportError
from mainapp.notifications.transports.webhook import WebhookTransport, signature

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1",  # noqa: S104 - refused, never bound
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
    "192.88.99.1", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "fe80::1", "fd00::1", "fec0::1",
    "ff02::1", "2001:db8::1", "3fff::1", "5f00::1", "fe80::1%eth0", "nonsense", "",
]  # fmt: skip


@pytest.fixture
def local(receiver):
    """Return a way to the receiver, by http and on its own port."""
    return WebhookTransport(
        allow_http=True, may_contact=lambda address: True, ports=frozenset({receiver.port})
    )


@pytest.mark.parametrize("address", PRIVATE)
def test_private_and_special_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", PUBLIC, "2001:4860:4860::8888", "2606:4700::1111"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


def test_message_is_signed(local, receiver, parcel):
    before = int(time.time())
    local.send(parcel(f"http://127.0.0.1:{receiver.port}/a?b=c"))

    [(path, headers, body)] = receiver.got
    assert path == "/a?b=c"
    assert json.loads(body) == {
        "id": "<firing.7@pregao.example>",
        "title": "PETR4 caiu",
        "text": "R$ 36,00",
        "url": "https://pregao.example/alerts/",
        "created_at": "2026-01-02T13:00:00Z",
    }
    assert headers["x-pregao-delivery"] == "<firing.7@pregao.example>"
    at, digest = (part.split("=")[1] for part in headers["x-pregao-signature"].split(","))
    assert before <= int(at) <= time.time()
    assert digest == hmac.new(b"segredo", f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert signature("outro", body, at=int(at)) != headers["x-pregao-signature"]


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
        "https://127.1/", "https://0x7f.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/", "https://10.0.0.1/", "https://169.254.169.254/latest/",
        "https://0/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/",
        "https://user@hook.example/", "https://hook.example@127.0.0.1/",
        "https://hook.example:pw@x/", "https://hook.example\\@127.0.0.1/", "https:///x",
        "https://hook.example:22/", "https://hook.example:8443/", "https://hook.example:0/",
        "https://hook.example:99999/", "https://hook.example#x", "http://hook.example/",
        "ftp://hook.example/", "file:///etc/passwd", "gopher://hook.example/", "//hook.example/",
        "hook.example", "", "https://hook.example/a b", "https://hook.example/\n", "https://hóok.example/",
        "https://hook.example/" + "a" * 500, "https://127.0.0.1./", "https://[::1%25eth0]/",
        "https://①②⑦.⓪.⓪.①/", "https://-x.example/", "https://_.example/", "https://.example/",
    ],
)  # fmt: skip
def test_address_that_leads_astray_is_refused_at_once(address, parcel, dialled):
    way = WebhookTransport(allow_http=False)
    with pytest.raises(TransportError) as refused:
        way.check(address)
    assert refused.value.permanent
    with pytest.raises(TransportError):
        way.send(parcel(address))
    assert dialled == []


@pytest.mark.parametrize("address", PRIVATE[:-3])
def test_name_that_leads_to_a_private_address_is_not_contacted(address, names, parcel, dialled):
    for answers in ([address], [PUBLIC, address], [address, PUBLIC]):
        names["hook.example"] = [answers]
        with pytest.raises(TransportError, match="não é público") as refused:
            WebhookTransport(allow_http=True).send(parcel("http://hook.example/"))
        assert refused.value.permanent
    assert dialled == []


def test_name_is_asked_once_and_the_checked_address_is_dialled(names, parcel, dialled, receiver):
    names["hook.example"] = [[PUBLIC], ["127.0.0.1"]]
    dialled.port = receiver.port
    WebhookTransport(allow_http=True).send(parcel("http://hook.example/x"))

    assert dialled == [PUBLIC]
    assert receiver.got[0][1]["host"] == "hook.example"
    assert names["hook.example"] == [["127.0.0.1"]]


def test_tls_speaks_of_the_name_that_was_given(names, parcel, dialled, tls_receiver, certificate):
    names["hook.example"] = [[PUBLIC]]
    dialled.port = tls_receiver.port
    trusting = ssl.create_default_context(cafile=certificate)
    WebhookTransport(allow_http=False, tls=trusting).send(parcel("https://hook.example/"))

    assert tls_receiver.names == ["hook.example"]
    assert len(tls_receiver.got) == 1


@pytest.mark.parametrize("name", ["hook.example", "other.example"])
def test_wrong_certificate_is_a_failure(name, names, parcel, dialled, tls_receiver, certificate):
    names[name] = [[PUBLIC]]
    dialled.port = tls_receiver.port
    cafile = certificate if name == "other.example" else None
    way = WebhookTransport(allow_http=False, tls=ssl.create_default_context(cafile=cafile))
    with pytest.raises(TransportError, match="certificate") as failed:
        way.send(parcel(f"https://{name}/"))

    assert not failed.value.permanent
    assert tls_receiver.got == []


def test_redirect_is_not_followed(local, receiver, parcel):
    receiver.status, receiver.location = 302, f"http://127.0.0.1:{receiver.port}/secret"
    with pytest.raises(TransportError, match="302") as refused:
        local.send(parcel(f"http://127.0.0.1:{receiver.port}/"))

    assert refused.value.permanent
    assert [path for path, _headers, _body in receiver.got] == ["/"]


@pytest.mark.parametrize(
    ("status", "permanent"), [(500, False), (404, False), (429, False), (410, True)]
)
def test_answer_that_is_no_success_is_told(local, receiver, parcel, status, permanent):
    receiver.status = status
    with pytest.raises(TransportError, match=str(status)) as failed:
        local.send(parcel(f"http://127.0.0.1:{receiver.port}/"))

    assert failed.value.permanent is permanent


def test_endless_answer_costs_its_timeout(local, receiver, parcel, monkeypatch):
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.3)
    receiver.trickle = True
    started = time.monotonic()
    with pytest.raises(TransportError):
        local.send(parcel(f"http://127.0.0.1:{receiver.port}/"))

    assert time.monotonic() - started < 3


def test_large_answer_is_not_read(local, receiver, parcel):
    receiver.body = b"x" * 50_000_000
    started = time.monotonic()
    local.send(parcel(f"http://127.0.0.1:{receiver.port}/"))

    assert time.monotonic() - started < 2


def test_unknown_name_is_tried_again(names, parcel):
    with pytest.raises(TransportError, match="não foi encontrado") as failed:
        WebhookTransport(allow_http=False).send(parcel("https://nowhere.invalid/"))

    assert not failed.value.permanent
