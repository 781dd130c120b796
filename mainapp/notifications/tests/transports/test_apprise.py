import json

import pytest
import requests

from mainapp.notifications.tests.transports.conftest import PUBLIC
from mainapp.notifications.transports import apprise
from mainapp.notifications.transports.apprise import AppriseTransport, Guard
from mainapp.notifications.transports.base import TransportError

DISCORD = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
TAKEN = [
    DISCORD,
    "tgram://123456789:abcdefg_hijklmnopqrstuvwxyz12345678/12345",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/general",
    "pover://uabcdefghijklmnopqrstuvwxyz1234@aabcdefghijklmnopqrstuvwxyz1234",
    "ntfy://meus-avisos",
    "ntfys://meus-avisos",
]


@pytest.fixture
def trusted(certificate, monkeypatch):
    """Have our certificate stand for those of the services."""
    verify = apprise._Pinned.send
    monkeypatch.setattr(
        apprise._Pinned,
        "send",
        lambda self, request, **options: verify(
            self, request, **{**options, "verify": str(certificate)}
        ),
    )


@pytest.mark.parametrize("address", TAKEN)
def test_service_with_a_host_of_its_own_is_taken(address):
    assert AppriseTransport().check(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1/", "jsons://hook.example/", "xml://127.0.0.1/", "form://127.0.0.1/",
        "apprise://127.0.0.1/token", "mailto://u:p@127.0.0.1", "mailtos://u:p@gmail.com", "dbus://",
        "syslog://", "windows://", "gnome://", "macosx://", "file:///etc/passwd", "gotify://host/tok",
        "matrix://host", "mqtt://127.0.0.1/t", "rsyslog://127.0.0.1", "ntfy://127.0.0.1/t",
        "ntfy://localhost:80/t", "ntfy://topic?mode=private", "ntfy://a/b", "ntfy://u:p@10.0.0.1/t",
        DISCORD + "?template=/etc/passwd", DISCORD + "?retry=9", "discord://", "tgram://x",
        "tgram:/x", "DISCORD://a/b", "", "discord", "slack://x/y\n",
        "discord://a b/c", "ntfy://" + "a" * 500,
        "slack://127.0.0.1/x",
    ],
)  # fmt: skip
def test_what_takes_any_host_or_this_machine_is_refused(address, dialled):
    with pytest.raises(TransportError) as refused:
        AppriseTransport().check(address)

    assert refused.value.permanent
    assert dialled == []


def test_message_reaches_its_service(names, dialled, tls_receiver, trusted, parcel):
    names["discord.com"] = [[PUBLIC], ["127.0.0.1"]]
    dialled.port = tls_receiver.port
    AppriseTransport().send(parcel(DISCORD))

    assert dialled == [PUBLIC]
    assert tls_receiver.names == ["discord.com"]
    [(path, headers, body)] = tls_receiver.got
    assert path.startswith("/api/webhooks/4174216298/")
    assert headers["host"] == "discord.com"
    assert "PETR4 caiu" in json.dumps(json.loads(body))


def test_services_refusal_is_told(names, dialled, tls_receiver, trusted, parcel):
    names["discord.com"] = [[PUBLIC]]
    dialled.port = tls_receiver.port
    tls_receiver.status = 401
    with pytest.raises(TransportError, match="401"):
        AppriseTransport().send(parcel(DISCORD))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254"])
def test_service_whose_name_leads_home_is_not_contacted(address, names, dialled, parcel):
    names["discord.com"] = [[PUBLIC, address]]
    with pytest.raises(TransportError, match="não é público"):
        AppriseTransport().send(parcel(DISCORD))

    assert dialled == []


def test_redirect_of_a_service_is_not_followed(names, dialled, tls_receiver, trusted, parcel):
    names["discord.com"] = [[PUBLIC]]
    dialled.port = tls_receiver.port
    tls_receiver.status, tls_receiver.location = 307, "https://discord.com/other"
    with pytest.raises(TransportError):
        AppriseTransport().send(parcel(DISCORD))

    assert len(tls_receiver.got) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://discord.com/",
        "https://hook.example/",
        "https://discord.com:8443/",
        "https://127.0.0.1/",
    ],
)
def test_plugin_reaches_nothing_but_the_services(url, dialled):
    with pytest.raises(requests.RequestException):
        Guard().get(url)

    assert dialled == []
